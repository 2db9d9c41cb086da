"""What the statements are made of: their classification in Athena's API, names, columns, partitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lakelab.cloud.athena.model import StatementType

Output = Literal["csv", "text", "manifest"]
"""What the OutputLocation holds: a result as CSV, lines of text, or no file but a manifest of the data written."""


@dataclass(frozen=True)
class Kind:
    """How Athena's API classifies a statement (GetQueryExecution's StatementType and SubstatementType)."""

    statement_type: StatementType
    substatement_type: str
    output: Output


def ddl(substatement: str) -> Kind:
    return Kind("DDL", substatement, "text")


def utility(substatement: str) -> Kind:
    return Kind("UTILITY", substatement, "text")


@dataclass(frozen=True)
class Name:
    """A database or table name as written: one to three parts, in lower case, without quotes."""

    parts: tuple[str, ...]

    @property
    def last(self) -> str:
        return self.parts[-1]

    def __str__(self) -> str:
        return ".".join(self.parts)


PropertyValue = str | int | float | bool | list[str]


@dataclass(frozen=True)
class ColumnDef:
    """A column of a Hive table: its type in Hive's spelling (`struct<a:int>`)."""

    name: str
    type: str
    comment: str | None = None


PartitionSpec = dict[str, str]
"""Partition values by key, as text: `PARTITION (dt='2024-01-01')`."""
