"""MiniStack as the core, in this process. Only this module and its neighbours know MiniStack's insides.

MiniStack reads its configuration from the environment when it is imported, so `configure` has to run first; the process
that serves it is started with an environment of its own (see `server`). Its authorisation is taken over by
`ministack_iam`, `ministack_deeds` asks it where MiniStack does not, and `ministack_lambda` invokes its functions.
tests/unit/cloud/core guards every name used.
"""

from __future__ import annotations

import contextvars
import json
import mmap
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from lakelab.cloud.caller import Caller, Credentials
from lakelab.cloud.core import Request, ministack_lambda
from lakelab.cloud.errors import AccessDenied, AwsError, InvalidSignature
from lakelab.cloud.iam.record import Record
from lakelab.cloud.objects import ObjectInfo
from lakelab.settings import Settings

ROOT = Credentials("test", "test")
_CLIENT = Config(s3={"addressing_style": "path"}, max_pool_connections=32, retries={"max_attempts": 1})


def configure(settings: Settings, state: Path) -> None:
    """Set the variables that MiniStack reads: where it keeps its state, which port it is reached at, IAM on or off."""
    (state / "tmp").mkdir(parents=True, exist_ok=True)
    os.environ.update(
        GATEWAY_PORT=str(settings.port),
        BIND_HOST="127.0.0.1",
        MINISTACK_ACCOUNT_ID=settings.account,
        MINISTACK_REGION=settings.region,
        AUTH="true" if settings.iam == "enforce" else "false",
        S3_PERSIST="1",
        S3_DATA_DIR=str(state / "s3"),
        PERSIST_STATE="1",
        STATE_DIR=str(state / "state"),
        TMPDIR=str(state / "tmp"),  # Lambda's code folders, so that none outlives the data folder
        LAMBDA_ACCOUNT_CONCURRENCY=str(settings.lambda_concurrency),
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        LOG_LEVEL="WARNING",
        PYTHONDONTWRITEBYTECODE="1",
    )


class MiniStackCore:
    """The core of `lakelab.cloud.core.Core`, embedded. Make one per process.

    Args:
        settings: port, account, region, IAM on or off.
        state: the folder of all that it keeps.
        record: where IAM's decisions are recorded.
    """

    def __init__(self, settings: Settings, state: Path, record: Record | None = None):
        configure(settings, state)
        import ministack.app
        from ministack.core import iam_evaluator, responses

        from lakelab.cloud.core.ministack_deeds import Deeds
        from lakelab.cloud.core.ministack_iam import Authorization

        self.enforces_iam = settings.iam == "enforce"
        self._endpoint = settings.endpoint
        self._app = ministack.app
        self._iam = iam_evaluator
        self._responses = responses
        self._checkpoints = _Checkpoints(ministack.app, state / "state")
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._session = boto3.Session()
        self._client_lock = threading.Lock()
        _read_ranges_lazily()
        ministack_lambda.install(settings.lambda_concurrency)
        _count_loopback_as_tls(ministack.app, iam_evaluator)
        self._record = record
        self._authorization = Authorization(record)
        if self.enforces_iam:
            self._authorization.install()
            Deeds(self._authorization).install()

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app.app(scope, receive, send)

    def checkpoint(self) -> None:
        try:
            self._checkpoints.write()
        finally:  # what one of them cannot save must not keep the other from it
            if self._record is not None:
                self._record.write()

    def authenticate(self, request: Request) -> Caller:
        return contextvars.copy_context().run(self._authenticate, request)

    def _authenticate(self, request: Request) -> Caller:
        from ministack.core.router import extract_access_key_id, extract_region

        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers}
        query = parse_qs(request.query, keep_blank_values=True)
        key = extract_access_key_id(headers, query) or ""
        region = extract_region(headers, query)
        self._responses.set_request_account_id(self._app._request_account_scope(key))
        self._responses.set_request_region(region)
        if self.enforces_iam:
            self._iam.pin_signed_request(request.method, request.path, query, request.headers)
            self._iam.pin_signed_body(request.body)
            if not key:
                raise InvalidSignature("Request is missing Authentication Token", code="MissingAuthenticationToken")
            failure = self._iam.check_credentials(key)
            if failure is not None:
                raise InvalidSignature(failure.message, code=failure.code)
        return self._caller(key or ROOT.access_key, self._responses.get_account_id(), region)

    def _caller(self, access_key: str, account: str, region: str) -> Caller:
        found = self._iam.resolve_credential(access_key, account)
        if isinstance(found, self._iam.CredentialResolutionError):
            if self.enforces_iam:
                raise InvalidSignature(found.message, code=found.code)
            return Caller(account, region, f"arn:aws:iam::{account}:root", ROOT, self)
        credentials = Credentials(found.access_key_id, found.secret_access_key, found.session_token)
        return Caller(found.account_id, region, found.principal_arn, credentials, self)

    def assume_role(
        self, role_arn: str, session_name: str, *, account: str, region: str, service: str | None = None
    ) -> Caller:
        denial = self.service_denial(service, "sts:AssumeRole", role_arn, {}) if service else None
        if denial is not None:
            raise AccessDenied(denial)
        root = self._caller(account, account, region)
        try:
            answer = root.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=session_name)
        except ClientError as error:
            answer = error.response.get("Error", {})
            raise AwsError(answer.get("Message", ""), code=answer.get("Code", "AccessDenied"), status=403) from error
        return self._caller(answer["Credentials"]["AccessKeyId"], account, region)

    def denial(self, caller: Caller, action: str, resource: str, context: Mapping[str, Any] | None) -> str | None:
        if not self.enforces_iam or self._iam.is_root_access_key(caller.credentials.access_key):
            return None
        return contextvars.Context().run(self._denial, caller, action, resource, context)

    def _denial(self, caller: Caller, action: str, resource: str, context: Mapping[str, Any] | None) -> str | None:
        self._responses.set_request_account_id(caller.account)
        self._responses.set_request_region(caller.region)
        self._iam.pin_request_origin("127.0.0.1", True)
        found = self._iam.resolve_credential(caller.credentials.access_key, caller.account)
        if isinstance(found, self._iam.CredentialResolutionError):
            return found.message
        return self._authorization.denial(found, action, resource, caller.region, context)

    def service_denial(self, service: str, action: str, resource: str, keys: Mapping[str, Any]) -> str | None:
        if not self.enforces_iam:
            return None
        return contextvars.copy_context().run(self._authorization.service_denial, service, action, resource, keys)

    def mfa_seed(self, serial: str) -> str | None:
        return self._authorization.mfa_seed(serial)

    def client(self, service: str, caller: Caller) -> Any:
        key = (service, caller.credentials.access_key, caller.region)
        with self._client_lock:
            if key not in self._clients:
                self._clients[key] = self._session.client(
                    service,  # type: ignore[call-overload]
                    endpoint_url=self._endpoint,
                    region_name=caller.region,
                    aws_access_key_id=caller.credentials.access_key,
                    aws_secret_access_key=caller.credentials.secret_key,
                    aws_session_token=caller.credentials.session_token,
                    config=Config(
                        s3={"addressing_style": "path"}, max_pool_connections=32, retries={"max_attempts": 1}
                    ),
                )
            return self._clients[key]

    def functions(self, account: str, region: str) -> ministack_lambda.Functions:
        return ministack_lambda.Functions(account, region)

    def object_file(self, account: str, bucket: str, key: str) -> Path | None:
        from ministack.services import s3

        path = s3._object_disk_path(bucket, key, account)
        return Path(path) if path and Path(path).is_file() else None

    def objects(self, account: str, bucket: str, prefix: str) -> list[ObjectInfo] | None:
        from ministack.services import s3

        record = s3._buckets.get_scoped(account, None, bucket) if account else None
        if record is None:
            return None
        found = [(key, item) for key, item in list(record["objects"].items()) if key.startswith(prefix)]
        return [
            ObjectInfo(
                bucket, key, item["size"], item["etag"].strip('"'), datetime.fromisoformat(item["last_modified"])
            )
            for key, item in sorted(found, key=lambda pair: pair[0])
        ]


class _Checkpoints:
    """Writes each service's state when it has changed, whole and by rename, so that a kill finds the old or the new."""

    def __init__(self, app: Any, folder: Path):
        self._app = app
        self._folder = folder
        self._written: dict[str, str] = {}
        self._lock = threading.Lock()
        self._logs = _Logs()

    def write(self) -> None:
        from ministack.core import persistence

        busy = []
        with self._lock:
            for name, get_state in self._app._build_persistence_save_dict().items():
                try:
                    if name == LOGS and not self._logs.are_due():
                        continue
                    text = self._text(persistence, name, get_state)
                except RuntimeError:
                    busy.append(name)  # one service under load must not keep the others from being saved
                    continue
                if text is not None and self._written.get(name) != text:
                    self._folder.mkdir(parents=True, exist_ok=True)
                    partial = self._folder / f"{name}.json.tmp"
                    partial.write_text(text)
                    partial.replace(self._folder / f"{name}.json")
                    self._written[name] = text
                if name == LOGS:
                    self._logs.are_saved()
        if busy:
            raise RuntimeError(f"the state of {', '.join(busy)} changed every time it was copied")

    @staticmethod
    def _text(persistence: Any, name: str, get_state: Any) -> str | None:
        def copy() -> str | None:
            state = get_state()
            if state is None:
                return None
            document = {"__ministack_format__": persistence._state_format_version(name), "payload": state}
            return json.dumps(document, default=persistence._json_default)

        try:
            return copy()
        except RuntimeError:  # a dictionary changed size while it was copied: a request came between
            with _undisturbed():
                return copy()


LOGS, LOGS_SECONDS = "cloudwatch_logs", 5.0


class _Logs:
    """Decides when the logs are saved: with each change of a group, but for new lines every five seconds only.

    Lines are most of what there is, and each time all of them are written. MiniStack would copy them before, which
    takes more time than to write them; what changes meanwhile is met by `_Checkpoints` anyway.
    """

    def __init__(self) -> None:
        from ministack.core import persistence
        from ministack.services import cloudwatch_logs

        self._persistence: Any = persistence
        self._service: Any = cloudwatch_logs
        self._service.copy = SimpleNamespace(deepcopy=lambda state: state)
        self._found = self._saved = ""
        self._found_at = self._saved_at = 0.0

    def are_due(self) -> bool:
        groups = {
            key: {name: value for name, value in group.items() if name != "streams"}
            for key, group in self._service._log_groups.all_items()
        }
        others = [
            state for name, state in self._service.get_state().items() if name not in ("log_groups", "log_records")
        ]
        self._found = repr(groups) + json.dumps(others, default=self._persistence._json_default)
        self._found_at = time.monotonic()
        return self._found != self._saved or self._found_at - self._saved_at >= LOGS_SECONDS

    def are_saved(self) -> None:
        """What `are_due` has found is written."""
        self._saved, self._saved_at = self._found, self._found_at


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep the other threads of the process waiting while this one computes."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(5)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


def _count_loopback_as_tls(app: Any, iam: Any) -> None:
    """Make `aws:SecureTransport` true: what never leaves the machine needs no TLS.

    Otherwise the usual bucket policy, which denies requests without TLS, would deny every role everything.
    """
    pin = iam.pin_request_origin

    def pin_as_tls(source_ip: str, secure_transport: bool) -> None:
        pin(source_ip, True)

    app.pin_request_origin = pin_as_tls


_ranged: contextvars.ContextVar[bool] = contextvars.ContextVar("ranged", default=False)


def _read_ranges_lazily() -> None:
    """Make a ranged GET read its range and not the whole object's file.

    MiniStack reads the whole file for every range, which makes a columnar reader over HTTP 50 times slower. Under a
    range header it is given the file mapped to memory instead; it slices that, and only the slice is read.
    """
    from ministack.services import s3

    get_object, read_body = s3._get_object, s3._read_body

    def get_object_lazily(bucket: str, key: str, headers: dict[str, str], query: Any = None) -> Any:
        token = _ranged.set("range" in headers)
        try:
            status, answer_headers, body = get_object(bucket, key, headers, query)
        finally:
            _ranged.reset(token)
        return status, answer_headers, bytes(body) if isinstance(body, mmap.mmap) else body

    def read_body_lazily(bucket: str, key: str, record: dict[str, Any]) -> Any:
        on_disk = _ranged.get() and record.get("body") is None and record.get("size")
        path = s3._object_disk_path(bucket, key) if on_disk else None
        if path is None:
            return read_body(bucket, key, record)
        with Path(path).open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    s3._get_object, s3._read_body = get_object_lazily, read_body_lazily
