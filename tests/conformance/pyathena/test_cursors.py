"""PyAthena's Cursor and DictCursor, and what they tell of an execution."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from uuid import uuid4

import pytest
from pyathena.arrow.cursor import ArrowCursor
from pyathena.cursor import Cursor, DictCursor
from pyathena.error import DatabaseError, OperationalError
from pyathena.pandas.cursor import PandasCursor
from pyathena_lake import MANY, ROWS, Lake

from lakelab.testing import Cloud

pytestmark = pytest.mark.usefixtures("aws_environment")


def test_a_cursor_fetches_what_is_in_the_table(lake: Lake) -> None:
    with lake.connect().cursor() as cursor:
        cursor.execute("select * from people order by id")
        assert [column[:2] for column in cursor.description] == [
            ("id", "bigint"),
            ("name", "varchar"),
            ("born", "date"),
            ("wage", "decimal"),
            ("active", "boolean"),
        ]
        assert cursor.fetchone() == ROWS[0]
        assert cursor.fetchmany(1) == ROWS[1:2]
        assert cursor.fetchall() == ROWS[2:]
        assert cursor.fetchone() is None


def test_a_cursor_is_an_iterator(lake: Lake) -> None:
    with lake.connect().cursor() as cursor:
        assert list(cursor.execute("select id from people order by id")) == [(1,), (2,), (3,)]


def test_results_come_in_pages(lake: Lake) -> None:
    with lake.connect().cursor() as cursor:
        cursor.execute("select n from numbers order by n")
        assert [row[0] for row in cursor.fetchall()] == list(range(1, MANY + 1))


def test_small_pages(lake: Lake) -> None:
    with lake.connect().cursor() as cursor:
        cursor.arraysize = 100
        cursor.execute("select n from numbers where n <= 250 order by n")
        assert len(cursor.fetchall()) == 250


def test_an_empty_result(lake: Lake) -> None:
    with lake.connect().cursor() as cursor:
        cursor.execute("select id, name from people where id > 100")
        assert cursor.fetchall() == []
        assert [column[0] for column in cursor.description] == ["id", "name"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param("true", True, id="boolean"),
        pytest.param("tinyint '7'", 7, id="tinyint"),
        pytest.param("1", 1, id="integer"),
        pytest.param("9223372036854775807", 9223372036854775807, id="bigint"),
        pytest.param("1.5e0", 1.5, id="double"),
        pytest.param("real '0.1'", 0.1, id="real"),
        pytest.param("decimal '123.450'", Decimal("123.450"), id="decimal"),
        pytest.param("'a\nb \"c\", d'", 'a\nb "c", d', id="varchar with quotes and line breaks"),
        pytest.param("''", "", id="empty varchar"),
        pytest.param("cast(null as varchar)", None, id="NULL"),
        pytest.param("date '2024-02-29'", dt.date(2024, 2, 29), id="date"),
        pytest.param(
            "timestamp '2024-02-29 12:30:00.123'", dt.datetime(2024, 2, 29, 12, 30, 0, 123000), id="timestamp"
        ),
        pytest.param("x'00ff'", b"\x00\xff", id="varbinary"),
        pytest.param("array[1, 2, null]", [1, 2, None], id="array"),
        pytest.param("map(array['a'], array[1])", {"a": "1"}, id="map: PyAthena leaves its values text"),
        pytest.param("cast(row(1, 'x') as row(a integer, b varchar))", {"a": "1", "b": "x"}, id="row: the same"),
        pytest.param("json '{\"a\": 1}'", {"a": 1}, id="json"),
    ],
)
def test_a_value_keeps_its_type(lake: Lake, expression: str, value: object) -> None:
    assert lake.fetch(f"select {expression} as v") == [(value,)]


def test_parameters_in_the_text(lake: Lake) -> None:
    with lake.connect().cursor() as cursor:
        cursor.execute("select id from people where name = %(name)s or id = %(id)d", {"name": "Ada", "id": 3})
        assert sorted(cursor.fetchall()) == [(1,), (3,)]


@pytest.mark.parametrize("parameter", ["1", "'Ada'"])
def test_parameters_of_the_execution(lake: Lake, parameter: str) -> None:
    column = "id" if parameter == "1" else "name"
    with lake.connect().cursor() as cursor:
        cursor.execute(f"select id from people where {column} = ?", [parameter], paramstyle="qmark")
        assert cursor.fetchall() == [(1,)]


def test_a_dict_cursor(lake: Lake) -> None:
    with lake.connect(cursor_class=DictCursor).cursor() as cursor:
        assert cursor.execute("select id, name from people where id = 1").fetchall() == [{"id": 1, "name": "Ada"}]


def test_what_a_cursor_tells_of_its_execution(lake: Lake, cloud: Cloud) -> None:
    with lake.connect().cursor() as cursor:
        cursor.execute("select * from people")
        assert cursor.state == "SUCCEEDED"
        assert cursor.statement_type == "DML"
        assert cursor.work_group == "primary"
        assert cursor.database == lake.database
        assert cursor.output_location == f"{lake.staging}{cursor.query_id}.csv"
        assert cursor.data_scanned_in_bytes > 0
        assert cursor.total_execution_time_in_millis >= cursor.engine_execution_time_in_millis
        assert cursor.completion_date_time >= cursor.submission_date_time
        assert cursor.effective_engine_version == "Athena engine version 3"
        key = cursor.output_location.removeprefix(f"s3://{lake.bucket}/")
    body = cloud.client("s3").get_object(Bucket=lake.bucket, Key=key)["Body"].read().decode()
    assert body.splitlines()[:2] == ['"id","name","born","wage","active"', '"1","Ada","1815-12-10","10.50","true"']


def test_the_id_is_told_when_the_query_starts(lake: Lake) -> None:
    told: list[str] = []
    with lake.connect().cursor() as cursor:
        cursor.execute("select 1", on_start_query_execution=told.append)
        assert told == [cursor.query_id]


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        pytest.param("select * from nowhere", "TABLE_NOT_FOUND", id="no such table"),
        pytest.param("select nothing from people", "COLUMN_NOT_FOUND", id="no such column"),
        pytest.param("select 1 / 0", "DIVISION_BY_ZERO", id="division by zero"),
        pytest.param("select cast('x' as integer)", "INVALID_CAST_ARGUMENT", id="no number"),
    ],
)
def test_a_failure_is_told_with_its_name(lake: Lake, sql: str, text: str) -> None:
    with lake.connect().cursor() as cursor, pytest.raises(OperationalError, match=text):
        cursor.execute(sql)


def test_no_statement(lake: Lake) -> None:
    with lake.connect().cursor() as cursor, pytest.raises(DatabaseError, match="mismatched input"):
        cursor.execute("selec 1")


def test_a_reused_result(lake: Lake) -> None:
    sql = f"select count(*) as c_{uuid4().hex} from people"
    with lake.connect().cursor() as cursor:
        first = cursor.execute(sql).fetchall()
        assert cursor.reused_previous_result is False
        assert cursor.execute(sql, result_reuse_enable=True, result_reuse_minutes=5).fetchall() == first == [(3,)]
        assert cursor.reused_previous_result is True


def test_the_clients_own_cache_finds_the_earlier_execution(lake: Lake) -> None:
    sql = f"select count(*) as c_{uuid4().hex} from people"
    with lake.connect().cursor() as cursor:
        cursor.execute(sql)
        first = cursor.query_id
        assert cursor.execute(sql, cache_size=10, cache_expiration_time=60).fetchall() == [(3,)]
        assert cursor.query_id == first


def test_a_workgroup_with_an_output_location(lake: Lake, cloud: Cloud) -> None:
    name = lake.name("wg")
    location = f"s3://{lake.bucket}/{name}/"
    cloud.client("athena").create_work_group(
        Name=name, Configuration={"ResultConfiguration": {"OutputLocation": location}}
    )
    with lake.connect(s3_staging_dir=None, work_group=name).cursor() as cursor:
        assert cursor.execute("select 1").fetchall() == [(1,)]
        assert cursor.work_group == name
        assert cursor.output_location.startswith(location)
    cloud.client("athena").delete_work_group(WorkGroup=name, RecursiveDeleteOption=True)


@pytest.mark.parametrize("kind", [Cursor, PandasCursor, ArrowCursor])
def test_managed_results(lake: Lake, cloud: Cloud, kind: type, arrow_s3: None) -> None:
    name = lake.name("wg")
    cloud.client("athena").create_work_group(
        Name=name, Configuration={"ManagedQueryResultsConfiguration": {"Enabled": True}}
    )
    with lake.connect(s3_staging_dir=None, work_group=name, cursor_class=kind).cursor() as cursor:
        assert cursor.execute("select id from people order by id").fetchall() == [(1,), (2,), (3,)]
        assert cursor.output_location is None
    cloud.client("athena").delete_work_group(WorkGroup=name, RecursiveDeleteOption=True)
