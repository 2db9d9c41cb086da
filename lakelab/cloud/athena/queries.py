"""Plans a query: finds the tables that it names, expands views, and gives DuckDB one SELECT and what it reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import duckdb
from sqlglot import exp

from lakelab.cloud.athena import relations as rel
from lakelab.cloud.athena import views
from lakelab.cloud.athena.catalog import CATALOG, INFORMATION_SCHEMA, Catalog, Table, TableRef
from lakelab.cloud.athena.connections import add_functions
from lakelab.cloud.athena.datafiles import DataFiles
from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.formats.readers import quoted
from lakelab.cloud.athena.iceberg.reading import Version
from lakelab.cloud.athena.model import Session
from lakelab.cloud.athena.pruning import Pruner
from lakelab.cloud.athena.sql import (
    Schema,
    SqlError,
    TableName,
    Translated,
    parse,
    referenced_tables,
    translate,
    translate_dml,
)
from lakelab.cloud.athena.sql.types import parse_type, to_duckdb

# DuckDB has an information_schema of its own in every database
_OUR_INFORMATION_SCHEMA = "information_schema$"


@dataclass
class Plan:
    """A statement for DuckDB and the relations that it needs, in the order in which they have to be made."""

    translated: Translated
    relations: dict[TableName, rel.Relation]
    parts: list[Translated] = field(default_factory=list)
    scanned: int = 0  # bytes, as Athena bills them

    @property
    def files(self) -> list[Path]:
        return [path for relation in self.relations.values() for path in relation.files]

    def create(self, con: duckdb.DuckDBPyConnection) -> None:
        """Make the relations known to a connection, as views under their Athena names."""
        for database in dict.fromkeys(name.database for name in self.relations):
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {CATALOG}.{quoted(database)}")
        for name, relation in self.relations.items():
            con.execute(f"CREATE VIEW {CATALOG}.{quoted(name.database)}.{quoted(name.table)} AS {relation.sql}")

    def hasten(self, con: duckdb.DuckDBPyConnection) -> None:
        """Put the faster form of each relation in its place; from here on a plan does not tell what it reads."""
        for name, relation in self.relations.items():
            if relation.fast:
                view = f"{CATALOG}.{quoted(name.database)}.{quoted(name.table)}"
                con.execute(f"CREATE OR REPLACE VIEW {view} AS {relation.fast}")


@dataclass
class _View:
    """A view that a statement names: its definition, its query, and the catalog's entry."""

    definition: views.ViewDefinition
    tree: exp.Expr


class Planner:
    """Plans the queries of one session."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        catalog: Catalog,
        files: DataFiles,
        iceberg: Iceberg,
        session: Session,
        now: datetime,
    ):
        self._con = con
        self._catalog = catalog
        self._files = files
        self._iceberg = iceberg
        self._session = session
        self._now = now
        self._schema = Schema()
        self._versions: dict[str, Version] = {}
        self._views: dict[TableName, _View] = {}
        self._order: list[TableName] = []
        self._absent: set[str] = set()

    def plan(self, sql: str) -> Plan:
        """Plan a query.

        Raises:
            SqlError: the query is wrong. QueryError: a table or view of it is. AwsError: the caller may not read it.
        """
        tree = self._prepared(parse(sql))
        database = self._default_database()
        relations, parts = self._resolve(tree, database)
        translated = self._translate(tree, database)
        return Plan(translated, relations, [*parts, translated])

    def plan_change(self, sql: str, target: TableRef, columns: dict[str, str]) -> Plan:
        """Plan an UPDATE, DELETE or MERGE of a table that the caller makes: it is no relation of the plan."""
        tree = self._prepared(parse(sql))
        database = self._default_database()
        name = TableName(CATALOG, target.database, target.table)
        self._order.append(name)
        self._schema.add(*name, columns)
        relations, parts = self._resolve(tree, database, without=name)
        translated = translate_dml(
            tree,
            self._schema,
            default_catalog=CATALOG,
            default_schema=database,
            now=self._now,
            user=self._session.caller.arn,
        )
        return Plan(translated, relations, [*parts, translated])

    def _resolve(
        self, tree: exp.Expr, database: str, without: TableName | None = None
    ) -> tuple[dict[TableName, rel.Relation], list[Translated]]:
        self._discover(tree, database, ())
        if without is not None:
            self._order.remove(without)
        trees = [(tree, database), *((view.tree, view.definition.database) for view in self._views.values())]
        return self._relations(trees)

    def _prepared(self, tree: exp.Expr) -> exp.Expr:
        return self._with_pinned_versions(_with_our_information_schema(tree))

    def _with_pinned_versions(self, tree: exp.Expr) -> exp.Expr:
        """Give each `t FOR VERSION AS OF …` a name of its own, `t@0`."""
        for node in list(tree.find_all(exp.Table)):
            version = node.args.get("version")
            if version is None:
                continue
            pinned = f"{node.name.lower()}@{len(self._versions)}"
            self._versions[pinned] = self._version(version)
            if not node.alias:
                node.set("alias", exp.TableAlias(this=exp.to_identifier(node.name, quoted=True)))
            node.set("this", exp.to_identifier(pinned, quoted=True))
            node.set("version", None)
        return tree

    def _version(self, version: exp.Expr) -> Version:
        value = self._constant(version.expression)
        if version.name.upper() == "TIMESTAMP":
            if not isinstance(value, datetime):
                raise QueryError("TYPE_MISMATCH", "line 1:1: FOR TIMESTAMP AS OF needs a timestamp")
            return Version(moment=value if value.tzinfo else value.replace(tzinfo=UTC))
        return Version(snapshot=value) if isinstance(value, int) else Version(ref=str(value))

    def _constant(self, expression: exp.Expr) -> object:
        translated = translate(
            exp.select(expression.copy()),
            Schema(),
            default_catalog=CATALOG,
            default_schema="default",
            now=self._now,
            user=self._session.caller.arn,
        )
        add_functions(self._con, [translated])
        row = self._con.execute(translated.sql).fetchone()
        return row[0] if row else None

    def _default_database(self) -> str:
        name = self._session.database.lower() or "default"
        return _OUR_INFORMATION_SCHEMA if name == INFORMATION_SCHEMA else name

    def _missing_database(self, error: SqlError) -> QueryError | None:
        """The error of a table whose database does not exist, where the dialect missed the table alone."""
        missing = next(
            (name for name in self._order if name.database in self._absent and name.table in error.message), None
        )
        if error.name != "TABLE_NOT_FOUND" or missing is None:
            return None
        position = f"line {error.line}:{error.column}: " if error.line else ""
        return QueryError("SCHEMA_NOT_FOUND", f"{position}Schema '{missing.database}' does not exist")

    def _translate(self, tree: exp.Expr, database: str) -> Translated:
        try:
            return translate(
                tree,
                self._schema,
                default_catalog=CATALOG,
                default_schema=database,
                now=self._now,
                user=self._session.caller.arn,
            )
        except SqlError as error:
            raise self._missing_database(error) or error from error

    def _discover(self, tree: exp.Expr, database: str, above: tuple[TableName, ...]) -> None:
        """Note every table and view that a query names, and those that the views name, before what depends on them."""
        for name in referenced_tables(tree, default_catalog=CATALOG, default_schema=database):
            if name in above:
                raise QueryError("INVALID_VIEW", f"View is recursive: {'.'.join(name)}")
            if name in self._order:
                continue
            self._catalog.check_catalog(name.catalog)
            table = self._table(name)
            if table is not None and table.is_view and "$" not in name.table:
                definition = views.decode(table)
                view_tree = self._prepared(parse(definition.sql))
                self._views[name] = _View(definition, view_tree)
                self._discover(view_tree, definition.database.lower(), (*above, name))
            if name not in self._order:
                self._order.append(name)

    def _table(self, name: TableName) -> Table | None:
        if name.database == _OUR_INFORMATION_SCHEMA:
            return None
        return self._catalog.find(TableRef(name.database, _base(name)))

    def _relations(
        self, trees: Sequence[tuple[exp.Expr, str]]
    ) -> tuple[dict[TableName, rel.Relation], list[Translated]]:
        self._hidden = _hidden_columns(tree for tree, _ in trees)
        pruner = Pruner(self._con, trees, self._now)
        hive = rel.HiveRelations(
            self._catalog,
            self._files,
            self._session.scratch,
            now=self._now,
            hidden=self._hidden,
            prune=pruner.prune,
            given=pruner.given,
        )
        relations: dict[TableName, rel.Relation] = {}
        parts: list[Translated] = []
        for name in self._order:
            if name in self._views:
                relation, translated = self._view(name, self._views[name])
                parts.append(translated)
            else:
                relation = self._relation(name, hive)
            if relation is None:
                if not self._catalog.has_database(name.database):
                    self._absent.add(name.database)
                continue
            relations[name] = relation
            self._schema.add(name.catalog, name.database, name.table, relation.columns)
        return relations, parts

    def _relation(self, name: TableName, hive: rel.HiveRelations) -> rel.Relation | None:
        base, suffix = _base(name), name.table.partition("$")[2]
        if name.database == _OUR_INFORMATION_SCHEMA:
            return rel.information_schema(self._catalog, TableRef(name.database, base, suffix))
        table = self._table(name)
        if table is None:
            return None
        if table.is_iceberg:
            return self._iceberg.relation(table, suffix, self._versions.get(name.table), self._hidden)
        if suffix == "partitions":
            return hive.partitions_table(table)
        return None if suffix else hive.build(table)

    def _view(self, name: TableName, view: _View) -> tuple[rel.Relation, Translated]:
        """A view's query with the names and types that the view was stored with."""
        translated = self._translate(view.tree, view.definition.database.lower())
        stored = view.definition.columns
        if len(stored) != len(translated.columns):
            raise QueryError(
                "VIEW_IS_STALE",
                f"line 1:1: View '{'.'.join(name)}' is stale or in invalid state: it has {len(stored)} columns, "
                f"its query {len(translated.columns)}",
            )
        inner = ", ".join(f"c{number}" for number in range(len(stored)))
        casts = ", ".join(
            f"CAST(c{number} AS {to_duckdb(parse_type(type_))}) AS {quoted(column)}"
            for number, (column, type_) in enumerate(stored)
        )
        return rel.Relation(dict(stored), f"SELECT {casts} FROM ({translated.sql}) q({inner})"), translated


class Iceberg(Protocol):
    """What the planner asks of Iceberg."""

    def relation(self, table: Table, suffix: str, version: Version | None, hidden: list[str]) -> rel.Relation | None:
        """The rows of a table, now or at a version, or of its metadata table `suffix`; None when there is none."""
        ...


def _base(name: TableName) -> str:
    """The table that `t$files` and `t@0` belong to."""
    return name.table.partition("$")[0].partition("@")[0]


def _hidden_columns(trees: Iterable[exp.Expr]) -> list[str]:
    names = {column.name.lower() for tree in trees for column in tree.find_all(exp.Column)}
    return [name for name in rel.HIDDEN_COLUMNS if name in names]


def _with_our_information_schema(tree: exp.Expr) -> exp.Expr:
    for node in tree.find_all(exp.Table, exp.Column):
        key = "db" if isinstance(node, exp.Table) else "table" if not node.args.get("db") else "db"
        part = node.args.get(key)
        if isinstance(part, exp.Identifier) and part.name.lower() == INFORMATION_SCHEMA:
            part.set("this", _OUR_INFORMATION_SCHEMA)
    return tree
