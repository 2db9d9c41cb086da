"""Which partitions a WHERE clause leaves, and which it must not leave out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lakelab.cloud.athena.catalog import CATALOG, Field, Partition, Storage, Table
from lakelab.cloud.athena.connections import Connections, Limits
from lakelab.cloud.athena.pruning import Pruner
from lakelab.cloud.athena.sql import parse

TABLE = Table("db", "t", (Field("a", "int"),), (Field("day", "date"), Field("n", "int")), Storage("s3://b/t"), {}, {})
PARTITIONS = [
    Partition((day, n), Storage(f"s3://b/t/{day}/{n}"))
    for day in ("2024-01-01", "2024-01-02", "2024-01-03")
    for n in ("9", "10")
]
EVERY = [partition.values for partition in PARTITIONS]


@pytest.fixture(scope="module")
def con():
    connections = Connections(Limits())
    yield connections.take()
    connections.close()


def kept(con, sql: str) -> list[tuple[str, ...]]:
    pruner = Pruner(con, [(parse(sql), "db")], datetime(2024, 1, 3, tzinfo=UTC))
    return [partition.values for partition in pruner.prune(TABLE, PARTITIONS)]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        pytest.param(
            "select * from t where day = date '2024-01-02'", [("2024-01-02", "9"), ("2024-01-02", "10")], id="equal"
        ),
        pytest.param(
            "select * from t where n > 9 and day > date '2024-01-01' and a = 5",
            [("2024-01-02", "10"), ("2024-01-03", "10")],
            id="typed comparisons; other columns do not count",
        ),
        pytest.param("select * from t where day in (date '2024-01-03') and n = 9", [("2024-01-03", "9")], id="in"),
        pytest.param(
            "select * from t x where x.day = current_date and x.n between 10 and 11", [("2024-01-03", "10")], id="alias"
        ),
        pytest.param(
            "select * from t where (day = date '2024-01-01' and n = 9) or n = 77", [("2024-01-01", "9")], id="or"
        ),
        pytest.param("with w as (select * from t where n = 9) select * from w", EVERY[::2], id="in a CTE"),
        pytest.param("select * from t where n = 9 union select * from t where n = 10", EVERY, id="each use counts"),
        pytest.param("select * from t where n = 9 union select * from t", EVERY, id="one use without a condition"),
        pytest.param("select * from t where n = 9 or a = 1", EVERY, id="or with another column"),
        pytest.param("select * from t", EVERY, id="no condition"),
        pytest.param(
            "select * from u left join t on u.x = t.a where t.n is null", EVERY, id="the outer side of a join"
        ),
        pytest.param(
            "select * from t left join u on u.x = t.a where t.n = 9", EVERY[::2], id="the inner side of a join"
        ),
        pytest.param("select * from t, u where n = 9", EVERY, id="a name without its table, of two tables"),
        pytest.param("select * from other.t where n = 9", EVERY, id="another database"),
        pytest.param("select * from t where n = (select max(x) from u)", EVERY, id="a subquery"),
        pytest.param("select * from t where n = 77", [], id="nothing"),
    ],
)
def test_prune(con, sql, expected):
    assert kept(con, sql) == expected
    assert con.execute(
        f"select count(*) from duckdb_schemas() where database_name = '{CATALOG}' and schema_name = 'pruning'"
    ).fetchone() == (0,)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        pytest.param("select * from t where n = 9", {"n": {"9"}}, id="equal"),
        pytest.param("select * from t where n in (1, 2) and day = '2024'", {"n": {"1", "2"}, "day": {"2024"}}, id="in"),
        pytest.param(
            "select * from t where n = 1 union all select * from t where n = 2", {"n": {"1", "2"}}, id="two uses"
        ),
        pytest.param("select * from t where n = 1 union all select * from t", {}, id="a use that fixes nothing"),
        pytest.param("select * from t where n > 1", {}, id="a range"),
    ],
)
def test_given(con, sql, expected):
    assert Pruner(con, [(parse(sql), "db")], datetime.now(UTC)).given(TABLE) == expected
