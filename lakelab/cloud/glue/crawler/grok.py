"""Grok: lines of a log matched by a pattern of named parts, `%{IPORHOST:clientip} %{NUMBER:bytes:long}`.

The names of the patterns and the data types are those of
https://docs.aws.amazon.com/glue/latest/dg/custom-classifier.html#custom-classifier-grok.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lakelab.cloud.glue.crawler.sample import SAMPLE_RECORDS, Sample
from lakelab.cloud.glue.crawler.schema import Format, Schema
from lakelab.cloud.glue.errors import InvalidInput

SERDE = "com.amazonaws.glue.serde.GrokSerDe"
MATCHING = 0.9  # of the lines must match; logs have a broken line now and then

_REFERENCE = re.compile(r"%\{(\w+)(?::([\w.\-]+))?(?::(\w+))?\}")
_TYPES = {"byte": "tinyint", "short": "smallint", "long": "bigint"}
_KNOWN_TYPES = {"byte", "boolean", "double", "short", "int", "long", "float", "string"}

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
PATTERNS: dict[str, str] = {
    "USERNAME": r"[a-zA-Z0-9._-]+",
    "USER": r"%{USERNAME}",
    "INT": r"[+-]?[0-9]+",
    "BASE10NUM": r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)",
    "NUMBER": r"%{BASE10NUM}",
    "BASE16NUM": r"[+-]?(?:0x)?[0-9A-Fa-f]+",
    "BOOLEAN": r"(?:true|false|TRUE|FALSE|True|False)",
    "POSINT": r"\b[1-9][0-9]*\b",
    "NONNEGINT": r"\b[0-9]+\b",
    "WORD": r"\b\w+\b",
    "NOTSPACE": r"\S+",
    "SPACE": r"\s*",
    "DATA": r".*?",
    "GREEDYDATA": r".*",
    "QUOTEDSTRING": r"(?:\"(?:\\.|[^\\\"])*\"|'(?:\\.|[^\\'])*'|`(?:\\.|[^\\`])*`)",
    "QS": r"%{QUOTEDSTRING}",
    "UUID": r"[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}",
    "COMMONMAC": r"(?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2}",
    "WINDOWSMAC": r"(?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2}",
    "CISCOMAC": r"(?:[A-Fa-f0-9]{4}\.){2}[A-Fa-f0-9]{4}",
    "MAC": r"(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})",
    "IPV4": rf"(?<![0-9])(?:{_OCTET}\.){{3}}{_OCTET}(?![0-9])",
    "IPV6": r"(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}",
    "IP": r"(?:%{IPV6}|%{IPV4})",
    "HOSTNAME": r"\b[0-9A-Za-z][0-9A-Za-z_-]{0,62}(?:\.[0-9A-Za-z][0-9A-Za-z_-]{0,62})*\.?",
    "HOST": r"%{HOSTNAME}",
    "IPORHOST": r"(?:%{IP}|%{HOSTNAME})",
    "HOSTPORT": r"%{IPORHOST}:%{POSINT}",
    "UNIXPATH": r"(?:/[\w%!$@:.,~+-]*)+",
    "WINPATH": r"(?:[A-Za-z]+:|\\)(?:\\[^\\?*]*)+",
    "PATH": r"(?:%{UNIXPATH}|%{WINPATH})",
    "URIPROTO": r"[A-Za-z]+(?:\+[A-Za-z+]+)?",
    "URIHOST": r"%{IPORHOST}(?::%{POSINT})?",
    "URIPATH": r"(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%_-]*)+",
    "URIPARAM": r"\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\-\[\]]*",
    "URIPATHPARAM": r"%{URIPATH}(?:%{URIPARAM})?",
    "URI": r"%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?",
    "MONTH": r"\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?|"
    r"Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b",
    "MONTHNUM": r"(?:1[0-2]|0?[1-9])",
    "MONTHDAY": r"(?:3[01]|[12][0-9]|0?[1-9])",
    "DAY": r"(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)",
    "YEAR": r"(?:\d\d){1,2}",
    "HOUR": r"(?:2[0-3]|[01]?[0-9])",
    "MINUTE": r"[0-5][0-9]",
    "SECOND": r"(?:60|[0-5]?[0-9])(?:[:.,][0-9]+)?",
    "TIME": r"%{HOUR}:%{MINUTE}:%{SECOND}",
    "DATE_US": r"%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}",
    "DATE_EU": r"%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}",
    "ISO8601_TIMEZONE": r"(?:Z|[+-]%{HOUR}(?::?%{MINUTE}))",
    "TIMESTAMP_ISO8601": r"%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?",
    "SYSLOGTIMESTAMP": r"%{MONTH} +%{MONTHDAY} %{TIME}",
    "PROG": r"[\w._/%-]+",
    "SYSLOGPROG": r"%{PROG:program}(?:\[%{POSINT:pid}\])?",
    "SYSLOGHOST": r"%{IPORHOST}",
    "SYSLOGBASE": r"%{SYSLOGTIMESTAMP:timestamp} %{SYSLOGHOST:logsource} %{SYSLOGPROG}:",
    "HTTPDATE": r"%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}",
    "COMMONAPACHELOG": r"%{IPORHOST:clientip} %{USER:ident} %{USER:auth} \[%{HTTPDATE:timestamp}\] "
    r'"(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" '
    r"%{NUMBER:response} (?:%{NUMBER:bytes}|-)",
    "COMBINEDAPACHELOG": r"%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent}",
    "LOGLEVEL": r"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|CRIT(?:ICAL)?|FATAL|SEVERE|EMERG(?:ENCY)?|ALERT|"
    r"[Tt]race|[Dd]ebug|[Ii]nfo|[Nn]otice|[Ww]arn(?:ing)?|[Ee]rr(?:or)?|[Cc]rit(?:ical)?|[Ff]atal|[Ss]evere|"
    r"[Ee]merg(?:ency)?|[Aa]lert)",
}
BUILT_IN = (("combined_apache", "%{COMBINEDAPACHELOG}"), ("apache", "%{COMMONAPACHELOG}"))


def classify_logs(sample: Sample) -> Schema | None:
    """The schema of an Apache access log, combined or common."""
    for classification, pattern in BUILT_IN:
        if (schema := classify_grok(sample, classification, pattern)) is not None:
            return schema
    return None


def classify_grok(sample: Sample, classification: str, pattern: str, custom_patterns: str = "") -> Schema | None:
    """The schema of a file whose lines match a grok pattern, or None when they do not."""
    text = sample.text()
    if text is None:
        return None
    expression, columns = compile_grok(pattern, custom_patterns)
    lines = [line for line in text.splitlines() if line.strip()][:SAMPLE_RECORDS]
    matching = sum(expression.fullmatch(line) is not None for line in lines)
    if not lines or matching < MATCHING * len(lines):
        return None
    serde = {"input.format": pattern}
    if custom_patterns:
        serde["input.grokCustomPatterns"] = custom_patterns
    average = max(1, len(text.encode()) // max(1, text.count("\n")))
    records = len(lines) if sample.whole and len(lines) < SAMPLE_RECORDS else max(len(lines), sample.size // average)
    format_ = Format(classification, sample.compression, serde_library=SERDE, serde=tuple(serde.items()))
    return Schema(format_, dict(columns), size=sample.size, records=records)


@lru_cache(maxsize=64)
def compile_grok(pattern: str, custom_patterns: str = "") -> tuple[re.Pattern[str], tuple[tuple[str, str], ...]]:
    """The regular expression of a grok pattern and its columns (name, Hive type).

    Raises InvalidInput for a pattern that is unknown, that refers to itself, or that is no regular expression.
    """
    patterns = dict(PATTERNS)
    for line in custom_patterns.splitlines():
        name, _, definition = line.strip().partition(" ")
        if name:
            patterns[name] = definition.strip()
    columns: dict[str, str] = {}

    def expand(text: str, seen: tuple[str, ...]) -> str:
        def replace(match: re.Match[str]) -> str:
            name, column, type_ = match.groups()
            if name not in patterns or name in seen:
                raise InvalidInput(f"The grok pattern refers to {name}, which is not defined.")
            if type_ and type_ not in _KNOWN_TYPES:
                raise InvalidInput(f"The grok pattern has an unknown data type: {type_}")
            if column:
                columns.setdefault(column, _TYPES.get(type_ or "string", type_ or "string"))
            return f"(?:{expand(patterns[name], (*seen, name))})"

        return _REFERENCE.sub(replace, text)

    try:
        return re.compile(expand(pattern, ())), tuple(columns.items())
    except re.error as error:
        raise InvalidInput(f"The grok pattern is not valid: {error}") from error
