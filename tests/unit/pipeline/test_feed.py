"""The order files on their way to the raw zone."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from lakelab.pipeline import feed


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        client.create_bucket(Bucket="raw")
        yield client


def test_files_are_generated_once(tmp_path: Path):
    first = feed.generate(tmp_path, days=3, rows=60, seed=1)
    changed = [file.stat().st_mtime_ns for file in first]
    assert feed.generate(tmp_path, days=3, rows=60, seed=1) == first
    assert [file.stat().st_mtime_ns for file in first] == changed
    assert feed.generate(tmp_path, days=3, rows=60, seed=2) != first


def test_a_half_made_folder_is_made_anew(tmp_path: Path):
    half = tmp_path / "orders-3d-60r-s1.partial"
    half.mkdir()
    (half / "orders_2025-01-01.csv").write_text("half a file")
    files = feed.generate(tmp_path, days=3, rows=60, seed=1)
    assert len(files) == 4
    assert "half a file" not in {file.read_text(encoding="latin-1") for file in files}


def test_only_files_that_differ_are_uploaded(tmp_path: Path, s3):
    files = feed.generate(tmp_path, days=3, rows=60, seed=1)
    said: list[str] = []
    assert feed.upload(s3, "raw", files, said.append) == feed.Uploaded(new=4, unchanged=0)
    assert said[-1] == "4 of 4 files uploaded"
    assert s3.get_object(Bucket="raw", Key=f"raw/orders/{files[0].name}")["Body"].read() == files[0].read_bytes()

    files[0].write_bytes(files[0].read_bytes() + b"one more line\n")
    assert feed.upload(s3, "raw", files, said.append) == feed.Uploaded(new=1, unchanged=3)
    assert s3.get_object(Bucket="raw", Key=f"raw/orders/{files[0].name}")["Body"].read() == files[0].read_bytes()
