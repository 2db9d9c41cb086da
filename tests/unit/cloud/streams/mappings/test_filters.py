"""Filter criteria: which records pass."""

from __future__ import annotations

import json

import pytest

from lakelab.cloud.streams.mappings.filters import Filters, InvalidPattern

DATA = {"city": "Berlin", "cents": 900, "tags": ["late", "pool"], "driver": {"id": "d-1", "rating": None}, "ok": True}


@pytest.mark.parametrize(
    ("pattern", "passes"),
    [
        pytest.param({"data": {"city": ["Berlin"]}}, True, id="equal"),
        pytest.param({"data": {"city": ["Rome", "Berlin"]}}, True, id="one of"),
        pytest.param({"data": {"city": ["Rome"]}}, False, id="not equal"),
        pytest.param({"data": {"city": ["Berlin"], "cents": [1]}}, False, id="all keys must match"),
        pytest.param({"data": {"driver": {"id": ["d-1"]}}}, True, id="nested"),
        pytest.param({"data": {"driver": {"rating": [None]}}}, True, id="null"),
        pytest.param({"data": {"tags": ["pool"]}}, True, id="an element of an array"),
        pytest.param({"data": {"city": [{"prefix": "Ber"}]}}, True, id="prefix"),
        pytest.param({"data": {"city": [{"suffix": "lin"}]}}, True, id="suffix"),
        pytest.param({"data": {"city": [{"equals-ignore-case": "BERLIN"}]}}, True, id="ignoring case"),
        pytest.param({"data": {"city": [{"anything-but": ["Rome"]}]}}, True, id="anything but"),
        pytest.param({"data": {"city": [{"anything-but": {"prefix": "B"}}]}}, False, id="anything but a prefix"),
        pytest.param({"data": {"cents": [{"numeric": [">", 100, "<=", 900]}]}}, True, id="between"),
        pytest.param({"data": {"cents": [{"numeric": ["<", 100]}]}}, False, id="less"),
        pytest.param({"data": {"city": [{"numeric": [">", 1]}]}}, False, id="a text is no number"),
        pytest.param({"data": {"tip": [{"exists": False}]}}, True, id="absent"),
        pytest.param({"data": {"city": [{"exists": False}]}}, False, id="present"),
        pytest.param({"data": {"ok": [1]}}, False, id="true is not 1"),
        pytest.param({"$or": [{"data": {"city": ["Rome"]}}, {"partitionKey": ["k"]}]}, True, id="or"),
        pytest.param({"partitionKey": ["k"]}, True, id="metadata"),
        pytest.param({"partitionKey": ["other"]}, False, id="other metadata"),
    ],
)
def test_a_pattern(pattern: dict, passes: bool):
    assert Filters([json.dumps(pattern)]).passes({"partitionKey": "k"}, json.dumps(DATA).encode()) is passes


def test_one_pattern_of_several_is_enough_and_none_lets_all_pass():
    patterns = [json.dumps({"data": {"city": [city]}}) for city in ("Rome", "Berlin")]
    assert Filters(patterns).passes({}, b'{"city": "Berlin"}')
    assert Filters([]).passes({}, b"anything")


def test_data_that_is_no_json_matches_no_pattern_on_data():
    assert not Filters(['{"data": {"city": ["Berlin"]}}']).passes({}, b"\xff not json")
    assert Filters(['{"partitionKey": ["k"]}']).passes({"partitionKey": "k"}, b"\xff not json")


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        pytest.param("{", "Invalid filter pattern definition", id="no JSON"),
        pytest.param("[1]", "A pattern is a JSON object", id="no object"),
        pytest.param('{"data": {"a": "b"}}', '"a" must be an object or an array', id="a bare value"),
        pytest.param('{"data": {"a": [{"like": "b"}]}}', "Unrecognized match type like", id="unknown comparison"),
    ],
)
def test_what_is_refused(pattern: str, message: str):
    with pytest.raises(InvalidPattern, match=message) as refused:
        Filters([pattern])
    assert refused.value.code == "InvalidParameterValueException"
