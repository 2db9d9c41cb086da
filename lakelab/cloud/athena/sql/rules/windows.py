"""Window functions.

https://trino.io/docs/435/functions/window.html
"""

from __future__ import annotations

from lakelab.cloud.athena.sql.rules import RULES, Call, rule


@rule(
    "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "first_value", "last_value", "nth_value"
)
def same_name(call: Call) -> str:
    return call.aggregate(call.name, *call.sqls)


@rule("lag", "lead")
def neighbour(call: Call) -> str:
    """The offset is BIGINT in both; DuckDB wants it to be an argument, never left out before a default."""
    return call.aggregate(call.name, *call.sqls)


__all__ = ["RULES", "neighbour", "same_name"]
