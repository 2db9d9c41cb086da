"""The Glue service: its operations by resource, over one SQLite file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

from lakelab.cloud.caller import Caller
from lakelab.cloud.database import Database as SqliteFile
from lakelab.cloud.glue import partition_store, store
from lakelab.cloud.glue.authorization import catalog_resources
from lakelab.cloud.glue.databases import DatabaseOperations
from lakelab.cloud.glue.partition_store import PartitionStore
from lakelab.cloud.glue.partitions import PartitionOperations
from lakelab.cloud.glue.store import CatalogStore
from lakelab.cloud.glue.tables import TableOperations
from lakelab.cloud.wire import Call, Params, Service

Invoke: TypeAlias = Callable[[str, str, Params, Caller], Params]


class GlueService(DatabaseOperations, TableOperations, PartitionOperations, Service):
    """The local Glue.

    Args:
        state: the folder of its file, `glue.sqlite`.
        invoke: runs an operation of a lake service in this process: `invoke("glue", "GetTable", params, caller)`.
    """

    name = "glue"
    iam_prefix = "glue"

    def __init__(self, state: Path, invoke: Invoke):
        self.invoke = invoke
        self.file = SqliteFile(state / "glue.sqlite", store.SCHEMA + partition_store.SCHEMA)
        self.catalog = CatalogStore(self.file)
        self.partitions = PartitionStore(self.file)

    def resources(self, call: Call, params: Params) -> Iterable[tuple[str, str]]:
        for resource in catalog_resources(call.operation, params):
            yield f"glue:{call.operation}", call.caller.arn_of("glue", resource)
