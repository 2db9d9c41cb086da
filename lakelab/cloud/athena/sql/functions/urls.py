"""Functions of URLs."""

from __future__ import annotations

import re
from urllib.parse import quote_plus, unquote, unquote_plus, urlsplit

from lakelab.cloud.athena.sql.functions.registry import invalid, python


@python("VARCHAR", "VARCHAR")
def url_extract_protocol(text: str) -> str | None:
    parts = _url(text)
    return parts.scheme if parts is not None else None


@python("VARCHAR", "VARCHAR")
def url_encode(text: str) -> str:
    return quote_plus(text, safe="*-._").replace("~", "%7E")


@python("VARCHAR", "VARCHAR")
def url_decode(text: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise invalid("URLDecoder: Illegal hex characters in escape (%) pattern")
    return unquote_plus(text)


def _url(text: str):
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
    if parts is None:
        return None
    return re.sub(r":\d*$", "", parts.netloc.rpartition("@")[2])


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
    return unquote(parts.path) if parts is not None else None


@python("VARCHAR", "VARCHAR")
def url_extract_query(text: str) -> str | None:
    parts = _url(text)
    return (
        unquote(parts.query)
        if parts is not None and "?" in text.partition("#")[0]
        else ("" if parts is not None else None)
    )


@python("VARCHAR", "VARCHAR")
def url_extract_fragment(text: str) -> str | None:
    parts = _url(text)
    return unquote(parts.fragment) if parts is not None else None


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
