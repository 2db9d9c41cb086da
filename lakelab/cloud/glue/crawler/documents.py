"""JSON: objects one after the other, a line each or over several lines, or one array."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lakelab.cloud.glue.crawler.sample import SAMPLE_RECORDS, Sample
from lakelab.cloud.glue.crawler.schema import Format, Schema
from lakelab.cloud.glue.crawler.types import UNKNOWN, Array, Columns, HiveType, Struct, merge, widest

SERDE = "org.openx.data.jsonserde.JsonSerDe"
_STEP = re.compile(r"\.(\w+)|\['([^']+)'\]|\[(\*|\d+)\]")


def classify_json(sample: Sample, path: str = "") -> Schema | None:
    """The schema of a JSON file.

    Args:
        path: a custom classifier's JSON path, which picks the records out of the documents: `$[*]`, `$.orders[*]`.
    """
    text = sample.text()
    if text is None or text.lstrip()[:1] not in ("{", "["):
        return None
    columns: Columns = {}
    count = used = 0
    for document, end in _documents(text):
        used = end
        for record in _select(document, path):
            columns = merge(columns, _columns(record, bare="record" if path else "array"))
            count += 1
        if count >= SAMPLE_RECORDS:
            break
    if not count or (used < len(text.rstrip()) and sample.whole and count < SAMPLE_RECORDS):
        return None  # what follows is no JSON
    share = len(text[:used].encode())
    finished = sample.whole and used >= len(text.rstrip())
    records = count if finished else max(count, sample.size * count // max(1, share))
    format_ = Format("json", sample.compression, serde_library=SERDE)
    return Schema(format_, columns, size=sample.size, records=records)


def _documents(text: str) -> Iterator[tuple[Any, int]]:
    """The JSON documents of a text, each with the position after it. Ends before what is no document, or is cut."""
    decoder = json.JSONDecoder()
    position = len(text) - len(text.lstrip())
    while position < len(text):
        try:
            document, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError:
            return
        yield document, position
        position = _skip_blanks(text, position)


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _select(document: Any, path: str) -> Iterator[Any]:
    steps = [match.groups() for match in _STEP.finditer(path.removeprefix("$"))]
    found = [document]
    for name, quoted, index in steps:
        if index == "*":
            found = [item for value in found if isinstance(value, list | dict) for item in _items(value)]
        elif index is not None:
            found = [value[int(index)] for value in found if isinstance(value, list) and len(value) > int(index)]
        else:
            key = name or quoted
            found = [value[key] for value in found if isinstance(value, dict) and key in value]
    yield from found


def _items(value: list[Any] | dict[str, Any]) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value


def _columns(record: Any, bare: str) -> Columns:
    if isinstance(record, dict):
        return {name: infer(value) for name, value in record.items()}
    return {bare: infer(record)}


def infer(value: Any) -> HiveType:
    """The type of a JSON value."""
    match value:
        case None:
            return UNKNOWN
        case bool():
            return "boolean"
        case int():
            if -(2**31) <= value < 2**31:
                return "int"
            return "bigint" if -(2**63) <= value < 2**63 else "double"
        case float():
            return "double"
        case list():
            return Array(widest(infer(item) for item in value))
        case dict() if value:
            return Struct(tuple((name, infer(item)) for name, item in value.items()))
    return "string"
