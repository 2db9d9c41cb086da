"""The expressions in an S3 prefix: `!{timestamp:yyyy}`, `!{firehose:random-string}`, `!{partitionKeyFromQuery:city}`.

Source: https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from lakelab.cloud.firehose.errors import InvalidArgument

EXPRESSION = re.compile(r"!\{([^}:]*):([^}]*)\}")
DEFAULT_TIME = "yyyy/MM/dd/HH/"
ERROR_TYPE = "error-output-type"
RANDOM_LENGTH = 11
KEY_SOURCES = ("partitionKeyFromQuery", "partitionKeyFromLambda")
# a run of one letter, a quoted text, or anything else, in Java's DateTimeFormatter
TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']")
LETTERS = {
    "yyyy": "%Y",
    "yy": "%y",
    "uuuu": "%Y",
    "MM": "%m",
    "MMM": "%b",
    "MMMM": "%B",
    "dd": "%d",
    "HH": "%H",
    "hh": "%I",
    "mm": "%M",
    "ss": "%S",
    "DDD": "%j",
    "E": "%a",
    "EEE": "%a",
    "EEEE": "%A",
    "a": "%p",
}
UNPADDED = {"M": "month", "d": "day", "H": "hour", "m": "minute", "s": "second", "y": "year"}


@dataclass(frozen=True)
class Context:
    """What a prefix is evaluated with.

    `moment` is when the oldest record of the object arrived, in the destination's time zone; `error` is the kind of
    failure, for an error prefix; `randoms` makes the random strings, in their order.
    """

    moment: datetime
    error: str = ""
    keys: Mapping[tuple[str, str], str] = field(default_factory=dict)
    randoms: Iterator[str] = field(default_factory=lambda: iter(random_string, ""))


def random_string() -> str:
    """Eleven letters and digits."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(RANDOM_LENGTH))


def check_prefix(prefix: str, *, is_error: bool, partition_keys: set[tuple[str, str]] | None) -> None:
    """Whether a prefix can be evaluated.

    Args:
        partition_keys: (source, name) of the keys that dynamic partitioning extracts; None when it is off. Keys that a
            Lambda function gives are known only by their use.

    Raises:
        InvalidArgument: an expression is unknown, or has no place in this prefix.
    """
    for namespace, value in EXPRESSION.findall(prefix):
        if namespace == "timestamp":
            format_time(value, datetime(2000, 1, 1))
        elif namespace == "firehose" and (value == "random-string" or (value == ERROR_TYPE and is_error)):
            continue
        elif namespace == "firehose" and value == ERROR_TYPE:
            raise InvalidArgument("Prefix cannot contain the expression !{firehose:error-output-type}")
        elif namespace in KEY_SOURCES and not is_error:
            if partition_keys is None:
                raise InvalidArgument(f"{namespace} namespace can be used only when Dynamic Partitioning is enabled.")
            if namespace == "partitionKeyFromQuery" and (namespace, value) not in partition_keys:
                raise InvalidArgument(f"Prefix uses the partition key {value}, which no query extracts.")
        else:
            raise InvalidArgument(f"!{{{namespace}:{value}}} is not a valid expression in this prefix.")


def keys_in(prefix: str) -> set[tuple[str, str]]:
    """The partition keys that a prefix uses."""
    return {(namespace, value) for namespace, value in EXPRESSION.findall(prefix) if namespace in KEY_SOURCES}


def object_prefix(prefix: str, context: Context) -> str:
    """The prefix of a delivered object; one without expressions is followed by the hour, `yyyy/MM/dd/HH/`."""
    if not EXPRESSION.search(prefix):
        prefix += f"!{{timestamp:{DEFAULT_TIME}}}"
    return _evaluated(prefix, context)


def error_prefix(prefix: str | None, object_prefix: str, context: Context) -> str:
    """The prefix of an object with records that failed."""
    if prefix is None:
        plain = object_prefix if not EXPRESSION.search(object_prefix) else ""
        prefix = f"{plain}!{{firehose:{ERROR_TYPE}}}/"
    if "!{timestamp:" not in prefix and not EXPRESSION.search(prefix.replace(f"!{{firehose:{ERROR_TYPE}}}", "")):
        prefix += f"!{{timestamp:{DEFAULT_TIME}}}" if f"!{{firehose:{ERROR_TYPE}}}" in prefix else f"{context.error}/"
    return _evaluated(prefix, context)


def _evaluated(prefix: str, context: Context) -> str:
    def value(found: re.Match[str]) -> str:
        match found[1], found[2]:
            case "timestamp", pattern:
                return format_time(pattern, context.moment)
            case "firehose", "random-string":
                return next(context.randoms)
            case "firehose", _:
                return context.error
            case source, name:
                return context.keys[source, name]
        return ""

    return EXPRESSION.sub(value, prefix)


def format_time(pattern: str, moment: datetime) -> str:
    """A moment in the pattern of Java's DateTimeFormatter. Raises InvalidArgument for a letter that is not known."""
    out = []
    position = 0
    while position < len(pattern):
        found = TOKEN.match(pattern, position)
        if found is None:
            raise InvalidArgument(f"The timestamp pattern {pattern!r} has a quote that is not closed.")
        part, position = found[0], found.end()
        if part.startswith("'"):
            out.append("'" if part == "''" else found[1].replace("''", "'"))
        elif not found[2]:
            out.append(part)
        elif part in LETTERS:
            out.append(moment.strftime(LETTERS[part]))
        elif part in UNPADDED:
            out.append(str(getattr(moment, UNPADDED[part])))
        elif set(part) == {"S"}:
            out.append(f"{moment.microsecond:06d}"[: len(part)].ljust(len(part), "0"))
        else:
            raise InvalidArgument(f"The timestamp pattern {pattern!r} has {part!r}, which is not supported.")
    return "".join(out)


def zone(name: str | None) -> ZoneInfo:
    """The destination's time zone. Raises InvalidArgument when there is none of the name."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise InvalidArgument(f"CustomTimeZone {name} is not a valid time zone.") from error
