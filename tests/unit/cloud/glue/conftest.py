"""The Glue service of a test: every call goes through the wire format, as a client's would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lakelab.cloud import wire
from lakelab.cloud.caller import Caller
from lakelab.cloud.errors import AwsError
from lakelab.cloud.glue.api import GlueService


class Client:
    """A service and a caller: `client("GetTable", DatabaseName=…, Name=…)`."""

    def __init__(self, service: GlueService, caller: Caller):
        self.service = service
        self.caller = caller

    def __call__(self, operation: str, /, **params: Any) -> dict[str, Any]:
        parsed = wire.parse_request(self.service, operation, json.dumps(params).encode())
        answer = wire.invoke(self.service, self.caller, operation, parsed)
        return json.loads(wire.serialise_answer(self.service, operation, answer))

    @contextmanager
    def fails(self, code: str, message: str) -> Iterator[None]:
        with pytest.raises(AwsError) as error:
            yield
        assert (error.value.code, error.value.message) == (code, message)


def no_services(service: str, operation: str, params: dict[str, Any], caller: Caller) -> dict[str, Any]:
    raise AssertionError(f"{service}:{operation} was called")


def assume_role(arn: str, session: str, *, account: str, region: str, service: str) -> None:
    """Glue may assume every role but `missing`."""
    if arn.endswith(":role/missing"):
        raise AwsError(f"{arn} cannot be assumed", code="AccessDenied")


@pytest.fixture
def glue(tmp_path: Path, root: Caller) -> Client:
    root.core.assume_role = assume_role  # type: ignore[assignment]
    return Client(GlueService(tmp_path, no_services), root)


@pytest.fixture
def sales(glue: Client) -> Client:
    """With a database `sales` that has the partitioned table `orders`."""
    glue("CreateDatabase", DatabaseInput={"Name": "sales"})
    glue("CreateTable", DatabaseName="sales", TableInput=table("orders", keys={"day": "date", "shop": "int"}))
    return glue


def table(name: str, *, keys: dict[str, str] | None = None, **members: Any) -> dict[str, Any]:
    """A TableInput with one column."""
    return {
        "Name": name,
        "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "bigint"}], "Location": f"s3://lake/{name}/"},
        "PartitionKeys": [{"Name": key, "Type": type_} for key, type_ in (keys or {}).items()],
        **members,
    }


@pytest.fixture
def table_input() -> Any:
    return table
