"""Array functions.

https://trino.io/docs/435/functions/array.html
"""

from __future__ import annotations

import math

from lakelab.cloud.athena.sql import conversion
from lakelab.cloud.athena.sql.rules import RULES, Call, rule
from lakelab.cloud.athena.sql.typed import quote
from lakelab.cloud.athena.sql.types import DATE, VARCHAR, YEAR_TO_MONTH, to_duckdb

RULES.update(
    {
        "flatten": "flatten({0})",
    }
)


def has_null(array: str) -> str:
    return f"(len({array}) > list_count({array}))"


@rule("arrays_overlap")
def arrays_overlap(call: Call) -> str:
    """NULL where nothing is shared and one of the arrays has a NULL."""
    shared = f"list_has_any({call[0]}, {call[1]})"
    unknown = f"({has_null(call[0])} OR {has_null(call[1])}) AND len({call[0]}) > 0 AND len({call[1]}) > 0"
    return f"CASE WHEN {shared} THEN true WHEN {unknown} THEN NULL ELSE {shared} END"


@rule("array_distinct")
def array_distinct(call: Call) -> str:
    """Each value once, at the place of its first, NULL too; DuckDB drops NULL and the order."""
    return distinct(call[0], call.variable)


def distinct(array: str, name: str) -> str:
    same = f"list_extract({array}, i{name}) IS NOT DISTINCT FROM {name}"
    earlier = f"len(list_filter(range(1, {name}i), lambda i{name}: {same}))"
    return f"list_filter({array}, lambda {name}, {name}i: {earlier} = 0)"


@rule("array_except")
def array_except(call: Call) -> str:
    return distinct(_members(call[0], call[1], call.variable, keep=False), call.variable)


@rule("array_intersect")
def array_intersect(call: Call) -> str:
    return distinct(_members(call[0], call[1], call.variable, keep=True), call.variable)


@rule("array_union")
def array_union(call: Call) -> str:
    both = f"CASE WHEN {call[0]} IS NOT NULL AND {call[1]} IS NOT NULL THEN list_concat({call[0]}, {call[1]}) END"
    return distinct(both, call.variable)


def _members(array: str, other: str, name: str, *, keep: bool) -> str:
    """The elements of an array that the other has (or has not); NULL counts as a value."""
    found = f"CASE WHEN {name} IS NULL THEN {has_null(other)} ELSE list_contains({other}, {name}) END"
    kept = found if keep else f"NOT {found}"
    return f"CASE WHEN {other} IS NOT NULL THEN list_filter({array}, lambda {name}: {kept}) END"


@rule("array_join")
def array_join(call: Call) -> str:
    name = call.variable
    element = call.args[0].type.element
    item = conversion.cast_sql(name, element, VARCHAR) if element.name != "unknown" else f"CAST({name} AS VARCHAR)"
    value = f"coalesce({item}, {call[2]})" if len(call) > 2 else item
    return f"array_to_string(list_transform({call[0]}, lambda {name}: {value}), {call[1]})"


@rule("array_max", "array_min")
def extreme(call: Call) -> str:
    """NULL if any element is."""
    return f"CASE WHEN NOT {has_null(call[0])} THEN list_{call.name[-3:]}({call[0]}) END"


@rule("array_position")
def array_position(call: Call) -> str:
    found = f"coalesce(list_position({call[0]}, {call[1]}), 0)"
    return f"CASE WHEN {call[0]} IS NOT NULL AND {call[1]} IS NOT NULL THEN CAST({found} AS BIGINT) END"


@rule("array_remove")
def array_remove(call: Call) -> str:
    name = call.variable
    kept = f"list_filter({call[0]}, lambda {name}: {name} IS NULL OR {name} <> {call[1]})"
    return f"CASE WHEN {call[1]} IS NOT NULL THEN {kept} END"


@rule("array_sort")
def array_sort(call: Call) -> str:
    """NULLs last. With a comparator, each element goes after all that compare as smaller."""
    if len(call) == 1:
        return f"list_sort({call[0]}, 'ASC', 'NULLS LAST')"
    name = call.variable
    element = f"list_extract({call[0]}, {name})"
    smaller = call.body(1, f"o{name}", element)
    rank = f"len(list_filter({call[0]}, lambda o{name}: {smaller} < 0))"
    ranked = (
        f"list_sort(list_transform(range(1, len({call[0]}) + 1), lambda {name}: struct_pack(r := {rank}, i := {name})))"
    )
    return f"list_transform({ranked}, lambda {name}: list_extract({call[0]}, {name}.i))"


@rule("array_histogram")
def array_histogram(call: Call) -> str:
    name = call.variable
    values = distinct(f"list_filter({call[0]}, lambda {name}: {name} IS NOT NULL)", name)
    count = f"CAST(len(list_filter({call[0]}, lambda o{name}: o{name} = {name})) AS BIGINT)"
    return f"map_from_entries(list_transform({values}, lambda {name}: struct_pack(k := {name}, v := {count})))"


@rule("cardinality")
def cardinality(call: Call) -> str:
    match call.args[0].type.name:
        case "map":
            return f"CAST(cardinality({call[0]}) AS BIGINT)"
        case "HyperLogLog":
            return f"CAST(len({call[0]}) AS BIGINT)"
        case "array":
            return f"len({call[0]})"
    raise call.unsupported(f"cardinality of {call.args[0].type} is not supported")


@rule("contains")
def contains(call: Call) -> str:
    """NULL where the element is not found and the array has a NULL."""
    if call.args[0].type.name != "array":
        raise call.unsupported("contains of an IP prefix is not supported")
    found = f"list_contains({call[0]}, {call[1]})"
    return f"CASE WHEN {found} THEN true WHEN {has_null(call[0])} THEN NULL ELSE {found} END"


@rule("contains_sequence")
def contains_sequence(call: Call) -> str:
    name = call.variable
    part = f"list_slice({call[0]}, {name}, {name} + len({call[1]}) - 1)"
    starts = f"range(1, greatest(len({call[0]}) - len({call[1]}) + 2, 1))"
    return f"(len({call[1]}) = 0 OR len(list_filter({starts}, lambda {name}: {part} = {call[1]})) > 0)"


@rule("element_at")
def element_at(call: Call) -> str:
    if call.args[0].type.name == "map":
        return f"map_extract_value({call[0]}, {call[1]})"
    index = call.args[1]
    if isinstance(index.value, str) and int(index.value) != 0:
        return f"list_extract({call[0]}, {index.sql})"
    zero = call.fail("SQL array indices start at 1", "BIGINT")
    return f"list_extract({call[0]}, CASE WHEN {index.sql} = 0 THEN {zero} ELSE {index.sql} END)"


@rule("transform")
def transform(call: Call) -> str:
    return f"list_transform({call[0]}, lambda {call.variable}: {call.body(1, call.variable)})"


@rule("filter")
def filter_(call: Call) -> str:
    return f"list_filter({call[0]}, lambda {call.variable}: {call.body(1, call.variable)})"


@rule("any_match")
def any_match(call: Call) -> str:
    """True if for any element; else NULL if unknown for one; else false."""
    return _matches(call, "true", "false")


@rule("all_match")
def all_match(call: Call) -> str:
    return _matches(call, "false", "true")


@rule("none_match")
def none_match(call: Call) -> str:
    return f"(NOT {_matches(call, 'true', 'false')})"


def _matches(call: Call, decisive: str, otherwise: str) -> str:
    results = f"list_transform({call[0]}, lambda {call.variable}: {call.body(1, call.variable)})"
    return (
        f"CASE WHEN list_contains({results}, {decisive}) THEN {decisive} "
        f"WHEN {has_null(results)} THEN NULL WHEN {call[0]} IS NOT NULL THEN {otherwise} END"
    )


@rule("reduce")
def reduce(call: Call) -> str:
    """State and elements may differ in type, and DuckDB's list_reduce has one: both travel in a struct."""
    return fold(call, call[0], 1, 2, 3)


def fold(call: Call, array: str, initial: int, step: int, output: int | None) -> str:
    state = call.resolved.arguments[initial]
    element = call.resolved.arguments[step].items[1]
    name = call.variable
    none = f"CAST(NULL AS {to_duckdb(element)})"
    wrapped = f"list_transform({array}, lambda {name}: struct_pack(s := CAST(NULL AS {to_duckdb(state)}), e := {name}))"
    start = f"struct_pack(s := CAST({call[initial]} AS {to_duckdb(state)}), e := {none})"
    body = call.body(step, f"{name}a.s", f"{name}b.e")
    next_state = f"struct_pack(s := CAST({body} AS {to_duckdb(state)}), e := {none})"
    folded = f"list_reduce(list_prepend({start}, {wrapped}), lambda {name}a, {name}b: {next_state}).s"
    result = f"CASE WHEN {array} IS NOT NULL THEN ({folded}) END"
    if output is None:
        return result
    return f"list_extract(list_transform([{result}], lambda {name}: {call.body(output, name)}), 1)"


_MOST_ENTRIES = 10_000  # of an array that repeat or sequence makes


def _long_sequence(call: Call, kind: str) -> str:
    return call.fail(f"result of sequence function must not have more than {_MOST_ENTRIES} entries", kind)


@rule("repeat")
def repeat(call: Call) -> str:
    negative = call.fail("count argument of repeat function must be greater than or equal to 0", "BIGINT")
    long = call.fail(f"count argument of repeat function must be less than or equal to {_MOST_ENTRIES}", "BIGINT")
    count = call[1]
    if not (isinstance(call.args[1].value, str) and 0 <= int(call.args[1].value) <= _MOST_ENTRIES):
        count = f"CASE WHEN {count} < 0 THEN {negative} WHEN {count} > {_MOST_ENTRIES} THEN {long} ELSE {count} END"
    return f"list_transform(range({count}), lambda {call.variable}: {call[0]})"


@rule("sequence")
def sequence(call: Call) -> str:
    """Both ends are included; without a step, it counts down where the first is the larger."""
    low, high, kind = call[0], call[1], call.type.element
    name = call.variable
    if kind.is_integer:
        return _integers(call)
    if len(call) > 2 and call.args[2].type == YEAR_TO_MONTH:
        # each date is counted from the first: the end of a month stays the end of a month
        months = f"(datepart('year', {call[2]}) * 12 + datepart('month', {call[2]}))"
        count = f"CAST(datesub('month', CAST({low} AS TIMESTAMP), CAST({high} AS TIMESTAMP)) // {months} AS BIGINT)"
        item = f"({low} + to_months(CAST({name} * {months} AS INTEGER)))"
        item = f"CAST({item} AS DATE)" if kind == DATE else item
        return f"list_transform(range({count} + 1), lambda {name}: {item})"
    step = call[2] if len(call) > 2 else f"CASE WHEN {low} > {high} THEN INTERVAL '-1' DAY ELSE INTERVAL '1' DAY END"
    start, stop = f"CAST({low} AS TIMESTAMP)", f"CAST({high} AS TIMESTAMP)"
    entries = f"abs(epoch_us({stop}) - epoch_us({start})) // abs(epoch_us({step}))"
    step = f"CASE WHEN {entries} >= {_MOST_ENTRIES} THEN {_long_sequence(call, 'INTERVAL')} ELSE {step} END"
    series = f"generate_series({start}, {stop}, {step})"
    return f"list_transform({series}, lambda {name}: CAST({name} AS DATE))" if kind == DATE else series


def _integers(call: Call) -> str:
    if len(call) > 2 and isinstance(call.args[2].value, str) and int(call.args[2].value) == 0:
        raise call.invalid("step must not be zero")
    low, high = call[0], call[1]
    step = call[2] if len(call) > 2 else f"CASE WHEN {low} > {high} THEN -1 ELSE 1 END"
    wrong = call.fail(
        "sequence stop value should be greater than or equal to start value if step is greater than zero "
        "otherwise stop should be less than or equal to start",
        "BIGINT",
    )
    checked = (
        f"CASE WHEN ({high} - {low}) * sign({step}) < 0 THEN {wrong} "
        f"WHEN abs({high} - {low}) // abs({step}) >= {_MOST_ENTRIES} THEN {_long_sequence(call, 'BIGINT')} "
        f"ELSE {step} END"
    )
    return f"generate_series(CAST({low} AS BIGINT), CAST({high} AS BIGINT), CAST({checked} AS BIGINT))"


@rule("shuffle")
def shuffle(call: Call) -> str:
    name = call.variable
    keyed = f"list_transform({call[0]}, lambda {name}: struct_pack(r := random(), v := {name}))"
    return f"list_transform(list_sort({keyed}), lambda {name}: {name}.v)"


@rule("slice")
def slice_(call: Call) -> str:
    """From a start (from the end where it is negative), so many elements."""
    array, start, length = call.sqls
    zero = call.fail("SQL array indices start at 1", "BIGINT")
    first = f"CASE WHEN {start} = 0 THEN {zero} WHEN {start} < 0 THEN len({array}) + {start} + 1 ELSE {start} END"
    if not (isinstance(call.args[2].value, str) and int(call.args[2].value) >= 0):
        negative = call.fail("length must be greater than or equal to 0", "BIGINT")
        length = f"CASE WHEN {length} < 0 THEN {negative} ELSE {length} END"
    taken = f"list_slice({array}, {first}, ({first}) + {length} - 1)"
    return f"CASE WHEN ({first}) < 1 OR {length} = 0 THEN list_slice({array}, 1, 0) ELSE {taken} END"


@rule("trim_array")
def trim_array(call: Call) -> str:
    problem = call.fail("size must not exceed array cardinality", "BIGINT")
    count = f"CASE WHEN {call[1]} > len({call[0]}) THEN {problem} ELSE {call[1]} END"
    return f"list_slice({call[0]}, 1, len({call[0]}) - {count})"


@rule("zip")
def zip_(call: Call) -> str:
    name = call.variable
    count = f"greatest({', '.join(f'len({part})' for part in call.sqls)})"
    fields = ", ".join(
        f"{quote(f'field{index}')} := list_extract({part}, {name})" for index, part in enumerate(call.sqls)
    )
    known = " AND ".join(f"{part} IS NOT NULL" for part in call.sqls)
    return f"CASE WHEN {known} THEN list_transform(range(1, {count} + 1), lambda {name}: struct_pack({fields})) END"


@rule("zip_with")
def zip_with(call: Call) -> str:
    name = call.variable
    body = call.body(2, f"list_extract({call[0]}, {name})", f"list_extract({call[1]}, {name})")
    count = f"greatest(len({call[0]}), len({call[1]}))"
    known = f"{call[0]} IS NOT NULL AND {call[1]} IS NOT NULL"
    return f"CASE WHEN {known} THEN list_transform(range(1, {count} + 1), lambda {name}: {body}) END"


@rule("ngrams")
def ngrams(call: Call) -> str:
    name, array, size = call.variable, call[0], call[1]
    if call.args[1].value is not None and int(str(call.args[1].value)) <= 0:
        raise call.invalid("N must be positive")
    starts = f"range(1, greatest(len({array}) - {size} + 2, 2))"
    return f"list_transform({starts}, lambda {name}: list_slice({array}, {name}, {name} + {size} - 1))"


_MOST_COMBINED = 100_000  # elements of all combinations


@rule("combinations")
def combinations(call: Call) -> str:
    """The ways to take so many elements, in the order of their places."""
    size = int(call.constant(1, "The size"))
    if not 0 <= size <= 5:
        raise call.invalid("combination size must not exceed 5")
    name, array = call.variable, call[0]
    if size == 0:
        return f"[list_slice({array}, 1, 0)]"
    count = " * ".join(f"(len({array}) - {taken}.0)" for taken in range(size)) + f" / {math.factorial(size)}"
    long = call.fail("combinations exceed max size", "BIGINT")
    places = f"CASE WHEN {count} * {size} > {_MOST_COMBINED} THEN {long} ELSE len({array}) END"
    # indexes of the places, one list a combination, grown by one place at a time
    found = f"list_transform(range(1, {places} + 1), lambda {name}: [{name}])"
    for _ in range(size - 1):
        later = f"range(list_extract({name}, -1) + 1, len({array}) + 1)"
        grown = f"list_transform({later}, lambda n{name}: list_append({name}, n{name}))"
        found = f"flatten(list_transform({found}, lambda {name}: {grown}))"
    order = f"list_sort(list_transform({found}, lambda {name}: list_reverse({name})))"
    values = f"list_transform(list_reverse({name}), lambda n{name}: list_extract({array}, n{name}))"
    return f"list_transform({order}, lambda {name}: {values})"
