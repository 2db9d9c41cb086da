"""Prefixes: what their expressions become, and which are refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lakelab.cloud.firehose.errors import InvalidArgument
from lakelab.cloud.firehose.prefixes import Context, check_prefix, error_prefix, format_time, object_prefix, zone

MOMENT = datetime(2025, 3, 4, 5, 6, 7, 890_000, UTC)
CITY = ("partitionKeyFromQuery", "city")


def context(**more: object) -> Context:
    return Context(MOMENT, keys={CITY: "Berlin"}, randoms=iter(["first", "second"]), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        pytest.param("", "2025/03/04/05/", id="nothing"),
        pytest.param("raw/", "raw/2025/03/04/05/", id="no expression: the hour follows"),
        pytest.param("d=!{timestamp:yyyy-MM-dd}/", "d=2025-03-04/", id="timestamp"),
        pytest.param("!{timestamp:yyyy}/!{timestamp:'month'=MM}/", "2025/month=03/", id="quoted text"),
        pytest.param("!{timestamp:H-m}/", "5-6/", id="without zeros"),
        pytest.param("city=!{partitionKeyFromQuery:city}/", "city=Berlin/", id="partition key"),
        pytest.param("!{firehose:random-string}/!{firehose:random-string}/", "first/second/", id="random strings"),
    ],
)
def test_an_object_prefix(prefix: str, expected: str):
    assert object_prefix(prefix, context()) == expected


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        pytest.param(None, "raw/processing-failed/2025/03/04/05/", id="none"),
        pytest.param("err/", "err/processing-failed/", id="plain"),
        pytest.param("err/!{firehose:error-output-type}/", "err/processing-failed/2025/03/04/05/", id="type alone"),
        pytest.param(
            "e/!{firehose:error-output-type}/!{timestamp:yyyy}/", "e/processing-failed/2025/", id="type and time"
        ),
    ],
)
def test_an_error_prefix(prefix: str | None, expected: str):
    assert error_prefix(prefix, "raw/", context(error="processing-failed")) == expected


def test_the_moment_is_shown_in_its_own_time_zone():
    assert format_time("yyyy-MM-dd HH", MOMENT.astimezone(zone("Asia/Tokyo"))) == "2025-03-04 14"
    with pytest.raises(InvalidArgument, match="CustomTimeZone Mars/Base is not a valid time zone"):
        zone("Mars/Base")


@pytest.mark.parametrize(
    ("prefix", "is_error", "keys", "message"),
    [
        pytest.param("!{timestamp:QQ}/", False, None, "'QQ', which is not supported", id="unknown letter"),
        pytest.param("!{timestamp:'yyyy}/", False, None, "a quote that is not closed", id="quote"),
        pytest.param("!{firehose:error-output-type}/", False, None, "Prefix cannot contain", id="error type"),
        pytest.param("!{partitionKeyFromQuery:city}/", False, None, "only when Dynamic Partitioning", id="not dynamic"),
        pytest.param("!{partitionKeyFromQuery:town}/", False, {CITY}, "partition key town", id="unknown key"),
        pytest.param("!{partitionKeyFromQuery:city}/", True, {CITY}, "not a valid expression", id="key of an error"),
        pytest.param("!{nothing:x}/", False, None, "not a valid expression", id="unknown namespace"),
    ],
)
def test_what_is_refused(prefix: str, is_error: bool, keys: set | None, message: str):
    with pytest.raises(InvalidArgument, match=message) as refused:
        check_prefix(prefix, is_error=is_error, partition_keys=keys)
    assert refused.value.code == "InvalidArgumentException"
