"""Policy documents: placeholders, and IAM's own variables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stacks.components import documents


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param({}, "policies/iam/own.json: no value for bucket_arn", id="a value too few"),
        pytest.param(
            {"bucket_arn": "a", "queue_arn": "b"},
            "policies/iam/own.json: no placeholder queue_arn",
            id="a value too many",
        ),
    ],
)
def test_values_and_placeholders_must_match(tmp_path: Path, monkeypatch, values: dict[str, str], message: str):
    (tmp_path / "iam").mkdir()
    (tmp_path / "iam/own.json").write_text(json.dumps({"Resource": "${bucket_arn}/${aws:username}/*"}))
    monkeypatch.setattr(documents, "POLICIES", tmp_path)
    with pytest.raises(ValueError, match=f"^{message}$"):
        documents.document("iam/own", **values)


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        pytest.param("${bucket_arn}/*", "arn:b/*", id="text"),
        pytest.param(["${bucket_arn}", 1], ["arn:b", 1], id="list"),
        pytest.param(
            {"${bucket_arn}": {"x": "${bucket_arn}"}}, {"${bucket_arn}": {"x": "arn:b"}}, id="values, not keys"
        ),
        pytest.param("home/${aws:username}/*", "home/${aws:username}/*", id="a variable of IAM's own"),
    ],
)
def test_placeholders_are_filled_wherever_text_is(value: Any, filled: Any):
    assert documents._filled(value, {"bucket_arn": "arn:b"}) == filled
