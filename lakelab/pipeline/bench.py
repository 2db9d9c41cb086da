"""How long `make up-local` takes, from nothing and again: `make bench`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lakelab.cloud.server import Server
from lakelab.processes import free_port
from lakelab.settings import Settings, settings

DAYS, ROWS = 90, 100_000
LIMITS = {"first": 60, "second": 25}  # seconds, on 2 cores


def main() -> None:
    """Run it twice in a data folder of its own and print the seconds of both runs, and their ratio."""
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        config = Settings(root=settings().root, state=Path(folder) / "state", port=free_port())
        try:
            seconds = {run: _time(config, run, console) for run in LIMITS}
        finally:
            Server(config).stop()
    table = Table(title=f"make up-local, {DAYS} files, {ROWS:,} rows, {os.cpu_count()} cores", title_justify="left")
    for column in ("run", "seconds", "target"):
        table.add_column(column, justify="left" if column == "run" else "right")
    for run, taken in seconds.items():
        table.add_row(run, f"{taken:.1f}", str(LIMITS[run]))
    console.print(table)
    console.print(f"second / first: {seconds['second'] / seconds['first']:.2f}")


def _time(config: Settings, run: str, console: Console) -> float:
    console.rule(f"{run} run")
    command = [sys.executable, "-c", "from lakelab.cli import main; main()", "up"]
    began = time.monotonic()
    subprocess.run(
        [*command, "--days", str(DAYS), "--rows", str(ROWS)],
        env={**os.environ, **config.environment()},
        check=True,
    )
    return time.monotonic() - began


if __name__ == "__main__":
    main()
