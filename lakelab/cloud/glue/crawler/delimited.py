"""CSV: the delimiter, the header and the types of the columns, found as AWS documents its built-in classifier.

https://docs.aws.amazon.com/glue/latest/dg/add-classifier.html#classifier-builtin-rules. Dates stay strings, as they do
there; a custom classifier can name the types.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from lakelab.cloud.glue.crawler.sample import SAMPLE_RECORDS, Sample
from lakelab.cloud.glue.crawler.schema import Format, Schema
from lakelab.cloud.glue.crawler.types import UNKNOWN, HiveType, widen

LAZY_SIMPLE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
DELIMITERS = (",", "|", "\t", ";", "\x01")
CONSISTENT = 0.7  # of the rows have as many columns as most have; the rest may be broken

_INTEGER = re.compile(r"[+-]?\d{1,19}")
_NUMBER = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d+)?")
_NAME = re.compile(r"[\w \-./#$%&()@]+")


def classify_csv(sample: Sample) -> Schema | None:
    """The schema of a file that the built-in classifier takes for CSV: at least two columns and two rows."""
    text = sample.text()
    if text is None:
        return None
    for delimiter in DELIMITERS:
        rows = _rows(text, delimiter, '"')
        if len(rows) >= 2 and (width := _width(rows)) >= 2:
            header = _header(rows, width)
            return _schema(sample, text, rows, width, header, delimiter=delimiter)
    return None


def classify_custom_csv(sample: Sample, classifier: Mapping[str, Any]) -> Schema | None:
    """The schema by a custom CsvClassifier, or None when the file does not fit it."""
    text = sample.text()
    if text is None:
        return None
    delimiter, quote = classifier.get("Delimiter", ","), classifier.get("QuoteSymbol", '"')
    rows = _rows(text, delimiter, quote)
    width = _width(rows) if rows else 0
    names = classifier.get("Header", [])
    if width < (1 if classifier.get("AllowSingleColumn") else 2) or (names and len(names) != width):
        return None
    present = {"PRESENT": True, "ABSENT": False}.get(classifier.get("ContainsHeader", "UNKNOWN"))
    if names:
        skip = present if present is not None else rows[0] == names
        header = (names, bool(skip))
    elif present is None:
        header = _header(rows, width)
    else:
        header = (rows[0], True) if present else (None, False)
    custom: list[str] = classifier.get("CustomDatatypes", [])
    types = [_CUSTOM.get(name.lower(), name.lower()) for name in custom]
    return _schema(
        sample,
        text,
        rows,
        width,
        header,
        delimiter=delimiter,
        library=OPEN_CSV if classifier.get("Serde") == "OpenCSVSerDe" else LAZY_SIMPLE,
        quote=quote,
        types=types if len(types) == width else None,
    )


_CUSTOM: dict[str, HiveType] = {"long": "bigint", "short": "smallint", "decimal": "decimal(38,18)"}

Header = tuple[Sequence[str] | None, bool]  # the names, and whether the first row has them


def _rows(text: str, delimiter: str, quote: str) -> list[list[str]]:
    """The rows of a sample that are not empty; the last of them may lack its end."""
    reader = csv.reader(text.splitlines(), delimiter=delimiter, quotechar=quote or None, skipinitialspace=False)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if row:
                rows.append(row)
            if len(rows) > SAMPLE_RECORDS:
                break
    except csv.Error:  # a field too long to be one: this is no CSV with this delimiter
        return []
    return rows


def _width(rows: Sequence[Sequence[str]]) -> int:
    """How many columns the rows have, or 0 when they do not agree."""
    width, count = Counter(map(len, rows)).most_common(1)[0]
    return width if count >= CONSISTENT * len(rows) else 0


def _header(rows: Sequence[Sequence[str]], width: int) -> Header:
    first = [cell.strip() for cell in rows[0]]
    if len(first) != width or len(set(first)) < width:
        return None, False
    if not all(_NAME.fullmatch(cell) for cell in first[:-1]) or (first[-1] and not _NAME.fullmatch(first[-1])):
        return None, False
    if any(infer(cell) not in ("string", UNKNOWN) for cell in first) or any(len(cell) >= 150 for cell in first[:-1]):
        return None, False
    # a single row that is not all text tells the header from the data, even where a broken row makes text of its column
    if all(infer(cell) in ("string", UNKNOWN) for row in rows[1:] for cell in row):
        return None, False
    return first, True


def _types(rows: Sequence[Sequence[str]], width: int) -> list[HiveType]:
    types: list[HiveType] = [UNKNOWN] * width
    for row in rows:
        if len(row) != width:
            continue
        for position, cell in enumerate(row):
            if types[position] != "string":
                types[position] = widen(types[position], infer(cell))
    return types


def infer(cell: str) -> HiveType:
    """The type of a CSV value: bigint, double, boolean or string; an empty one tells nothing."""
    cell = cell.strip()
    if not cell:
        return UNKNOWN
    if _INTEGER.fullmatch(cell):
        return "bigint"
    if _NUMBER.fullmatch(cell):
        return "double"
    return "boolean" if cell.lower() in ("true", "false") else "string"


def _schema(
    sample: Sample,
    text: str,
    rows: Sequence[Sequence[str]],
    width: int,
    header: Header,
    *,
    delimiter: str,
    library: str = LAZY_SIMPLE,
    quote: str = '"',
    types: Sequence[HiveType] | None = None,
) -> Schema:
    names, in_first_row = header
    body = rows[1:] if in_first_row else rows
    if types is None:
        types = ["string"] * width if library == OPEN_CSV else _types(body, width)
    named = [name.strip() or f"col{number}" for number, name in enumerate(names or [""] * width)]
    parameters = {
        "areColumnsQuoted": "false",
        "columnsOrdered": "true",
        "delimiter": delimiter,
    }
    if in_first_row:
        parameters["skip.header.line.count"] = "1"
    if library == OPEN_CSV:
        serde = {"escapeChar": "\\", "quoteChar": quote, "separatorChar": delimiter}
    else:
        serde = {"field.delim": delimiter}
    format_ = Format(
        "csv",
        sample.compression,
        serde_library=library,
        serde=tuple(serde.items()),
        parameters=tuple(parameters.items()),
    )
    finished = sample.whole and len(rows) <= SAMPLE_RECORDS
    sampled = len(text.encode()) if len(rows) <= SAMPLE_RECORDS else sum(len(",".join(row)) + 1 for row in rows)
    records = len(body) if finished else max(len(body), sample.size * len(body) // max(1, sampled))
    return Schema(format_, dict(zip(named, types, strict=True)), size=sample.size, records=records)
