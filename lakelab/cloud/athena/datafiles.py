"""The objects that make up the data of tables and partitions, as local files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.formats.readers import DataFile
from lakelab.cloud.objects import ObjectInfo, Objects, split_uri

# below this number of partitions each is listed by itself; above, their common parent once
_LIST_EACH = 8


def is_hidden(path: str) -> bool:
    """Whether Hive passes over an object: a part of its path below the table begins with `_` or `.`."""
    return any(part.startswith(("_", ".")) for part in path.split("/"))


class DataFiles:
    """Lists locations with the caller's permissions."""

    def __init__(self, objects: Objects):
        self._objects = objects

    def at(self, locations: Sequence[str]) -> dict[str, list[ObjectInfo]]:
        """The data objects under each location; folder markers, empty and hidden objects are left out.

        Raises:
            QueryError: a location is no S3 URI.
            AwsError: the caller may not list it, or there is no such bucket.
        """
        wanted = {location: _split(location) for location in dict.fromkeys(locations)}
        found: dict[str, list[ObjectInfo]] = {location: [] for location in wanted}
        for bucket in {bucket for bucket, _ in wanted.values()}:
            mine = {location: key for location, (name, key) in wanted.items() if name == bucket}
            if len(mine) <= _LIST_EACH:
                for location, prefix in mine.items():
                    found[location] = list(self._data(bucket, prefix))
            else:
                self._spread(bucket, mine, found)
        return found

    def _data(self, bucket: str, prefix: str) -> Iterable[ObjectInfo]:
        for item in self._objects.list(bucket, prefix):
            if item.size and not item.key.endswith("/") and not is_hidden(item.key[len(prefix) :]):
                yield item

    def _spread(self, bucket: str, wanted: dict[str, str], found: dict[str, list[ObjectInfo]]) -> None:
        """One listing for many locations: each object goes to the location that it lies in."""
        by_prefix = {prefix: location for location, prefix in wanted.items()}
        parent = _common_folder(by_prefix)
        for item in self._objects.list(bucket, parent):
            folder = item.key
            while "/" in folder:
                folder = folder[: folder.rstrip("/").rfind("/") + 1]
                location = by_prefix.get(folder)
                if location is not None:
                    if item.size and not item.key.endswith("/") and not is_hidden(item.key[len(folder) :]):
                        found[location].append(item)
                    break
                if not folder:
                    break

    def anything_at(self, location: str) -> bool:
        """Whether there is any object at a location, hidden ones and folder markers aside."""
        return any(self._data(*_split(location)))

    def local(self, items: Iterable[ObjectInfo]) -> list[DataFile]:
        """Local files with the bytes of objects (needs s3:GetObject on each)."""
        wanted = list(items)
        files = self._objects.files(wanted)
        return [DataFile(item.uri, file, item.size) for item, file in zip(wanted, files, strict=True)]

    def delete(self, uris: Iterable[str]) -> None:
        """Delete objects by their URIs."""
        by_bucket: dict[str, list[str]] = {}
        for uri in uris:
            bucket, key = split_uri(uri)
            by_bucket.setdefault(bucket, []).append(key)
        for bucket, keys in by_bucket.items():
            self._objects.delete(bucket, keys)


def _common_folder(folders: Iterable[str]) -> str:
    """The deepest folder that all of these are in; prefixes of S3 keys, with a trailing slash."""
    shared = []
    for parts in zip(*(folder.split("/")[:-1] for folder in folders), strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0] + "/")
    return "".join(shared)


def _split(location: str) -> tuple[str, str]:
    try:
        bucket, key = split_uri(location)
    except ValueError as error:
        raise QueryError("HIVE_INVALID_METADATA", f"Invalid location: {location}") from error
    return bucket, f"{key.rstrip('/')}/" if key.strip("/") else ""
