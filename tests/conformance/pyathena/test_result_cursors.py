"""PyAthena's cursors that read the result's object, and its asynchronous ones."""

from __future__ import annotations

import asyncio
import datetime as dt
from concurrent.futures import Future
from decimal import Decimal
from typing import Any

import pandas as pd
import pyathena
import pytest
from pyathena.arrow.cursor import ArrowCursor
from pyathena.async_cursor import AsyncCursor, AsyncDictCursor
from pyathena.pandas.async_cursor import AsyncPandasCursor
from pyathena.pandas.cursor import PandasCursor
from pyathena.s3fs.cursor import S3FSCursor
from pyathena_lake import MANY, PEOPLE, POLL, Lake

pytestmark = pytest.mark.usefixtures("aws_environment")


def test_a_pandas_cursor(lake: Lake) -> None:
    with lake.connect(cursor_class=PandasCursor).cursor() as cursor:
        frame = cursor.execute("select * from people order by id").as_pandas()
    assert list(frame["id"]) == [1, 2, 3]
    assert frame["name"][0] == "Ada"
    assert pd.isna(frame["born"][1])
    assert frame["wage"][0] == Decimal("10.50")


def test_a_pandas_cursor_in_chunks(lake: Lake) -> None:
    with lake.connect(cursor_class=PandasCursor).cursor() as cursor:
        chunks = cursor.execute("select n from numbers order by n", chunksize=1000).iter_chunks()
        assert [len(chunk) for chunk in chunks] == [1000, 1000, 500]


def test_a_pandas_cursor_that_unloads(lake: Lake) -> None:
    with lake.connect(cursor_class=PandasCursor, cursor_kwargs={"unload": True}).cursor() as cursor:
        frame = cursor.execute("select id, name, wage from people order by id").as_pandas()
    assert list(frame["id"]) == [1, 2, 3]
    assert list(frame["wage"][:2]) == [Decimal("10.50"), Decimal("-0.01")]


def test_an_arrow_cursor(lake: Lake, arrow_s3: None) -> None:
    with lake.connect(cursor_class=ArrowCursor).cursor() as cursor:
        table = cursor.execute("select id, name, born from people order by id").as_arrow()
    assert table["id"].to_pylist() == [1, 2, 3]
    assert table["born"].to_pylist() == [person["born"] for person in PEOPLE] or table["born"].to_pylist()[0] == (
        dt.datetime(1815, 12, 10)
    )


def test_an_arrow_cursor_that_unloads(lake: Lake, arrow_s3: None) -> None:
    with lake.connect(cursor_class=ArrowCursor, cursor_kwargs={"unload": True}).cursor() as cursor:
        table = cursor.execute("select id, name from people order by id").as_arrow()
    assert table.to_pydict() == {"id": [1, 2, 3], "name": ["Ada", "", None]}


def test_an_s3fs_cursor(lake: Lake) -> None:
    with lake.connect(cursor_class=S3FSCursor).cursor() as cursor:
        assert cursor.execute("select id, name from people order by id").fetchall()[0] == (1, "Ada")


def test_eight_queries_at_once(lake: Lake) -> None:
    with lake.connect(cursor_class=AsyncCursor).cursor(max_workers=8) as cursor:
        futures: list[Future] = [cursor.execute(f"select count(*) + {number} from numbers")[1] for number in range(8)]
        assert [future.result().fetchone()[0] for future in futures] == [MANY + number for number in range(8)]


def test_asynchronous_dicts_and_frames(lake: Lake) -> None:
    with lake.connect(cursor_class=AsyncDictCursor).cursor() as cursor:
        assert cursor.execute("select id from people where id = 1")[1].result().fetchall() == [{"id": 1}]
    with lake.connect(cursor_class=AsyncPandasCursor).cursor() as cursor:
        frame = cursor.execute("select id from people order by id")[1].result().as_pandas()
    assert list(frame["id"]) == [1, 2, 3]


def test_an_asyncio_cursor(lake: Lake) -> None:
    async def fetch() -> list:
        connect: Any = pyathena.aio_connect
        connection = await connect(
            s3_staging_dir=lake.staging, schema_name=lake.database, region_name=lake.region, poll_interval=POLL
        )
        async with connection, connection.cursor() as cursor:
            await cursor.execute("select id from people order by id")
            return await cursor.fetchall()

    assert asyncio.run(fetch()) == [(1,), (2,), (3,)]


def test_a_long_query_is_cancelled(lake: Lake) -> None:
    sql = "select count(*) from numbers a, numbers b, numbers c where a.n * b.n + c.n > 7"
    with lake.connect(cursor_class=AsyncCursor).cursor() as cursor:
        query_id, future = cursor.execute(sql)
        cursor.cancel(query_id).result()
        result = future.result(timeout=20)
        assert result.state == "CANCELLED"
        assert result.state_change_reason == "Query cancelled by user"
