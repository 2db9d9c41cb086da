"""Local copies of objects: fetched once for a version, anew for another, never half."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lakelab.cloud.copies import Copies


class S3:
    """An S3 of one object, which counts its reads."""

    def __init__(self, body: bytes = b"one"):
        self.body = body
        self.reads = 0

    @property
    def etag(self) -> str:
        return f'"{hash(self.body)}"'

    def head_object(self, **_: Any) -> dict[str, Any]:
        return {"ETag": self.etag}

    def get_object(self, *, IfMatch: str, **_: Any) -> dict[str, Any]:
        if IfMatch != self.etag.strip('"'):
            raise ClientError({"Error": {"Code": "PreconditionFailed", "Message": ""}}, "GetObject")
        self.reads += 1
        return {"Body": io.BytesIO(self.body)}


def test_a_version_is_fetched_once(tmp_path: Path):
    s3, copies = S3(), Copies(tmp_path)
    first = copies.file(s3, "b", "k")
    assert copies.file(s3, "b", "k") == first
    assert (first.read_bytes(), s3.reads) == (b"one", 1)


def test_another_version_is_another_file(tmp_path: Path):
    s3, copies = S3(), Copies(tmp_path)
    first = copies.file(s3, "b", "k")
    s3.body = b"two"
    assert copies.file(s3, "b", "k").read_bytes() == b"two"
    assert first.read_bytes() == b"one"


def test_a_listing_that_is_out_of_date_gives_the_newest_bytes(tmp_path: Path):
    s3, copies = S3(), Copies(tmp_path)
    assert copies.file(s3, "b", "k", etag="of long ago").read_bytes() == b"one"


def test_many_at_a_time_leave_whole_files(tmp_path: Path):
    s3, copies = S3(b"x" * 1_000_000), Copies(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        files = list(threads.map(lambda _: copies.file(s3, "b", "k").read_bytes(), range(16)))
    assert set(files) == {s3.body}
    assert [path.suffix for path in tmp_path.iterdir()] == [""]


def test_a_failed_fetch_leaves_nothing(tmp_path: Path):
    class Broken(S3):
        def get_object(self, **_: Any) -> dict[str, Any]:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")

    with pytest.raises(ClientError, match="AccessDenied"):
        Copies(tmp_path).file(Broken(), "b", "k")
    assert list(tmp_path.iterdir()) == []


def test_the_oldest_go_when_there_is_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lakelab.cloud.copies.LARGEST_SHARE", 0.0)
    monkeypatch.setattr("lakelab.cloud.copies.IN_USE_SECONDS", -1.0)
    old = Copies(tmp_path).file(S3(b"old"), "b", "old")
    new = Copies(tmp_path).file(S3(b"new"), "b", "new")
    assert not old.exists()
    assert new.read_bytes() == b"new"
