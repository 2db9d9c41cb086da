"""String and URL functions.

https://trino.io/docs/435/functions/string.html, https://trino.io/docs/435/functions/url.html
"""

from __future__ import annotations

from lakelab.cloud.athena.sql import render
from lakelab.cloud.athena.sql.rules import RULES, Call, rule
from lakelab.cloud.athena.sql.rules.arrays import distinct
from lakelab.cloud.athena.sql.typed import Typed, fail, text
from lakelab.cloud.athena.sql.types import Type, varchar

RULES.update(
    {
        "lower": "lower({0})",
        "upper": "upper({0})",
        "translate": "translate({0}, {1}, {2})",
        "levenshtein_distance": "CAST(levenshtein({0}, {1}) AS BIGINT)",
        "starts_with": "starts_with({0}, {1})",
        "codepoint": "unicode({0})",
    }
)

WHITESPACE = (
    "' \t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a"
    "\u2028\u2029\u205f\u3000'"
)


@rule("length")
def length(call: Call) -> str:
    return f"octet_length({call[0]})" if call.args[0].type.name == "varbinary" else f"length({call[0]})"


@rule("reverse")
def reverse(call: Call) -> str:
    match call.args[0].type.name:
        case "array":
            return f"list_reverse({call[0]})"
        case "varbinary":
            return call.python("trino_reverse_bytes", call[0])
    return f"reverse({call[0]})"


@rule("concat")
def concat(call: Call) -> str | Typed:
    """NULL if any part is NULL."""
    kinds = [arg.type for arg in call.args]
    if any(kind.name == "array" for kind in kinds):
        return _concat_arrays(call)
    if len(call) < 2:
        raise call.invalid("There must be two or more concatenation arguments")
    joined = f"({' || '.join(call.sqls)})"
    if kinds[0].name == "char" and len(kinds) == 2:
        return Typed(joined, Type("char", (kinds[0].precision + kinds[1].precision,)))
    return joined


def _concat_arrays(call: Call) -> str:
    if len(call) == 2 and call.args[0].type != call.type:
        return f"CASE WHEN {call[1]} IS NOT NULL THEN list_prepend({call[0]}, {call[1]}) END"
    if len(call) == 2 and call.args[1].type != call.type:
        return f"CASE WHEN {call[0]} IS NOT NULL THEN list_append({call[0]}, {call[1]}) END"
    joined = call[0]
    for part in call.sqls[1:]:
        joined = f"list_concat({joined}, {part})"
    known = " AND ".join(f"{part} IS NOT NULL" for part in call.sqls)
    return f"CASE WHEN {known} THEN {joined} END"


@rule("concat_ws")
def concat_ws(call: Call) -> str:
    """NULL arguments are left out; a NULL separator gives NULL."""
    if call.args[1].type.name == "array":
        return f"array_to_string({call[1]}, {call[0]})"
    return f"concat_ws({', '.join(call.sqls)})"


@rule("substr", "substring")
def substr(call: Call) -> str:
    """From position 0, and from before the start, Trino gives nothing."""
    source, start = call[0], call.args[1]
    if call.args[0].type.name == "varbinary":
        return call.python("trino_substr_bytes", *call.sqls, *(["9223372036854775807"] if len(call) == 2 else []))
    taken = f"substr({source}, {start.sql}{', ' + call[2] if len(call) > 2 else ''})"
    if len(call) > 2 and not (isinstance(call.args[2].value, str) and int(call.args[2].value) > 0):
        taken = f"CASE WHEN {call[2]} <= 0 THEN '' ELSE {taken} END"
    if isinstance(start.value, str) and int(start.value) > 0:
        return taken
    return f"CASE WHEN {start.sql} = 0 OR {start.sql} < - length({source}) THEN '' ELSE {taken} END"


@rule("strpos")
def strpos(call: Call) -> str:
    if len(call) == 2:
        return f"strpos({call[0]}, {call[1]})"
    return call.python("trino_strpos", *call.sqls)


@rule("replace")
def replace(call: Call) -> Typed:
    """An empty search text puts the replacement around every character; DuckDB changes nothing."""
    replacement = call[2] if len(call) > 2 else "''"
    if call.args[1].value:
        sql = f"replace({call[0]}, {call[1]}, {replacement})"
    else:
        sql = call.python("trino_replace", call[0], call[1], replacement)
    lengths = [arg.type.length for arg in call.args]
    if len(call) == 2 or None in lengths:
        return Typed(sql, call.type)
    source, _, added = (length or 0 for length in lengths)
    return Typed(sql, varchar(min(2**31 - 1, source + added * (source + 1))))


@rule("split")
def split(call: Call) -> str:
    if call.args[1].value == "":
        raise call.invalid("The delimiter may not be the empty string")
    if len(call) == 2:
        return f"string_split({call[0]}, {call[1]})"
    if call.args[2].value is not None and int(str(call.args[2].value)) <= 0:
        raise call.invalid("Limit must be positive")
    parts, limit = f"string_split({call[0]}, {call[1]})", call[2]
    rest = f"array_to_string(list_slice({parts}, {limit}, len({parts})), {call[1]})"
    cut = f"list_append(list_slice({parts}, 1, {limit} - 1), {rest})"
    return f"CASE WHEN len({parts}) <= {limit} THEN {parts} ELSE {cut} END"


@rule("split_part")
def split_part(call: Call) -> str:
    """NULL past the last part, where DuckDB gives ''."""
    index = call.args[2]
    part = f"list_extract(string_split({call[0]}, {call[1]}), {index.sql})"
    if isinstance(index.value, str) and int(index.value) > 0:
        return part
    problem = f"CAST({call.fail('Index must be greater than zero', 'INTEGER')} AS VARCHAR)"
    return f"CASE WHEN {index.sql} <= 0 THEN {problem} ELSE {part} END"


@rule("trim", "ltrim", "rtrim")
def trim(call: Call) -> str:
    """All white space, where DuckDB takes away spaces only."""
    return f"{call.name}({call[0]}, {call[1] if len(call) > 1 else WHITESPACE})"


_LONGEST_PADDED = 10_000_000  # DuckDB pads a character at a time, and cannot be interrupted meanwhile


@rule("lpad", "rpad")
def pad(call: Call) -> str:
    wrong = call.fail("Target length must be in the range [0..2147483647]", "INTEGER")
    long = fail(
        "EXCEEDED_LOCAL_MEMORY_LIMIT", f"{call.name} makes at most {_LONGEST_PADDED} characters here", "INTEGER"
    )
    size = f"CAST({call[1]} AS INTEGER)"
    if not (isinstance(call.args[1].value, str) and 0 <= int(call.args[1].value) <= _LONGEST_PADDED):
        size = (
            f"CASE WHEN {call[1]} < 0 OR {call[1]} > 2147483647 THEN {wrong} "
            f"WHEN {call[1]} > {_LONGEST_PADDED} THEN {long} ELSE {size} END"
        )
    if call.args[0].type.name == "varbinary":
        return call.python(f"trino_{call.name}_bytes", call[0], size, call[2])
    return f"{call.name}({call[0]}, {size}, {call[2]})"


@rule("chr")
def chr_(call: Call) -> str:
    return f"chr(CAST({call[0]} AS INTEGER))"


@rule("split_to_map", "split_to_multimap")
def split_to_map(call: Call) -> str:
    name = call.variable
    parts = f"list_filter(string_split({call[0]}, {call[1]}), lambda {name}: {name} <> '')"
    bad = call.fail("Key-value delimiter must appear exactly once in each entry.", "BOOLEAN")
    once = f"len(string_split({name}, {call[2]})) = 2"
    value = f"CASE WHEN {once} THEN split_part({name}, {call[2]}, 2) ELSE CAST({bad} AS VARCHAR) END"
    entries = (
        f"list_transform({parts}, lambda {name}: struct_pack(k := split_part({name}, {call[2]}, 1), v := {value}))"
    )
    if call.name == "split_to_map":
        return f"map_from_entries({entries})"
    keys = distinct(f"list_transform({entries}, lambda {name}: {name}.k)", name)
    values = f"list_transform(list_filter({entries}, lambda {name}: {name}.k = k{name}), lambda {name}: {name}.v)"
    return f"map_from_entries(list_transform({keys}, lambda k{name}: struct_pack(k := k{name}, v := {values})))"


@rule(
    *("normalize", "soundex", "word_stem", "luhn_check", "hamming_distance", "format_number"),
    *("url_encode", "url_decode", "url_extract_host", "url_extract_path", "url_extract_query", "url_extract_fragment"),
    *("url_extract_port", "url_extract_parameter", "url_extract_protocol"),
)
def in_python(call: Call) -> str | Typed:
    if call.name == "word_stem":
        raise call.unsupported("Function word_stem is not supported")
    args = [f"CAST({arg.sql} AS DOUBLE)" for arg in call.args] if call.name == "format_number" else call.sqls
    result = call.python(f"trino_{call.name}", *args)
    if call.name == "url_encode" and call.args[0].type.length is not None:
        return Typed(result, varchar(min(2**31 - 1, 12 * call.args[0].type.length)))
    return result


@rule("typeof")
def typeof(call: Call) -> str:
    return text(str(call.args[0].type))


__all__ = ["WHITESPACE", "render"]
