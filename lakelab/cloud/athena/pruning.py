"""Which partitions a statement can need: what its WHERE clauses say of partition keys alone.

A partition is left out only when no use of its table can let one of its rows through. DuckDB filters the rows all the
same, so what is not understood here costs time and scanned bytes but no wrong answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import duckdb
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from lakelab.cloud.athena.catalog import CATALOG, Partition, Table
from lakelab.cloud.athena.connections import add_functions
from lakelab.cloud.athena.formats.readers import quoted
from lakelab.cloud.athena.relations import values_select
from lakelab.cloud.athena.sql import Schema, SqlError, translate
from lakelab.cloud.athena.sql.types import from_hive

_SMALL = 2  # partitions: below, looking at the WHERE clauses costs more than it can save


class Pruner:
    """Prunes the partitions of the tables that some query trees name.

    Args:
        con: a connection that conditions can be evaluated on; it is left as it was.
        trees: each query with the database that its unqualified names are in.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, trees: Sequence[tuple[exp.Expr, str]], now: datetime):
        self._con = con
        self._trees = trees
        self._now = now

    def prune(self, table: Table, partitions: Sequence[Partition]) -> Sequence[Partition]:
        """The partitions that may hold a row that the statement needs."""
        if len(partitions) < _SMALL:
            return partitions
        uses = [list(conditions) for conditions in self._uses(table)]
        if not uses or not all(uses):
            return partitions  # one use reads all of it
        condition = exp.or_(*(exp.and_(*use) for use in uses))
        kept = self._matching(table, partitions, condition)
        return partitions if kept is None else [partitions[number] for number in kept]

    def given(self, table: Table) -> Mapping[str, set[str]]:
        """The values that every use of the table fixes for a key by `=` or IN."""
        fixed: dict[str, set[str]] = {}
        for number, conditions in enumerate(self._uses(table)):
            own = _fixed(conditions)
            fixed = own if number == 0 else {key: fixed[key] | own[key] for key in fixed.keys() & own.keys()}
        return fixed

    def _uses(self, table: Table) -> Iterator[list[exp.Expr]]:
        """For each use of the table, the conditions on its partition keys that all of its rows have to meet."""
        keys = {key.name for key in table.keys}
        for tree, database in self._trees:
            for scope in traverse_scope(tree):
                for alias, source in scope.sources.items():
                    if isinstance(source, exp.Table) and _is(source, table, database):
                        yield [_without_table(each) for each in _conditions(scope, alias, keys)]

    def _matching(self, table: Table, partitions: Sequence[Partition], condition: exp.Expr) -> list[int] | None:
        """The positions of the partitions for which the condition is true; None when it cannot be evaluated."""
        schema = Schema()
        types = {key.name: str(from_hive(key.type)) for key in table.keys}
        schema.add(CATALOG, "pruning", "keys", {**types, "$n": "bigint"})
        query = exp.select(exp.column("$n", quoted=True)).from_("keys").where(condition)
        con = self._con
        try:
            translated = translate(
                query, schema, default_catalog=CATALOG, default_schema="pruning", now=self._now, user=""
            )
            add_functions(con, [translated])
            con.execute(f"CREATE SCHEMA {CATALOG}.pruning")
            values = values_select(table.keys, [partition.values for partition in partitions])
            names = ", ".join(quoted(key.name) for key in table.keys)
            con.execute(
                f"CREATE VIEW {CATALOG}.pruning.keys AS "
                f'SELECT {names}, row_number() OVER () - 1 AS "$n" FROM ({values})'
            )
            return sorted(row[0] for row in con.execute(translated.sql).fetchall())
        except (duckdb.Error, SqlError):
            return None  # the statement itself meets the same error, with the right text, or does not need the value
        finally:
            con.execute(f"DROP SCHEMA IF EXISTS {CATALOG}.pruning CASCADE")


def _is(source: exp.Table, table: Table, database: str) -> bool:
    return source.name.lower() == table.name and (source.db or database).lower() == table.database


def _conditions(scope: Scope, alias: str, keys: set[str]) -> Iterator[exp.Expr]:
    """The conjuncts of a SELECT's WHERE that name only these partition keys of the source `alias`."""
    where = scope.expression.args.get("where")
    if where is None or _may_be_null(scope, alias):
        return
    alone = len(scope.sources) == 1
    for conjunct in _conjuncts(where.this):
        columns = list(conjunct.find_all(exp.Column))
        if not columns or conjunct.find(exp.Query, exp.Lambda):
            continue
        if all(
            column.name.lower() in keys
            and (column.table.lower() == alias.lower() if column.table else alone)
            and not column.args.get("db")
            for column in columns
        ):
            yield conjunct


def _conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(condition, exp.Paren):
        yield from _conjuncts(condition.this)
    elif isinstance(condition, exp.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    else:
        yield condition


def _may_be_null(scope: Scope, alias: str) -> bool:
    """Whether an outer join can add rows of NULLs for the source, which the WHERE sees and the table does not have."""
    for join in scope.expression.args.get("joins") or ():
        side = (join.side or "").upper()
        if side in ("RIGHT", "FULL"):
            return True
        if side == "LEFT" and join.alias_or_name.lower() == alias.lower():
            return True
    return False


def _without_table(condition: exp.Expr) -> exp.Expr:
    copy = condition.copy()
    for column in copy.find_all(exp.Column):
        column.set("table", None)
    return copy


def _fixed(conditions: Sequence[exp.Expr]) -> dict[str, set[str]]:
    fixed: dict[str, set[str]] = {}
    for condition in conditions:
        if isinstance(condition, exp.EQ):
            sides = [condition.left, condition.right]
        elif isinstance(condition, exp.In) and condition.expressions:
            sides = [condition.this, *condition.expressions]
        else:
            continue
        columns = [side for side in sides if isinstance(side, exp.Column)]
        literals = [side.name for side in sides if isinstance(side, exp.Literal)]
        if len(columns) == 1 and len(literals) == len(sides) - 1:
            fixed.setdefault(columns[0].name.lower(), set()).update(literals)
    return fixed
