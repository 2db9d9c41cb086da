"""The jq with which partition keys are extracted."""

from __future__ import annotations

import json

import pytest

from lakelab.cloud.firehose.jq import JqError, KeyQuery

RIDE = {
    "id": "r-1",
    "city": "Berlin",
    "at": "2025-03-04T05:06:07Z",
    "ts": 1_741_064_767,
    "type": {"device": "phone", "tags": ["a", "b"]},
    "cents": 950,
    "none": None,
}


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        pytest.param("{a: .city}", {"a": "Berlin"}, id="field"),
        pytest.param("{city, id}", {"city": "Berlin", "id": "r-1"}, id="members of the same name"),
        pytest.param("{env: .city}", {"env": "Berlin"}, id="a member called env"),
        pytest.param('{"a": .type.device}', {"a": "phone"}, id="a quoted name"),
        pytest.param("{a:.at[0:10]}", {"a": "2025-03-04"}, id="slice"),
        pytest.param('{a: (.absent // "unknown")}', {"a": "unknown"}, id="alternative"),
        pytest.param('{a: (.at | fromdateiso8601 | strftime("%H"))}', {"a": "05"}, id="from a date"),
        pytest.param('{a: "\\(.id), \\(.city)", b: .id}', {"a": "r-1, Berlin", "b": "r-1"}, id="a comma in a text"),
        pytest.param('{a: [.id, .city] | join("-"), b: {c: 1}.c}', {"a": "r-1-Berlin", "b": 1}, id="a comma within"),
        pytest.param(
            '{customer:.id, device:.type.device, year:.ts|strftime("%Y"), city}',
            {"customer": "r-1", "device": "phone", "year": "2025", "city": "Berlin"},
            id="an object as AWS's examples write it",
        ),
    ],
)
def test_the_keys_of_a_record(query: str, keys: dict):
    made = KeyQuery(query)
    assert made.keys(json.dumps(RIDE)) == keys
    assert set(made.names) == set(keys)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        pytest.param("{a:.b", "syntax error", id="not closed"),
        pytest.param("{a: .b |}", "syntax error", id="ends early"),
        pytest.param("{a: frobnicate}", "frobnicate/0 is not defined", id="unknown function"),
        pytest.param(".city", "'.city' does not construct an object", id="no object"),
        pytest.param("", "'' does not construct an object", id="nothing"),
        pytest.param("{a: .b} | {c: .a}", "does more than construct an object", id="more than an object"),
        pytest.param("{(.city): 1}", r"the name of a key must be written out, got '\('", id="a name that is computed"),
        pytest.param("{a: env.HOME}", "env is not available to a delivery stream", id="environment"),
        pytest.param('{a: "\\(env.HOME)"}', "env is not available to a delivery stream", id="environment in a text"),
        pytest.param("{a: $ENV.HOME}", r"\$ENV is not available to a delivery stream", id="environment as a variable"),
    ],
)
def test_what_is_refused(query: str, message: str):
    with pytest.raises(JqError, match=message):
        KeyQuery(query)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        pytest.param("{a: .city.more}", "Cannot index string with string", id="a field of a text"),
        pytest.param("{a: .type.tags[]}", "the query must give one object", id="several objects"),
        pytest.param("{a: (.absent | tonumber)}", "null .null. cannot be parsed as a number", id="a number of nothing"),
    ],
)
def test_a_record_that_has_no_such_keys(query: str, message: str):
    with pytest.raises(JqError, match=message):
        KeyQuery(query).keys(json.dumps(RIDE))
