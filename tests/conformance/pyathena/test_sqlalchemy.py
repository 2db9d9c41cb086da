"""PyAthena's SQLAlchemy dialect."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pandas as pd
import pytest
import sqlalchemy
from pyathena_lake import PEOPLE, POLL, Lake

pytestmark = pytest.mark.usefixtures("aws_environment")


@pytest.fixture
def engine(lake: Lake) -> Iterator[sqlalchemy.Engine]:
    made = sqlalchemy.create_engine(
        f"awsathena+rest://:@athena.{lake.region}.amazonaws.com:443/{lake.database}"
        f"?s3_staging_dir={lake.staging}&poll_interval={POLL}"
    )
    yield made
    made.dispose()


def test_sqlalchemy_runs_text(engine: sqlalchemy.Engine) -> None:
    with engine.connect() as connection:
        rows = connection.execute(sqlalchemy.text("select name from people where id = :id"), {"id": 1}).fetchall()
    assert [tuple(row) for row in rows] == [("Ada",)]


def test_sqlalchemy_inspects(engine: sqlalchemy.Engine, lake: Lake) -> None:
    inspector = sqlalchemy.inspect(engine)
    assert lake.database in inspector.get_schema_names()
    assert {"people", "numbers"} <= set(inspector.get_table_names())
    assert [column["name"] for column in inspector.get_columns("people")] == list(PEOPLE[0])
    assert inspector.has_table("people")
    assert not inspector.has_table("nowhere")


def test_sqlalchemy_reflects_and_selects(engine: sqlalchemy.Engine) -> None:
    people = sqlalchemy.Table("people", sqlalchemy.MetaData(), autoload_with=engine)
    query = sqlalchemy.select(people.c.id, people.c.wage).where(people.c.id < 2)
    with engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(query)] == [(1, Decimal("10.50"))]


def test_pandas_reads_through_sqlalchemy(engine: sqlalchemy.Engine) -> None:
    with engine.connect() as connection:
        frame = pd.read_sql(sqlalchemy.text("select id, name from people order by id"), connection)
    assert list(frame["id"]) == [1, 2, 3]


def test_pandas_writes_through_sqlalchemy(engine: sqlalchemy.Engine, lake: Lake) -> None:
    table = lake.name("frame")
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    frame.to_sql(table, engine, schema=lake.database, index=False, if_exists="append", method="multi")
    assert lake.fetch(f"select a, b from {table} order by a") == [(1, "x"), (2, "y")]
    lake.fetch(f"drop table {table}")
