"""What classifying one object gives: its format and its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lakelab.cloud.glue.crawler.types import Columns, HiveType, merge


@dataclass(frozen=True)
class Format:
    """All that objects of one table must have in common, and that its storage descriptor is made of.

    `serde` holds the SerDe's parameters, `parameters` those of the table (`skip.header.line.count`).
    """

    classification: str
    compression: str = "none"
    serde_library: str = ""
    input_format: str = "org.apache.hadoop.mapred.TextInputFormat"
    output_format: str = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
    serde: tuple[tuple[str, str], ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()


UNKNOWN_FORMAT = Format("UNKNOWN")


@dataclass(frozen=True)
class Schema:
    """The format and columns of an object, or of several that agree; with their number, size in bytes and records.

    Columns have the names of the file. `literal` is the Avro schema of the first object, which its SerDe wants.
    """

    format: Format
    columns: Mapping[str, HiveType] = field(default_factory=dict)
    objects: int = 1
    size: int = 0
    records: int = 0
    literal: str = ""

    def merged(self, other: Schema) -> Schema:
        """This schema and another of the same format as one."""
        return Schema(
            self.format,
            merge(self.columns, other.columns),
            self.objects + other.objects,
            self.size + other.size,
            self.records + other.records,
            self.literal or other.literal,
        )


SIMILAR = 0.7


def similar(one: Mapping[str, HiveType], other: Mapping[str, HiveType]) -> bool:
    """Whether two schemas share most of their columns: 70 % of them, by name, as AWS documents its threshold."""
    if not one and not other:
        return True
    return 2 * len(one.keys() & other.keys()) >= SIMILAR * (len(one) + len(other))


def lower_names(columns: Mapping[str, HiveType]) -> Columns:
    """Columns under the lower-case names that the catalog gives them; of two that fall together the first stays."""
    lowered: Columns = {}
    for name, type_ in columns.items():
        lowered.setdefault(name.lower(), type_)
    return lowered
