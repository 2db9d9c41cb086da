"""Statements of Trino's grammar: queries, and what changes rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from lakelab.cloud.athena.statements.kinds import Kind, Name, PropertyValue

if TYPE_CHECKING:
    from lakelab.cloud.athena.statements import Statement


@dataclass(frozen=True)
class Query:
    """SELECT, VALUES, TABLE or WITH."""

    kind: ClassVar[Kind] = Kind("DML", "SELECT", "csv")
    sql: str


@dataclass(frozen=True)
class CreateTableAs:
    """CREATE TABLE … AS. `query` keeps its line and column: what stood before it is blank."""

    kind: ClassVar[Kind] = Kind("DDL", "CREATE_TABLE_AS_SELECT", "manifest")
    name: Name
    query: str
    properties: dict[str, PropertyValue] = field(default_factory=dict)
    if_not_exists: bool = False
    with_data: bool = True
    comment: str | None = None


@dataclass(frozen=True)
class Insert:
    kind: ClassVar[Kind] = Kind("DML", "INSERT", "manifest")
    name: Name
    query: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unload:
    kind: ClassVar[Kind] = Kind("DML", "UNLOAD", "manifest")
    query: str
    location: str
    properties: dict[str, PropertyValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Update:
    kind: ClassVar[Kind] = Kind("DML", "UPDATE", "csv")
    name: Name
    sql: str


@dataclass(frozen=True)
class Delete:
    kind: ClassVar[Kind] = Kind("DML", "DELETE", "csv")
    name: Name
    sql: str


@dataclass(frozen=True)
class Merge:
    kind: ClassVar[Kind] = Kind("DML", "MERGE", "csv")
    name: Name
    sql: str


@dataclass(frozen=True)
class Optimize:
    """OPTIMIZE table REWRITE DATA USING BIN_PACK [WHERE predicate]."""

    kind: ClassVar[Kind] = Kind("DML", "OPTIMIZE_TABLE", "csv")
    name: Name
    where: str | None = None


@dataclass(frozen=True)
class Vacuum:
    kind: ClassVar[Kind] = Kind("DML", "VACUUM_TABLE", "csv")
    name: Name


@dataclass(frozen=True)
class Explain:
    """EXPLAIN [ANALYZE] of a statement."""

    kind: ClassVar[Kind] = Kind("DML", "EXPLAIN", "text")
    statement: Statement
    analyze: bool = False
    format: str = "TEXT"
