"""Where Athena keeps what it knows: one SQLite file with executions, workgroups, saved queries, catalogs and tags.

What the API shows of a thing is kept as its JSON document; the columns beside it are what it is looked up by.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

Document = dict[str, Any]

SCHEMA = """
create table if not exists workgroups (
    account text, region text, name text, created real not null, document text not null,
    primary key (account, region, name)
);
create table if not exists executions (
    id text primary key, account text not null, region text not null, workgroup text not null,
    submitted real not null, state text not null, token text, fingerprint text, document text not null, result text
);
create index if not exists executions_by_workgroup on executions (account, region, workgroup, submitted desc, id desc);
create index if not exists executions_by_token on executions (account, region, token);
create table if not exists named_queries (
    id text primary key, account text not null, region text not null, workgroup text not null,
    created real not null, token text, document text not null
);
create table if not exists prepared_statements (
    account text, region text, workgroup text, name text, modified real not null, statement text not null,
    description text, primary key (account, region, workgroup, name)
);
create table if not exists data_catalogs (
    account text, region text, name text collate nocase, document text not null, primary key (account, region, name)
);
create table if not exists tags (
    account text, region text, resource text, key text, value text not null,
    primary key (account, region, resource, key)
);
"""


class Scope(NamedTuple):
    """The account and region that a thing belongs to; nothing is seen from another."""

    account: str
    region: str


def now() -> float:
    """Seconds since 1970, as stored."""
    return datetime.now(UTC).timestamp()


def moment(seconds: float) -> datetime:
    """A stored time as the API's answers carry it."""
    return datetime.fromtimestamp(seconds, UTC)


def dump(document: Document) -> str:
    return json.dumps(document, separators=(",", ":"))


def load(text: str) -> Document:
    return json.loads(text)
