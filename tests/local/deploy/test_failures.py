"""Failures: a resource that cannot be made, a program that dies, a second deployment, an engine that is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from lakelab.deploy import DeployError, Session
from lakelab.deploy.engine.backend import Backend
from lakelab.deploy.engine.state import Operation, Snapshot, StateError
from lakelab.errors import LakelabError


def test_a_failure_stops_what_depends_on_it_and_nothing_else(program: Any) -> None:
    program.write(
        """
        bad = aws.lambda_.Function("bad", role="arn:aws:iam::000000000000:role/nobody", runtime="python3.11",
                                   handler="h.h", code=pulumi.AssetArchive({"h.py": pulumi.StringAsset("")}))
        aws.lambda_.FunctionEventInvokeConfig("on-bad", function_name=bad.name, maximum_retry_attempts=0)
        good = aws.sqs.Queue("good")
        aws.sqs.QueuePolicy("on-good", queue_url=good.url,
                            policy=json.dumps({"Version": "2012-10-17", "Statement": []}))
        pulumi.export("good", good.url)
        pulumi.export("bad", bad.arn)
        """
    )
    with pytest.raises(
        DeployError, match=r"bad: CreateFunction: InvalidParameterValueException: .*role.*\(__main__.py:\d+\)"
    ) as raised:
        program.up()
    result = raised.value.result
    assert {step.name: step.op for step in result.steps if step.name in ("on-bad", "good", "on-good")} == {
        "on-bad": "skip",
        "good": "create",
        "on-good": "create",
    }
    assert list(result.outputs) == ["good"]
    names = {item["urn"].rsplit("::")[-1] for item in program.state()}
    assert {"good", "on-good"} <= names
    assert not {"bad", "on-bad"} & names


ALIAS = """
    key = aws.kms.Key("key", deletion_window_in_days=7) if KEY else None
    aws.kms.Alias("alias", name=f"alias/{UNIQUE}", target_key_id=TARGET or key.key_id)
"""
NOWHERE = "00000000-0000-0000-0000-000000000000"


def test_what_a_failed_resource_needs_is_not_deleted(program: Any) -> None:
    program.write(ALIAS, KEY=True, TARGET="").up()
    with pytest.raises(DeployError, match="alias: UpdateAlias: NotFoundException"):
        program.write(ALIAS, KEY=False, TARGET=NOWHERE).up()
    assert any("key is not deleted" in text for text in program.said())
    id = program.resource("key")["id"]
    assert program.cloud.client("kms").describe_key(KeyId=id)["KeyMetadata"]["KeyState"] == "Enabled"
    program.write(ALIAS, KEY=True, TARGET="")
    assert not program.up().changed


def test_an_update_that_fails_keeps_the_truth_in_the_state(program: Any) -> None:
    program.write(ALIAS, KEY=True, TARGET="").up()
    with pytest.raises(DeployError, match="UpdateAlias"):
        program.write(ALIAS, KEY=True, TARGET=NOWHERE).up()
    latest = json.loads(program.state_text())["checkpoint"]["latest"]
    assert latest["pending_operations"] == []
    assert program.resource("alias")["inputs"]["targetKeyId"] == program.resource("key")["id"]
    program.write(ALIAS, KEY=True, TARGET="")
    assert not program.up().changed


def test_a_replacement_that_was_made_and_not_noted_is_kept(program: Any) -> None:
    text = 'aws.iam.Role("role", name=UNIQUE, path=PATH, assume_role_policy=json.dumps(TRUST))'
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    program.write(text, PATH="/a/", TRUST=trust).up()
    iam, backend = program.cloud.client("iam"), Backend(program.backend)
    snapshot, secrets = backend.load(program.unique, "dev", "", None)
    role = next(item for item in snapshot.resources if item.type == "aws:iam/role:Role")
    planned = replace(role, id="", outputs={}, inputs={**role.inputs, "path": "/b/"})
    deleted = tuple(replace(item, pending_replacement=item is role) for item in snapshot.resources)
    backend.save(program.unique, "dev", Snapshot(deleted, (Operation(planned, "creating"),)), secrets)
    iam.delete_role(RoleName=program.unique)
    iam.create_role(RoleName=program.unique, Path="/b/", AssumeRolePolicyDocument=json.dumps(trust))
    assert not program.write(text, PATH="/b/", TRUST=trust).up().changed
    assert any(f"role: its creation was interrupted; it exists as {program.unique}" in text for text in program.said())
    assert [item["id"] for item in program.state() if item["type"] == "aws:iam/role:Role"] == [program.unique]
    assert not program.refresh().changed


def test_a_second_deployment_of_a_stack_is_refused_until_the_first_is_over(program: Any) -> None:
    program.write("")
    with (
        Backend(program.backend).lock(program.unique, "dev"),
        pytest.raises(StateError, match=f"the stack dev is locked by process {os.getpid()}"),
    ):
        program.up()
    program.up()


def test_the_lock_of_a_dead_process_is_taken_over_and_cancel_removes_any(program: Any) -> None:
    program.write("").up()
    backend = Backend(program.backend)
    folder = program.backend / ".pulumi" / "locks" / "organization" / program.unique / "dev"
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    here = os.uname().nodename
    entry = {"username": "x", "hostname": here, "timestamp": "t"}
    (folder / "a.json").write_text(json.dumps({**entry, "pid": dead.pid}))
    program.up()
    (folder / "b.json").write_text(json.dumps({**entry, "hostname": "elsewhere", "pid": 1}))
    with pytest.raises(StateError, match="on elsewhere"):
        program.up()
    assert backend.cancel(program.unique, "dev") == 1
    program.up()


def test_real_aws_is_refused_before_any_call(program: Any) -> None:
    with pytest.raises(LakelabError, match="AWS_ENDPOINT_URL is not set"):
        Session({**dict.fromkeys(os.environ, ""), "AWS_ENDPOINT_URL": ""})
    with pytest.raises(LakelabError, match="is not on this machine"):
        Session({"AWS_ENDPOINT_URL": "https://sqs.us-east-1.amazonaws.com"})
    with pytest.raises(LakelabError, match=r"AWS_ENDPOINT_URL_S3=https://s3\.amazonaws\.com is not on this machine"):
        Session({"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_S3": "https://s3.amazonaws.com"})
    program.write(
        """
        west = aws.Provider("west", endpoints=[{"sqs": "https://sqs.us-east-1.amazonaws.com"}])
        aws.sqs.Queue("q", opts=ResourceOptions(provider=west))
        """
    )
    with pytest.raises(
        DeployError, match=r"aws:endpoints sqs=https://sqs\.us-east-1\.amazonaws\.com is not on this machine"
    ):
        program.up()
