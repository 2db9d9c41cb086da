"""The model monthly_revenue, read from Athena by whoever the standard AWS environment names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd
from pyathena import connect

QUERY = "select order_month, currency, orders, customers, revenue from monthly_revenue order by order_month, currency"


@dataclass(frozen=True)
class Source:
    """Where the model is, and the workgroup that pays for reading it; with `role`, the rights are that role's."""

    database: str
    workgroup: str
    role: str | None = None

    @classmethod
    def from_environment(cls) -> Source:
        """From DASHBOARD_DATABASE, DASHBOARD_WORKGROUP and, if it is set, DASHBOARD_ROLE_ARN.

        Raises:
            KeyError: one of the first two is not set.
        """
        role = os.environ.get("DASHBOARD_ROLE_ARN")
        return cls(os.environ["DASHBOARD_DATABASE"], os.environ["DASHBOARD_WORKGROUP"], role)


@dataclass(frozen=True)
class Revenue:
    """The model's rows, `revenue` as exact decimals in whole units of its currency, and what reading them cost."""

    months: pd.DataFrame
    scanned_bytes: int
    read_at: datetime


def read(source: Source) -> Revenue:
    """All months.

    Raises:
        pyathena.error.Error: the query failed.
        botocore.exceptions.BotoCoreError, ClientError: AWS does not answer, or does not allow it.
    """
    role = {"role_arn": source.role, "role_session_name": "dashboard"} if source.role else {}
    with connect(schema_name=source.database, work_group=source.workgroup, poll_interval=0.2, **role) as connection:
        cursor = connection.cursor()
        cursor.execute(QUERY)
        months = pd.DataFrame(cursor.fetchall(), columns=[name for name, *_ in cursor.description or ()])
        return Revenue(months, cursor.data_scanned_in_bytes or 0, datetime.now(UTC))
