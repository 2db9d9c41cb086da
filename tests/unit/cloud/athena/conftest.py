"""Athena's API with an engine that answers what a test tells it, and an S3 that is a folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from lakelab.cloud import wire
from lakelab.cloud.athena.api import AthenaService
from lakelab.cloud.athena.grammar import parse_statement
from lakelab.cloud.athena.model import Column, Outcome, Session
from lakelab.cloud.caller import Caller, Credentials
from lakelab.cloud.errors import AwsError

ACCOUNT = "000000000000"
OUTPUT = "s3://results/out/"


@dataclass
class FolderS3:
    """Buckets as folders; `denied(action, key)` decides who may not."""

    root: Path
    denied: Callable[[str, str], bool]

    def put_object(self, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:
        file = self._writable(Bucket, Key)
        file.write_bytes(Body)

    def upload_file(self, source: str, bucket: str, key: str, ExtraArgs: dict[str, str]) -> None:
        shutil.copy(source, self._writable(bucket, key))

    def head_object(self, Bucket: str, Key: str) -> None:
        raise _error("404", "Not Found", 404)

    def _writable(self, bucket: str, key: str) -> Path:
        if self.denied("s3:PutObject", key):
            raise _error("AccessDenied", "Access Denied", 403)
        if not (self.root / bucket).is_dir():
            raise _error("NoSuchBucket", "The specified bucket does not exist", 404)
        file = self.root / bucket / key
        file.parent.mkdir(parents=True, exist_ok=True)
        return file


def _error(code: str, message: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")


@dataclass
class ToldEngine:
    """Runs what `tell` was given for the statement; other queries answer one row with their own text."""

    told: dict[str, Callable[[Session], Outcome]] = field(default_factory=dict)
    ran: list[tuple[str, list[str]]] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)

    def tell(self, sql: str, work: Callable[[Session], Outcome]) -> None:
        self.told[sql] = work

    def run(self, session: Session, sql: str) -> Outcome:
        self.ran.append((sql, session.parameters))
        self.sessions.append(session)
        return self.told.get(sql, lambda session: csv_outcome(session, [[sql]]))(session)

    def close(self) -> None:
        self.told.clear()


def csv_outcome(session: Session, rows: list[list[str | None]], columns: list[Column] | None = None) -> Outcome:
    """The outcome of a SELECT with these rows, as an engine leaves it."""
    columns = columns or [Column(f"_col{number}", "varchar") for number in range(len(rows[0]))]
    file = session.scratch / "result.csv"
    with file.open("w") as out:
        for row in [[column.name for column in columns], *rows]:
            out.write(",".join("" if value is None else '"' + value.replace('"', '""') + '"' for value in row) + "\n")
    return Outcome("DML", "SELECT", columns, file, rows=len(rows), scanned=10)


def text_outcome(session: Session, sql: str, lines: list[str]) -> Outcome:
    """The outcome of a SHOW or DDL statement with these lines."""
    file = session.scratch / "result.txt"
    file.write_text("\n".join(lines))
    kind = parse_statement(sql).kind
    columns = [Column("tab_name", "string")] if lines else []
    return Outcome(kind.statement_type, kind.substatement_type, columns, file if lines else None, rows=len(lines))


@dataclass
class Athena:
    """The service as a client sees it: JSON in, JSON out."""

    service: AthenaService
    engine: ToldEngine
    s3: Path
    caller: Caller
    glue: dict[str, Any]
    state: Path
    denials: set[tuple[str, str]]

    def __call__(self, operation: str, **params: Any) -> dict[str, Any]:
        parsed = wire.parse_request(self.service, operation, json.dumps(params).encode())
        answer = wire.invoke(self.service, self.caller, operation, parsed)
        return json.loads(wire.serialise_answer(self.service, operation, answer))

    def start(self, sql: str, **params: Any) -> str:
        """StartQueryExecution with an output location and a token of its own."""
        given = {"ResultConfiguration": {"OutputLocation": OUTPUT}, "ClientRequestToken": str(uuid4())} | params
        return self("StartQueryExecution", QueryString=sql, **given)["QueryExecutionId"]

    def execution(self, execution_id: str) -> dict[str, Any]:
        return self("GetQueryExecution", QueryExecutionId=execution_id)["QueryExecution"]

    def run(self, sql: str, **params: Any) -> dict[str, Any]:
        """Start a statement that ends within the hold, and answer its execution."""
        return self.execution(self.start(sql, **params))

    def refusal(self, operation: str, **params: Any) -> AwsError:
        with pytest.raises(AwsError) as caught:
            self(operation, **params)
        return caught.value

    def deny(self, action: str, resource: str = "*") -> None:
        self.denials.add((action, resource))

    def restarted(self) -> Athena:
        """The same as a new process makes it."""

        def invoke(service: str, operation: str, params: dict[str, Any], caller: Caller) -> dict[str, Any]:
            return self.glue[operation](params)

        return replace(self, service=AthenaService(self.state, invoke, self.engine))

    def elsewhere(self, account: str = ACCOUNT, region: str = "us-east-1") -> Athena:
        """The same service for a caller of another account or region."""
        return replace(self, caller=replace(self.caller, account=account, region=region))


@pytest.fixture
def athena(tmp_path: Path) -> Iterator[Athena]:
    denials: set[tuple[str, str]] = set()
    buckets = tmp_path / "s3"
    (buckets / "results").mkdir(parents=True)
    glue: dict[str, Any] = {}

    def denied(action: str, resource: str) -> bool:
        return any(action == each and (where in ("*", resource)) for each, where in denials)

    def denial(caller: Caller, action: str, resource: str, context: object) -> str | None:
        if denied(action, resource):
            return f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource}"
        return None

    def object_file(account: str, bucket: str, key: str) -> Path | None:
        file = buckets / bucket / key
        return file if file.is_file() else None

    def invoke(service: str, operation: str, params: dict[str, Any], caller: Caller) -> dict[str, Any]:
        return glue[operation](params)

    s3 = FolderS3(buckets, denied)
    core = SimpleNamespace(
        enforces_iam=True,
        denial=denial,
        object_file=object_file,
        objects=lambda account, bucket, prefix: None,
        client=lambda service, caller: s3,
    )
    caller = Caller(ACCOUNT, "us-east-1", f"arn:aws:iam::{ACCOUNT}:root", Credentials("test", "test"), core)  # type: ignore[arg-type]
    engine = ToldEngine()
    state = tmp_path / "state"
    service = AthenaService(state, invoke, engine)
    yield Athena(service, engine, buckets, caller, glue, state, denials)
    service.close()
