"""The buffers: they outlive the process, and a flush that was cut off is repeated as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakelab.cloud.firehose.model import DeliveryStream
from lakelab.cloud.firehose.store import Fill, FirehoseStore


@pytest.fixture
def store(tmp_path: Path) -> FirehoseStore:
    return FirehoseStore(tmp_path / "firehose.sqlite")


@pytest.fixture
def stream(store: FirehoseStore) -> DeliveryStream:
    made = DeliveryStream(0, "000000000000", "us-east-1", "rides", 1000.0, {"BucketARN": "arn:aws:s3:::b"})
    store.create(made, {0: 7})
    return made


def test_a_buffer_fills_and_empties(store: FirehoseStore, stream: DeliveryStream):
    assert store.fill(stream) is None
    store.add(stream, [("a", 1002.0, b"xx"), ("b", 1001.0, b"xxx")])
    assert store.fill(stream) == Fill(2, 5, 1001.0)
    flush = store.begin(stream, 100, 1010.0)
    store.add(stream, [("c", 1003.0, b"x")])
    assert [record.id for record in store.records(stream, flush.through)] == ["a", "b"]
    store.end(stream, flush)
    assert store.fill(stream) == Fill(1, 1, 1003.0)


def test_a_flush_takes_no_more_than_its_limit_but_at_least_one(store: FirehoseStore, stream: DeliveryStream):
    store.add(stream, [("a", 1.0, b"x" * 10), ("b", 1.0, b"x" * 10), ("c", 1.0, b"x")])
    flush = store.begin(stream, 5, 1010.0)
    assert [record.id for record in store.records(stream, flush.through)] == ["a"]
    store.end(stream, flush)
    flush = store.begin(stream, 11, 1010.0)
    assert [record.id for record in store.records(stream, flush.through)] == ["b", "c"]


def test_a_flush_that_was_cut_off_is_the_same_again(store: FirehoseStore, stream: DeliveryStream, tmp_path: Path):
    store.add(stream, [("a", 1.0, b"x")])
    flush = store.begin(stream, 100, 1010.0)
    store.add(stream, [("b", 2.0, b"y")])
    again = FirehoseStore(tmp_path / "firehose.sqlite")
    [kept] = again.all()
    assert again.under_way(kept)
    assert again.begin(kept, 100, 9999.0) == flush
    assert [record.data for record in again.records(kept, flush.through)] == [b"x"]


def test_records_of_a_shard_and_its_checkpoint_are_taken_together(store: FirehoseStore, stream: DeliveryStream):
    assert (store.checkpoint(stream, 0), store.checkpoint(stream, 1)) == (7, 0)
    store.add_from_shard(stream, 0, 9, [("8", 1.0, b"x"), ("9", 1.0, b"y")])
    assert store.checkpoint(stream, 0) == 9
    assert store.fill(stream) == Fill(2, 2, 1.0)
