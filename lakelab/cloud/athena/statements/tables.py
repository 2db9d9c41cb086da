"""Statements that make, change and drop databases, tables and views."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from lakelab.cloud.athena.statements.kinds import ColumnDef, Kind, Name, PartitionSpec, ddl


@dataclass(frozen=True)
class CreateDatabase:
    kind: ClassVar[Kind] = ddl("CREATE_DATABASE")
    name: Name
    if_not_exists: bool = False
    comment: str | None = None
    location: str | None = None
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DropDatabase:
    kind: ClassVar[Kind] = ddl("DROP_DATABASE")
    name: Name
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True)
class AlterDatabase:
    """ALTER DATABASE … SET DBPROPERTIES."""

    kind: ClassVar[Kind] = ddl("ALTER_DATABASE_SET_DBPROPERTIES")
    name: Name
    properties: dict[str, str]


@dataclass(frozen=True)
class CreateTable:
    """CREATE [EXTERNAL] TABLE with a column list.

    `partitioned_by` holds columns (Hive) or, as names alone, the columns and transforms of an Iceberg table
    (`day(ts)`), kept in `partition_transforms`.
    """

    kind: ClassVar[Kind] = ddl("CREATE_TABLE")
    name: Name
    columns: tuple[ColumnDef, ...]
    external: bool = False
    if_not_exists: bool = False
    comment: str | None = None
    partitioned_by: tuple[ColumnDef, ...] = ()
    partition_transforms: tuple[str, ...] = ()
    clustered_by: tuple[str, ...] = ()
    buckets: int = -1
    serde: str | None = None
    serde_properties: dict[str, str] = field(default_factory=dict)
    stored_as: str | None = None
    input_format: str | None = None
    output_format: str | None = None
    location: str | None = None
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CreateView:
    kind: ClassVar[Kind] = ddl("CREATE_VIEW")
    name: Name
    query: str
    columns: tuple[str, ...] = ()
    or_replace: bool = False
    comment: str | None = None


@dataclass(frozen=True)
class DropTable:
    kind: ClassVar[Kind] = ddl("DROP_TABLE")
    name: Name
    if_exists: bool = False


@dataclass(frozen=True)
class DropView:
    kind: ClassVar[Kind] = ddl("DROP_VIEW")
    name: Name
    if_exists: bool = False


# ---- ALTER TABLE ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AddColumns:
    kind: ClassVar[Kind] = ddl("ALTER_TABLE_ADD_COLUMNS")
    name: Name
    columns: tuple[ColumnDef, ...]
    partition: PartitionSpec | None = None


@dataclass(frozen=True)
class ReplaceColumns:
    kind: ClassVar[Kind] = ddl("ALTER_TABLE_REPLACE_COLUMNS")
    name: Name
    columns: tuple[ColumnDef, ...]
    partition: PartitionSpec | None = None


@dataclass(frozen=True)
class DropColumn:
    kind: ClassVar[Kind] = ddl("ALTER_TABLE_DROP_COLUMN")
    name: Name
    column: str


@dataclass(frozen=True)
class ChangeColumn:
    """ALTER TABLE … CHANGE [COLUMN] old new type [COMMENT …] [FIRST | AFTER column]."""

    kind: ClassVar[Kind] = ddl("ALTER_TABLE_CHANGE_COLUMN")
    name: Name
    column: str
    to: ColumnDef
    first: bool = False
    after: str | None = None


@dataclass(frozen=True)
class AddPartitions:
    kind: ClassVar[Kind] = ddl("ALTER_TABLE_ADD_PARTITION")
    name: Name
    partitions: tuple[tuple[PartitionSpec, str | None], ...]
    if_not_exists: bool = False


@dataclass(frozen=True)
class DropPartitions:
    """ALTER TABLE … DROP PARTITION: each spec is a list of (key, operator, value)."""

    kind: ClassVar[Kind] = ddl("ALTER_TABLE_DROP_PARTITION")
    name: Name
    partitions: tuple[tuple[tuple[str, str, str], ...], ...]
    if_exists: bool = False


@dataclass(frozen=True)
class RenamePartition:
    kind: ClassVar[Kind] = ddl("ALTER_TABLE_RENAME_PARTITION")
    name: Name
    partition: PartitionSpec
    to: PartitionSpec


@dataclass(frozen=True)
class RenameTable:
    kind: ClassVar[Kind] = ddl("ALTER_TABLE_RENAME")
    name: Name
    to: Name


@dataclass(frozen=True)
class SetLocation:
    kind: ClassVar[Kind] = ddl("ALTER_TABLE_SET_LOCATION")
    name: Name
    location: str
    partition: PartitionSpec | None = None


@dataclass(frozen=True)
class SetProperties:
    kind: ClassVar[Kind] = ddl("ALTER_TABLE_SET_TBLPROPERTIES")
    name: Name
    properties: dict[str, str]


@dataclass(frozen=True)
class UnsetProperties:
    kind: ClassVar[Kind] = ddl("ALTER_TABLE_UNSET_TBLPROPERTIES")
    name: Name
    keys: tuple[str, ...]


@dataclass(frozen=True)
class RepairTable:
    """MSCK REPAIR TABLE."""

    kind: ClassVar[Kind] = ddl("MSCK_REPAIR_TABLE")
    name: Name
