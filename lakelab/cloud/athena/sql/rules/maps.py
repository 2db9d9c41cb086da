"""Map functions.

https://trino.io/docs/435/functions/map.html
"""

from __future__ import annotations

from lakelab.cloud.athena.sql.rules import RULES, Call, rule
from lakelab.cloud.athena.sql.typed import text
from lakelab.cloud.athena.sql.types import field_names, to_duckdb

RULES.update(
    {
        "map_keys": "map_keys({0})",
        "map_values": "map_values({0})",
    }
)


@rule("map")
def map_(call: Call) -> str:
    if not len(call):
        return "CAST(MAP {} AS MAP(INTEGER, INTEGER))"
    return f"map({call[0]}, {call[1]})"


@rule("map_entries")
def map_entries(call: Call) -> str:
    name = call.variable
    pair = f"struct_pack(field0 := {name}.key, field1 := {name}.value)"
    return f"list_transform(map_entries({call[0]}), lambda {name}: {pair})"


@rule("map_from_entries")
def map_from_entries(call: Call) -> str:
    return f"map_from_entries({call[0]})"


@rule("multimap_from_entries")
def multimap_from_entries(call: Call) -> str:
    name = call.variable
    key, value = (f"struct_extract({name}, {text(field)})" for field in field_names(call.args[0].type.element))
    entries = f"list_transform({call[0]}, lambda {name}: struct_pack(k := {key}, v := {value}))"
    return multimap(entries, name)


def multimap(entries: str, name: str) -> str:
    """A map from each key of a list of (k, v) to the list of its values."""
    keys = f"list_distinct(list_transform({entries}, lambda {name}: {name}.k))"
    values = f"list_transform(list_filter({entries}, lambda {name}: {name}.k = k{name}), lambda {name}: {name}.v)"
    return (
        f"map_from_entries(list_transform(list_sort({keys}), lambda k{name}: struct_pack(k := k{name}, v := {values})))"
    )


def first_of_each(entries: str, name: str) -> str:
    """A map from a list of (k, v) where the first value of a key counts."""
    keys = f"list_transform({entries}, lambda {name}: {name}.k)"
    unique = f"list_filter({entries}, lambda {name}, i{name}: list_position({keys}, {name}.k) = i{name})"
    # the common case first: comparing all keys with all is slow
    return f"map_from_entries(CASE WHEN list_unique({keys}) = len({keys}) THEN {entries} ELSE {unique} END)"


@rule("map_concat")
def map_concat(call: Call) -> str:
    known = " AND ".join(f"{part} IS NOT NULL" for part in call.sqls)
    return f"CASE WHEN {known} THEN map_concat({', '.join(call.sqls)}) END"


@rule("map_filter")
def map_filter(call: Call) -> str:
    name = call.variable
    kept = call.body(1, f"{name}.key", f"{name}.value")
    return f"map_from_entries(list_filter(map_entries({call[0]}), lambda {name}: {kept}))"


@rule("transform_keys")
def transform_keys(call: Call) -> str:
    name = call.variable
    key = call.body(1, f"{name}.key", f"{name}.value")
    pair = f"struct_pack(k := {key}, v := {name}.value)"
    return f"map_from_entries(list_transform(map_entries({call[0]}), lambda {name}: {pair}))"


@rule("transform_values")
def transform_values(call: Call) -> str:
    name = call.variable
    value = call.body(1, f"{name}.key", f"{name}.value")
    pair = f"struct_pack(k := {name}.key, v := {value})"
    return f"map_from_entries(list_transform(map_entries({call[0]}), lambda {name}: {pair}))"


@rule("map_zip_with")
def map_zip_with(call: Call) -> str:
    """Over the keys of both maps; a value that is missing is NULL."""
    name = call.variable
    left, right = call[0], call[1]
    extra = f"list_filter(map_keys({right}), lambda {name}: NOT map_contains({left}, {name}))"
    value = call.body(2, name, f"map_extract_value({left}, {name})", f"map_extract_value({right}, {name})")
    keys = f"list_concat(map_keys({left}), {extra})"
    return f"map_from_entries(list_transform({keys}, lambda {name}: struct_pack(k := {name}, v := {value})))"


@rule("map_agg")
def map_agg(call: Call) -> str:
    """Rows with a NULL key are left out; of a repeated key, one value stays."""
    entries = call.aggregate("list", f"struct_pack(k := {call[0]}, v := {call[1]})", filter=f"{call[0]} IS NOT NULL")
    return first_of_each(entries, call.variable)


@rule("multimap_agg")
def multimap_agg(call: Call) -> str:
    entries = call.aggregate("list", f"struct_pack(k := {call[0]}, v := {call[1]})", filter=f"{call[0]} IS NOT NULL")
    return multimap(entries, call.variable)


@rule("map_union")
def map_union(call: Call) -> str:
    name = call.variable
    entries = f"flatten(list_transform({call.aggregate('list', call[0])}, lambda {name}: map_entries({name})))"
    renamed = f"list_transform({entries}, lambda {name}: struct_pack(k := {name}.key, v := {name}.value))"
    return first_of_each(renamed, name)


@rule("histogram")
def histogram(call: Call) -> str:
    counted = call.aggregate("histogram", call[0])
    return f"CAST({counted} AS {to_duckdb(call.type)})"
