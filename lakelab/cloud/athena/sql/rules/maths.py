"""Mathematical and bitwise functions.

https://trino.io/docs/435/functions/math.html, https://trino.io/docs/435/functions/bitwise.html
"""

from __future__ import annotations

from lakelab.cloud.athena.sql import arithmetic
from lakelab.cloud.athena.sql.rules import RULES, Call, rule
from lakelab.cloud.athena.sql.typed import Typed
from lakelab.cloud.athena.sql.types import MAX_PRECISION, decimal, to_duckdb

RULES.update(
    {
        "cbrt": "cbrt({0})",
        "cos": "cos({0})",
        "cosh": "cosh({0})",
        "sinh": "sinh({0})",
        "tanh": "tanh({0})",
        "sin": "sin({0})",
        "tan": "tan({0})",
        "atan": "atan({0})",
        "atan2": "atan2({0}, {1})",
        "degrees": "degrees({0})",
        "radians": "radians({0})",
        "exp": "exp({0})",
        "e": "exp(1.0)",
        "pi": "pi()",
        "nan": "CAST('NaN' AS DOUBLE)",
        "infinity": "CAST('Infinity' AS DOUBLE)",
        "is_nan": "isnan({0})",
        "is_infinite": "isinf({0})",
        "is_finite": "isfinite({0})",
        "power": "pow({0}, {1})",
        "pow": "pow({0}, {1})",
        "bitwise_and": "({0} & {1})",
        "bitwise_or": "({0} | {1})",
        "bitwise_xor": "xor({0}, {1})",
        "bitwise_not": "(~ {0})",
    }
)


@rule("greatest", "least")
def extreme(call: Call) -> str:
    """NULL if any argument is; DuckDB passes over NULLs."""
    known = " AND ".join(f"{arg} IS NOT NULL" for arg in call.sqls)
    return f"CASE WHEN {known} THEN {call.name}({', '.join(call.sqls)}) END"


@rule("abs")
def absolute(call: Call) -> str:
    return f"abs({call[0]})"


@rule("sign")
def sign(call: Call) -> str:
    if call.type.is_floating:
        return f"CASE WHEN isnan({call[0]}) THEN {call[0]} ELSE CAST(sign({call[0]}) AS {to_duckdb(call.type)}) END"
    return f"CAST(sign({call[0]}) AS {to_duckdb(call.type)})"


def _defined(call: Call, function: str, outside: str, otherwise: str) -> str:
    """A function that gives `otherwise` where DuckDB raises an error."""
    return f"CASE WHEN {outside} THEN {otherwise} ELSE {function} END"


@rule("sqrt")
def square_root(call: Call) -> str:
    return _defined(call, f"sqrt({call[0]})", f"{call[0]} < 0", "CAST('NaN' AS DOUBLE)")


@rule("acos", "asin")
def inverse_trigonometry(call: Call) -> str:
    return _defined(call, f"{call.name}({call[0]})", f"abs({call[0]}) > 1", "CAST('NaN' AS DOUBLE)")


@rule("ln", "log2", "log10")
def logarithm(call: Call) -> str:
    """The logarithm of zero is -Infinity, of a negative number NaN."""
    x = call[0]
    return (
        f"CASE WHEN {x} > 0 THEN {call.name}({x}) WHEN {x} = 0 THEN CAST('-Infinity' AS DOUBLE) "
        f"WHEN {x} IS NOT NULL THEN CAST('NaN' AS DOUBLE) END"
    )


@rule("log")
def logarithm_of_base(call: Call) -> str:
    return f"(ln({call[1]}) / ln({call[0]}))"


@rule("mod")
def modulus(call: Call) -> str | Typed:
    result = arithmetic.binary("%", call.args[0], call.args[1])
    return result if result is not None else f"({call[0]} % {call[1]})"


@rule("ceil", "ceiling", "floor")
def whole(call: Call) -> Typed:
    source = call.args[0].type
    function = "floor" if call.name == "floor" else "ceil"
    if source.is_integer:
        return Typed(call[0], source, exact=call.args[0].exact)
    if source.name != "decimal":
        return Typed(f"{function}({call[0]})", source)
    kind = decimal(source.precision - source.scale + (1 if source.scale else 0), 0)
    return Typed(f"CAST({function}({call[0]}) AS {to_duckdb(kind)})", kind)


@rule("round")
def rounded(call: Call) -> Typed:
    """Half away from zero, in both."""
    source = call.args[0].type
    digits = call[1] if len(call) > 1 else None
    if source.name == "decimal":
        if digits is None:
            kind = decimal(min(MAX_PRECISION, source.precision - source.scale + (1 if source.scale else 0)), 0)
            return Typed(f"CAST(round({call[0]}) AS {to_duckdb(kind)})", kind)
        kind = decimal(min(MAX_PRECISION, source.precision + 1), source.scale)
        return Typed(f"CAST(round({call[0]}, {digits}) AS {to_duckdb(kind)})", kind)
    sql = f"round({call[0]})" if digits is None else f"round({call[0]}, {digits})"
    return Typed(f"CAST({sql} AS {to_duckdb(source)})", source)


@rule("truncate")
def truncated(call: Call) -> Typed:
    source = call.args[0].type
    if source.name != "decimal":
        return Typed(f"trunc({call[0]})", source)
    if len(call) == 1:
        kind = decimal(max(1, source.precision - source.scale), 0)
        return Typed(f"CAST(trunc({call[0]}) AS {to_duckdb(kind)})", kind)
    return Typed(f"CAST(trunc({call[0]}, {call[1]}) AS {to_duckdb(source)})", source)


@rule("rand", "random")
def random(call: Call) -> str:
    if not len(call):
        return "random()"
    low, high = ("0", call[0]) if len(call) == 1 else (call[0], call[1])
    return f"CAST({low} + floor(random() * ({high} - {low})) AS {to_duckdb(call.type)})"


@rule("bit_count")
def bit_count(call: Call) -> str:
    """The bits of the two's complement in so many bits."""
    bits = int(call.constant(1, "The number of bits"))
    if bits == 64:
        return f"CAST(bit_count(CAST({call[0]} AS BIGINT)) AS BIGINT)"
    if not 2 <= bits <= 64:
        raise call.invalid(f"Bits specified in bit_count must be between 2 and 64, got {bits}")
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    problem = call.fail(
        f"Number must be representable with the bits specified. It cannot be represented with {bits} bits", "BIGINT"
    )
    counted = f"CAST(bit_count(CAST({call[0]} AS BIGINT) & {(1 << bits) - 1}) AS BIGINT)"
    return f"CASE WHEN {call[0]} BETWEEN {low} AND {high} THEN {counted} WHEN {call[0]} IS NOT NULL THEN {problem} END"


@rule("bitwise_left_shift")
def left_shift(call: Call) -> str:
    """Bits that are shifted out are lost; DuckDB raises an overflow."""
    bits = {"tinyint": 8, "smallint": 16, "integer": 32, "bigint": 64}[call.type.name]
    mask = (1 << bits) - 1
    value = f"((CAST({call[0]} AS HUGEINT) & {mask}) * CAST(pow(2, {call[1]}) AS HUGEINT)) & {mask}"
    signed = f"CASE WHEN ({value}) >= {1 << (bits - 1)} THEN ({value}) - {1 << bits} ELSE ({value}) END"
    return f"CAST({signed} AS {to_duckdb(call.type)})"


@rule("bitwise_right_shift")
def logical_right_shift(call: Call) -> str:
    bits = {"tinyint": 8, "smallint": 16, "integer": 32, "bigint": 64}[call.type.name]
    unsigned = f"(CAST({call[0]} AS HUGEINT) & {(1 << bits) - 1})"
    return f"CAST({unsigned} // CAST(pow(2, {call[1]}) AS HUGEINT) AS {to_duckdb(call.type)})"


@rule("bitwise_right_shift_arithmetic")
def arithmetic_right_shift(call: Call) -> str:
    return f"CAST(floor({call[0]} / pow(2, {call[1]})) AS {to_duckdb(call.type)})"


@rule("width_bucket")
def width_bucket(call: Call) -> str:
    x = call[0]
    if len(call) == 2:
        return f"CAST(len(list_filter({call[1]}, lambda {call.variable}: {call.variable} <= {x})) AS BIGINT)"
    if isinstance(call.args[3].value, str) and int(call.args[3].value) <= 0:
        raise call.invalid("bucketCount must be greater than 0")
    low, high, count = call[1], call[2], call[3]
    last = f"{count} + 1"
    up = f"floor(({x} - {low}) / ({high} - {low}) * {count}) + 1"
    down = f"floor(({low} - {x}) / ({low} - {high}) * {count}) + 1"
    ascending = f"CASE WHEN {x} < {low} THEN 0 WHEN {x} >= {high} THEN {last} ELSE {up} END"
    descending = f"CASE WHEN {x} > {low} THEN 0 WHEN {x} <= {high} THEN {last} ELSE {down} END"
    return f"CAST(CASE WHEN {low} <= {high} THEN {ascending} ELSE {descending} END AS BIGINT)"


@rule("to_base")
def to_base(call: Call) -> str:
    return (
        f"(CASE WHEN {call[0]} < 0 THEN '-' ELSE '' END || lower(to_base(abs({call[0]}), CAST({call[1]} AS INTEGER))))"
    )


@rule(
    "from_base",
    "normal_cdf",
    "inverse_normal_cdf",
    "beta_cdf",
    "inverse_beta_cdf",
    "wilson_interval_lower",
    "wilson_interval_upper",
    "cosine_similarity",
)
def in_python(call: Call) -> str:
    return call.python(f"trino_{call.name}", *call.sqls)
