"""Names for long expressions: a rule that uses an argument several times must not double its text at every level."""

from __future__ import annotations

from collections.abc import Callable, Sequence

_INLINE = 200  # characters of an expression that is cheap to repeat


def let(sql: str, body: Callable[[str], str]) -> str:
    """`body(sql)`, where a long `sql` that the body repeats is computed once."""
    return let_all([sql], lambda values: body(values[0]))


def let_all(sqls: Sequence[str], body: Callable[[Sequence[str]], str]) -> str:
    """`body(sqls)`, where long expressions that the body repeats are computed once.

    DuckDB has no LET; a list of one element and a lambda over it do the same, and can stand in any expression.
    """
    result = body(sqls)
    if not any(len(sql) > _INLINE and result.count(sql) > 1 for sql in sqls):
        return result
    packed = ", ".join(f"a{index} := {sql}" for index, sql in enumerate(sqls))
    names = [f"v.a{index}" for index in range(len(sqls))]
    return f"list_extract(list_transform([struct_pack({packed})], lambda v: {body(names)}), 1)"
