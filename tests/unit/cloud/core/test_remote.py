"""An AWS behind a URL: who is calling, as it says, and which requests go to the embedded core beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lakelab.cloud.core import Request
from lakelab.cloud.core.capabilities import By, Capabilities, Capability
from lakelab.cloud.core.remote import RemoteCore
from lakelab.cloud.errors import AccessDenied, AwsError, InvalidSignature
from lakelab.processes import free_port
from lakelab.settings import Settings

CAPABILITIES = Capabilities({"cloudwatch": Capability(By.MINISTACK, "why"), "apigatewayv2": Capability(By.MINISTACK)})
TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",'
    ' "Principal": {"Service": "glue.amazonaws.com"}}]}'
)
URL = "https://sts.us-east-1.amazonaws.com"  # moto answers there, in this process


def credential(key: str = "test", service: str = "glue", region: str = "eu-west-1") -> str:
    return (
        f"AWS4-HMAC-SHA256 Credential={key}/20250101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=x"
    )


def signed(header: str | None, query: str = "", token: str | None = None) -> Request:
    headers = [(b"authorization", header.encode())] if header else []
    if token:
        headers.append((b"x-amz-security-token", token.encode()))
    return Request("POST", "/", query, headers, b"")


class Beside:
    """An embedded core that notes what reaches it."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        self.paths.append(scope["path"])


@pytest.fixture
def config(tmp_path: Path) -> Settings:
    return Settings(root=tmp_path, port=free_port())


@pytest.fixture
def core(config: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[RemoteCore]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        core = RemoteCore(config, URL, CAPABILITIES)
        monkeypatch.setattr(core, "root", lambda service: boto3.client(service, region_name="us-east-1"))
        yield core


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(signed(credential()), id="header"),
        pytest.param(
            signed(None, "X-Amz-Credential=test%2F20250101%2Feu-west-1%2Fglue%2Faws4_request"), id="presigned"
        ),
    ],
)
def test_a_caller_is_who_the_core_says(core: RemoteCore, request_: Request):
    caller = core.authenticate(request_)
    assert (caller.account, caller.region, caller.credentials.access_key) == ("123456789012", "eu-west-1", "test")
    assert caller.arn == "arn:aws:iam::123456789012:root"  # a key that moto has not made


def test_a_request_that_nobody_signed_is_refused(core: RemoteCore):
    with pytest.raises(InvalidSignature) as refused:
        core.authenticate(signed(None))
    assert refused.value.code == "MissingAuthenticationToken"


def test_the_keys_of_a_role_are_the_role(core: RemoteCore):
    iam, sts = (boto3.client(name, region_name="us-east-1") for name in ("iam", "sts"))  # type: ignore[call-overload]
    arn = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    keys = sts.assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
    caller = core.authenticate(signed(credential(keys["AccessKeyId"]), token=keys["SessionToken"]))
    assert caller.arn == "arn:aws:sts::123456789012:assumed-role/reader/session"


def test_an_aws_that_does_not_answer_is_unavailable(config: Settings):
    core = RemoteCore(config, f"http://127.0.0.1:{free_port()}", CAPABILITIES)
    with pytest.raises(AwsError) as refused:
        core.authenticate(signed(credential()))
    assert (refused.value.code, refused.value.status) == ("ServiceUnavailable", 503)


@pytest.mark.parametrize(
    ("scope", "beside"),
    [
        pytest.param({"path": "/", "service": "monitoring"}, True, id="CloudWatch, by its signing name"),
        pytest.param({"path": "/v2/apis", "service": "apigateway"}, True, id="HTTP API"),
        pytest.param({"path": "/restapis", "service": "apigateway"}, False, id="REST API"),
        pytest.param({"path": "/_aws/execute-api/a/b", "service": None}, True, id="call of an API"),
        pytest.param({"path": "/v2/apis", "service": "s3"}, False, id="a bucket that is called v2"),
        pytest.param({"path": "/", "service": "sqs"}, False, id="the core's own"),
    ],
)
def test_what_the_core_lacks_goes_to_the_one_beside(config: Settings, scope: dict[str, Any], beside: bool):
    service, embedded = scope.pop("service"), Beside()
    core = RemoteCore(config, f"http://127.0.0.1:{free_port()}", CAPABILITIES, embedded)  # type: ignore[arg-type]
    headers = [(b"authorization", credential(service=service).encode())] if service else []
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def run() -> None:
        async with core._forward:
            full = {"type": "http", "method": "GET", "query_string": b"", "headers": headers, **scope}
            await core.handle(full, None, send)

    asyncio.run(run())
    assert bool(embedded.paths) is beside
    assert bool(sent) is not beside  # 503: nothing answers at the URL


def test_a_service_takes_a_role_that_trusts_it_and_no_other(core: RemoteCore):
    arn = boto3.client("iam").create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    where = {"account": "123456789012", "region": "us-east-1"}
    taken = core.assume_role(arn, "crawl", service="glue.amazonaws.com", **where)
    assert taken.arn.endswith("assumed-role/reader/crawl")
    with pytest.raises(AccessDenied):
        core.assume_role(arn, "deliver", service="firehose.amazonaws.com", **where)
    with pytest.raises(AwsError) as missing:
        core.assume_role(arn.replace("reader", "nobody"), "crawl", **where)
    assert missing.value.code == "NoSuchEntity"
