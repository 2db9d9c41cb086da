"""The statements of Athena, as data: what the grammar reads and the engine runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from lakelab.cloud.athena.model import StatementType

Output = Literal["csv", "text", "manifest"]
"""What the OutputLocation holds: a result as CSV, lines of text, or no file but a manifest of the data written."""


@dataclass(frozen=True)
class Kind:
    """How Athena's API classifies a statement (GetQueryExecution's StatementType and SubstatementType)."""

    statement_type: StatementType
    substatement_type: str
    output: Output


def _ddl(substatement: str) -> Kind:
    return Kind("DDL", substatement, "text")


def _utility(substatement: str) -> Kind:
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


# ---- queries -------------------------------------------------------------------------------------------------------


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


# ---- databases, tables and views -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class CreateDatabase:
    kind: ClassVar[Kind] = _ddl("CREATE_DATABASE")
    name: Name
    if_not_exists: bool = False
    comment: str | None = None
    location: str | None = None
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DropDatabase:
    kind: ClassVar[Kind] = _ddl("DROP_DATABASE")
    name: Name
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True)
class AlterDatabase:
    """ALTER DATABASE … SET DBPROPERTIES."""

    kind: ClassVar[Kind] = _ddl("ALTER_DATABASE_SET_DBPROPERTIES")
    name: Name
    properties: dict[str, str]


@dataclass(frozen=True)
class CreateTable:
    """CREATE [EXTERNAL] TABLE with a column list.

    `partitioned_by` holds columns (Hive) or, as names alone, the columns and transforms of an Iceberg table
    (`day(ts)`), kept in `partition_transforms`.
    """

    kind: ClassVar[Kind] = _ddl("CREATE_TABLE")
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
    kind: ClassVar[Kind] = _ddl("CREATE_VIEW")
    name: Name
    query: str
    columns: tuple[str, ...] = ()
    or_replace: bool = False
    comment: str | None = None


@dataclass(frozen=True)
class DropTable:
    kind: ClassVar[Kind] = _ddl("DROP_TABLE")
    name: Name
    if_exists: bool = False


@dataclass(frozen=True)
class DropView:
    kind: ClassVar[Kind] = _ddl("DROP_VIEW")
    name: Name
    if_exists: bool = False


# ---- ALTER TABLE ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AddColumns:
    kind: ClassVar[Kind] = _ddl("ALTER_TABLE_ADD_COLUMNS")
    name: Name
    columns: tuple[ColumnDef, ...]
    partition: PartitionSpec | None = None


@dataclass(frozen=True)
class ReplaceColumns:
    kind: ClassVar[Kind] = _ddl("ALTER_TABLE_REPLACE_COLUMNS")
    name: Name
    columns: tuple[ColumnDef, ...]
    partition: PartitionSpec | None = None


@dataclass(frozen=True)
class DropColumn:
    kind: ClassVar[Kind] = _ddl("ALTER_TABLE_DROP_COLUMN")
    name: Name
    column: str


@dataclass(frozen=True)
class ChangeColumn:
    """ALTER TABLE … CHANGE [COLUMN] old new type [COMMENT …] [FIRST | AFTER column]."""

    kind: ClassVar[Kind] = _ddl("ALTER_TABLE_CHANGE_COLUMN")
    name: Name
    column: str
    to: ColumnDef
    first: bool = False
    after: str | None = None


@dataclass(frozen=True)
class AddPartitions:
    kind: ClassVar[Kind] = _ddl("ALTER_TABLE_ADD_PARTITION")
    name: Name
    partitions: tuple[tuple[PartitionSpec, str | None], ...]
    if_not_exists: bool = False


@dataclass(frozen=True)
class DropPartitions:
    """ALTER TABLE … DROP PARTITION: each spec is a list of (key, operator, value)."""

    kind: ClassVar[Kind] = _ddl("ALTER_TABLE_DROP_PARTITION")
    name: Name
    partitions: tuple[tuple[tuple[str, str, str], ...], ...]
    if_exists: bool = False


@dataclass(frozen=True)
class RenamePartition:
    kind: ClassVar[Kind] = _ddl("ALTER_TABLE_RENAME_PARTITION")
    name: Name
    partition: PartitionSpec
    to: PartitionSpec


@dataclass(frozen=True)
class RenameTable:
    kind: ClassVar[Kind] = _ddl("ALTER_TABLE_RENAME")
    name: Name
    to: Name


@dataclass(frozen=True)
class SetLocation:
    kind: ClassVar[Kind] = _ddl("ALTER_TABLE_SET_LOCATION")
    name: Name
    location: str
    partition: PartitionSpec | None = None


@dataclass(frozen=True)
class SetProperties:
    kind: ClassVar[Kind] = _ddl("ALTER_TABLE_SET_TBLPROPERTIES")
    name: Name
    properties: dict[str, str]


@dataclass(frozen=True)
class UnsetProperties:
    kind: ClassVar[Kind] = _ddl("ALTER_TABLE_UNSET_TBLPROPERTIES")
    name: Name
    keys: tuple[str, ...]


@dataclass(frozen=True)
class RepairTable:
    """MSCK REPAIR TABLE."""

    kind: ClassVar[Kind] = _ddl("MSCK_REPAIR_TABLE")
    name: Name


# ---- SHOW and DESCRIBE ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShowDatabases:
    kind: ClassVar[Kind] = _utility("SHOW_DATABASES")
    pattern: str | None = None


@dataclass(frozen=True)
class ShowTables:
    kind: ClassVar[Kind] = _utility("SHOW_TABLES")
    database: Name | None = None
    pattern: str | None = None


@dataclass(frozen=True)
class ShowViews:
    kind: ClassVar[Kind] = _utility("SHOW_VIEWS")
    database: Name | None = None
    pattern: str | None = None


@dataclass(frozen=True)
class ShowColumns:
    kind: ClassVar[Kind] = _utility("SHOW_COLUMNS")
    name: Name


@dataclass(frozen=True)
class ShowPartitions:
    kind: ClassVar[Kind] = _utility("SHOW_PARTITIONS")
    name: Name
    partition: PartitionSpec | None = None


@dataclass(frozen=True)
class ShowCreateTable:
    kind: ClassVar[Kind] = _utility("SHOW_CREATE_TABLE")
    name: Name


@dataclass(frozen=True)
class ShowCreateView:
    kind: ClassVar[Kind] = _utility("SHOW_CREATE_VIEW")
    name: Name


@dataclass(frozen=True)
class ShowProperties:
    kind: ClassVar[Kind] = _utility("SHOW_TBLPROPERTIES")
    name: Name
    key: str | None = None


@dataclass(frozen=True)
class Describe:
    """DESCRIBE [EXTENDED | FORMATTED] table [PARTITION …] [column]; also of a view."""

    kind: ClassVar[Kind] = _utility("DESCRIBE_TABLE")
    name: Name
    detail: Literal["", "EXTENDED", "FORMATTED"] = ""
    partition: PartitionSpec | None = None
    column: str | None = None


# ---- prepared statements -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prepare:
    kind: ClassVar[Kind] = _ddl("PREPARE")
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
    kind: ClassVar[Kind] = _ddl("DEALLOCATE_PREPARE")
    name: str


Alter = (
    AddColumns
    | ReplaceColumns
    | DropColumn
    | ChangeColumn
    | AddPartitions
    | DropPartitions
    | RenamePartition
    | RenameTable
    | SetLocation
    | SetProperties
    | UnsetProperties
)
Show = (
    ShowDatabases
    | ShowTables
    | ShowViews
    | ShowColumns
    | ShowPartitions
    | ShowCreateTable
    | ShowCreateView
    | ShowProperties
    | Describe
)
Statement = (
    Query
    | CreateTableAs
    | Insert
    | Unload
    | Update
    | Delete
    | Merge
    | Optimize
    | Vacuum
    | Explain
    | CreateDatabase
    | DropDatabase
    | AlterDatabase
    | CreateTable
    | CreateView
    | DropTable
    | DropView
    | Alter
    | RepairTable
    | Show
    | Prepare
    | Execute
    | Deallocate
)
