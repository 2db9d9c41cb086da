"""Aggregate functions.

https://trino.io/docs/435/functions/aggregate.html
"""

from __future__ import annotations

from dataclasses import replace

from lakelab.cloud.athena.sql import arithmetic
from lakelab.cloud.athena.sql.rules import Call, rule
from lakelab.cloud.athena.sql.rules.arrays import fold
from lakelab.cloud.athena.sql.typed import Typed
from lakelab.cloud.athena.sql.types import BIGINT, DAY_TO_SECOND, decimal, to_duckdb

_NAMES = {
    "arbitrary": "any_value",
    "any_value": "any_value",
    "array_agg": "list",
    "every": "bool_and",
    "bool_and": "bool_and",
    "bool_or": "bool_or",
    "bitwise_and_agg": "bit_and",
    "bitwise_or_agg": "bit_or",
    "corr": "corr",
    "covar_pop": "covar_pop",
    "covar_samp": "covar_samp",
    "regr_intercept": "regr_intercept",
    "regr_slope": "regr_slope",
    "stddev": "stddev_samp",
    "stddev_samp": "stddev_samp",
    "stddev_pop": "stddev_pop",
    "variance": "var_samp",
    "var_samp": "var_samp",
    "var_pop": "var_pop",
}


@rule(*_NAMES)
def renamed(call: Call) -> str:
    """Aggregates that DuckDB has under this or another name."""
    result = call.aggregate(_NAMES[call.name], *call.sqls)
    return f"CAST({result} AS {to_duckdb(call.type)})" if call.type.name == "real" else result


@rule("count_if")
def count_if(call: Call) -> str:
    return f"CAST(coalesce({call.aggregate('count_if', call[0])}, 0) AS BIGINT)"


@rule("geometric_mean")
def geometric_mean(call: Call) -> str:
    """NaN with a negative value, 0 with a zero, where DuckDB raises an error."""
    x = call[0]
    logarithm = (
        f"CASE WHEN {x} > 0 THEN ln({x}) WHEN {x} = 0 THEN CAST('-Infinity' AS DOUBLE) "
        f"WHEN {x} IS NOT NULL THEN CAST('NaN' AS DOUBLE) END"
    )
    return f"CAST(exp({call.aggregate('avg', logarithm)}) AS {to_duckdb(call.type)})"


@rule("count")
def count(call: Call) -> str:
    return call.aggregate("count", call[0] if len(call) else "*")


@rule("sum")
def total(call: Call) -> Typed:
    """A sum of integers is BIGINT, where DuckDB gives HUGEINT."""
    kind = call.type
    if kind.is_interval:
        return Typed(_interval(call, "sum"), kind)
    result = call.aggregate("sum", call[0])
    if kind == BIGINT:
        return Typed(f"CAST({result} AS BIGINT)", kind)
    return Typed(f"CAST({result} AS FLOAT)" if kind.name == "real" else result, kind)


@rule("avg")
def average(call: Call) -> str | Typed:
    """The average of decimals is one of the same scale, rounded half up; DuckDB gives a double."""
    source = call.args[0].type
    if source.name == "decimal":
        rows = Typed(call.aggregate("count", call[0]), decimal(19, 0))
        # no rows: NULL / 0 is NULL, not an error
        rows = replace(rows, sql=f"nullif({rows.sql}, 0)", value="1")
        sums = Typed(call.aggregate("sum", call[0]), decimal(38, source.scale))
        return arithmetic.decimal_division(sums, rows, call.type)
    if source.is_interval:
        return _interval(call, "avg")
    result = call.aggregate("avg", call[0])
    return f"CAST({result} AS FLOAT)" if call.type.name == "real" else result


def _interval(call: Call, function: str) -> str:
    """DuckDB adds no intervals: their milliseconds or months are."""
    if call.type == DAY_TO_SECOND:
        return f"to_microseconds(CAST(round({call.aggregate(function, f'epoch({call[0]})')} * 1000) * 1000 AS BIGINT))"
    months = f"datepart('year', {call[0]}) * 12 + datepart('month', {call[0]})"
    return f"to_months(CAST({call.aggregate(function, months)} AS INTEGER))"


@rule("min", "max")
def extreme(call: Call) -> str:
    return call.aggregate(call.name, *call.sqls)


@rule("max_by", "min_by")
def extreme_by(call: Call) -> str:
    """The value may be NULL: DuckDB's arg_max_null keeps it. With a number, the array of so many."""
    if len(call) == 3:
        return call.aggregate("arg_" + call.name[:3], *call.sqls)
    return call.aggregate(f"arg_{call.name[:3]}_null", call[0], call[1])


@rule("skewness")
def skewness(call: Call) -> str:
    """The population's skewness; DuckDB gives the sample's."""
    n = f"CAST({call.aggregate('count', call[0])} AS DOUBLE)"
    sample = call.aggregate("skewness", call[0])
    return f"({sample} * ({n} - 2) / sqrt({n} * ({n} - 1)))"


@rule("kurtosis")
def kurtosis(call: Call) -> str:
    return call.aggregate("kurtosis", call[0])


@rule("approx_distinct")
def approx_distinct(call: Call) -> str:
    return replace(call, distinct=True).aggregate("count", call[0])


@rule("approx_percentile")
def approx_percentile(call: Call) -> str:
    """Exact, which is within any accuracy: of n values the one with floor(p * n) before it.

    quantile_disc has ceil(p * n) - 1 before it; over the negated values and 1 - p it is the one wanted.
    """
    if len(call) > 2:
        raise call.unsupported("approx_percentile with weights is not supported")
    if call.type.name == "array":
        name = call.variable
        ranks = ", ".join(f"1 - {rank}" for rank in _ranks(call))
        negated = call.aggregate("quantile_disc", f"(- {call[0]})", f"[{ranks}]")
        return f"CAST(list_transform({negated}, lambda {name}: - {name}) AS {to_duckdb(call.type)})"
    rank = _percentile(call, call.constant(1, "The percentile"))
    return f"CAST(- {call.aggregate('quantile_disc', f'(- {call[0]})', f'1 - {rank}')} AS {to_duckdb(call.type)})"


def _ranks(call: Call) -> list[str]:
    node = call.node.expressions[1]
    values = [item.name for item in node.expressions]
    if not values or any(not value.replace(".", "").isdigit() for value in values):
        raise call.unsupported("approx_percentile of percentiles that are not literals is not supported")
    return [_percentile(call, value) for value in values]


def _percentile(call: Call, rank: str) -> str:
    if not 0 <= float(rank) <= 1:
        raise call.invalid("Percentile must be between 0 and 1")
    return rank


@rule("approx_most_frequent")
def approx_most_frequent(call: Call) -> str:
    name = call.variable
    counted = f"map_entries({call.aggregate('histogram', call[1])})"
    pair = f"struct_pack(n := - CAST({name}.value AS BIGINT), k := {name}.key)"
    ranked = f"list_sort(list_transform({counted}, lambda {name}: {pair}))"
    top = f"list_slice({ranked}, 1, {call[0]})"
    return f"map_from_entries(list_transform({top}, lambda {name}: struct_pack(k := {name}.k, v := - {name}.n)))"


@rule("approx_set")
def approx_set(call: Call) -> str:
    """The exact set of hashes stands for the sketch."""
    return replace(call, distinct=True).aggregate("list", f"hash({call[0]})", filter=f"{call[0]} IS NOT NULL")


@rule("empty_approx_set")
def empty_approx_set(_: Call) -> str:
    return "CAST([] AS UBIGINT[])"


@rule("merge")
def merge(call: Call) -> str:
    if call.args[0].type.name != "HyperLogLog":
        raise call.unsupported(f"merge of {call.args[0].type} is not supported")
    return f"list_distinct(flatten({call.aggregate('list', call[0])}))"


@rule("reduce_agg")
def reduce_agg(call: Call) -> str:
    items = call.aggregate("list", call[0], filter=f"{call[0]} IS NOT NULL")
    return fold(call, items, 1, 2, None)


@rule("listagg")
def listagg(call: Call) -> str:
    return call.aggregate("string_agg", call[0], call[1])


@rule("numeric_histogram", "checksum")
def unsupported(call: Call) -> str:
    raise call.unsupported(f"Function {call.name} is not supported")
