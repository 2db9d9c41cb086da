"""CREATE: databases, tables in Hive's grammar, and views and tables of queries in Trino's."""

from __future__ import annotations

from lakelab.cloud.athena import statements as s
from lakelab.cloud.athena.cursor import Cursor
from lakelab.cloud.athena.tokens import syntax_error, tokens


class CreateReader(Cursor):
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
