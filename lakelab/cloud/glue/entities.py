"""Where the named things are kept that are one document each: crawlers, classifiers, jobs, triggers, functions."""

from __future__ import annotations

import json
import sqlite3
import time
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lakelab.cloud.database import Database as SqliteFile
from lakelab.cloud.glue.errors import AlreadyExists, EntityNotFound
from lakelab.cloud.glue.model import Scope
from lakelab.cloud.wire import Params

Kind: TypeAlias = Literal[
    "Crawler", "Classifier", "Job", "Trigger", "Function", "TriggerState", "ResourcePolicy", "Tags"
]

SCHEMA = """
create table if not exists entities (
    id integer primary key,
    account text not null,
    region text not null,
    kind text not null,
    name text not null,
    document text not null,
    created real not null,
    updated real not null,
    version integer not null,
    unique (account, region, kind, name)
);
"""


@dataclass(frozen=True)
class Entity:
    """A named document, with the times and the number of its changes; `id` is its own for ever."""

    id: int
    scope: Scope
    name: str
    document: Params
    created: float
    updated: float
    version: int


class EntityStore:
    """The entities of all accounts and regions. Documents are JSON."""

    def __init__(self, file: SqliteFile):
        self._file = file

    def create(self, scope: Scope, kind: Kind, name: str, document: Params) -> None:
        """Raises AlreadyExists."""
        now = time.time()
        try:
            with self._file.transaction() as connection:
                connection.execute(
                    "insert into entities (account, region, kind, name, document, created, updated, version)"
                    " values (?, ?, ?, ?, ?, ?, ?, 1)",
                    (scope.account, scope.region, kind, name, json.dumps(document), now, now),
                )
        except sqlite3.IntegrityError as error:
            raise AlreadyExists(f"{kind} already exists.") from error

    def find(self, scope: Scope, kind: Kind, name: str) -> Entity | None:
        """The entity, or None."""
        row = self._file.row(
            "select * from entities where account = ? and region = ? and kind = ? and name = ?",
            scope.account,
            scope.region,
            kind,
            name,
        )
        return None if row is None else _entity(row)

    def get(self, scope: Scope, kind: Kind, name: str) -> Entity:
        """Raises EntityNotFound."""
        entity = self.find(scope, kind, name)
        if entity is None:
            raise EntityNotFound(f"{kind} {name} not found.")
        return entity

    def list(self, scope: Scope, kind: Kind, *, after: str = "", limit: int = -1) -> list[Entity]:
        """The entities of a kind in order of their names, those after `after`."""
        rows = self._file.rows(
            "select * from entities where account = ? and region = ? and kind = ? and name > ? order by name limit ?",
            scope.account,
            scope.region,
            kind,
            after,
            limit,
        )
        return [_entity(row) for row in rows]

    def everywhere(self, kind: Kind) -> list[Entity]:
        """The entities of a kind in all accounts and regions."""
        return [_entity(row) for row in self._file.rows("select * from entities where kind = ? order by id", kind)]

    def update(self, scope: Scope, kind: Kind, name: str, document: Params) -> None:
        """Replace the document of an entity. Raises EntityNotFound."""
        with self._file.transaction() as connection:
            entity = self.get(scope, kind, name)
            connection.execute(
                "update entities set document = ?, updated = ?, version = version + 1 where id = ?",
                (json.dumps(document), time.time(), entity.id),
            )

    def put(self, scope: Scope, kind: Kind, name: str, document: Params) -> None:
        """Create an entity or replace its document."""
        with self._file.transaction():
            if self.find(scope, kind, name) is None:
                self.create(scope, kind, name, document)
            else:
                self.update(scope, kind, name, document)

    def delete(self, scope: Scope, kind: Kind, name: str) -> None:
        """Raises EntityNotFound."""
        with self._file.transaction() as connection:
            connection.execute("delete from entities where id = ?", (self.get(scope, kind, name).id,))


def _entity(row: sqlite3.Row) -> Entity:
    return Entity(
        row["id"],
        Scope(row["account"], row["region"]),
        row["name"],
        json.loads(row["document"]),
        row["created"],
        row["updated"],
        row["version"],
    )
