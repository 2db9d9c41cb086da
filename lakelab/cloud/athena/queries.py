"""Plans a query: finds the tables that it names, expands views, and gives DuckDB one SELECT and what it reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb
from sqlglot import exp

from lakelab.cloud.athena import relations as rel
from lakelab.cloud.athena import views
from lakelab.cloud.athena.catalog import CATALOG, INFORMATION_SCHEMA, Catalog, Table, TableRef
from lakelab.cloud.athena.datafiles import DataFiles
from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.formats.readers import quoted
from lakelab.cloud.athena.model import Session
from lakelab.cloud.athena.pruning import Pruner
from lakelab.cloud.athena.sql import Schema, TableName, Translated, parse, referenced_tables, translate
from lakelab.cloud.athena.sql.types import parse_type, to_duckdb

# DuckDB has an information_schema of its own in every database
_OUR_INFORMATION_SCHEMA = "information_schema$"


@dataclass
class Plan:
    """A statement for DuckDB and the relations that it needs, in the order in which they have to be made."""

    translated: Translated
    relations: dict[TableName, rel.Relation]
    parts: list[Translated] = field(default_factory=list)

    @property
    def files(self) -> list[Path]:
        return [path for relation in self.relations.values() for path in relation.files]

    def create(self, con: duckdb.DuckDBPyConnection) -> None:
        """Make the relations known to a connection, as views under their Athena names."""
        for database in dict.fromkeys(name.database for name in self.relations):
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {CATALOG}.{quoted(database)}")
        for name, relation in self.relations.items():
            con.execute(f"CREATE VIEW {CATALOG}.{quoted(name.database)}.{quoted(name.table)} AS {relation.sql}")


@dataclass
class _View:
    """A view that a statement names: its definition, its query, and the catalog's entry."""

    definition: views.ViewDefinition
    tree: exp.Expression


class Planner:
    """Plans the queries of one session."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        catalog: Catalog,
        files: DataFiles,
        iceberg: IcebergReader,
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
        self._views: dict[TableName, _View] = {}
        self._order: list[TableName] = []

    def plan(self, sql: str) -> Plan:
        """Plan a query.

        Raises:
            SqlError: the query is wrong. QueryError: a table or view of it is. AwsError: the caller may not read it.
        """
        tree = _with_our_information_schema(parse(sql))
        database = self._default_database()
        self._discover(tree, database, ())
        trees = [(tree, database), *((view.tree, view.definition.database) for view in self._views.values())]
        relations, parts = self._relations(trees)
        translated = self._translate(tree, database)
        return Plan(translated, relations, [*parts, translated])

    def _default_database(self) -> str:
        name = self._session.database.lower() or "default"
        return _OUR_INFORMATION_SCHEMA if name == INFORMATION_SCHEMA else name

    def _translate(self, tree: exp.Expression, database: str) -> Translated:
        return translate(
            tree,
            self._schema,
            default_catalog=CATALOG,
            default_schema=database,
            now=self._now,
            user=self._session.caller.arn,
        )

    def _discover(self, tree: exp.Expression, database: str, above: tuple[TableName, ...]) -> None:
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
                view_tree = _with_our_information_schema(parse(definition.sql))
                self._views[name] = _View(definition, view_tree)
                self._discover(view_tree, definition.database.lower(), (*above, name))
            if name not in self._order:
                self._order.append(name)

    def _table(self, name: TableName) -> Table | None:
        if name.database == _OUR_INFORMATION_SCHEMA:
            return None
        return self._catalog.find(TableRef(name.database, name.table.partition("$")[0]))

    def _relations(
        self, trees: Sequence[tuple[exp.Expression, str]]
    ) -> tuple[dict[TableName, rel.Relation], list[Translated]]:
        pruner = Pruner(self._con, trees, self._now)
        hive = rel.HiveRelations(
            self._catalog,
            self._files,
            self._session.scratch,
            now=self._now,
            hidden=_hidden_columns(tree for tree, _ in trees),
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
                if self._catalog.has_database(name.database):
                    self._schema.add(CATALOG, name.database, "", {})
                continue
            relations[name] = relation
            self._schema.add(name.catalog, name.database, name.table, relation.columns)
        return relations, parts

    def _relation(self, name: TableName, hive: rel.HiveRelations) -> rel.Relation | None:
        base, _, suffix = name.table.partition("$")
        if name.database == _OUR_INFORMATION_SCHEMA:
            return rel.information_schema(self._catalog, TableRef(name.database, base, suffix))
        table = self._table(name)
        if table is None:
            return None
        if table.is_iceberg:
            return self._iceberg.relation(table, suffix)
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


class IcebergReader:
    """What the planner asks of Iceberg: the relation of a table, or of one of its metadata tables."""

    def relation(self, table: Table, suffix: str) -> rel.Relation | None:
        raise QueryError("NOT_SUPPORTED", f"Iceberg table {table.full_name}")


def _hidden_columns(trees: Iterable[exp.Expression]) -> list[str]:
    names = {column.name.lower() for tree in trees for column in tree.find_all(exp.Column)}
    return [name for name in rel.HIDDEN_COLUMNS if name in names]


def _with_our_information_schema(tree: exp.Expression) -> exp.Expression:
    for node in tree.find_all(exp.Table, exp.Column):
        key = "db" if isinstance(node, exp.Table) else "table" if not node.args.get("db") else "db"
        part = node.args.get(key)
        if isinstance(part, exp.Identifier) and part.name.lower() == INFORMATION_SCHEMA:
            part.set("this", _OUR_INFORMATION_SCHEMA)
    return tree
