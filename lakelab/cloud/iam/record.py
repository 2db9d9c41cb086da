"""The record of decisions: who was allowed or denied what, on what, by which statement, how often and when.

Equal decisions are one row with a count. They are gathered in memory and written every half second, so that a
request pays for a look into a dictionary; a kill loses what came after the last write.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakelab.cloud.database import Database
from lakelab.cloud.iam.evaluate import Decision, Request
from lakelab.cloud.iam.explain import Explanation

FILE = "iam/decisions.sqlite"  # in the data folder
WRITE_SECONDS = 0.5
KEPT = 200_000  # rows; the oldest are dropped
WRITES_BETWEEN_PRUNINGS = 500

SCHEMA = """
create table if not exists decision (
    principal text not null, role text not null, action text not null, resource text not null, keys text not null,
    allowed integer not null, kind text not null, statement text not null, explanation text not null,
    region text not null, count integer not null, first real not null, last real not null,
    primary key (principal, action, resource, keys, allowed, kind, statement, region)
) without rowid;
create index if not exists decision_by_time on decision (last);
create index if not exists decision_of_role on decision (role, allowed);
"""
ADD = """
insert into decision values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict do update set count = count + excluded.count, last = excluded.last, explanation = excluded.explanation
"""
PRUNE = "delete from decision where last < (select last from decision order by last desc limit 1 offset ?)"


@dataclass(frozen=True)
class Recorded:
    """Equal decisions. `role` is the ARN of the principal's role, or its own; times are seconds since 1970.

    `keys` are the request's own condition keys; of a denial, `near`, `place` and `missing` say what would heal it.
    """

    principal: str
    role: str
    action: str
    resource: str
    keys: Mapping[str, Any]
    allowed: bool
    kind: str
    statement: str
    region: str
    count: int
    first: float
    last: float
    reason: str = ""
    near: tuple[str, ...] = ()
    place: str = ""
    missing: Mapping[str, Any] | None = None


class Record:
    """The writing side, in the process of the local AWS. Thread-safe."""

    def __init__(self, path: Path):
        self._database = Database(path, SCHEMA)
        self._lock = threading.Lock()
        self._counts: dict[tuple[Any, ...], list[float]] = {}
        self._explanations: dict[tuple[Any, ...], Explanation] = {}
        self._wake = threading.Event()
        self._closed = False
        self._writes = 0
        self._writer = threading.Thread(target=self._write_regularly, name="iam-record", daemon=True)
        self._writer.start()

    def add(self, request: Request, decision: Decision, explanation: Explanation | None = None) -> None:
        """Note one decision; a denial comes with its explanation."""
        principal = request.principal
        key = (
            principal.arn,
            principal.stable_arn,
            request.action,
            request.resource,
            tuple((name, _hashable(value)) for name, value in request.keys.items() if value is not None),
            decision.allowed,
            decision.kind.value,
            str(decision.statement or ""),
            request.region,
        )
        now = time.time()
        with self._lock:
            known = self._counts.get(key)
            if known is None:
                self._counts[key] = [1, now, now]
            else:
                known[0] += 1
                known[2] = now
            if explanation is not None:
                self._explanations[key] = explanation

    def write(self) -> None:
        """Write what has been gathered to the file."""
        with self._lock:
            counts, self._counts = self._counts, {}
            explanations, self._explanations = self._explanations, {}
        if not counts:
            return
        with self._database.transaction() as connection:
            connection.executemany(ADD, [_row(key, count, explanations.get(key)) for key, count in counts.items()])
            if self._writes % WRITES_BETWEEN_PRUNINGS == 0:
                connection.execute(PRUNE, (KEPT,))
            self._writes += 1

    def close(self) -> None:
        """Write the rest and end."""
        self._closed = True
        self._wake.set()
        self._writer.join()
        self.write()

    def _write_regularly(self) -> None:
        while not self._closed:
            self._wake.wait(WRITE_SECONDS)
            self.write()


def read(
    path: Path, *, role: str | None = None, allowed: bool | None = None, since: float = 0.0, limit: int = -1
) -> list[Recorded]:
    """The recorded decisions, the latest first; of one role, or of one outcome, or after a moment."""
    if not path.exists():
        return []
    where = ["last >= ?"]
    values: list[object] = [since]
    if role is not None:
        where.append("role = ?")
        values.append(role)
    if allowed is not None:
        where.append("allowed = ?")
        values.append(allowed)
    rows = Database(path, SCHEMA).rows(
        f"select * from decision where {' and '.join(where)} order by last desc limit {limit}",
        *values,
    )
    return [_recorded(dict(row)) for row in rows]


def forget(path: Path) -> int:
    """Begin the record anew; gives how many rows it had."""
    if not path.exists():
        return 0
    with Database(path, SCHEMA).transaction() as connection:
        return connection.execute("delete from decision").rowcount


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | set) else value


def _row(key: tuple[Any, ...], count: Iterable[float], explanation: Explanation | None) -> tuple[Any, ...]:
    principal, role, action, resource, keys, allowed, kind, statement, region = key
    told = ""
    if explanation is not None:
        told = json.dumps(
            {
                "reason": explanation.reason,
                "near": explanation.near,
                "place": explanation.place,
                "missing": explanation.statement,
            }
        )
    known = json.dumps(dict(sorted(keys)))
    return (principal, role, action, resource, known, allowed, kind, statement, told, region, *count)


def _recorded(row: dict[str, Any]) -> Recorded:
    told = json.loads(row.pop("explanation") or "{}")
    row["keys"] = json.loads(row["keys"])
    row["allowed"] = bool(row["allowed"])
    return Recorded(**row, **{**told, "near": tuple(told.get("near", ()))})
