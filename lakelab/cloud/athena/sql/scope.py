"""The names that an expression can use: columns of the relations of FROM, of outer queries, and lambda parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lakelab.cloud.athena.sql.errors import SqlError
from lakelab.cloud.athena.sql.typed import Typed
from lakelab.cloud.athena.sql.types import Type


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation: `sql` is its name in DuckDB, `qualifier` (catalog, database, table) or (alias,)."""

    name: str | None
    type: Type
    sql: str
    qualifier: tuple[str, ...] = ()
    hidden: bool = False


@dataclass
class Scope:
    """The columns of one query level, and the level around it."""

    columns: list[Column] = field(default_factory=list)
    parent: Scope | None = None
    variables: dict[str, Typed] = field(default_factory=dict)  # parameters of lambdas, by lower-case name
    is_lambda: bool = False
    is_order: bool = False  # the names of a result, which ORDER BY has beside the columns of FROM

    def levels(self) -> Iterator[Scope]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def find(self, names: Sequence[str]) -> tuple[Typed, Column | None, int] | None:
        """The column (or lambda parameter) that a prefix of `names` means, and how many names it took.

        The longest prefix wins, as in Trino: `a.b.c` is a column before it is a field of `a.b`. The column is None for
        a lambda parameter. Raises SqlError for an ambiguous name.
        """
        for scope in self.levels():
            for used in range(min(4, len(names)), 0, -1):
                qualifier, name = names[: used - 1], names[used - 1]
                if not qualifier and (variable := scope.variables.get(name.lower())) is not None:
                    return variable, None, used
                matches = [item for item in scope.columns if _matches(item, qualifier, name)]
                if len(matches) > 1:
                    raise SqlError("AMBIGUOUS_NAME", f"Column '{'.'.join(names[:used])}' is ambiguous")
                if matches:
                    return Typed(matches[0].sql, matches[0].type), matches[0], used
        return None

    def owns(self, column: Column) -> bool:
        """Whether the column belongs to this level (through lambdas), and not to an outer query."""
        scope: Scope | None = self
        while scope is not None and (scope.is_lambda or scope.is_order):
            scope = scope.parent
        return scope is not None and any(item is column for item in scope.columns)


def _matches(column: Column, qualifier: Sequence[str], name: str) -> bool:
    if column.name is None or column.name.lower() != name.lower():
        return False
    if not qualifier:
        return True
    if len(qualifier) > len(column.qualifier):
        return False
    tail = column.qualifier[-len(qualifier) :]
    return all(a.lower() == b.lower() for a, b in zip(tail, qualifier, strict=True))
