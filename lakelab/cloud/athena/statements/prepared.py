"""Statements about prepared statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lakelab.cloud.athena.statements.kinds import Kind, ddl


@dataclass(frozen=True)
class Prepare:
    kind: ClassVar[Kind] = ddl("PREPARE")
    name: str
    sql: str


@dataclass(frozen=True)
class Execute:
    """EXECUTE name [USING value, …]: each value as written in SQL."""

    kind: ClassVar[Kind] = Kind("DML", "SELECT", "csv")
    name: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deallocate:
    kind: ClassVar[Kind] = ddl("DEALLOCATE_PREPARE")
    name: str
