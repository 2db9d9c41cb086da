"""Text whose lines a pattern splits into columns: RegexSerDe and GrokSerDe, converted to Parquet files of texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from lakelab.cloud.athena.catalog import Field
from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.formats.transcode import new_file, text_lines, write_rows

if TYPE_CHECKING:
    from lakelab.cloud.athena.formats.readers import DataFile


def regex(
    files: Sequence[DataFile], columns: Sequence[Field], serde: Mapping[str, str], scratch: Path
) -> dict[Path, Path]:
    """RegexSerDe: a group a column; a line that does not match is a row of NULLs."""
    pattern = serde.get("input.regex", "")
    flags = re.IGNORECASE if serde.get("input.regex.case.insensitive", "false").lower() == "true" else 0
    try:
        compiled = re.compile(pattern, flags)
    except re.error as error:
        raise QueryError("HIVE_SERDE_NOT_FOUND", f"Invalid regular expression in input.regex: {error}") from error
    if compiled.groups < len(columns):
        raise QueryError("HIVE_CURSOR_ERROR", "Number of matching groups doesn't match the number of columns")

    def cells(line: str) -> Sequence[str | None]:
        match = compiled.fullmatch(line)
        return match.groups() if match else ()

    return _matched(files, columns, cells, scratch)


def grok(
    files: Sequence[DataFile], columns: Sequence[Field], serde: Mapping[str, str], scratch: Path
) -> dict[Path, Path]:
    """GrokSerDe: named patterns in `input.format`, with `input.grokCustomPatterns`; lines that do not match are left
    out of the columns they would fill, as NULL."""
    custom = dict(
        line.split(None, 1) for line in serde.get("input.grokCustomPatterns", "").splitlines() if " " in line.strip()
    )
    compiled = re.compile(_grok_regex(serde.get("input.format", ""), {**_GROK, **custom}))
    names = [column.name for column in columns]

    def cells(line: str) -> Sequence[str | None]:
        match = compiled.search(line)
        found = {name.lower(): value for name, value in match.groupdict().items()} if match else {}
        return [found.get(name) for name in names]

    return _matched(files, columns, cells, scratch)


_GROK = {
    "WORD": r"\b\w+\b",
    "NOTSPACE": r"\S+",
    "SPACE": r"\s*",
    "DATA": r".*?",
    "GREEDYDATA": r".*",
    "INT": r"(?:[+-]?(?:[0-9]+))",
    "POSINT": r"\b(?:[1-9][0-9]*)\b",
    "NONNEGINT": r"\b(?:[0-9]+)\b",
    "BASE10NUM": r"(?<![0-9.+-])(?:[+-]?(?:(?:[0-9]+(?:\.[0-9]+)?)|(?:\.[0-9]+)))",
    "NUMBER": r"(?:%{BASE10NUM})",
    "USERNAME": r"[a-zA-Z0-9._-]+",
    "USER": r"%{USERNAME}",
    "EMAILADDRESS": r"[a-zA-Z0-9_.+=:-]+@[0-9A-Za-z.-]+",
    "QUOTEDSTRING": r"(?:\"(?:\\.|[^\\\"])*\"|'(?:\\.|[^\\'])*')",
    "QS": r"%{QUOTEDSTRING}",
    "UUID": r"[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}",
    "IPV4": r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|\b)){4}",
    "IPV6": r"(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}",
    "IP": r"(?:%{IPV6}|%{IPV4})",
    "HOSTNAME": r"\b(?:[0-9A-Za-z][0-9A-Za-z-]{0,62})(?:\.(?:[0-9A-Za-z][0-9A-Za-z-]{0,62}))*\.?\b",
    "IPORHOST": r"(?:%{IP}|%{HOSTNAME})",
    "HOSTPORT": r"%{IPORHOST}:%{POSINT}",
    "PATH": r"(?:/[^\s?]*)+",
    "URIPROTO": r"[A-Za-z]+(?:\+[A-Za-z+]+)?",
    "URIPATH": r"(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_\-]*)+",
    "URIPARAM": r"\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\-\[\]<>]*",
    "URIPATHPARAM": r"%{URIPATH}(?:%{URIPARAM})?",
    "URIHOST": r"%{IPORHOST}(?::%{POSINT})?",
    "URI": r"%{URIPROTO}://(?:%{URIHOST})?(?:%{URIPATHPARAM})?",
    "MONTH": r"\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b",
    "MONTHNUM": r"(?:0?[1-9]|1[0-2])",
    "MONTHDAY": r"(?:(?:0[1-9])|(?:[12][0-9])|(?:3[01])|[1-9])",
    "DAY": r"(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)",
    "YEAR": r"(?:\d\d){1,2}",
    "HOUR": r"(?:2[0123]|[01]?[0-9])",
    "MINUTE": r"(?:[0-5][0-9])",
    "SECOND": r"(?:(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?)",
    "TIME": r"%{HOUR}:%{MINUTE}(?::%{SECOND})?",
    "ISO8601_TIMEZONE": r"(?:Z|[+-]%{HOUR}(?::?%{MINUTE}))",
    "TIMESTAMP_ISO8601": r"%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?",
    "HTTPDATE": r"%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}",
    "SYSLOGTIMESTAMP": r"%{MONTH} +%{MONTHDAY} %{TIME}",
    "LOGLEVEL": r"(?:[Tt]race|TRACE|[Dd]ebug|DEBUG|[Ii]nfo|INFO|[Nn]otice|NOTICE|[Ww]arn(?:ing)?|WARN(?:ING)?"
    r"|[Ee]rr(?:or)?|ERR(?:OR)?|[Cc]rit(?:ical)?|CRIT(?:ICAL)?|[Ff]atal|FATAL)",
    "COMMONAPACHELOG": r"%{IPORHOST:clientip} %{NOTSPACE:ident} %{USER:auth} \[%{HTTPDATE:timestamp}\] "
    r'"(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" '
    r"%{NUMBER:response} (?:%{NUMBER:bytes}|-)",
}


def _grok_regex(pattern: str, known: Mapping[str, str], depth: int = 0) -> str:
    """A grok pattern as a regular expression: `%{NAME:column}` is a group of that name."""
    if depth > 20:
        raise QueryError("HIVE_CURSOR_ERROR", "Grok patterns refer to each other in a circle")

    def expand(match: re.Match[str]) -> str:
        name, _, column = match.group(1).partition(":")
        if name not in known:
            raise QueryError("NOT_SUPPORTED", f"Grok pattern {name} is not known here: define it as a custom pattern")
        inner = _grok_regex(known[name], known, depth + 1)
        column = column.partition(":")[0].lower()
        return f"(?P<{column}>{inner})" if column else f"(?:{inner})"

    return re.sub(r"%\{([^}]+)\}", expand, pattern)


def _matched(
    files: Sequence[DataFile], columns: Sequence[Field], cells: Callable[[str], Sequence[str | None]], scratch: Path
) -> dict[Path, Path]:
    names = [column.name for column in columns]
    schema = pa.schema([(name, pa.string()) for name in names])
    read_as = {}
    for file in files:
        target = read_as[file.path] = new_file(scratch, ".parquet")
        write_rows(
            target,
            ({**dict.fromkeys(names), **dict(zip(names, cells(line), strict=False))} for line in text_lines(file)),
            schema,
        )
    return read_as
