"""The data contracts in glue/tables/*.yaml, read and checked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

TABLES = Path(__file__).resolve().parents[2] / "glue/tables"
REQUIRED = {"name", "description", "grain", "location", "format", "columns"}
OPTIONAL = {"partition_keys", "feed", "compacted"}
COLUMN_REQUIRED = {"name", "type", "meaning"}
COLUMN_OPTIONAL = {"nullable", "pattern", "values", "minimum", "maximum"}
FORMATS = ("parquet", "json")


@dataclass(frozen=True)
class Column:
    """A column, its Glue type, and what it means."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True)
class Contract:
    """What a table promises. `location` is the prefix in the curated bucket; `document` is the whole of the file.

    `compacted` is a second table of the same columns, `<name>_compacted`: a job writes the rows of the first to it.
    """

    name: str
    description: str
    grain: str
    location: str
    format: str
    columns: list[Column]
    partition_keys: list[Column]
    document: dict[str, Any]
    compacted: Contract | None = None

    def as_json(self) -> str:
        """The document as a function that has no YAML library can read it."""
        return json.dumps(self.document, default=str, indent=1)


def contracts() -> Iterator[Contract]:
    """All contracts, by name."""
    for path in sorted(TABLES.glob("*.yaml")):
        yield read_contract(path)


def read_contract(path: Path) -> Contract:
    """The contract in a file.

    Raises:
        ValueError: a key is missing or unknown, the format is unknown, or the name is not the file's.
    """
    document = yaml.safe_load(path.read_text())
    _expect(path, document, REQUIRED, OPTIONAL)
    if document["name"] != path.stem:
        raise ValueError(f"{path.name}: the name is {document['name']!r}, the file's is {path.stem!r}")
    if document["format"] not in FORMATS:
        raise ValueError(f"{path.name}: the format {document['format']!r} is none of {', '.join(FORMATS)}")
    contract = Contract(
        name=document["name"],
        description=document["description"],
        grain=document["grain"],
        location=document["location"],
        format=document["format"],
        columns=_columns(path, document["columns"]),
        partition_keys=_columns(path, document.get("partition_keys", [])),
        document=document,
    )
    if "compacted" not in document:
        return contract
    described = f"The rows of {contract.name} in few files, as of the last compaction."
    location = document["compacted"]
    return replace(
        contract,
        compacted=replace(contract, name=f"{contract.name}_compacted", description=described, location=location),
    )


def _columns(path: Path, columns: list[dict[str, Any]]) -> list[Column]:
    for column in columns:
        _expect(path, column, COLUMN_REQUIRED, COLUMN_OPTIONAL)
    return [Column(column["name"], column["type"], column["meaning"]) for column in columns]


def _expect(path: Path, found: dict[str, Any], required: set[str], optional: set[str]) -> None:
    where = f"{path.name}: {found.get('name', '')}"
    if required - set(found):
        raise ValueError(f"{where}: missing {', '.join(sorted(required - set(found)))}")
    if set(found) - required - optional:
        raise ValueError(f"{where}: unknown {', '.join(sorted(set(found) - required - optional))}")
