"""DuckDB's SQL that reads the files of one format as the columns of a Hive table.

A reader gets local files, the table's columns and its SerDe properties, and gives a SELECT with one column for each of
the table's, of its type, and `$source`, the file of the row. What a SerDe does with bad or missing values is Hive's:
https://docs.aws.amazon.com/athena/latest/ug/supported-serdes.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakelab.cloud.athena.catalog import Field
from lakelab.cloud.athena.formats import patterns, transcode
from lakelab.cloud.athena.formats.footers import all_have, estimated_rows
from lakelab.cloud.athena.formats.names import Format
from lakelab.cloud.athena.sql.types import Type, from_hive, to_duckdb

SOURCE = '"$source"'
"""The column of a reader's SELECT that names the file; a table may well have a column `filename`."""
_SOURCE_OPTION = "filename = '$source'"


@dataclass(frozen=True)
class DataFile:
    """An object of a table: its name in S3, which tells its compression, a local file with its bytes, their number."""

    uri: str
    path: Path
    size: int


@dataclass(frozen=True)
class Source:
    """What to read: the SELECT, and for each original file the one that is read in its place.

    `fast` gives the same rows sooner, where the files allow it, but tells nothing of its columns in DuckDB's plan.
    """

    sql: str
    read_as: dict[Path, Path]
    fast: str = ""


def text_literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def duckdb_type(hive_type: str) -> str:
    return to_duckdb(from_hive(hive_type))


def read(
    form: Format,
    files: Sequence[DataFile],
    columns: Sequence[Field],
    serde: Mapping[str, str],
    table: Mapping[str, str],
    scratch: Path,
    label: str = "",
) -> Source:
    """The source of some files of one format.

    Args:
        label: what the columns' names begin with in DuckDB's plan, where the format has columns.
        serde, table: the properties of the SerDe and of the table.
        scratch: a folder for the files that have to be converted first.
    """
    if not files:
        nulls = ", ".join(f"CAST(NULL AS {duckdb_type(column.type)}) AS {quoted(column.name)}" for column in columns)
        return Source(f"SELECT {nulls}{', ' if nulls else ''}CAST(NULL AS VARCHAR) AS {SOURCE} WHERE false", {})
    match form:
        case "parquet":
            return _parquet({file.path: file.path for file in files}, columns, label)
        case "orc":
            return _parquet(transcode.orc(files, scratch), columns, label)
        case "avro":
            return _parquet(transcode.avro(files, scratch), columns)
        case "regex":
            return _texts(patterns.regex(files, columns, serde, scratch), columns)
        case "grok":
            return _texts(patterns.grok(files, columns, serde, scratch), columns)
        case "json":
            return _json(files, columns, serde, scratch)
        case "opencsv":
            return _opencsv(files, columns, serde, table, scratch)
        case "text":
            return _text(files, columns, serde, table, scratch)


def _files(paths: Sequence[Path]) -> str:
    return "[" + ", ".join(text_literal(str(path)) for path in paths) + "]"


def _parquet(read_as: dict[Path, Path], columns: Sequence[Field], label: str = "") -> Source:
    """By name: a column that a file has not is NULL, and one that the table has not is not read."""
    schema = ", ".join(
        f"{text_literal(c.name)}: {{name: {text_literal(label + c.name)}, type: {text_literal(duckdb_type(c.type))}, "
        "default_value: NULL}"
        for c in columns
    )
    files = _files(list(read_as.values()))
    # a folder `day=1` on the way to a file would put its value in place of the file's column `day`
    as_they_are = f"{_SOURCE_OPTION}, hive_partitioning = false"
    if not columns:
        return Source(f"SELECT {SOURCE} FROM read_parquet({files}, {as_they_are})", read_as)
    rows = estimated_rows(list(read_as.values()))
    names = ", ".join(f"{quoted(label + column.name)} AS {quoted(column.name)}" for column in columns)
    options = f"{_SOURCE_OPTION}, schema = MAP {{{schema}}}, explicit_cardinality = {rows}"
    fast = ""
    if label and all_have(list(read_as.values()), {c.name.lower(): duckdb_type(c.type) for c in columns}):
        # with a schema of ours DuckDB reads a file on one thread only
        own = ", ".join(quoted(column.name) for column in columns)
        fast = f"SELECT {own}, {SOURCE} FROM read_parquet({files}, {as_they_are})"
    return Source(f"SELECT {names}, {SOURCE} FROM read_parquet({files}, {options})", read_as, fast)


def _texts(read_as: dict[Path, Path], columns: Sequence[Field]) -> Source:
    """Files converted to Parquet with all columns as text; text that is no value of the column's type is NULL."""
    inner = _parquet(read_as, [Field(column.name, "string") for column in columns])
    casts = ", ".join(f"{_lenient(quoted(c.name), from_hive(c.type))} AS {quoted(c.name)}" for c in columns)
    return Source(f"SELECT {casts}, {SOURCE} FROM ({inner.sql})", read_as)


# ---- text -----------------------------------------------------------------------------------------------------------

# no line holds this, so that a line is read as one column; DuckDB allows up to four bytes
_NO_DELIMITER = "'\x1e\x1f\x1e\x1f'"


def _lines(files: Sequence[DataFile], skip: int, scratch: Path) -> Source:
    """`line` and `$source` of text files, compressed or not."""
    groups: dict[str, list[Path]] = defaultdict(list)
    read_as = {}
    for file in files:
        compression, path = transcode.plain_text(file, scratch)
        read_as[file.path] = path
        groups[compression].append(path)
    selects = [
        f"SELECT coalesce(line, '') AS line, {SOURCE} FROM read_csv({_files(paths)}, delim = {_NO_DELIMITER}, "
        f"quote = '', escape = '', header = false, columns = {{'line': 'VARCHAR'}}, auto_detect = false, "
        f"strict_mode = false, nullstr = '', max_line_size = 16777216, skip = {skip}, "
        f"compression = {text_literal(compression)}, {_SOURCE_OPTION})"
        for compression, paths in groups.items()
    ]
    return Source(" UNION ALL ".join(selects), read_as)


def _text(
    files: Sequence[DataFile],
    columns: Sequence[Field],
    serde: Mapping[str, str],
    table: Mapping[str, str],
    scratch: Path,
) -> Source:
    """LazySimpleSerDe: no quotes; a bad or missing value is NULL, and so is the null format (`\\N`) of any type."""
    lines = _lines(files, _skipped_lines(table), scratch)
    delimiter = _delimiter(serde.get("field.delim") or serde.get("serialization.format") or "\x01")
    escape = serde.get("escape.delim")
    null = serde.get("serialization.null.format", "\\N")
    nested = [
        _delimiter(serde.get("collection.delim") or serde.get("colelction.delim") or "\x02"),
        _delimiter(serde.get("mapkey.delim") or "\x03"),
        *map(chr, range(4, 9)),
    ]
    # an escaped delimiter is hidden while the line is split
    hidden = f"replace(line, {text_literal(escape + delimiter)}, '\x1d')" if escape else "line"
    selected = []
    for position, column in enumerate(columns, 1):
        value = f"cells[{position}]"
        if escape:
            shown = f"replace({value}, '\x1d', {text_literal(delimiter)})"
            value = f"replace({shown}, {text_literal(escape * 2)}, {text_literal(escape)})"
        value = f"nullif({value}, {text_literal(null)})"
        selected.append(f"{_lazy(value, from_hive(column.type), nested)} AS {quoted(column.name)}")
    names = "".join(f"{item}, " for item in selected)
    return Source(
        f"SELECT {names}{SOURCE} FROM (SELECT string_split({hidden}, {text_literal(delimiter)}) AS cells, {SOURCE} "
        f"FROM ({lines.sql}))",
        lines.read_as,
    )


def _delimiter(text: str) -> str:
    """A delimiter as Hive reads it: a character, or its code as digits."""
    return chr(int(text)) if text.isdigit() else text[:1]


def _skipped_lines(table: Mapping[str, str]) -> int:
    count = table.get("skip.header.line.count", "0")
    return int(count) if count.isdigit() else 0


def _lazy(value: str, kind: Type, delimiters: Sequence[str]) -> str:
    """A value of LazySimpleSerDe; the items of arrays, maps and structs have a delimiter of their own at each level."""
    first = text_literal(delimiters[0]) if delimiters else "''"
    match kind.name:
        case "array":
            item = _lazy("item", kind.element, delimiters[1:])
            items = f"list_transform(string_split({value}, {first}), lambda item: {item})"
            return f"CASE WHEN {value} = '' THEN [] ELSE {items} END"
        case "map":
            second = text_literal(delimiters[1])
            key = _lazy(f"split_part(item, {second}, 1)", kind.items[0], delimiters[2:])
            held = _lazy(f"split_part(item, {second}, 2)", kind.items[1], delimiters[2:])
            entries = f"list_transform(string_split({value}, {first}), lambda item: {{k: {key}, v: {held}}})"
            return f"CASE WHEN {value} = '' THEN MAP {{}} ELSE map_from_entries({entries}) END"
        case "row":
            fields = [
                f"{quoted(item.name or f'field{number}')}: "
                + _lazy(f"string_split({value}, {first})[{number}]", item.type, delimiters[1:])
                for number, item in enumerate(kind.fields, 1)
            ]
            return f"CASE WHEN {value} IS NOT NULL THEN {{{', '.join(fields)}}} END"
        case "varbinary":
            return f"from_base64({value})"
    return _lenient(value, kind)


def _lenient(value: str, kind: Type) -> str:
    if kind.name == "varchar" and kind.length is None:
        return value
    if kind.is_text:
        return f"left({value}, {kind.length})"
    return f"TRY_CAST({value} AS {to_duckdb(kind)})"


def _opencsv(
    files: Sequence[DataFile],
    columns: Sequence[Field],
    serde: Mapping[str, str],
    table: Mapping[str, str],
    scratch: Path,
) -> Source:
    """OpenCSVSerde: values in quotes; an empty value of a type other than string is NULL, a bad one fails the query."""
    separator, quote = serde.get("separatorChar", ","), serde.get("quoteChar", '"')
    read_as, compressed = transcode.opencsv(files, serde, scratch)
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in read_as.values():
        groups[compressed[path]].append(path)
    texts = ", ".join(f"{text_literal(column.name)}: 'VARCHAR'" for column in columns)
    names = "".join(f"{quoted(column.name)}, " for column in columns)
    selects = [
        f"SELECT {names}{SOURCE} FROM read_csv({_files(paths)}, {_SOURCE_OPTION}, delim = {text_literal(separator)}, "
        f"quote = {text_literal(quote)}, escape = {text_literal(quote)}, header = false, columns = {{{texts}}}, "
        f"auto_detect = false, strict_mode = false, null_padding = true, parallel = false, nullstr = '\x1e', "
        f"max_line_size = 16777216, skip = {_skipped_lines(table)}, compression = {text_literal(compression)})"
        for compression, paths in groups.items()
    ]
    strict = ", ".join(
        f"{_strict(quoted(column.name), from_hive(column.type), position)} AS {quoted(column.name)}"
        for position, column in enumerate(columns)
    )
    return Source(f"SELECT {strict}, {SOURCE} FROM ({' UNION ALL '.join(selects)})", read_as)


def _strict(value: str, kind: Type, position: int) -> str:
    if kind.is_text:
        return value
    given = f"nullif({value}, '')"
    if kind.name == "date":
        # OpenCSVSerde takes a date as days since 1970
        parsed = f"coalesce(DATE '1970-01-01' + TRY_CAST({given} AS INTEGER), TRY_CAST({given} AS DATE))"
    elif kind.name == "timestamp":
        # and a timestamp as milliseconds since 1970
        parsed = f"coalesce(make_timestamp(TRY_CAST({given} AS BIGINT) * 1000), TRY_CAST({given} AS TIMESTAMP))"
    else:
        parsed = f"TRY_CAST({given} AS {to_duckdb(kind)})"
    failure = f"error('HIVE_BAD_DATA: Error parsing field value ''' || {value} || ''' for field {position}')"
    return f"CASE WHEN {given} IS NOT NULL AND {parsed} IS NULL THEN {failure} ELSE {parsed} END"


# ---- JSON -----------------------------------------------------------------------------------------------------------


def _json(files: Sequence[DataFile], columns: Sequence[Field], serde: Mapping[str, str], scratch: Path) -> Source:
    """The JSON SerDes: an object a line, keys in any case; a value that does not fit its column is NULL."""
    tolerant = serde.get("ignore.malformed.json", "false").lower() == "true"
    read_as, compressed = transcode.json_lines(files, serde, scratch)
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in read_as.values():
        groups[compressed[path]].append(path)
    types = ", ".join(f"{text_literal(column.name)}: {text_literal(duckdb_type(column.type))}" for column in columns)
    names = "".join(f"{quoted(column.name)}, " for column in columns)
    selects = [
        f"SELECT {names}{SOURCE} FROM read_json({_files(paths)}, {_SOURCE_OPTION}, format = 'newline_delimited', "
        f"columns = {{{types}}}, ignore_errors = {'true' if tolerant else 'false'}, maximum_object_size = 67108864, "
        f"compression = {text_literal(compression.replace('none', 'uncompressed'))})"
        for compression, paths in groups.items()
    ]
    return Source(" UNION ALL ".join(selects), read_as)
