"""A connection sees the files of its statement, is locked, and ends when it is told to."""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb
import pytest

from lakelab.cloud.athena.connections import Connections, Limits, fence
from lakelab.cloud.athena.errors import QueryCancelled, QueryError
from lakelab.cloud.athena.model import Session

FOREVER = "select count(*) from range(1000000) a, range(1000000) b where a.range * b.range = 7"


@pytest.fixture
def session(tmp_path: Path, root) -> Session:
    (tmp_path / "scratch").mkdir()
    return Session("id", root, "awsdatacatalog", "db", "s3://out/", tmp_path / "scratch")


@pytest.fixture
def connections():
    made = Connections(Limits())
    yield made
    made.close()


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('{other}')",
        "select * from '{other}'",
        "select * from glob('{folder}/*')",
        "copy (select 1) to '{folder}/new.csv'",
        "attach '{folder}/new.db' as new",
        "install httpfs",
        "load httpfs",
        "set threads = 1",
        "set allowed_directories = ['/']",
        "set enable_external_access = true",
        "reset allowed_paths",
        "pragma temp_directory = '/'",
        "export database '{folder}/out'",
    ],
)
def test_the_fence(tmp_path, session, connections, sql):
    allowed, other = tmp_path / "allowed", tmp_path / "other"
    for file in (allowed, other):
        file.write_text("a\n1\n")
    con = connections.take()
    fence(con, [allowed], session.scratch)
    assert con.execute(f"select * from read_csv('{allowed}')").fetchall() == [(1,)]
    con.execute(f"copy (select 1) to '{session.scratch}/result.csv'")
    with pytest.raises(duckdb.Error):
        con.execute(sql.format(allowed=allowed, other=other, folder=tmp_path)).fetchall()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["allowed", "other", "scratch"]


def test_python_variables_are_no_tables(connections):
    secret = connections.take().sql("select 42 as secret")
    assert secret is not None
    with pytest.raises(duckdb.CatalogException):
        connections.take().execute("select * from secret")


def test_cancelling_interrupts(connections, session):
    con = connections.take()
    threading.Timer(0.1, session.cancelled.set).start()
    with pytest.raises(QueryCancelled, match="Query cancelled by user"), connections.running(con, session):
        con.execute(FOREVER).fetchall()


def test_the_time_limit(session):
    limited = Connections(Limits(seconds=0.1))
    con = limited.take()
    with pytest.raises(QueryError, match="EXCEEDED_TIME_LIMIT"), limited.running(con, session):
        con.execute(FOREVER).fetchall()
    limited.close()


def test_the_result_limit(session):
    limited = Connections(Limits(result_bytes=1_000_000))
    con = limited.take()
    with pytest.raises(QueryError, match="EXCEEDED_LOCAL_DISK_LIMIT"), limited.running(con, session):
        con.execute(f"copy (from range(100000000000)) to '{session.scratch}/result.body' (format csv)")
    limited.close()


def test_the_memory_limit(session):
    limited = Connections(Limits(memory="50MB", disk="1MB"))
    con = limited.take()
    fence(con, [], session.scratch)
    with pytest.raises(duckdb.OutOfMemoryException), limited.running(con, session):
        con.execute("select list(range) from range(20000000)").fetchone()
    limited.close()


def test_each_connection_is_new(connections):
    first = connections.take()
    first.execute("create table t as select 1")
    with pytest.raises(duckdb.CatalogException):
        connections.take().execute("select * from t")


def test_a_closed_pool_still_takes_connections_back():
    connections = Connections(Limits())
    con = connections.take()
    connections.close()
    connections.release(con)
    with pytest.raises(duckdb.ConnectionException):
        con.execute("select 1")
