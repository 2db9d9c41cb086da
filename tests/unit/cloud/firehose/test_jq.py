"""The jq with which partition keys are extracted."""

from __future__ import annotations

import pytest

from lakelab.cloud.firehose.jq import JqError, compile_program

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
    ("program", "results"),
    [
        pytest.param(".", [RIDE], id="identity"),
        pytest.param(".city", ["Berlin"], id="field"),
        pytest.param(".type.device", ["phone"], id="path"),
        pytest.param('.["city"]', ["Berlin"], id="quoted field"),
        pytest.param(".type.tags[1]", ["b"], id="index"),
        pytest.param(".type.tags[-1]", ["b"], id="index from the end"),
        pytest.param(".type.tags[]", ["a", "b"], id="each"),
        pytest.param(".at[0:10]", ["2025-03-04"], id="slice"),
        pytest.param(".at[:4]", ["2025"], id="slice from the start"),
        pytest.param(".absent", [None], id="absent"),
        pytest.param(".none.more", [None], id="field of null"),
        pytest.param(".city.more?", [], id="try"),
        pytest.param('.absent // "unknown"', ["unknown"], id="alternative"),
        pytest.param(".city, .id", ["Berlin", "r-1"], id="comma"),
        pytest.param('.ts | strftime("%Y-%m-%d")', ["2025-03-04"], id="strftime"),
        pytest.param('.at | fromdateiso8601 | strftime("%H")', ["05"], id="from a date"),
        pytest.param('.at[:10] | strptime("%Y-%m-%d") | mktime', [1_741_046_400], id="strptime"),
        pytest.param("(.cents / 100) | floor | tostring", ["9"], id="arithmetic"),
        pytest.param('.city | ascii_downcase | split("l")', [["ber", "in"]], id="text"),
        pytest.param('.id + "-" + .city', ["r-1-Berlin"], id="concatenation"),
        pytest.param('if .cents > 500 then "long" elif .cents > 100 then "mid" else "short" end', ["long"], id="if"),
        pytest.param('.type.tags | map(. + "!") | join(",")', ["a!,b!"], id="map"),
        pytest.param("select(.cents > 1000)", [], id="select"),
        pytest.param(
            '{customer:.id, device:.type.device, year:.ts|strftime("%Y"), city}',
            [{"customer": "r-1", "device": "phone", "year": "2025", "city": "Berlin"}],
            id="an object as AWS's examples write it",
        ),
    ],
)
def test_a_program(program: str, results: list):
    assert list(compile_program(program)(RIDE)) == results


@pytest.mark.parametrize(
    ("program", "message"),
    [
        pytest.param("{a:.b", "expected", id="not closed"),
        pytest.param(".a |", "ends too early", id="ends early"),
        pytest.param("reduce .[] as $x (0; . + $x)", "cannot read|not known", id="reduce"),
        pytest.param("frobnicate", "frobnicate/0 is not known here", id="unknown function"),
        pytest.param('"\\(.a)"', "interpolation is not known", id="interpolation"),
    ],
)
def test_what_is_refused(program: str, message: str):
    with pytest.raises(JqError, match=message):
        compile_program(program)


def test_a_failure_names_its_value():
    with pytest.raises(JqError, match='Cannot index string with "more"'):
        list(compile_program(".city.more")(RIDE))
