"""The parts of compact_orders that need no AWS; tests/local/glue/test_compact_orders.py runs it as a job."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError

from lakelab.cloud.glue.job.process import LIBRARY

SCRIPT = Path(__file__).parents[4] / "glue/jobs/compact_orders.py"
OPTIONS = {
    "database": "lake",
    "table": "orders",
    "compacted": "orders_compacted",
    "target_mb": "1",
    "sort_by": "",
    "keep_minutes": "60",
}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script as a module, with the `awsglue` that a job finds."""
    sys.path.insert(0, str(LIBRARY))
    try:
        spec = importlib.util.spec_from_file_location("compact_orders", SCRIPT)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(LIBRARY))
    return module


def test_it_is_python_3_9():
    """https://docs.aws.amazon.com/glue/latest/dg/add-job-python.html: Python shell jobs run in 3.9."""
    ast.parse(SCRIPT.read_text(), feature_version=(3, 9))


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([4, 4], [[4, 4]], id="all-fit"),
        pytest.param([4, 4, 4], [[4, 4], [4]], id="a-third-does-not"),
        pytest.param([30, 4, 30], [[30], [4], [30]], id="larger-than-the-target"),
    ],
)
def test_files_are_grouped_up_to_the_target(script: Any, sizes: list[int], groups: list[list[int]]):
    files = [script.File(str(number), "e", size, 0.0) for number, size in enumerate(sizes)]
    assert [[file.size for file in group] for group in script.bins(files, 10)] == groups


def test_a_manifest_is_of_the_files_their_bytes_and_the_layout(script: Any):
    file = script.File("a", "1", 5, 0.0)
    same = script.manifest([file._replace(modified=9.0)], "by city")
    assert script.manifest([file], "by city") == same
    others = ([file._replace(etag="2")], "by city"), ([file, file], "by city"), ([file], "by day")
    assert same not in {script.manifest(*other) for other in others}


def test_a_column_that_a_file_has_not_is_null(script: Any):
    merged = script.merge([pa.table({"id": [1]}), pa.table({"id": [2], "city": ["Köln"]})])
    assert merged.to_pylist() == [{"id": 1, "city": None}, {"id": 2, "city": "Köln"}]


@pytest.mark.parametrize("code", ["PreconditionFailed", "NoSuchKey"])
def test_a_day_whose_file_changes_while_it_is_read_is_left_to_the_next_run(script: Any, code: str):
    class S3:
        def get_object(self, **params: Any) -> Any:
            assert params["IfMatch"] == "1"
            raise ClientError({"Error": {"Code": code, "Message": ""}}, "GetObject")

    compaction = script.Compaction(S3(), None, OPTIONS)
    files = [script.File("a", "1", 5, 0.0)]
    assert compaction._compact(("2025-01-01",), "lake", files, script.Place("lake", "c/")) is None
