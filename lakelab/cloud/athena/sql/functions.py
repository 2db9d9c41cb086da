"""Python functions for what DuckDB cannot compute: Java's formatter, look-around in patterns, hashes, ISO 8601 …

Each is called with SQL values and never with NULL; errors carry Trino's name before the message.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import re
import struct
import unicodedata
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from statistics import NormalDist
from typing import Any
from urllib.parse import quote_plus, unquote_plus, urlsplit

import xxhash


@dataclass(frozen=True)
class PythonFunction:
    """A function and its DuckDB types."""

    run: Callable[..., Any]
    parameters: Sequence[str]
    returns: str


FUNCTIONS: dict[str, PythonFunction] = {}


def python(returns: str, *parameters: str, name: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a Python function callable from SQL, as `trino_<name>`."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS["trino_" + (name or function.__name__)] = PythonFunction(function, parameters, returns)
        return function

    return register


class TrinoError(ValueError):
    """An error with Trino's name before the message."""


def invalid(message: str) -> TrinoError:
    return TrinoError(f"INVALID_FUNCTION_ARGUMENT: {message}")


# --- patterns --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """A Java pattern as one of Python: named groups, possessive quantifiers and `\\z`."""
    translated = re.sub(r"\(\?<(?=[A-Za-z])", "(?P<", pattern)
    translated = re.sub(r"\\k<(\w+)>", r"(?P=\1)", translated)
    translated = translated.replace("\\Z", "(?=\\n?\\z)").replace("\\z", "\\Z").replace("\\h", "[ \\t]")
    try:
        return re.compile(translated)
    except re.error as error:
        raise invalid(str(error)) from error


@python("BOOLEAN", "VARCHAR", "VARCHAR")
def regexp_like(text: str, pattern: str) -> bool:
    return _compiled(pattern).search(text) is not None


@python("VARCHAR", "VARCHAR", "VARCHAR", "BIGINT")
def regexp_extract(text: str, pattern: str, group: int) -> str | None:
    compiled = _compiled(pattern)
    _check_group(compiled, group)
    match = compiled.search(text)
    return match.group(group) if match else None


def _check_group(pattern: re.Pattern[str], group: int) -> None:
    if group > pattern.groups:
        raise invalid(f"Pattern has {pattern.groups} groups. Cannot access group {group}")


@python("VARCHAR[]", "VARCHAR", "VARCHAR", "BIGINT")
def regexp_extract_all(text: str, pattern: str, group: int) -> list[str | None]:
    compiled = _compiled(pattern)
    _check_group(compiled, group)
    return [match.group(group) for match in compiled.finditer(text)]


@python("VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR")
def regexp_replace(text: str, pattern: str, replacement: str) -> str:
    compiled = _compiled(pattern)

    def expand(match: re.Match[str]) -> str:
        def one(token: re.Match[str]) -> str:
            if token[1]:
                return token[1]
            if token[2]:
                if token[2] not in compiled.groupindex:
                    raise invalid(f"Illegal replacement sequence: unknown group {{ {token[2]} }}")
                return match.group(token[2]) or ""
            digits = token[3]
            while len(digits) > 1 and int(digits) > compiled.groups:
                digits = digits[:-1]
            if int(digits) > compiled.groups:
                raise invalid("Illegal replacement sequence: unknown group " + digits)
            return (match.group(int(digits)) or "") + token[3][len(digits) :]

        return re.sub(r"\\(.)|\$\{(\w+)\}|\$(\d+)", one, replacement, flags=re.DOTALL)

    return compiled.sub(expand, text)


@python("VARCHAR[]", "VARCHAR", "VARCHAR")
def regexp_split(text: str, pattern: str) -> list[str]:
    parts, last = [], 0
    for match in _compiled(pattern).finditer(text):
        parts.append(text[last : match.start()])
        last = match.end()
    return [*parts, text[last:]]


@python("BIGINT", "VARCHAR", "VARCHAR")
def regexp_count(text: str, pattern: str) -> int:
    return sum(1 for _ in _compiled(pattern).finditer(text))


@python("INTEGER", "VARCHAR", "VARCHAR", "INTEGER", "INTEGER")
def regexp_position(text: str, pattern: str, start: int, occurrence: int) -> int:
    if start < 1:
        raise invalid("start position cannot be smaller than 1")
    if occurrence < 1:
        raise invalid("occurrence cannot be smaller than 1")
    for match in _compiled(pattern).finditer(text, start - 1):
        occurrence -= 1
        if occurrence == 0:
            return match.start() + 1
    return -1


# --- text ------------------------------------------------------------------------------------------------------------


@python("VARCHAR", "VARCHAR", "VARCHAR")
def normalize(text: str, form: str) -> str:
    if form.upper() not in ("NFC", "NFD", "NFKC", "NFKD"):
        raise invalid("Normalization form must be one of [NFD, NFC, NFKD, NFKC]")
    return unicodedata.normalize(form.upper(), text)  # type: ignore[arg-type]


@python("BIGINT", "VARCHAR", "VARCHAR", "BIGINT")
def strpos(text: str, part: str, instance: int) -> int:
    if instance == 0:
        raise invalid("'instance' must not be a positive or negative number.")
    if not part:
        return 1 if instance > 0 else len(text) + 1
    found = -1 if instance > 0 else len(text)
    for _ in range(abs(instance)):
        found = text.find(part, found + 1) if instance > 0 else text.rfind(part, 0, found + len(part) - 1 if found else 0)
        if found < 0:
            return 0
    return found + 1


@python("VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR")
def replace(text: str, search: str, replacement: str) -> str:
    return text.replace(search, replacement)


@python("VARCHAR", "VARCHAR")
def soundex(text: str) -> str:
    codes = {**dict.fromkeys("BFPV", "1"), **dict.fromkeys("CGJKQSXZ", "2"), **dict.fromkeys("DT", "3"), "L": "4", **dict.fromkeys("MN", "5"), "R": "6"}
    letters = [char for char in text.upper() if char.isalpha()]
    if not letters:
        return ""
    if any(char > "Z" for char in letters):
        raise invalid("The character is not mapped")
    out, last = letters[0], codes.get(letters[0], "")
    for char in letters[1:]:
        code = codes.get(char, "")
        if code and code != last:
            out += code
        if char not in "HW":
            last = code
    return out[:4].ljust(4, "0")


@python("BOOLEAN", "VARCHAR")
def luhn_check(text: str) -> bool:
    if not text.isdigit():
        raise invalid("Input does not have only digits")
    digits = [int(char) for char in reversed(text)]
    return sum(digit if index % 2 == 0 else sum(divmod(digit * 2, 10)) for index, digit in enumerate(digits)) % 10 == 0


@python("BIGINT", "VARCHAR", "VARCHAR")
def hamming_distance(left: str, right: str) -> int:
    if len(left) != len(right):
        raise invalid("The input strings to hamming_distance function must have the same length")
    return sum(a != b for a, b in zip(left, right, strict=True))


@python("VARCHAR", "DOUBLE")
def format_number(value: float) -> str:
    size, unit = abs(value), ""
    for unit in ("", "K", "M", "B", "T", "Q"):  # noqa: B007 - the unit that ends the loop is the result's
        if size < 1000:
            break
        size /= 1000
    digits = 2 if size < 10 else 1 if size < 100 else 0
    shown = f"{Decimal(repr(size)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):f}"
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return ("-" if value < 0 else "") + shown + unit


@python("VARCHAR", "VARCHAR", "VARCHAR")
def format(pattern: str, arguments: str) -> str:  # noqa: A001 - Trino's name
    values = [(item["t"], item["v"]) for item in json.loads(arguments)]
    return _JavaFormatter(values).format(pattern)


class _JavaFormatter:
    """java.util.Formatter, for the conversions that SQL values have."""

    _SPECIFIER = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?(t|T)?([a-zA-Z%])")

    def __init__(self, values: list[tuple[str, str | None]]):
        self._values = values
        self._next = 0

    def format(self, pattern: str) -> str:
        return self._SPECIFIER.sub(self._one, pattern)

    def _one(self, match: re.Match[str]) -> str:
        position, flags, width, precision, time, conversion = match.groups()
        if conversion == "n":
            return "\n"
        if conversion == "%":
            return self._pad("%", flags, width)
        index = int(position) - 1 if position else self._next
        if not position:
            self._next += 1
        if index >= len(self._values):
            raise invalid(f"Invalid format string: {match.string} (IllegalFormat: Format specifier '{match[0]}')")
        kind, value = self._values[index]
        if time:
            raise invalid(f"Invalid format string: {match.string} (date conversions are not supported in the local Athena)")
        text = "null" if value is None else self._convert(conversion, kind, value, flags, precision, match)
        if value is not None and "0" in flags and width and conversion in "dfeg":
            sign = text[0] if text[:1] in "+-" else ""
            text = sign + text[len(sign) :].rjust(int(width) - len(sign), "0")
        text = self._pad(text, flags, width)
        return text.upper() if conversion.isupper() else text

    @staticmethod
    def _pad(text: str, flags: str, width: str | None) -> str:
        size = int(width or 0)
        return text.ljust(size) if "-" in flags else text.rjust(size)

    def _convert(self, conversion: str, kind: str, value: str, flags: str, precision: str | None, match: re.Match[str]) -> str:
        grouped = "," if "," in flags else ""
        lower = conversion.lower()
        integral = kind in ("tinyint", "smallint", "integer", "bigint")
        if lower == "s":
            return value[: int(precision)] if precision else value
        if lower == "b":
            return value if kind == "boolean" else "true"
        if lower in "dxo" and integral:
            number = int(value)
            if lower == "d":
                return self._signed(f"{number:{grouped}d}", number, flags)
            return builtins_format(number & (2**64 - 1) if number < 0 and kind == "bigint" else number, lower)
        if lower in "fe" and kind in ("real", "double", "decimal"):
            number = Decimal(value)
            digits = int(precision) if precision is not None else 6
            if lower == "e":
                return f"{float(value):.{digits}e}"
            rounded = number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
            return self._signed(f"{rounded:{grouped}f}", rounded, flags)
        if lower == "c" and integral:
            return chr(int(value))
        raise invalid(f"Invalid format string: {match.string} (IllegalFormatConversion: {conversion} != java type of {kind})")

    @staticmethod
    def _signed(text: str, number: Any, flags: str) -> str:
        if number >= 0 and "+" in flags:
            return "+" + text
        if number >= 0 and " " in flags:
            return " " + text
        if number < 0 and "(" in flags:
            return f"({text[1:]})"
        return text


def builtins_format(number: int, kind: str) -> str:
    return f"{number:x}" if kind == "x" else f"{number:o}"


# --- URLs ------------------------------------------------------------------------------------------------------------


@python("VARCHAR", "VARCHAR")
def url_encode(text: str) -> str:
    return quote_plus(text, safe="*-._").replace("~", "%7E")


@python("VARCHAR", "VARCHAR")
def url_decode(text: str) -> str:
    return unquote_plus(text)


def _url(text: str):  # noqa: ANN202
    """The parts of a URL; None when Java's URI would refuse it."""
    if re.search(r"[\s<>\"{}|\\^`]|%(?![0-9A-Fa-f]{2})", text):
        return None
    try:
        return urlsplit(text)
    except ValueError:
        return None


@python("VARCHAR", "VARCHAR")
def url_extract_host(text: str) -> str | None:
    parts = _url(text)
    if parts is None or not parts.netloc:
        return None
    host = parts.netloc.rpartition("@")[2]
    return re.sub(r":\d*$", "", host) or None


@python("BIGINT", "VARCHAR")
def url_extract_port(text: str) -> int | None:
    parts = _url(text)
    try:
        return parts.port if parts is not None else None
    except ValueError:
        return None


@python("VARCHAR", "VARCHAR")
def url_extract_path(text: str) -> str | None:
    parts = _url(text)
    return unquote_path(parts.path) if parts is not None else None


def unquote_path(path: str) -> str:
    from urllib.parse import unquote

    return unquote(path)


@python("VARCHAR", "VARCHAR")
def url_extract_query(text: str) -> str | None:
    parts = _url(text)
    return unquote_path(parts.query) if parts is not None and "?" in text.partition("#")[0] else ("" if parts is not None else None)


@python("VARCHAR", "VARCHAR")
def url_extract_fragment(text: str) -> str | None:
    parts = _url(text)
    return unquote_path(parts.fragment) if parts is not None else None


@python("VARCHAR", "VARCHAR", "VARCHAR")
def url_extract_parameter(text: str, name: str) -> str | None:
    parts = _url(text)
    if parts is None:
        return None
    for pair in parts.query.split("&"):
        key, equals, value = pair.partition("=")
        if key == name:
            return unquote_plus(value) if equals else ""
    return None


# --- bytes -----------------------------------------------------------------------------------------------------------


@python("VARCHAR", "BLOB")
def from_utf8(data: bytes) -> str:
    return data.decode("utf-8", "replace")


@python("VARCHAR", "BLOB", "VARCHAR")
def from_utf8_with(data: bytes, replacement: str) -> str:
    if replacement.isdigit() and len(replacement) > 1:
        replacement = chr(int(replacement))
    out, at = [], 0
    while at < len(data):
        try:
            out.append(data[at:].decode("utf-8"))
            break
        except UnicodeDecodeError as error:
            out.append(data[at : at + error.start].decode("utf-8") + replacement)
            at += error.end
    return "".join(out)


@python("BLOB", "BLOB")
def reverse_bytes(data: bytes) -> bytes:
    return data[::-1]


@python("BLOB", "BLOB", "BIGINT", "BIGINT")
def substr_bytes(data: bytes, start: int, length: int) -> bytes:
    if start == 0 or start < -len(data) or length <= 0:
        return b""
    first = start - 1 if start > 0 else len(data) + start
    return data[first : first + length]


@python("BLOB", "VARCHAR")
def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@python("BLOB", "VARCHAR")
def from_base32(text: str) -> bytes:
    return base64.b32decode(text + "=" * (-len(text) % 8))


@python("VARCHAR", "BLOB")
def to_base32(data: bytes) -> str:
    return base64.b32encode(data).decode()


@python("BLOB", "BLOB")
def sha512(data: bytes) -> bytes:
    return hashlib.sha512(data).digest()


@python("BIGINT", "BLOB")
def crc32(data: bytes) -> int:
    return zlib.crc32(data)


@python("BLOB", "BLOB")
def xxhash64(data: bytes) -> bytes:
    return xxhash.xxh64(data).digest()


def _hmac(algorithm: str) -> Callable[[bytes, bytes], bytes]:
    return lambda data, key: hmac.new(key, data, algorithm).digest()


for _name in ("md5", "sha1", "sha256", "sha512"):
    python("BLOB", "BLOB", "BLOB", name=f"hmac_{_name}")(_hmac(_name))


def _packed(name: str, layout: str, kind: str) -> None:
    """to_… and from_… of a fixed-width number."""
    size = struct.calcsize(layout)

    def unpack(data: bytes) -> Any:
        if len(data) != size:
            raise invalid(f"expected {size}-byte input, but got instead: {len(data)}")
        return struct.unpack(layout, data)[0]

    python("BLOB", kind, name=f"to_{name}")(lambda value: struct.pack(layout, value))
    python(kind, "BLOB", name=f"from_{name}")(unpack)


_packed("big_endian_32", ">i", "INTEGER")
_packed("big_endian_64", ">q", "BIGINT")
_packed("ieee754_32", ">f", "FLOAT")
_packed("ieee754_64", ">d", "DOUBLE")


# --- numbers ---------------------------------------------------------------------------------------------------------


@python("BIGINT", "VARCHAR", "BIGINT")
def from_base(text: str, radix: int) -> int:
    if not 2 <= radix <= 36:
        raise invalid("Radix must be between 2 and 36")
    try:
        return int(text, radix)
    except ValueError as error:
        raise invalid(f'Not a valid base-{radix} number: {text}') from error


@python("DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE")
def normal_cdf(mean: float, deviation: float, value: float) -> float:
    if deviation <= 0:
        raise invalid("standardDeviation must be > 0")
    return NormalDist(mean, deviation).cdf(value)


@python("DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE")
def inverse_normal_cdf(mean: float, deviation: float, probability: float) -> float:
    if not 0 < probability < 1:
        raise invalid("p must be 0 > p > 1")
    if deviation <= 0:
        raise invalid("sd must be > 0")
    return NormalDist(mean, deviation).inv_cdf(probability)


def _beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (Numerical Recipes, 6.4)."""
    if x in (0.0, 1.0):
        return x
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(b, a, 1 - x)
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / d
    total = d
    for m in range(1, 300):
        for numerator in (m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))):
            d = 1 / (1 + numerator * d)
            c = 1 + numerator / c
            total *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return front * total / a


@python("DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE")
def beta_cdf(a: float, b: float, value: float) -> float:
    if not 0 <= value <= 1:
        raise invalid("value must be in the interval [0, 1]")
    if a <= 0 or b <= 0:
        raise invalid("a, b must be > 0")
    return _beta(a, b, value)


@python("DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE")
def inverse_beta_cdf(a: float, b: float, probability: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if _beta(a, b, middle) < probability else (low, middle)
    return (low + high) / 2


def _wilson(successes: int, trials: int, z: float, sign: int) -> float:
    if successes < 0 or trials <= 0 or successes > trials or z < 0:
        raise invalid("number of successes must not be larger than number of trials")
    p = successes / trials
    spread = z * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    return (p + z * z / (2 * trials) + sign * spread) / (1 + z * z / trials)


@python("DOUBLE", "BIGINT", "BIGINT", "DOUBLE")
def wilson_interval_lower(successes: int, trials: int, z: float) -> float:
    return _wilson(successes, trials, z, -1)


@python("DOUBLE", "BIGINT", "BIGINT", "DOUBLE")
def wilson_interval_upper(successes: int, trials: int, z: float) -> float:
    return _wilson(successes, trials, z, 1)


@python("DOUBLE", "MAP(VARCHAR, DOUBLE)", "MAP(VARCHAR, DOUBLE)")
def cosine_similarity(left: Any, right: Any) -> float | None:
    a, b = dict(left), dict(right)
    size = math.sqrt(sum(v * v for v in a.values())) * math.sqrt(sum(v * v for v in b.values()))
    return sum(value * b.get(key, 0.0) for key, value in a.items()) / size if size else None


_SIZES = {"B": 0, "kB": 1, "MB": 2, "GB": 3, "TB": 4, "PB": 5, "EB": 6, "ZB": 7, "YB": 8}


@python("VARCHAR", "VARCHAR")
def parse_data_size(text: str) -> str:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([a-zA-Z]+)", text)
    if match is None or match[2] not in _SIZES:
        raise invalid(f"Invalid data size: '{text}'")
    return str(int(Decimal(match[1]) * 1024 ** _SIZES[match[2]]))


# --- times -----------------------------------------------------------------------------------------------------------

_ISO = re.compile(
    r"(\d{4})(?:-W(\d\d)(?:-(\d))?|-(\d{3})(?!\d)|(?:-(\d\d))?(?:-(\d\d))?)"
    r"(?:T(?:(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?)?(Z|[+-]\d\d(?::?\d\d)?)?)?"
)


@python("TIMESTAMP", "VARCHAR")
def from_iso8601(text: str) -> datetime:
    """A date or time of ISO 8601, in UTC: calendar dates, week dates and ordinal dates."""
    match = _ISO.fullmatch(text.strip())
    if match is None:
        raise invalid(f'Invalid format: "{text}"')
    year, week, weekday, ordinal, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        if week:
            date = datetime.fromisocalendar(int(year), int(week), int(weekday or 1))
        elif ordinal:
            date = datetime(int(year), 1, 1) + timedelta(days=int(ordinal) - 1)  # noqa: DTZ001 - made aware by the caller
        else:
            date = datetime(int(year), int(month or 1), int(day or 1))  # noqa: DTZ001
        date = date.replace(hour=int(hour or 0), minute=int(minute or 0), second=int(second or 0))
    except ValueError as error:
        raise invalid(f'Cannot parse "{text}": {error}') from error
    date += timedelta(microseconds=int((fraction or "0").ljust(6, "0")[:6]))
    if zone and zone != "Z":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        date -= offset if zone[0] == "+" else -offset
    return date


@python("VARCHAR", "DOUBLE")
def human_readable_seconds(seconds: float) -> str:
    if math.isnan(seconds) or math.isinf(seconds):
        raise invalid("Invalid argument found: " + str(seconds))
    rest = round(abs(seconds))
    parts = []
    for size, unit in ((604800, "week"), (86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}{'s' if count > 1 else ''}")
    return ", ".join(parts) or "0 seconds"


_DURATIONS = {"ns": 0.001, "us": 1, "ms": 1e3, "s": 1e6, "m": 6e7, "h": 3.6e9, "d": 8.64e10}


@python("BIGINT", "VARCHAR")
def parse_duration(text: str) -> int:
    """Microseconds."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*", text)
    if match is None or match[2] not in _DURATIONS:
        raise invalid(f"duration is not a valid data duration string: {text}")
    return round(float(match[1]) * _DURATIONS[match[2]] / 1000) * 1000


# --- JSON ------------------------------------------------------------------------------------------------------------


@python("VARCHAR", "VARCHAR")
def json_parse(text: str) -> str:
    """The JSON as Trino keeps it: no space, members sorted, numbers as written."""
    try:
        value = json.loads(text, parse_float=_Number, parse_int=_Number, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise invalid(f"Cannot convert value to JSON: '{text}'") from error
    return _json_text(value)


class _Number(str):
    """A number of JSON, as it was written."""


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _json_text(value: Any) -> str:
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{_json_text(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


_STEP = re.compile(r"""\.\.(\w+)|\.\*|\[\*\]|\.([\w$:-]+)|\["((?:[^"\\]|\\.)*)"\]|\['((?:[^'\\]|\\.)*)'\]|\[(\d+)\]""")


@python("VARCHAR", "VARCHAR", "VARCHAR")
def json_extract(text: str, path: str) -> str | None:
    """What a path with `*` or `..` finds: several values become an array."""
    values = [json.loads(text, parse_float=_Number, parse_int=_Number)]
    at, many = path.index("$") + 1, False
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            raise invalid(f"Invalid JSON path: '{path}'")
        deep, *names, index = step.groups()
        name = next((item for item in names if item is not None), None)
        if deep is not None:
            values, many = [found for value in values for found in _descend(value, deep)], True
        elif name is not None:
            values = [value[name] for value in values if isinstance(value, dict) and name in value]
        elif index is not None:
            values = [value[int(index)] for value in values if isinstance(value, list) and int(index) < len(value)]
        else:
            many = True
            values = [item for value in values if isinstance(value, (dict, list)) for item in (value.values() if isinstance(value, dict) else value)]
        at = step.end()
    if many:
        return _json_text(values)
    return _json_text(values[0]) if values else None


def _descend(value: Any, name: str) -> list[Any]:
    found = []
    if isinstance(value, dict):
        if name in value:
            found.append(value[name])
        for item in value.values():
            found += _descend(item, name)
    elif isinstance(value, list):
        for item in value:
            found += _descend(item, name)
    return found


__all__ = ["FUNCTIONS", "UTC", "PythonFunction", "TrinoError"]
