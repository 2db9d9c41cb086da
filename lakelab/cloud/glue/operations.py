"""What the operations of every resource have at hand."""

from __future__ import annotations

from lakelab.cloud.database import Database as SqliteFile
from lakelab.cloud.glue.entities import EntityStore
from lakelab.cloud.glue.model import Scope, Table
from lakelab.cloud.glue.partition_store import PartitionStore
from lakelab.cloud.glue.store import CatalogStore
from lakelab.cloud.wire import Call, Params


class Operations:
    """Base of the classes that hold the operations of one resource each; GlueService is all of them."""

    file: SqliteFile
    catalog: CatalogStore
    partitions: PartitionStore
    entities: EntityStore

    def table_of(self, call: Call, params: Params) -> tuple[Scope, Table]:
        """The catalog and the table that `DatabaseName` and `TableName` name. Raises EntityNotFound."""
        scope = Scope.of(call.caller, params)
        return scope, self.catalog.table(scope, params["DatabaseName"], params["TableName"])

    def tags_of(self, scope: Scope, resource: str) -> dict[str, str]:
        """The tags of a resource, which is named as in its ARN: `crawler/orders`."""
        found = self.entities.find(scope, "Tags", resource)
        return {} if found is None else found.document

    def tag(self, scope: Scope, resource: str, tags: dict[str, str]) -> None:
        """Add tags to a resource."""
        if tags:
            self.entities.put(scope, "Tags", resource, {**self.tags_of(scope, resource), **tags})

    def untag(self, scope: Scope, resource: str) -> None:
        """Remove all tags of a resource that is deleted."""
        if self.tags_of(scope, resource):
            self.entities.delete(scope, "Tags", resource)
