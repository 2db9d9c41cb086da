"""pyiceberg's Glue catalog over the Glue of this process, in the name of one caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore import xform_name
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.io import FileIO
from pyiceberg.typedef import EMPTY_DICT, Properties

from lakelab.cloud.athena.iceberg.fileio import ObjectsIO
from lakelab.cloud.errors import AwsError
from lakelab.cloud.wire import service_model


class _GlueExceptions:
    """The exception classes of a boto3 client, of which pyiceberg catches some."""

    def __init__(self) -> None:
        self._classes: dict[str, type[AwsError]] = {}

    def __getattr__(self, code: str) -> type[AwsError]:
        return self._classes.setdefault(code, type(code, (AwsError,), {"code": code}))


class _GlueClient:
    """As much of a boto3 Glue client as pyiceberg uses: methods named as boto3 does, that raise its exceptions."""

    def __init__(self, call: Callable[..., dict[str, Any]]):
        self._call = call
        self.exceptions = _GlueExceptions()
        self._operations = {xform_name(name): name for name in service_model("glue").operation_names}

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        operation = self._operations[name]

        def method(**params: Any) -> dict[str, Any]:
            try:
                return self._call(operation, **params)
            except AwsError as error:
                raise getattr(self.exceptions, error.code)(error.message, status=error.status) from error

        return method


class InProcessGlueCatalog(GlueCatalog):
    """The catalog that pyiceberg's tables are loaded from and committed to.

    Args:
        call: runs a Glue operation, `call("GetTable", DatabaseName=…, Name=…)`.
        io: how every file is read and written.
    """

    def __init__(self, call: Callable[..., dict[str, Any]], io: ObjectsIO):
        super().__init__("awsdatacatalog", client=_GlueClient(call))  # type: ignore[arg-type]
        self._io = io

    def _load_file_io(self, properties: Properties = EMPTY_DICT, location: str | None = None) -> FileIO:
        return self._io
