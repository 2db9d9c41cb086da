"""Operations on partition indexes.

Every table's partitions are indexed here in any case (see `partition_store`); these are what a table says of itself.
"""

from __future__ import annotations

import json

from lakelab.cloud.glue.errors import AlreadyExists, EntityNotFound, InvalidInput
from lakelab.cloud.glue.model import Table
from lakelab.cloud.glue.operations import Operations
from lakelab.cloud.glue.paging import decode
from lakelab.cloud.wire import Call, Params

SCHEMA = """
create table if not exists partition_indexes (
    table_id integer not null references tables on delete cascade,
    name text not null,
    keys text not null,
    primary key (table_id, name)
) without rowid;
"""
MOST = 3  # indexes a table, on AWS


class IndexOperations(Operations):
    def create_partition_index(self, call: Call, params: Params) -> Params:
        _, table = self.table_of(call, params)
        self.add_partition_index(table, params["PartitionIndex"])
        return {}

    def get_partition_indexes(self, call: Call, params: Params) -> Params:
        _, table = self.table_of(call, params)
        decode(params.get("NextToken"), 0)  # they are one page
        types = dict(table.keys)
        return {
            "PartitionIndexDescriptorList": [
                {
                    "IndexName": name,
                    "Keys": [{"Name": key, "Type": types.get(key, "string")} for key in keys],
                    "IndexStatus": "ACTIVE",
                }
                for name, keys in self._indexes(table).items()
            ]
        }

    def delete_partition_index(self, call: Call, params: Params) -> Params:
        _, table = self.table_of(call, params)
        with self.file.transaction() as connection:
            gone = connection.execute(
                "delete from partition_indexes where table_id = ? and name = ?", (table.id, params["IndexName"])
            )
        if gone.rowcount == 0:
            raise EntityNotFound(f"Index with the given indexName : {params['IndexName']} does not exist")
        return {}

    def add_partition_index(self, table: Table, index: Params) -> None:
        """Raises InvalidInput for keys that are not the table's, AlreadyExists."""
        keys = [key.lower() for key in index["Keys"]]
        unknown = set(keys) - {name.lower() for name, _ in table.keys}
        if unknown:
            raise InvalidInput(f"Index keys are not partition keys: {', '.join(sorted(unknown))}")
        with self.file.transaction() as connection:
            existing = self._indexes(table)
            if index["IndexName"] in existing or keys in existing.values():
                raise AlreadyExists(f"Index with the given indexName : {index['IndexName']} already exists")
            if len(existing) == MOST:
                raise InvalidInput(f"A table has at most {MOST} partition indexes.")
            connection.execute(
                "insert into partition_indexes (table_id, name, keys) values (?, ?, ?)",
                (table.id, index["IndexName"], json.dumps(keys)),
            )

    def _indexes(self, table: Table) -> dict[str, list[str]]:
        rows = self.file.rows("select name, keys from partition_indexes where table_id = ? order by name", table.id)
        return {row["name"]: json.loads(row["keys"]) for row in rows}
