"""What the operations of every resource have at hand."""

from __future__ import annotations

from lakelab.cloud.database import Database as SqliteFile
from lakelab.cloud.glue.model import Scope, Table
from lakelab.cloud.glue.partition_store import PartitionStore
from lakelab.cloud.glue.store import CatalogStore
from lakelab.cloud.wire import Call, Params


class Operations:
    """Base of the classes that hold the operations of one resource each; GlueService is all of them."""

    file: SqliteFile
    catalog: CatalogStore
    partitions: PartitionStore

    def table_of(self, call: Call, params: Params) -> tuple[Scope, Table]:
        """The catalog and the table that `DatabaseName` and `TableName` name. Raises EntityNotFound."""
        scope = Scope.of(call.caller, params)
        return scope, self.catalog.table(scope, params["DatabaseName"], params["TableName"])
