"""Mappings and checkpoints: kept over a restart and over a change of the parallelisation factor."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakelab.cloud.streams.mappings.model import Mapping, settings_of
from lakelab.cloud.streams.mappings.store import MappingStore

MAPPING = Mapping(
    "uuid",
    "000000000000",
    "us-east-1",
    "arn:aws:kinesis:us-east-1:000000000000:stream/rides",
    "arn:aws:lambda:us-east-1:000000000000:function:f",
    "role",
    "LATEST",
    patterns=('{"data": {}}',),
    tags=(("team", "lake"),),
)


@pytest.fixture
def store(tmp_path: Path) -> MappingStore:
    return MappingStore(tmp_path / "mappings.sqlite")


def test_a_mapping_and_its_checkpoints_outlive_the_process(store: MappingStore, tmp_path: Path):
    store.put(MAPPING, {0: 41, 1: 7})
    store.advance("uuid", 0, 0, 1, 99)
    again = MappingStore(tmp_path / "mappings.sqlite")
    assert again.all() == [MAPPING]
    assert [again.checkpoint("uuid", shard, 0, 1) for shard in (0, 1, 2)] == [99, 7, 0]


def test_new_lanes_begin_where_the_slowest_old_one_was(store: MappingStore):
    store.put(MAPPING, {0: 10})
    store.relane("uuid", 0, 3)
    for lane, sequence in enumerate((50, 30, 40)):
        store.advance("uuid", 0, lane, 3, sequence)
    store.relane("uuid", 0, 2)
    assert [store.checkpoint("uuid", 0, lane, 2) for lane in (0, 1)] == [30, 30]
    assert store.checkpoint("uuid", 0, 0, 3) == 30


def test_a_deleted_mapping_leaves_no_checkpoint(store: MappingStore):
    store.put(MAPPING, {0: 41})
    store.delete("uuid")
    store.advance("uuid", 0, 0, 1, 99)  # by a poller that has not stopped yet
    assert store.find("uuid") is None
    assert store.checkpoint("uuid", 0, 0, 1) == 0


@pytest.mark.parametrize(
    ("params", "settings"),
    [
        pytest.param({"BatchSize": 5, "Enabled": False}, {"batch_size": 5, "enabled": False}, id="plain"),
        pytest.param({"FunctionResponseTypes": []}, {"report_item_failures": False}, id="no response types"),
        pytest.param({"DestinationConfig": {"OnFailure": {}}}, {"on_failure": None}, id="no destination any more"),
        pytest.param({"FilterCriteria": {"Filters": []}}, {"patterns": ()}, id="no filters any more"),
        pytest.param({}, {}, id="nothing"),
    ],
)
def test_the_settings_of_a_request(params: dict, settings: dict):
    assert settings_of(params) == settings
