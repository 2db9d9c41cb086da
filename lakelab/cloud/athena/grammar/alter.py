"""DROP, ALTER and MSCK REPAIR TABLE, in Hive's grammar."""

from __future__ import annotations

from lakelab.cloud.athena import statements as s
from lakelab.cloud.athena.cursor import Cursor


class AlterReader(Cursor):
    def _drop(self) -> s.Statement:
        return self.one_of(
            {
                "DATABASE": self._drop_database,
                "SCHEMA": self._drop_database,
                "TABLE": lambda: self.last(s.DropTable(if_exists=self.if_exists(), name=self.name())),
                "VIEW": lambda: self.last(s.DropView(if_exists=self.if_exists(), name=self._view_name())),
            }
        )

    def _view_name(self) -> s.Name:
        return self.name(trino=self.peek().kind != "backtick")

    def _drop_database(self) -> s.DropDatabase:
        if_exists = self.if_exists()
        name = self.name()
        cascade = self.take("CASCADE")
        if not cascade:
            self.take("RESTRICT")
        self.end()
        return s.DropDatabase(name, if_exists, cascade)

    def _alter(self) -> s.Statement:
        if self.take("DATABASE") or self.take("SCHEMA"):
            name = self.name()
            self.expect("SET", "DBPROPERTIES")
            return self.last(s.AlterDatabase(name, self.string_properties()))
        self.expect("TABLE")
        name = self.name()
        partition = self.partition_spec() if self.take("PARTITION") else None
        statement = self.one_of(
            {
                "ADD COLUMNS": lambda: s.AddColumns(name, tuple(self.listed(self.column_def)), partition),
                "ADD": lambda: self._add_partitions(name),
                "REPLACE COLUMNS": lambda: s.ReplaceColumns(name, tuple(self.listed(self.column_def)), partition),
                "DROP COLUMN": lambda: s.DropColumn(name, self.identifier()),
                "DROP": lambda: self._drop_partitions(name),
                "CHANGE": lambda: self._change_column(name),
                "RENAME TO": lambda: self._rename(name, partition),
                "SET LOCATION": lambda: s.SetLocation(name, self.string(), partition),
                "SET TBLPROPERTIES": lambda: s.SetProperties(name, self.string_properties()),
                "UNSET TBLPROPERTIES": lambda: s.UnsetProperties(name, tuple(self.listed(self.string))),
            }
        )
        return self.last(statement)

    def _add_partitions(self, name: s.Name) -> s.AddPartitions:
        if_not_exists = self.if_not_exists()
        partitions = []
        while self.take("PARTITION"):
            spec = self.partition_spec()
            partitions.append((spec, self.string() if self.take("LOCATION") else None))
        if not partitions:
            self.fail("'PARTITION', 'COLUMNS'")
        return s.AddPartitions(name, tuple(partitions), if_not_exists)

    def _drop_partitions(self, name: s.Name) -> s.DropPartitions:
        if_exists = self.if_exists()

        def condition() -> tuple[str, str, str]:
            key = self.identifier()
            operator = self.next().value
            if operator not in ("=", "<", ">", "<=", ">=", "<>", "!="):
                self.fail("'='")
            return key, operator, self.value()

        partitions = []
        while self.take("PARTITION"):
            partitions.append(tuple(self.listed(condition)))
            self.take(",")
        if not partitions:
            self.fail("'PARTITION', 'COLUMN'")
        return s.DropPartitions(name, tuple(partitions), if_exists)

    def _change_column(self, name: s.Name) -> s.ChangeColumn:
        self.take("COLUMN")
        column = self.identifier()
        to = self.column_def()
        first = self.take("FIRST")
        after = self.identifier() if self.take("AFTER") else None
        return s.ChangeColumn(name, column, to, first, after)

    def _rename(self, name: s.Name, partition: s.PartitionSpec | None) -> s.RenamePartition | s.RenameTable:
        if partition is not None:
            self.expect("PARTITION")
            return s.RenamePartition(name, partition, self.partition_spec())
        return s.RenameTable(name, self.name())

    def _repair(self) -> s.RepairTable:
        name = self.name()
        for option in ("ADD", "DROP", "SYNC"):
            if self.take(option, "PARTITIONS"):
                break
        return s.RepairTable(name)
