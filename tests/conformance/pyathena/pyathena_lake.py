"""The lake that PyAthena is tried on: its rows, and how to connect to it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import uuid4

import pyathena

PEOPLE = [
    {"id": 1, "name": "Ada", "born": dt.date(1815, 12, 10), "wage": Decimal("10.50"), "active": True},
    {"id": 2, "name": "", "born": None, "wage": Decimal("-0.01"), "active": False},
    {"id": 3, "name": None, "born": dt.date(1906, 12, 9), "wage": None, "active": None},
]
ROWS = [tuple(person.values()) for person in PEOPLE]
MANY = 2500
POLL = 0.05


@dataclass
class Lake:
    """A bucket and a database with the tables `people` and `numbers` (1 to 2500)."""

    bucket: str
    database: str
    region: str

    @property
    def staging(self) -> str:
        return f"s3://{self.bucket}/results/"

    def connect(self, **options: Any) -> Any:
        settings: dict[str, Any] = {
            "s3_staging_dir": self.staging,
            "schema_name": self.database,
            "region_name": self.region,
        }
        connect: Any = pyathena.connect
        return connect(**(settings | {"poll_interval": POLL} | options))

    @cached_property
    def shared(self) -> Any:
        """A connection for statements that are not about connections; making one takes longer than most statements."""
        return self.connect()

    def fetch(self, sql: str) -> list[tuple]:
        with self.shared.cursor() as cursor:
            return cursor.execute(sql).fetchall()

    def name(self, kind: str) -> str:
        return f"{kind}_{uuid4().hex[:8]}"

    def location(self, table: str) -> str:
        return f"s3://{self.bucket}/{table}/"
