"""Operations on column statistics, of tables and of partitions."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from lakelab.cloud.glue.errors import EntityNotFound, detail
from lakelab.cloud.glue.model import Table
from lakelab.cloud.glue.operations import Operations
from lakelab.cloud.wire import Call, Params

SCHEMA = """
create table if not exists column_statistics (
    table_id integer not null references tables on delete cascade,
    partition_values text not null,
    column_name text not null,
    document text not null,
    primary key (table_id, partition_values, column_name)
) without rowid;
create trigger if not exists forget_statistics after delete on partitions begin
    delete from column_statistics where table_id = old.table_id and partition_values = old.partition_values;
end;
"""
_OF_TABLE = ""  # in place of a partition's values


class StatisticsOperations(Operations):
    def update_column_statistics_for_table(self, call: Call, params: Params) -> Params:
        _, table = self.table_of(call, params)
        return {"Errors": self._put_statistics(table, _OF_TABLE, params["ColumnStatisticsList"])}

    def update_column_statistics_for_partition(self, call: Call, params: Params) -> Params:
        table, values = self._partition_of(call, params)
        return {"Errors": self._put_statistics(table, values, params["ColumnStatisticsList"])}

    def get_column_statistics_for_table(self, call: Call, params: Params) -> Params:
        _, table = self.table_of(call, params)
        return self._get_statistics(table, _OF_TABLE, params["ColumnNames"])

    def get_column_statistics_for_partition(self, call: Call, params: Params) -> Params:
        return self._get_statistics(*self._partition_of(call, params), params["ColumnNames"])

    def delete_column_statistics_for_table(self, call: Call, params: Params) -> Params:
        _, table = self.table_of(call, params)
        return self._delete_statistics(table, _OF_TABLE, params["ColumnName"])

    def delete_column_statistics_for_partition(self, call: Call, params: Params) -> Params:
        return self._delete_statistics(*self._partition_of(call, params), params["ColumnName"])

    def _partition_of(self, call: Call, params: Params) -> tuple[Table, str]:
        _, table = self.table_of(call, params)
        self.partitions.get(table, params["PartitionValues"])
        return table, json.dumps(params["PartitionValues"], separators=(",", ":"))

    def _put_statistics(self, table: Table, values: str, statistics: Sequence[Params]) -> list[Params]:
        columns = {column["Name"].lower() for column in table.input.get("StorageDescriptor", {}).get("Columns", ())}
        columns |= {name.lower() for name, _ in table.keys}
        errors = []
        with self.file.transaction() as connection:
            for found in statistics:
                if found["ColumnName"].lower() not in columns:
                    missing = EntityNotFound(f"Column {found['ColumnName']} not found.")
                    errors.append({"ColumnStatistics": found, "Error": detail(missing)})
                    continue
                connection.execute(
                    "insert or replace into column_statistics values (?, ?, ?, ?)",
                    (table.id, values, found["ColumnName"].lower(), json.dumps(found, default=_plain)),
                )
        return errors

    def _get_statistics(self, table: Table, values: str, names: Sequence[str]) -> Params:
        found, errors = [], []
        for name in names:
            row = self.file.row(
                "select document from column_statistics where table_id = ? and partition_values = ?"
                " and column_name = ?",
                table.id,
                values,
                name.lower(),
            )
            if row is None:
                missing = EntityNotFound("Statistics do not exist for this column")
                errors.append({"ColumnName": name, "Error": detail(missing)})
            else:
                found.append(json.loads(row["document"], object_hook=_rich))
        return {"ColumnStatisticsList": found, "Errors": errors}

    def _delete_statistics(self, table: Table, values: str, column: str) -> Params:
        with self.file.transaction() as connection:
            gone = connection.execute(
                "delete from column_statistics where table_id = ? and partition_values = ? and column_name = ?",
                (table.id, values, column.lower()),
            )
        if gone.rowcount == 0:
            raise EntityNotFound("Statistics do not exist for this column")
        return {}


def _plain(value: Any) -> dict[str, Any]:
    """A timestamp or a blob for JSON."""
    return {"$time": value.timestamp()} if isinstance(value, datetime) else {"$blob": base64.b64encode(value).decode()}


def _rich(value: dict[str, Any]) -> Any:
    """The reverse of `_plain`."""
    if "$time" in value:
        return datetime.fromtimestamp(value["$time"], UTC)
    return base64.b64decode(value["$blob"]) if "$blob" in value else value
