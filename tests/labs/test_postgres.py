"""The labs' PostgreSQL: started, found again, stopped; Debian's and the one of the wheel."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakelab.practice import postgres
from lakelab.practice.postgres import Account, Postgres, PostgresError
from lakelab.settings import Settings

psycopg = pytest.importorskip("psycopg", reason="one of the packages of the labs: make test-labs installs it")
pytestmark = pytest.mark.slow


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture(params=range(len(postgres._installations())), ids=[str(each) for each in postgres._installations()])
def server(home: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postgres]:
    """Every PostgreSQL of this machine."""
    one = postgres._installations()[request.param]
    monkeypatch.setattr(postgres, "_installations", lambda: [one])
    server = Postgres(Settings(root=home))
    yield server
    server.stop()


def test_it_starts_keeps_its_data_and_stops(server: Postgres, home: Path):
    server.start()
    with psycopg.connect(server.database("day-01")) as connection:
        connection.execute("create table kept (a integer)")
        connection.execute("insert into kept values (42)")
    again = Postgres(Settings(root=home))
    again.start()
    assert again.uri("day_01") == server.uri("day_01"), "the second start finds the first"

    again.restart_cold()
    with psycopg.connect(again.database("day-01")) as connection:
        assert connection.execute("select a from kept").fetchall() == [(42,)]

    with psycopg.connect(again.database("day-02", template="day-01")) as connection:
        assert connection.execute("select a from kept").fetchall() == [(42,)]
    with psycopg.connect(again.database("day-01", fresh=True)) as connection:
        assert connection.execute("select to_regclass('kept')").fetchall() == [(None,)]

    assert again.stop()
    assert not again.stop()
    with pytest.raises(PostgresError, match="PostgreSQL does not run"):
        again.uri("day_01")


def test_a_stranger_without_the_password_is_refused(server: Postgres):
    server.start()
    uri = server.uri("postgres")
    password = uri.split(":")[2].split("@")[0]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(uri.replace(password, "guessed"))


def test_without_any_postgresql_the_error_says_how_to_get_one(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(postgres, "_installations", list)
    with pytest.raises(PostgresError) as caught:
        Postgres(Settings(root=home)).start()
    assert caught.value.message == "there is no PostgreSQL here"
    assert "apt-get install postgresql" in caught.value.fix


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")
def test_a_folder_that_the_account_may_not_enter_is_an_error_with_its_fix(home: Path):
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(PostgresError) as caught:
        Postgres(Settings(root=closed)).start()
    assert f"may not enter {closed}" in caught.value.message
    assert f"chmod o+x {closed}" in caught.value.fix
    postgres._require_open(home, Account("nobody", 65534, 65534))
