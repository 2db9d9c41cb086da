"""The statements of Athena, as data: what the grammar reads and the engine runs."""

from __future__ import annotations

from lakelab.cloud.athena.statements.kinds import (
    ColumnDef,
    Kind,
    Name,
    Output,
    PartitionSpec,
    PropertyValue,
)
from lakelab.cloud.athena.statements.prepared import (
    Deallocate,
    Execute,
    Prepare,
)
from lakelab.cloud.athena.statements.queries import (
    CreateTableAs,
    Delete,
    Explain,
    Insert,
    Merge,
    Optimize,
    Query,
    Unload,
    Update,
    Vacuum,
)
from lakelab.cloud.athena.statements.show import (
    Describe,
    ShowColumns,
    ShowCreateTable,
    ShowCreateView,
    ShowDatabases,
    ShowPartitions,
    ShowProperties,
    ShowTables,
    ShowViews,
)
from lakelab.cloud.athena.statements.tables import (
    AddColumns,
    AddPartitions,
    AlterDatabase,
    ChangeColumn,
    CreateDatabase,
    CreateTable,
    CreateView,
    DropColumn,
    DropDatabase,
    DropPartitions,
    DropTable,
    DropView,
    RenamePartition,
    RenameTable,
    RepairTable,
    ReplaceColumns,
    SetLocation,
    SetProperties,
    UnsetProperties,
)

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

__all__ = [
    "AddColumns",
    "AddPartitions",
    "Alter",
    "AlterDatabase",
    "ChangeColumn",
    "ColumnDef",
    "CreateDatabase",
    "CreateTable",
    "CreateTableAs",
    "CreateView",
    "Deallocate",
    "Delete",
    "Describe",
    "DropColumn",
    "DropDatabase",
    "DropPartitions",
    "DropTable",
    "DropView",
    "Execute",
    "Explain",
    "Insert",
    "Kind",
    "Merge",
    "Name",
    "Optimize",
    "Output",
    "PartitionSpec",
    "Prepare",
    "PropertyValue",
    "Query",
    "RenamePartition",
    "RenameTable",
    "RepairTable",
    "ReplaceColumns",
    "SetLocation",
    "SetProperties",
    "Show",
    "ShowColumns",
    "ShowCreateTable",
    "ShowCreateView",
    "ShowDatabases",
    "ShowPartitions",
    "ShowProperties",
    "ShowTables",
    "ShowViews",
    "Statement",
    "Unload",
    "UnsetProperties",
    "Update",
    "Vacuum",
]
