"""An AWS behind a URL as the core: LocalStack, a moto server, or any other that speaks AWS's protocols.

It is asked by public AWS calls alone. What it lacks or answers wrongly, and what needs nothing of it, the embedded
MiniStack answers beside it; `capabilities` says which service is whose.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lakelab.cloud.caller import Caller, Credentials
from lakelab.cloud.core import Core, Request
from lakelab.cloud.core.capabilities import Capabilities
from lakelab.cloud.core.forward import Forwarder
from lakelab.cloud.core.remote_iam import Policies
from lakelab.cloud.environment import ROOT_KEY, ROOT_SECRET
from lakelab.cloud.errors import AccessDenied, AwsError, InvalidSignature
from lakelab.cloud.iam.record import Record
from lakelab.cloud.objects import ObjectInfo
from lakelab.settings import Settings

IDENTITY_SECONDS = 60.0  # a key's owner does not change; it can be deleted
UNKNOWN_SECRET = "unknown"  # noqa: S105  # no call gives the secret of a key; an outside core that checks it refuses
CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
DIRECT = ("s3", "iam", "sts", "lambda")  # services of the core that the lake services call past the gateway
SIGNING_NAMES = {"monitoring": "cloudwatch"}  # where requests are signed for another name than the service's
EXECUTE_API = "/_aws/execute-api/"


@dataclass(frozen=True)
class Signed:
    """What the signature of a request says: whose key, where, for which service."""

    key: str
    region: str
    service: str
    token: str | None


class RemoteCore:
    """The core of `lakelab.cloud.core.Core` over HTTP.

    Args:
        config: region, account and the gateway's own endpoint.
        url: of the AWS behind.
        capabilities: what it can and cannot.
        beside: the embedded core, for the services that are its own by `capabilities`.
        stop: ends the AWS behind, when it is ours.
        record: where IAM's decisions are recorded.
    """

    enforces_iam = False

    def __init__(
        self,
        config: Settings,
        url: str,
        capabilities: Capabilities,
        beside: Core | None = None,
        stop: Callable[[], None] = lambda: None,
        record: Record | None = None,
    ):
        self.url = url
        self.capabilities = capabilities
        self._config = config
        self._forward = Forwarder(url)
        self._beside = beside
        self._embedded = frozenset(capabilities.embedded)
        self._stop = stop
        self._session = boto3.Session()
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._identities: dict[tuple[str, str | None], tuple[float, str, str]] = {}
        self._lock = threading.Lock()
        self._record = record
        self._policies = Policies(lambda service: self.root(service), record)

    # ---- requests

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        elif scope["type"] == "http" and self._beside is not None and self._service_of(scope) in self._embedded:
            await self._beside.handle(scope, receive, send)
        elif scope["type"] == "http":
            await self._forward(scope, receive, send)
            if self._service_of(scope) == "iam" or b"policy" in scope["query_string"]:
                self._policies.forget()

    async def _lifespan(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            async with self._forward:
                if self._beside is not None:
                    await self._beside.handle(scope, receive, send)
                else:
                    await _plain_lifespan(receive, send)
        finally:
            self._stop()

    @staticmethod
    def _service_of(scope: Any) -> str:
        if scope["path"].startswith(EXECUTE_API):
            return "apigatewayv2"
        header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        found = CREDENTIAL.search(header.decode("latin-1"))
        service = found[3] if found else ""
        if service == "apigateway" and scope["path"].startswith("/v2/"):
            return "apigatewayv2"
        return SIGNING_NAMES.get(service, service)

    def checkpoint(self) -> None:
        try:
            if self._beside is not None:
                self._beside.checkpoint()
        finally:
            if self._record is not None:
                self._record.write()

    # ---- who is calling

    def authenticate(self, request: Request) -> Caller:
        signed = _signed(request)
        if signed is None:
            raise InvalidSignature("Request is missing Authentication Token", code="MissingAuthenticationToken")
        account, arn = self._identity(signed)
        credentials = Credentials(signed.key, UNKNOWN_SECRET, signed.token)
        return Caller(account, signed.region, arn, credentials, self)

    def _identity(self, signed: Signed) -> tuple[str, str]:
        key = (signed.key, signed.token)
        with self._lock:
            asked, account, arn = self._identities.get(key, (0.0, "", ""))
        if asked and time.monotonic() - asked < IDENTITY_SECONDS:
            return account, arn
        try:
            answer = self._client("sts", Credentials(signed.key, UNKNOWN_SECRET, signed.token)).get_caller_identity()
        except ClientError as error:
            said = error.response.get("Error", {})
            raise InvalidSignature(said.get("Message", ""), code=said.get("Code")) from error
        except BotoCoreError as error:
            raise _unanswered(self.url, error) from error
        account, arn = answer["Account"], answer["Arn"]
        if ":user/" in arn and not self._policies.is_user(arn):  # moto's name for a key that it has not made
            arn = f"arn:aws:iam::{account}:root"
        with self._lock:
            self._identities[key] = (time.monotonic(), account, arn)
        return account, arn

    def assume_role(
        self, role_arn: str, session_name: str, *, account: str, region: str, service: str | None = None
    ) -> Caller:
        denial = self.service_denial(service, "sts:AssumeRole", role_arn, {}) if service else None
        if denial is not None:
            raise AccessDenied(denial)
        try:
            self._policies.role(role_arn.rpartition("/")[2])  # LocalStack and moto let anyone take what is not there
            answer = self.root("sts").assume_role(RoleArn=role_arn, RoleSessionName=session_name)
        except ClientError as error:
            said = error.response.get("Error", {})
            raise AwsError(said.get("Message", ""), code=said.get("Code", "AccessDenied"), status=403) from error
        except BotoCoreError as error:
            raise _unanswered(self.url, error) from error
        given = answer["Credentials"]
        credentials = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        return Caller(account, region, answer["AssumedRoleUser"]["Arn"], credentials, self)

    # ---- may they: the outside core does not say, so the lake services work it out from its policies

    def denial(self, caller: Caller, action: str, resource: str, context: Mapping[str, Any] | None) -> str | None:
        if self._config.iam == "off" or caller.arn.endswith(":root"):
            return None
        return self._policies.denial(caller, action, resource, context or {})

    def service_denial(self, service: str, action: str, resource: str, keys: Mapping[str, Any]) -> str | None:
        if self._config.iam == "off":
            return None
        return self._policies.service_denial(service, action, resource, keys)

    def mfa_seed(self, serial: str) -> str | None:
        return None  # no public call gives it

    # ---- calls

    def client(self, service: str, caller: Caller) -> Any:
        return self._client(service, caller.credentials, caller.region)

    def root(self, service: str) -> Any:
        """A boto3 client with the credentials of the account's root user."""
        return self._client(service, Credentials(ROOT_KEY, ROOT_SECRET))

    def _client(self, service: str, credentials: Credentials, region: str | None = None) -> Any:
        region = region or self._config.region
        key = (service, credentials.access_key, region)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._session.client(
                    service,  # type: ignore[call-overload]
                    endpoint_url=self.url if service in DIRECT else self._config.endpoint,
                    region_name=region,
                    aws_access_key_id=credentials.access_key,
                    aws_secret_access_key=credentials.secret_key,
                    aws_session_token=credentials.session_token,
                    config=Config(
                        s3={"addressing_style": "path"}, max_pool_connections=32, retries={"max_attempts": 2}
                    ),
                )
            return self._clients[key]

    # ---- what only a core on this machine has at hand

    def functions(self, account: str, region: str) -> None:
        return None

    def object_file(self, account: str, bucket: str, key: str) -> Path | None:
        return None

    def objects(self, account: str, bucket: str, prefix: str) -> list[ObjectInfo] | None:
        return None


def _signed(request: Request) -> Signed | None:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers}
    found = CREDENTIAL.search(headers.get("authorization", ""))
    if found:
        return Signed(found[1], found[2], found[3], headers.get("x-amz-security-token"))
    query = {name: values[0] for name, values in parse_qs(request.query).items()}
    found = CREDENTIAL.search("Credential=" + query.get("X-Amz-Credential", ""))
    return Signed(found[1], found[2], found[3], query.get("X-Amz-Security-Token")) if found else None


def _unanswered(url: str, error: BotoCoreError) -> AwsError:
    return AwsError(f"The AWS at {url} does not answer: {error}", code="ServiceUnavailable", status=503)


async def _plain_lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
