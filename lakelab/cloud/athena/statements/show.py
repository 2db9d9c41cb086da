"""SHOW and DESCRIBE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from lakelab.cloud.athena.statements.kinds import Kind, Name, PartitionSpec, utility


@dataclass(frozen=True)
class ShowDatabases:
    kind: ClassVar[Kind] = utility("SHOW_DATABASES")
    pattern: str | None = None


@dataclass(frozen=True)
class ShowTables:
    kind: ClassVar[Kind] = utility("SHOW_TABLES")
    database: Name | None = None
    pattern: str | None = None


@dataclass(frozen=True)
class ShowViews:
    kind: ClassVar[Kind] = utility("SHOW_VIEWS")
    database: Name | None = None
    pattern: str | None = None


@dataclass(frozen=True)
class ShowColumns:
    kind: ClassVar[Kind] = utility("SHOW_COLUMNS")
    name: Name


@dataclass(frozen=True)
class ShowPartitions:
    kind: ClassVar[Kind] = utility("SHOW_PARTITIONS")
    name: Name
    partition: PartitionSpec | None = None


@dataclass(frozen=True)
class ShowCreateTable:
    kind: ClassVar[Kind] = utility("SHOW_CREATE_TABLE")
    name: Name


@dataclass(frozen=True)
class ShowCreateView:
    kind: ClassVar[Kind] = utility("SHOW_CREATE_VIEW")
    name: Name


@dataclass(frozen=True)
class ShowProperties:
    kind: ClassVar[Kind] = utility("SHOW_TBLPROPERTIES")
    name: Name
    key: str | None = None


@dataclass(frozen=True)
class Describe:
    """DESCRIBE [EXTENDED | FORMATTED] table [PARTITION …] [column]; also of a view."""

    kind: ClassVar[Kind] = utility("DESCRIBE_TABLE")
    name: Name
    detail: Literal["", "EXTENDED", "FORMATTED"] = ""
    partition: PartitionSpec | None = None
    column: str | None = None
