"""S3 objects as the lake services use them, always in the name of one caller."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError

from lakelab.cloud.caller import Caller
from lakelab.cloud.copies import Copies
from lakelab.cloud.errors import AwsError

FETCHES = 8  # at a time


@dataclass(frozen=True)
class ObjectInfo:
    """One S3 object: where it is and what a listing says of it. `size` is in bytes, `modified` in UTC."""

    bucket: str
    key: str
    size: int
    etag: str
    modified: datetime

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def split_uri(uri: str) -> tuple[str, str]:
    """`s3://bucket/some/key` -> `("bucket", "some/key")`. Raises ValueError for anything that is not an S3 URI."""
    parts = urlsplit(uri, allow_fragments=False)
    if parts.scheme not in ("s3", "s3a", "s3n") or not parts.netloc:
        raise ValueError(f"not an S3 location: {uri!r}")
    bucket, _, key = uri.partition("://")[2].partition("/")
    return bucket, key


class Objects:
    """The S3 of one caller: every call is allowed or denied by that caller's own policies.

    Calls go through the public S3 API, signed by the caller. Only the bytes of an object are read from the core's file,
    and a listing from its index, where the core has them at hand: after the same permission check.
    """

    def __init__(self, caller: Caller, spool: Path):
        self._caller = caller
        self._copies = Copies(spool)
        self._s3 = caller.client("s3")

    def list(self, bucket: str, prefix: str = "", *, delimiter: str = "") -> Iterator[ObjectInfo]:
        """The objects under `prefix` in key order (needs s3:ListBucket)."""
        known = None if delimiter else self._caller.core.objects(self._caller.account, bucket, prefix)
        if known is not None:
            self._caller.require("s3:ListBucket", f"arn:aws:s3:::{bucket}", {"s3:prefix": prefix})
            yield from known
            return
        self._require("s3:ListBucket", f"arn:aws:s3:::{bucket}", {"s3:prefix": prefix})
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter=delimiter)
        with _as_aws():
            for page in pages:
                for item in page.get("Contents", ()):
                    yield ObjectInfo(bucket, item["Key"], item["Size"], item["ETag"].strip('"'), item["LastModified"])

    def file(self, bucket: str, key: str) -> Path:
        """A local file with the object's bytes, for reading only (needs s3:GetObject)."""
        path = self._caller.core.object_file(self._caller.account, bucket, key)
        if path is not None:
            self._caller.require("s3:GetObject", f"arn:aws:s3:::{bucket}/{key}")
            return path
        self._require("s3:GetObject", f"arn:aws:s3:::{bucket}/{key}")
        with _as_aws():
            return self._copies.file(self._s3, bucket, key)

    def files(self, items: Sequence[ObjectInfo]) -> list[Path]:
        """Local files of listed objects, fetched several at a time (needs s3:GetObject on each)."""
        if len(items) < 2 or self._caller.core.object_file(self._caller.account, items[0].bucket, items[0].key):
            return [self.file(item.bucket, item.key) for item in items]
        for item in items:
            self._require("s3:GetObject", f"arn:aws:s3:::{item.bucket}/{item.key}")
        with _as_aws(), ThreadPoolExecutor(FETCHES, thread_name_prefix="fetch") as threads:
            return list(threads.map(lambda item: self._copies.file(self._s3, item.bucket, item.key, item.etag), items))

    def read(self, bucket: str, key: str) -> bytes:
        """The object's bytes (needs s3:GetObject)."""
        self._require("s3:GetObject", f"arn:aws:s3:::{bucket}/{key}")
        with _as_aws():
            return self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def put(self, bucket: str, key: str, body: bytes | Path, *, content_type: str = "binary/octet-stream") -> None:
        """Write an object (needs s3:PutObject); a Path is uploaded from disk, in parts when it is large."""
        self._require("s3:PutObject", f"arn:aws:s3:::{bucket}/{key}")
        with _as_aws():
            if isinstance(body, Path):
                self._s3.upload_file(str(body), bucket, key, ExtraArgs={"ContentType": content_type})
            else:
                self._s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)

    def delete(self, bucket: str, keys: Iterable[str]) -> None:
        """Delete objects (needs s3:DeleteObject); a key that does not exist is no error."""
        batch: list[str] = []
        for key in keys:
            batch.append(key)
            if len(batch) == 1000:
                self._delete(bucket, batch)
                batch = []
        if batch:
            self._delete(bucket, batch)

    def _require(self, action: str, resource: str, context: Mapping[str, Any] | None = None) -> None:
        """Ask what a core that does not enforce IAM will not ask."""
        if not self._caller.core.enforces_iam:
            self._caller.require(action, resource, context)

    def _delete(self, bucket: str, keys: list[str]) -> None:
        for key in keys:
            self._require("s3:DeleteObject", f"arn:aws:s3:::{bucket}/{key}")
        with _as_aws():
            answer = self._s3.delete_objects(
                Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
            )
        for error in answer.get("Errors", ()):
            raise AwsError(error["Message"], code=error["Code"], status=403)


class _as_aws:
    """Turns a boto3 ClientError of the inner call into the AwsError that the outer caller gets."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, S3UploadFailedError):  # upload_file's wrapping of the same
            error = error.__cause__ or error.__context__
        if isinstance(error, ClientError):
            answer = error.response.get("Error", {})
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
            raise AwsError(
                answer.get("Message", ""), code=answer.get("Code", "InternalError"), status=status
            ) from error
