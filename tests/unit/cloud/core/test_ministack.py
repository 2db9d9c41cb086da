"""The contract with MiniStack: every name of its insides that the core uses, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lakelab.cloud.core

NAMES = [
    "ministack.app:app",
    "ministack.app:_request_account_scope",
    "ministack.app:_build_persistence_save_dict",
    "ministack.core.persistence:_state_format_version",
    "ministack.core.persistence:_json_default",
    "ministack.core.iam_evaluator:pin_signed_request",
    "ministack.core.iam_evaluator:pin_signed_body",
    "ministack.core.iam_evaluator:authenticate",
    "ministack.core.iam_evaluator:caller_arn",
    "ministack.core.iam_evaluator:check_credentials",
    "ministack.core.iam_evaluator:resolve_credential",
    "ministack.core.iam_evaluator:CredentialResolutionError",
    "ministack.core.iam_evaluator:AuthError",
    "ministack.core.iam_evaluator:enforce",
    "ministack.core.iam_evaluator:is_root_access_key",
    "ministack.core.iam_evaluator:EvalResult",
    "ministack.core.iam_evaluator:PrincipalInfo",
    "ministack.core.iam_evaluator:ResolvedCredential",
    "ministack.core.iam_evaluator:evaluate_trust_policy",
    "ministack.core.iam_evaluator:pin_request_caller",
    "ministack.core.iam_evaluator:pin_request_origin",
    "ministack.core.iam_evaluator:request_caller_arn",
    "ministack.core.iam_evaluator:resolve_principal",
    "ministack.core.iam_evaluator:_anonymous",
    "ministack.core.iam_evaluator:_principal_keys",
    "ministack.core.iam_evaluator:_request_origin",
    "ministack.core.iam_evaluator:_resolve_managed_policy_document",
    "ministack.core.iam_evaluator:_resource_policy",
    "ministack.core.iam_evaluator:_role_name_from_assumed_arn",
    "ministack.core.iam_actions:access_denied_response",
    "ministack.core.iam_actions:extract_iam_action",
    "ministack.core.iam_actions:extract_resource_arn",
    "ministack.core.iam_actions:identity_denial_message",
    "ministack.core.iam_actions:_query_param",
    "ministack.core.iam_actions:_safe_json_field",
    "ministack.core.responses:_account_from_sts_session",
    "ministack.core.responses:set_request_account_id",
    "ministack.core.responses:set_request_region",
    "ministack.core.responses:get_account_id",
    "ministack.core.responses:get_region",
    "ministack.core.router:extract_access_key_id",
    "ministack.core.router:extract_region",
    "ministack.services.apigateway:_extract_lambda_ref_from_integration_uri",
    "ministack.services.apigateway:_invoke_lambda_proxy",
    "ministack.services.apigateway_v1:_invoke_lambda_proxy_v1",
    "ministack.services.cloudwatch_logs:_log_groups",
    "ministack.services.cloudwatch_logs:copy",
    "ministack.services.cloudwatch_logs:get_state",
    "ministack.services.iam:_IAM_HANDLERS",
    "ministack.services.iam:_create_virtual_mfa_device",
    "ministack.services.iam:_group_inline_policies",
    "ministack.services.iam:_groups",
    "ministack.services.iam:_mfa_devices",
    "ministack.services.iam:_roles",
    "ministack.services.iam:_user_inline_policies",
    "ministack.services.iam:_users",
    "ministack.services.s3:_buckets",
    "ministack.services.s3:_object_disk_path",
    "ministack.core.lambda_runtime:Worker",
    "ministack.core.lambda_runtime:_PYTHON_WORKER_SCRIPT",
    "ministack.core.lambda_runtime:json",
    "ministack.services.lambda_svc:LAMBDA_EXECUTOR",
    "ministack.services.lambda_svc:LAMBDA_STRICT",
    "ministack.services.lambda_svc:_emit_lambda_logs",
    "ministack.services.lambda_svc:_execute_function_with_config_scope",
    "ministack.services.lambda_svc:_execution_record_for_config",
    "ministack.services.lambda_svc:_execute_function",
    "ministack.services.lambda_svc:_functions",
    "ministack.services.lambda_svc:_invoke_depth",
    "ministack.services.lambda_svc:invoke_async_with_retry",
    "ministack.services.lambda_svc:_get_func_record_for_ref_in_scope",
    "ministack.services.lambda_svc:_invoke",
    "ministack.services.lambda_svc:_route_async_failure",
    "ministack.services.s3:_deliver_event_to_lambda",
    "ministack.services.s3:_error",
    "ministack.services.s3:_head_object",
    "ministack.services.s3:access_point_policy_for_arn",
    "ministack.services.sts:_sessions",
    "ministack.services.tagging:resource_tags",
    "ministack.services.s3:_get_object",
    "ministack.services.s3:_read_body",
]

PROBE = """
import importlib, sys
for name in sys.argv[1:]:
    module, _, attribute = name.partition(":")
    if not hasattr(importlib.import_module(module), attribute):
        print(name)
"""


def test_every_name_that_the_core_uses_exists():
    missing = subprocess.run(
        [sys.executable, "-c", PROBE, *NAMES], capture_output=True, text=True, check=True
    ).stdout.split()
    assert missing == []


HELD_AS = {
    "ministack": r"(?:self\._app|self\._iam|self\._responses|persistence|self\._service|\bs3)\.(\w+)",
    "ministack_beside": r"lambda_svc\.(\w+)",
    "ministack_deeds": r"self\._(?:http_apis|iam|lambda|logs|responses|rest_apis|s3)\.(\w+)",
    "ministack_lambda": r"(?:lambda_svc|responses|runtime|service)\.(\w+)",
    "ministack_iam": r"(?:self\._(?:evaluator|actions|responses|iam|s3|sts|tagging)|\bevaluator|\bactions)\.(\w+)",
}


@pytest.mark.parametrize("module", list(HELD_AS))
def test_the_list_of_names_is_whole(module: str):
    """A name of MiniStack's insides in the modules that is not in the list above fails here."""
    source = (Path(lakelab.cloud.core.__file__).parent / f"{module}.py").read_text()
    used = set(re.findall(HELD_AS[module], source))
    assert used
    assert used <= {name.partition(":")[2] for name in NAMES}


@pytest.mark.parametrize(("iam", "auth"), [("enforce", "true"), ("off", "false")])
def test_configure_says_what_ministack_reads(iam: str, auth: str, tmp_path: Path):
    code = (
        "import os, sys; from pathlib import Path; from lakelab.settings import Settings;"
        "from lakelab.cloud.core.ministack import configure;"
        f"configure(Settings(iam={iam!r}, port=4999), Path({str(tmp_path)!r}));"
        "print(os.environ['AUTH'], os.environ['GATEWAY_PORT'], os.environ['BIND_HOST'])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]}
    ).stdout.split()
    assert said == [auth, "4999", "127.0.0.1"]
