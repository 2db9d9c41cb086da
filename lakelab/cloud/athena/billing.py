"""How many bytes a statement scans, as Athena bills them.

Of Parquet and ORC files that is the compressed size of the columns that the statement reads, in the row groups that its
filters leave; of other files the whole size. DuckDB's plan says which columns and filters reach each scan: a relation's
columns carry its label (`3/amount`), so a scan tells whose it is.

Source: https://docs.aws.amazon.com/athena/latest/ug/performance-tuning-data-optimization-techniques.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.formats.footers import Chunk, RowGroup, row_groups
from lakelab.cloud.athena.relations import Relation


def scanned(con: duckdb.DuckDBPyConnection, sql: str, relations: Iterable[Relation]) -> int:
    """The bytes that a statement over these relations scans."""
    by_label = {relation.label: relation for relation in relations if relation.files}
    if not by_label:
        return 0
    total = sum(_whole_files(relation) for relation in by_label.values())
    row = con.execute(f"EXPLAIN (FORMAT json) {sql}").fetchall()[-1]
    for root in json.loads(row[1]):
        for scan in _scans(root):
            label, columns, filters = _labelled(scan)
            if label in by_label:
                total += _columns_of(by_label[label], label, columns, filters)
    return total


def _whole_files(relation: Relation) -> int:
    return sum(file.size for path, file in relation.files.items() if relation.formats[path] not in ("parquet", "orc"))


def _scans(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "PARQUET" in node.get("name", ""):
        yield node.get("extra_info", {})
    for child in node.get("children", ()):
        yield from _scans(child)


def _labelled(scan: dict[str, Any]) -> tuple[str, list[str], list[str]]:
    """The label of a scan, its columns with their labels, and its filters. A scan of no column has no label."""
    columns = _texts(scan.get("Projections"))
    filters = _texts(scan.get("Filters"))
    for text in (*columns, *filters):
        match = re.search(r"\d+/", text)
        if match:
            return match.group(), columns, filters
    return "", columns, filters


def _texts(value: Any) -> list[str]:
    if not value:
        return []
    return value if isinstance(value, list) else [value]


@lru_cache(maxsize=256)
def _labelled_names(columns: tuple[str, ...]) -> re.Pattern[str]:
    """Finds columns by their names behind any label: compiling one for each label costs a query milliseconds."""
    return re.compile(rf"\d+/(?:{'|'.join(re.escape(name) for name in sorted(columns, key=len, reverse=True))})")


def _columns_of(relation: Relation, label: str, columns: list[str], filters: list[str]) -> int:
    names = _labelled_names(tuple(relation.columns))
    read = {column.removeprefix(label).lower() for column in columns if column.startswith(label)}
    read.update(found.removeprefix(label).lower() for text in filters for found in names.findall(text))
    conditions = [condition for text in filters if (condition := _condition(text, names, label)) is not None]
    total = 0
    for path, file in relation.files.items():
        form = relation.formats[path]
        if form not in ("parquet", "orc"):
            continue
        try:
            groups = row_groups(path, relation.field_ids)
        except pa.ArrowInvalid as error:
            raise QueryError("HIVE_BAD_DATA", f"Not valid Parquet file: {file.uri}") from error
        needed = sum(
            chunk.size
            for group in groups
            if all(_possible(condition, group) for condition in conditions)
            for name, chunk in group.chunks.items()
            if any(name == column or name.startswith(f"{column}.") for column in read)
        )
        if form == "orc":
            # the file that is read is a Parquet copy: its columns' share of it is taken for their share of the ORC file
            everything = sum(chunk.size for group in groups for chunk in group.chunks.values())
            needed = round(file.size * needed / everything) if everything else 0
        total += needed
    return total


# ---- filters --------------------------------------------------------------------------------------------------------


def _condition(text: str, names: re.Pattern[str], label: str) -> exp.Expr | None:
    """A filter of DuckDB's plan as an expression; None when it is not understood, and so leaves nothing out."""
    text = text.removeprefix("optional: ")
    try:
        return sqlglot.parse_one(names.sub(lambda match: f'"{match.group().removeprefix(label)}"', text), read="duckdb")
    except (SqlglotError, RecursionError):  # of hundreds of terms in one another
        return None


_COMPARISONS: dict[type[exp.Expr], Callable[[Chunk, Any], bool]] = {
    exp.EQ: lambda chunk, value: chunk.least <= value <= chunk.greatest,
    exp.LT: lambda chunk, value: chunk.least < value,
    exp.LTE: lambda chunk, value: chunk.least <= value,
    exp.GT: lambda chunk, value: chunk.greatest > value,
    exp.GTE: lambda chunk, value: chunk.greatest >= value,
}


def _possible(condition: exp.Expr, group: RowGroup) -> bool:
    """Whether a row of the group can meet the condition, as far as the columns' least and greatest values tell."""
    match condition:
        case exp.Paren():
            return _possible(condition.this, group)
        case exp.And():
            return _possible(condition.left, group) and _possible(condition.right, group)
        case exp.Or():
            return _possible(condition.left, group) or _possible(condition.right, group)
    compare = _COMPARISONS.get(type(condition))
    if compare is None or not isinstance(condition.this, exp.Column):
        return True
    chunk = group.chunks.get(condition.this.name.lower())
    value = _literal(condition.expression)
    if chunk is None or chunk.least is None or value is None:
        return True
    try:
        return compare(chunk, value)
    except TypeError:
        return True  # the statistics are of another type than the column: the values are compared after a cast


def _literal(node: exp.Expr) -> Any:
    if isinstance(node, exp.Cast):
        return _cast(node.this.name, str(node.to.this.value))
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
        value = _literal(node.this)
        return None if value is None else -value
    if not isinstance(node, exp.Literal):
        return None
    return node.this if node.is_string else _number(node.this)


def _number(text: str) -> Any:
    try:
        return int(text) if text.isdigit() else Decimal(text)
    except InvalidOperation:
        return None


def _cast(text: str, kind: str) -> Any:
    try:
        if kind == "DATE":
            return date.fromisoformat(text)
        if kind.startswith("TIMESTAMP"):
            return datetime.fromisoformat(text)
    except ValueError:
        return None
    return None
