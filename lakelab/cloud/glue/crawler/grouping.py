"""Which objects make one table: folders of similar schemas become its partitions, others become tables of their own.

The rule is AWS's (https://docs.aws.amazon.com/glue/latest/dg/crawler-s3-folder-table-partition.html and
https://repost.aws/knowledge-center/glue-crawler-detect-schema): going up from the leaves, the folders on one level
become partitions of a table at the folder above when more than 70 % of them have compatible and similar schemas and
there are at most five different ones. Otherwise each becomes a table. Files and folders side by side never make one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce

from lakelab.cloud.glue.crawler.schema import Schema, similar

THRESHOLD = 0.7
MAX_CLUSTERS = 5


@dataclass(frozen=True)
class Grouping:
    """A crawler's `Grouping` configuration.

    `combine` is TableGroupingPolicy's CombineCompatibleSchemas; `level` TableLevelConfiguration, in which the bucket
    has the level 1.
    """

    combine: bool = False
    level: int | None = None


@dataclass(frozen=True)
class TableGroup:
    """A table that was found: where it is, its schema, and its leaf folders.

    `location` is a key prefix that ends in a slash (or is empty: the whole bucket), or the key of a single object.
    `leaves` are the (folder, schema) of the folders with the objects, all `depth` levels below the location.
    """

    location: str
    schema: Schema
    leaves: list[tuple[str, Schema]]
    depth: int = 0

    def partitions(self) -> tuple[list[str], list[tuple[list[str], str, Schema]]]:
        """The partition keys, and the (values, folder, schema) of each leaf.

        A level whose folders are all named `k=…` has the key `k`; the others are `partition_0`, `partition_1` …
        """
        paths = [folder[len(self.location) :].split("/")[:-1] for folder, _ in self.leaves]
        keys = [_key(level, folders) for level, folders in enumerate(zip(*paths, strict=True))]
        named = [not key.startswith("partition_") for key in keys]
        values = [
            [part.partition("=")[2] if is_named else part for part, is_named in zip(path, named, strict=True)]
            for path in paths
        ]
        return keys, [(value, *leaf) for value, leaf in zip(values, self.leaves, strict=True)]


def _key(level: int, folders: Sequence[str]) -> str:
    names = {folder.partition("=")[0].lower() if "=" in folder else "" for folder in folders}
    return names.pop() if len(names) == 1 and "" not in names else f"partition_{level}"


@dataclass
class _Folder:
    files: dict[str, Schema] = field(default_factory=dict)
    folders: dict[str, _Folder] = field(default_factory=dict)


def group(objects: Iterable[tuple[str, Schema]], root: str, grouping: Grouping) -> list[TableGroup]:
    """The tables that these (key, schema) make, all of them below the folder `root`."""
    tree = _Folder()
    for key, schema in objects:
        *folders, name = key[len(root) :].split("/")
        folder = tree
        for part in folders:
            folder = folder.folders.setdefault(part, _Folder())
        folder.files[name] = schema
    if grouping.level is None:
        return _Folding(grouping.combine).fold(tree, root)
    return _fold_at_level(tree, root, grouping.level)


def _fold_at_level(tree: _Folder, path: str, level: int) -> list[TableGroup]:
    if path.count("/") + 1 >= level:
        return _Folding(combine=True).fold(tree, path)
    tables = _Folding(combine=False).files(tree, path)
    for name, folder in sorted(tree.folders.items()):
        tables += _fold_at_level(folder, f"{path}{name}/", level)
    return tables


class _Folding:
    def __init__(self, combine: bool):
        self._similar: Callable[[Schema, Schema], bool] = (
            (lambda one, other: True) if combine else (lambda one, other: similar(one.columns, other.columns))
        )

    def fold(self, folder: _Folder, path: str) -> list[TableGroup]:
        """The tables in a folder: one at the folder itself if it can be, else those in it."""
        tables = self.files(folder, path)
        below: list[TableGroup] = []
        candidates: list[TableGroup] = []
        for name, child in sorted(folder.folders.items()):
            child_path = f"{path}{name}/"
            for table in self.fold(child, child_path):
                (candidates if table.location == child_path else below).append(table)
        if tables:
            return tables + candidates + below
        chosen = self._majority(candidates, len(folder.folders))
        if not chosen:
            return candidates + below
        merged = TableGroup(
            path,
            _merge(table.schema for table in chosen),
            [leaf for table in chosen for leaf in table.leaves],
            chosen[0].depth + 1,
        )
        return [merged, *_others(candidates, chosen), *below]

    def files(self, folder: _Folder, path: str) -> list[TableGroup]:
        """The tables of the files right in a folder."""
        files = [TableGroup(path + name, schema, [(path, schema)]) for name, schema in sorted(folder.files.items())]
        chosen = self._majority(files, len(files))
        if not chosen:
            return files
        schema = _merge(table.schema for table in chosen)
        return [TableGroup(path, schema, [(path, schema)]), *_others(files, chosen)]

    def _majority(self, tables: Sequence[TableGroup], total: int) -> list[TableGroup]:
        """The tables that can be one, if enough of all are similar; with them come the compatible ones that are not."""
        clusters: list[tuple[TableGroup, Schema, int]] = []
        for table in tables:
            for number, (first, schema, count) in enumerate(clusters):
                if _compatible(first, table) and self._similar(schema, table.schema):
                    clusters[number] = (first, schema.merged(table.schema), count + 1)
                    break
            else:
                clusters.append((table, table.schema, 1))
        if not clusters or len(clusters) > MAX_CLUSTERS:
            return []
        first, _, count = max(clusters, key=lambda cluster: cluster[2])
        if count <= THRESHOLD * total:
            return []
        return [table for table in tables if _compatible(first, table)]


def _compatible(one: TableGroup, other: TableGroup) -> bool:
    return one.depth == other.depth and one.schema.format == other.schema.format


def _others(tables: Sequence[TableGroup], chosen: Sequence[TableGroup]) -> list[TableGroup]:
    known = {table.location for table in chosen}
    return [table for table in tables if table.location not in known]


def _merge(schemas: Iterable[Schema]) -> Schema:
    return reduce(Schema.merged, schemas)
