"""DataScannedInBytes: what Athena would bill, against the sizes in the files' own footers."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

ROWS = 30_000


@pytest.fixture(scope="module")
def events(lake) -> str:
    """Three row groups in one Parquet file for each of two days."""
    name = lake.name()
    for day in ("01", "02"):
        rows = pa.table(
            {
                "id": range(ROWS),
                "s": [f"value {number * 7919 % 10007}" for number in range(ROWS)],
                "r": [{"p": number, "q": f"q{number % 100}"} for number in range(ROWS)],
            }
        )
        body = io.BytesIO()
        parquet.write_table(rows, body, row_group_size=10_000)
        lake.put(f"{name}/day={day}/data", body.getvalue())
    lake.do(
        f"create external table {name} (id bigint, s string, r struct<p:bigint,q:string>) partitioned by (day string) "
        f"stored as parquet location '{lake.uri}/{name}/'"
    )
    lake.do(f"msck repair table {name}")
    return name


def _size(lake, table: str, columns: set[str], groups: set[int], days: tuple[str, ...] = ("01", "02")) -> int:
    total = 0
    for day in days:
        body = lake.s3.get_object(Bucket=lake.bucket, Key=f"{table}/day={day}/data")["Body"].read()
        footer = parquet.read_metadata(io.BytesIO(body))
        for group in groups:
            for number in range(footer.num_columns):
                chunk = footer.row_group(group).column(number)
                total += chunk.total_compressed_size if chunk.path_in_schema in columns else 0
    return total


ALL = {0, 1, 2}
DAYS = ("01", "02")


@pytest.mark.fidelity(
    "athena", "DataScannedInBytes", "exact", "of Parquet; ORC by a column's share, text whole and once"
)
@pytest.mark.parametrize(
    ("sql", "columns", "groups", "days"),
    [
        pytest.param("select sum(id) from {t}", {"id"}, ALL, DAYS, id="one column"),
        pytest.param("select count(*) from {t}", set(), ALL, DAYS, id="a count reads no column"),
        pytest.param("select day from {t}", set(), ALL, DAYS, id="a partition key is in no file"),
        pytest.param("select * from {t}", {"id", "s", "r.p", "r.q"}, ALL, DAYS, id="all columns"),
        pytest.param("select max(s) from {t} where id < 100", {"id", "s"}, {0}, DAYS, id="row groups"),
        pytest.param("select s from {t} where id between 10000 and 10001", {"id", "s"}, {1}, DAYS, id="between"),
        pytest.param("select sum(id) from {t} where day = '02'", {"id"}, ALL, ("02",), id="a partition"),
        pytest.param("select sum(id) from {t} where day in ('02', '09')", {"id"}, ALL, ("02",), id="in"),
        pytest.param("select sum(r.p) from {t}", {"r.p"}, ALL, DAYS, id="a field of a row"),
        pytest.param("with w as (select id, s from {t}) select id from w", {"id"}, ALL, DAYS, id="through a CTE"),
    ],
)
def test_parquet(lake, events, sql, columns, groups, days):
    assert lake.do(sql.format(t=events)).scanned == _size(lake, events, columns, groups, days)


def test_a_table_whose_files_have_its_own_types(lake):
    """DuckDB then reads the files without a schema, which is faster; the bill and the rows are the same."""
    name = lake.name()
    sizes = []
    for day, columns in (("01", ("ID", "s")), ("02", ("s", "id"))):
        rows = pa.table({column: range(ROWS) if column.lower() == "id" else ["x"] * ROWS for column in columns})
        body = io.BytesIO()
        parquet.write_table(rows, body, row_group_size=10_000)
        lake.put(f"{name}/day={day}/data", body.getvalue())
        footer = parquet.read_metadata(body)
        sizes += [
            chunk.total_compressed_size
            for chunk in (footer.row_group(0).column(number) for number in range(2))
            if chunk.path_in_schema.lower() == "id"
        ]
    lake.do(
        f"create external table {name} (id bigint, s string) partitioned by (day string) "
        f"stored as parquet location '{lake.uri}/{name}/'"
    )
    lake.do(f"msck repair table {name}")
    ran = lake.do(f"select day, count(*), sum(id) from {name} where id < 10 group by day order by day")
    assert ran.rows[1:] == [["01", "10", "45"], ["02", "10", "45"]]
    assert ran.scanned == sum(sizes)
    lake.do(f"alter table {name} add columns (later double)")
    assert lake.query(f"select count(*), count(later), max(s) from {name}") == [[str(2 * ROWS), "0", "x"]]


def test_a_self_join_reads_twice(lake, events):
    ran = lake.do(f"select count(*) from {events} a join {events} b on a.id = b.id where a.day = '01' and b.day = '01'")
    assert ran.scanned == 2 * _size(lake, events, {"id"}, ALL, ("01",))


def test_whole_files_of_text(lake):
    name = lake.name()
    lake.put(f"{name}/data", b"1,a\n" * 1000)
    lake.do(f"create external table {name} (id int, s string) location '{lake.uri}/{name}/'")
    assert lake.do(f"select count(*) from {name}").scanned == 4000


def test_statements_that_read_nothing(lake):
    assert lake.do("select 1").scanned == 0
    assert lake.do("show tables").scanned == 0


def test_what_a_create_reads(lake, events):
    ran = lake.do(f"create table {lake.name()} as select id from {events} where day = '01'")
    assert ran.scanned == _size(lake, events, {"id"}, ALL, ("01",))
