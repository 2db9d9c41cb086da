"""Where partitions are kept: SQLite, with the keys' typed values in an index."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence

from lakelab.cloud.database import Database as SqliteFile
from lakelab.cloud.glue.errors import AlreadyExists, EntityNotFound
from lakelab.cloud.glue.expression import INDEXED_KEYS, Condition, key_column, typed_value
from lakelab.cloud.glue.model import Partition, Table, with_storage_defaults, without_times
from lakelab.cloud.wire import Params

_KEYS = [key_column(number) for number in range(INDEXED_KEYS)]
_KEY_COLUMNS = ",\n    ".join(
    f"{key} generated always as (json_extract(typed_values, '$[{number}]')) virtual" for number, key in enumerate(_KEYS)
)

SCHEMA = f"""
create table if not exists partitions (
    id integer primary key,
    table_id integer not null references tables on delete cascade,
    partition_values text not null,
    typed_values text not null,
    document text not null,
    created real not null,
    {_KEY_COLUMNS},
    unique (table_id, partition_values)
);
create index if not exists partitions_in_order on partitions (table_id, id);
create index if not exists partitions_by_key on partitions (table_id, {", ".join(_KEYS)});
"""

_COLUMNS = "id, document, created"


class PartitionStore:
    """The partitions of tables. A partition is known by its values, in the order of the table's keys."""

    def __init__(self, file: SqliteFile):
        self._file = file

    def create(self, table: Table, document: Params) -> None:
        """Raises AlreadyExists."""
        try:
            with self._file.transaction() as connection:
                connection.execute(
                    "insert into partitions (table_id, partition_values, typed_values, document, created)"
                    " values (?, ?, ?, ?, ?)",
                    (table.id, *_fields(table, document), time.time()),
                )
        except sqlite3.IntegrityError as error:
            raise AlreadyExists("Partition already exists.") from error

    def update(self, table: Table, values: Sequence[str], document: Params) -> None:
        """Replace the partition that has these values; the new document may have others.

        Raises EntityNotFound; AlreadyExists when the new values are those of another partition.
        """
        try:
            with self._file.transaction() as connection:
                done = connection.execute(
                    "update partitions set partition_values = ?, typed_values = ?, document = ?"
                    " where table_id = ? and partition_values = ?",
                    (*_fields(table, document), table.id, _dump(values)),
                )
        except sqlite3.IntegrityError as error:
            raise AlreadyExists("Partition already exists.") from error
        if done.rowcount == 0:
            raise EntityNotFound("Cannot find partition.")

    def delete(self, table: Table, values: Sequence[str]) -> None:
        """Raises EntityNotFound."""
        with self._file.transaction() as connection:
            done = connection.execute(
                "delete from partitions where table_id = ? and partition_values = ?", (table.id, _dump(values))
            )
        if done.rowcount == 0:
            raise EntityNotFound("Cannot find partition.")

    def get(self, table: Table, values: Sequence[str]) -> Partition:
        """Raises EntityNotFound."""
        row = self._file.row(
            f"select {_COLUMNS} from partitions where table_id = ? and partition_values = ?", table.id, _dump(values)
        )
        if row is None:
            raise EntityNotFound("Cannot find partition.")
        return _partition(row)

    def find(
        self,
        table: Table,
        condition: Condition | None = None,
        *,
        segment: tuple[int, int] = (0, 1),
        after: int = 0,
        limit: int = -1,
    ) -> list[Partition]:
        """The partitions that meet a condition, in a fixed order.

        Args:
            segment: (number, total): only this one of `total` shares, which together are all.
            after: only those after the partition with this id, which makes any page as quick as the first.
        """
        where, values, index = "", (), "partitions_in_order"
        if condition is not None:
            where, values, index = f"and {condition.sql}", condition.values, "partitions_by_key"
        if segment[1] > 1:
            where, values = f"{where} and id % ? = ?", (*values, segment[1], segment[0])
        # the inner query reads the index alone, the outer one the documents of a page
        rows = self._file.rows(
            f"select {_COLUMNS} from partitions where id in ("
            f"select id from partitions indexed by {index} where table_id = ? and id > ? {where} order by id limit ?"
            ") order by id",
            table.id,
            after,
            *values,
            limit,
        )
        return [_partition(row) for row in rows]

    def retype(self, table: Table) -> None:
        """Compute the typed values anew, after the types of the table's keys have changed."""
        with self._file.transaction() as connection:
            rows = connection.execute("select id, partition_values from partitions where table_id = ?", (table.id,))
            typed = [(_typed(table, json.loads(row["partition_values"])), row["id"]) for row in rows.fetchall()]
            connection.executemany("update partitions set typed_values = ? where id = ?", typed)


def _fields(table: Table, document: Params) -> tuple[str, str, str]:
    values = document["Values"]
    return _dump(values), _typed(table, values), _dump(without_times(with_storage_defaults(document)))


def _typed(table: Table, values: Sequence[str]) -> str:
    return _dump([typed_value(value, type_) for value, (_, type_) in zip(values, table.keys, strict=False)])


def _dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _partition(row: sqlite3.Row) -> Partition:
    return Partition(row["id"], json.loads(row["document"]), row["created"])
