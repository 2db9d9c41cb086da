"""What an outside core can do, measured by probes: which service it answers, which lakelab answers in front of it.

A probe is a call that succeeds on every AWS account. Functions are probed by running one: LocalStack and moto answer
Lambda's control plane where no function ever runs.
"""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lakelab.cloud.environment import ROOT_KEY, ROOT_SECRET

PROBE_SECONDS = 30
LOG_SECONDS = 5.0
FUNCTION = "def handler(event, context):\n    return event['number'] + 1\n"
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


class By(StrEnum):
    """Who answers a service."""

    CORE = "core"
    LAKELAB = "lakelab"
    MINISTACK = "ministack"  # the embedded core, beside the outside one
    NOBODY = "absent"


@dataclass(frozen=True)
class Capability:
    """Who answers a service, and why it is not the core."""

    by: By
    reason: str = ""


LAKE = ("athena", "firehose", "glue", "kinesis")
# services of which nothing reaches into another one of the core; HTTP APIs call functions, by the public API
EMBEDDABLE = ("apigatewayv2", "cloudwatch", "secretsmanager", "ssm")
PROBES: dict[str, Callable[[Callable[[str], Any]], Any]] = {
    "s3": lambda client: client("s3").list_buckets(),
    "iam": lambda client: client("iam").list_roles(),
    "sts": lambda client: client("sts").get_caller_identity(),
    "sqs": lambda client: client("sqs").list_queues(),
    "sns": lambda client: client("sns").list_topics(),
    "events": lambda client: client("events").list_rules(),
    "logs": lambda client: client("logs").describe_log_groups(),
    "kms": lambda client: client("kms").list_keys(),
    "lambda": lambda client: client("lambda").list_functions(),
    "functions": lambda client: _run_a_function(client),
    "apigatewayv2": lambda client: client("apigatewayv2").get_apis(),
    "cloudwatch": lambda client: client("cloudwatch").describe_alarms(),
    "secretsmanager": lambda client: client("secretsmanager").list_secrets(),
    "ssm": lambda client: client("ssm").describe_parameters(),
}


class Capabilities:
    """Who answers which service. `functions` stands for running Lambda functions, `lambda` for keeping them."""

    def __init__(self, found: Mapping[str, Capability]):
        self._found = dict(sorted(found.items()))

    def of(self, service: str) -> Capability | None:
        """Who answers a service; None for one that has not been probed."""
        return self._found.get(service)

    @property
    def embedded(self) -> list[str]:
        """The services that the embedded core answers."""
        return [service for service, found in self._found.items() if found.by is By.MINISTACK]

    @property
    def absent(self) -> dict[str, str]:
        """The services that nobody answers, with the reason."""
        return {service: found.reason for service, found in self._found.items() if found.by is By.NOBODY}

    def as_json(self) -> dict[str, dict[str, str]]:
        return {service: asdict(found) for service, found in self._found.items()}

    @classmethod
    def from_json(cls, given: Mapping[str, Mapping[str, str]]) -> Capabilities:
        return cls({name: Capability(By(found["by"]), found["reason"]) for name, found in given.items()})


def embedded() -> Capabilities:
    """Of the embedded core, which is not probed: the tests of the whole are about it."""
    own = {service: Capability(By.MINISTACK) for service in PROBES}
    return Capabilities(own | {service: Capability(By.LAKELAB) for service in LAKE})


def measure(url: str, region: str) -> Capabilities:
    """Probe the AWS at a URL, all services at a time. What a probe makes, it removes."""
    session = boto3.Session()
    options = Config(
        connect_timeout=5, read_timeout=PROBE_SECONDS, retries={"max_attempts": 0}, s3={"addressing_style": "path"}
    )
    clients = {
        service: session.client(
            service,  # type: ignore[call-overload]
            endpoint_url=url,
            region_name=region,
            aws_access_key_id=ROOT_KEY,
            aws_secret_access_key=ROOT_SECRET,
            config=options,
        )
        for service in PROBES
        if service != "functions"
    }
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="probe") as threads:
        reasons = dict(
            zip(PROBES, threads.map(lambda probe: _refused(probe, clients.__getitem__), PROBES.values()), strict=True)
        )
    found = {service: Capability(By.LAKELAB) for service in LAKE}
    for service, reason in reasons.items():
        found[service] = Capability(By.NOBODY, reason) if reason else Capability(By.CORE)
        if reason and service in EMBEDDABLE:
            found[service] = Capability(By.MINISTACK, reason)
    if found["functions"].by is By.NOBODY:
        found["apigatewayv2"] = Capability(By.NOBODY, f"HTTP APIs call functions: {found['functions'].reason}")
    return Capabilities(found)


def _refused(probe: Callable[[Callable[[str], Any]], Any], client: Callable[[str], Any]) -> str:
    """Why a probe failed; nothing when it succeeded."""
    try:
        probe(client)
    except ClientError as error:
        said = error.response.get("Error", {})
        return f"{said.get('Code')}: {said.get('Message')}"
    except BotoCoreError as error:
        return f"{type(error).__name__}: {error}"
    except ProbeFailed as failure:
        return str(failure)
    return ""


class ProbeFailed(Exception):
    """The call succeeded and did not do what it says."""


def _run_a_function(client: Callable[[str], Any]) -> None:
    name, functions, iam = f"lakelab-probe-{uuid4().hex[:8]}", client("lambda"), client("iam")
    role = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    )["Role"]["Arn"]
    try:
        functions.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=role,
            Handler="index.handler",
            Code={"ZipFile": _zipped(FUNCTION)},
            Timeout=PROBE_SECONDS,
        )
        try:
            functions.get_waiter("function_active_v2").wait(
                FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": PROBE_SECONDS}
            )
            answer = functions.invoke(FunctionName=name, Payload=json.dumps({"number": 6}))
            said = answer["Payload"].read().decode(errors="replace")
            if said != "7":
                raise ProbeFailed(f"a function that adds one to 6 answers {said[:200]}")
            _forget_logs(client("logs"), f"/aws/lambda/{name}")
        finally:
            functions.delete_function(FunctionName=name)
    finally:
        with suppress(ClientError):
            iam.delete_role(RoleName=name)


def _forget_logs(logs: Any, group: str) -> None:
    """Delete the log group of a function that has just run; it comes a moment after the function's answer."""
    deadline = time.monotonic() + LOG_SECONDS
    while time.monotonic() < deadline:
        if logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            logs.delete_log_group(logGroupName=group)
            return
        time.sleep(0.1)


def _zipped(source: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("index.py", source)
    return data.getvalue()
