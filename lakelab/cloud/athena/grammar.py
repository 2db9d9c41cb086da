"""Reads the text of a statement into one of the classes of `statements`.

Athena has two grammars: Hive's for DDL (names in backticks, strings in either quote) and Trino's for queries, views and
CREATE TABLE AS (names in double quotes). Only what stands around a query is read here; the query itself stays text.

Source: https://docs.aws.amazon.com/athena/latest/ug/ddl-sql-reference.html
"""

from __future__ import annotations

from collections.abc import Callable

from lakelab.cloud.athena import statements as s
from lakelab.cloud.athena.cursor import Cursor
from lakelab.cloud.athena.errors import MalformedQuery
from lakelab.cloud.athena.tokens import one_statement, syntax_error, tokens


def parse_statement(sql: str) -> s.Statement:
    """Read one statement; a last semicolon and comments do not count.

    Raises:
        MalformedQuery: the text is no statement of Athena, or more than one.
    """
    return _Reader(one_statement(sql)).statement()


class _Reader(Cursor):
    """A method for each form of statement."""

    def statement(self) -> s.Statement:
        if self.peek().kind == "symbol" and self.at("("):
            return s.Query(self.sql)
        options: dict[str, Callable[[], s.Statement]] = {
            "SELECT": self._query,
            "WITH": self._query,
            "VALUES": self._query,
            "TABLE": self._query,
            "INSERT INTO": self._insert,
            "INSERT": lambda: self.fail("'INTO'"),
            "CREATE": self._create,
            "DROP": self._drop,
            "ALTER": self._alter,
            "MERGE INTO": lambda: s.Merge(self.name(trino=True), self.sql),
            "UPDATE": lambda: s.Update(self.name(trino=True), self.sql),
            "DELETE FROM": lambda: s.Delete(self.name(trino=True), self.sql),
            "UNLOAD": self._unload,
            "MSCK REPAIR TABLE": self._repair,
            "SHOW": self._show,
            "DESCRIBE": self._describe,
            "DESC": self._describe,
            "EXPLAIN": self._explain,
            "PREPARE": self._prepare,
            "EXECUTE": self._execute,
            "DEALLOCATE PREPARE": lambda: self._last(s.Deallocate(self._prepared_name())),
            "OPTIMIZE": self._optimize,
            "VACUUM": lambda: self._last(s.Vacuum(self.name(trino=True))),
        }
        if self.peek().kind == "word" and self.peek().value.upper() in _REFUSED:
            raise MalformedQuery("Queries of this type are not supported")
        return self.one_of(options)

    def _last(self, statement: s.Statement) -> s.Statement:
        self.end()
        return statement

    def _query(self) -> s.Query:
        return s.Query(self.sql)

    def _insert(self) -> s.Insert:
        if self.at("OVERWRITE"):
            self.fail("<identifier>")
        name = self.name(trino=True)
        columns: tuple[str, ...] = ()
        if self.at("(") and not self._query_follows(1):
            columns = tuple(self.listed(lambda: self.identifier(trino=True)))
        return s.Insert(name, self.rest(), columns)

    def _query_follows(self, distance: int) -> bool:
        while self.peek(distance).value == "(":
            distance += 1
        token = self.peek(distance)
        return token.kind == "word" and token.value.upper() in ("SELECT", "WITH", "VALUES", "TABLE")

    def _unload(self) -> s.Unload:
        if not self.at("("):
            self.fail("'('")
        start = self.peek().start
        depth = 0
        while True:
            token = self.next()
            if token.kind == "end":
                raise syntax_error(self.sql, token.start, "mismatched input '<EOF>'. Expecting: ')'")
            if token.kind == "symbol":
                depth += {"(": 1, ")": -1}.get(token.value, 0)
            if depth == 0:
                break
        blank = "".join("\n" if char == "\n" else " " for char in self.sql[: start + 1])
        query = blank + self.sql[start + 1 : token.start]
        self.expect("TO")
        location = self.string()
        properties = self._with_properties() if self.take("WITH") else {}
        self.end()
        return s.Unload(query, location, properties)

    def _with_properties(self) -> dict[str, s.PropertyValue]:
        def pair() -> tuple[str, s.PropertyValue]:
            key = self.identifier(trino=True)
            self.expect("=")
            return key, self._property_value()

        return dict(self.listed(pair))

    def _property_value(self) -> s.PropertyValue:
        token = self.next()
        if token.kind in ("string", "dquote"):
            return token.value
        if token.kind == "number":
            return float(token.value) if "." in token.value else int(token.value)
        word = token.value.upper()
        if word in ("TRUE", "FALSE"):
            return word == "TRUE"
        if word == "ARRAY" and self.take("["):
            items: list[str] = []
            while not self.take("]"):
                items.append(str(self._property_value()))
                if not self.at("]"):
                    self.expect(",")
            return items
        raise syntax_error(self.sql, token.start, f"mismatched input '{token.value}'. Expecting: <expression>")

    # ---- CREATE

    def _create(self) -> s.Statement:
        if self.take("OR", "REPLACE"):
            self.expect("VIEW")
            return self._create_view(or_replace=True)
        return self.one_of(
            {
                "DATABASE": self._create_database,
                "SCHEMA": self._create_database,
                "VIEW": self._create_view,
                "EXTERNAL TABLE": lambda: self._create_table(external=True),
                "TABLE": self._create_table,
            }
        )

    def _create_database(self) -> s.CreateDatabase:
        if_not_exists = self.if_not_exists()
        name = self.name()
        comment = self.comment()
        location = self.string() if self.take("LOCATION") else None
        properties = self.string_properties() if self.take("WITH", "DBPROPERTIES") else {}
        self.end()
        return s.CreateDatabase(name, if_not_exists, comment, location, properties)

    def _create_view(self, *, or_replace: bool = False) -> s.CreateView:
        name = self.name(trino=True)
        columns = tuple(self.listed(lambda: self.identifier(trino=True))) if self.at("(") else ()
        comment = self.comment()
        if self.take("SECURITY") and not (self.take("DEFINER") or self.take("INVOKER")):
            self.fail("'DEFINER', 'INVOKER'")
        self.expect("AS")
        return s.CreateView(name, self.rest(), columns, or_replace, comment)

    def _create_table(self, *, external: bool = False) -> s.CreateTable | s.CreateTableAs:
        if_not_exists = self.if_not_exists()
        if self.peek().kind == "dquote" or self._is_ctas():
            return self._create_table_as(if_not_exists)
        name = self.name()
        columns = tuple(self.listed(self.column_def)) if self.at("(") else ()
        clauses = self._table_clauses()
        self.end()
        return s.CreateTable(name, columns, external=external, if_not_exists=if_not_exists, **clauses)

    def _is_ctas(self) -> bool:
        distance = 1
        while self.peek(distance).value == ".":
            distance += 2
        token = self.peek(distance)
        return token.kind == "word" and token.value.upper() in ("AS", "WITH", "COMMENT") and self._as_follows(distance)

    def _as_follows(self, distance: int) -> bool:
        depth = 0
        while self.peek(distance).kind != "end":
            token = self.peek(distance)
            if token.kind == "symbol":
                depth += {"(": 1, ")": -1}.get(token.value, 0)
            if depth == 0 and token.kind == "word" and token.value.upper() == "AS":
                return True
            distance += 1
        return False

    def _create_table_as(self, if_not_exists: bool) -> s.CreateTableAs:
        name = self.name(trino=True)
        comment = self.comment()
        properties = self._with_properties() if self.take("WITH") else {}
        self.expect("AS")
        query = self.rest()
        with_data = True
        tail = [token.value.upper() for token in tokens(query) if token.kind != "end"][-3:]
        if tail[-3:] == ["WITH", "NO", "DATA"] or tail[-2:] == ["WITH", "DATA"]:
            with_data = "NO" not in tail
            query = query[: query.upper().rindex("WITH")]
        return s.CreateTableAs(name, query, properties, if_not_exists, with_data, comment)

    def _table_clauses(self) -> dict:
        """The clauses after the column list, in whatever order they come."""
        clauses: dict = {}
        while self.peek().kind != "end":
            if self.at("COMMENT"):
                clauses["comment"] = self.comment()
            elif self.take("PARTITIONED", "BY"):
                columns, transforms = self._partitioned_by()
                clauses |= {"partitioned_by": columns, "partition_transforms": transforms}
            elif self.take("CLUSTERED", "BY"):
                clauses["clustered_by"] = tuple(self.listed(self.identifier))
                if self.take("SORTED", "BY"):
                    self.listed(lambda: (self.identifier(), self.take("ASC") or self.take("DESC")))
                self.expect("INTO")
                clauses["buckets"] = int(self.next().value)
                self.expect("BUCKETS")
            elif self.take("ROW", "FORMAT"):
                clauses |= self._row_format()
            elif self.take("STORED", "AS"):
                if self.take("INPUTFORMAT"):
                    clauses["input_format"] = self.string()
                    self.expect("OUTPUTFORMAT")
                    clauses["output_format"] = self.string()
                else:
                    clauses["stored_as"] = self.word().upper()
            elif self.take("WITH", "SERDEPROPERTIES"):
                clauses["serde_properties"] = clauses.get("serde_properties", {}) | self.string_properties()
            elif self.take("LOCATION"):
                clauses["location"] = self.string()
            elif self.take("TBLPROPERTIES"):
                clauses["properties"] = self.string_properties()
            else:
                self.fail("<EOF>, 'LOCATION', 'PARTITIONED', 'ROW', 'STORED', 'TBLPROPERTIES'")
        return clauses

    def _partitioned_by(self) -> tuple[tuple[s.ColumnDef, ...], tuple[str, ...]]:
        columns: list[s.ColumnDef] = []
        transforms: list[str] = []

        def item() -> None:
            follower = self.peek(1).value
            if follower in (",", ")"):
                transforms.append(self.identifier())
            elif follower == "(":
                arguments = [self.identifier(), *self.listed(lambda: self.next().value)]
                transforms.append(f"{arguments[0]}({', '.join(arguments[1:])})".lower())
            else:
                columns.append(self.column_def())

        self.listed(item)
        return tuple(columns), tuple(transforms)

    def _row_format(self) -> dict:
        if self.take("SERDE"):
            return {"serde": self.string()}
        self.expect("DELIMITED")
        properties: dict[str, str] = {}
        while True:
            if self.take("FIELDS", "TERMINATED", "BY"):
                properties["field.delim"] = properties["serialization.format"] = self.string()
                if self.take("ESCAPED", "BY"):
                    properties["escape.delim"] = self.string()
            elif self.take("COLLECTION", "ITEMS", "TERMINATED", "BY"):
                properties["collection.delim"] = self.string()
            elif self.take("MAP", "KEYS", "TERMINATED", "BY"):
                properties["mapkey.delim"] = self.string()
            elif self.take("LINES", "TERMINATED", "BY"):
                properties["line.delim"] = self.string()
            elif self.take("NULL", "DEFINED", "AS"):
                properties["serialization.null.format"] = self.string()
            elif self.take("ESCAPED", "BY"):
                properties["escape.delim"] = self.string()
            else:
                return {"serde_properties": properties}

    # ---- DROP and ALTER

    def _drop(self) -> s.Statement:
        return self.one_of(
            {
                "DATABASE": self._drop_database,
                "SCHEMA": self._drop_database,
                "TABLE": lambda: self._last(s.DropTable(if_exists=self.if_exists(), name=self.name())),
                "VIEW": lambda: self._last(s.DropView(if_exists=self.if_exists(), name=self._view_name())),
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
            return self._last(s.AlterDatabase(name, self.string_properties()))
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
        return self._last(statement)

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

    # ---- SHOW, DESCRIBE, EXPLAIN

    def _show(self) -> s.Statement:
        statement = self.one_of(
            {
                "DATABASES": lambda: s.ShowDatabases(self._like()),
                "SCHEMAS": lambda: s.ShowDatabases(self._like()),
                "TABLES": lambda: s.ShowTables(self._in_database(), self._like()),
                "VIEWS": lambda: s.ShowViews(self._in_database(), self._like()),
                "COLUMNS": self._show_columns,
                "PARTITIONS": lambda: s.ShowPartitions(
                    self._any_name(), self.partition_spec() if self.take("PARTITION") else None
                ),
                "CREATE TABLE": lambda: s.ShowCreateTable(self._any_name()),
                "CREATE VIEW": lambda: s.ShowCreateView(self._any_name()),
                "TBLPROPERTIES": self._show_properties,
            }
        )
        return self._last(statement)

    def _any_name(self) -> s.Name:
        return self.name(trino=self.peek().kind == "dquote")

    def _in_database(self) -> s.Name | None:
        return self._any_name() if self.take("IN") or self.take("FROM") else None

    def _like(self) -> str | None:
        if self.take("LIKE"):
            return self.string().replace("%", "*")
        return self.string() if self.peek().kind in ("string", "dquote") else None

    def _show_columns(self) -> s.ShowColumns:
        if not (self.take("IN") or self.take("FROM")):
            self.fail("'FROM', 'IN'")
        name = self._any_name()
        if self.take("IN") or self.take("FROM"):
            name = s.Name((*self._any_name().parts, name.last))
        return s.ShowColumns(name)

    def _show_properties(self) -> s.ShowProperties:
        name = self._any_name()
        return s.ShowProperties(name, self.listed(self.string)[0] if self.at("(") else None)

    def _describe(self) -> s.Describe:
        detail = "EXTENDED" if self.take("EXTENDED") else "FORMATTED" if self.take("FORMATTED") else ""
        name = self._any_name()
        partition = self.partition_spec() if self.take("PARTITION") else None
        column = self.identifier() if self.peek().kind in ("word", "backtick") else None
        self.end()
        return s.Describe(name, detail, partition, column)

    def _explain(self) -> s.Explain:
        analyze = self.take("ANALYZE")
        self.take("VERBOSE")
        form = "TEXT"
        if self.at("(") and not self._query_follows(1):

            def option() -> None:
                nonlocal form
                word, value = self.word().upper(), self.word().upper()
                form = value if word == "FORMAT" else form

            self.listed(option)
        return s.Explain(_Reader(self.rest()).statement(), analyze, form)

    # ---- prepared statements

    def _prepared_name(self) -> str:
        return self.identifier(trino=self.peek().kind == "dquote")

    def _prepare(self) -> s.Prepare:
        name = self._prepared_name()
        self.expect("FROM")
        sql = self.rest().strip()
        parse_statement(sql)
        return s.Prepare(name, sql)

    def _execute(self) -> s.Execute:
        name = self._prepared_name()
        if not self.take("USING"):
            self.end()
            return s.Execute(name)
        values: list[str] = []
        start, depth = self.peek().start, 0
        while True:
            token = self.next()
            if token.kind == "end" or (depth == 0 and token.kind == "symbol" and token.value == ","):
                values.append(self.sql[start : token.start].strip())
                if not values[-1]:
                    raise syntax_error(self.sql, token.start, f"mismatched input '{token.value}'")
                start = token.end
            if token.kind == "end":
                return s.Execute(name, tuple(values))
            if token.kind == "symbol":
                depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.value, 0)

    def _optimize(self) -> s.Optimize:
        name = self.name(trino=True)
        self.expect("REWRITE", "DATA", "USING", "BIN_PACK")
        if self.take("WHERE"):
            return s.Optimize(name, self.rest())
        self.end()
        return s.Optimize(name)


# statements of Trino and Hive that Athena's documentation lists as unsupported
_REFUSED = {
    "ANALYZE", "CALL", "COMMENT", "COMMIT", "DENY", "EXPORT", "GRANT", "IMPORT", "LOAD", "LOCK", "REFRESH", "RESET",
    "REVOKE", "ROLLBACK", "SET", "START", "TRUNCATE", "UNLOCK", "USE",
}  # fmt: skip
