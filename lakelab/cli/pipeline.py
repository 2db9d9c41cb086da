"""`lakelab up`, `down`, `seed`, `transform`, `query`, `report`: the pipeline from nothing to a monthly revenue."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from lakelab.cli.cloud import Core
from lakelab.cli.console import next_step, out, print_json
from lakelab.cli.rides import send_rides
from lakelab.settings import settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Days = Annotated[int, typer.Option("--days", min=2, max=3650, help="How many daily files.")]
Rows = Annotated[int, typer.Option("--rows", min=10, help="How many rows in all files together.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same files.")]


class Feed(StrEnum):
    """The two feeds of the marketplace."""

    orders = "orders"
    rides = "rides"


DAYS, ROWS, SEED = 90, 100_000, 42


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (up, down, seed, transform, query, report):
        app.command()(command)


def up(
    stack: Annotated[str | None, typer.Argument(help="Deploy only this layer and what it depends on.")] = None,
    days: Days = DAYS,
    rows: Rows = ROWS,
    seed: Seed = SEED,
    core: Core = None,
    partial: Annotated[bool, typer.Option("--partial", help="Leave out what the core has no service for.")] = False,
) -> None:
    """Start the local AWS, deploy the stacks, load the orders, run the transforms and show the revenue.

    Repeat it as often as you like: what is there already is left as it is.
    """
    from lakelab.pipeline.run import Pipeline

    pipeline = Pipeline(settings().with_core(core), out, partial=partial)
    if stack:
        pipeline.deploy_layer(stack)
        next_step("make up-local for the rest")
        return
    pipeline.run(days=days, rows=rows, seed=seed)


def down() -> None:
    """Stop the local AWS; the data stay."""
    from lakelab.cli.cloud import stop

    stop()


def seed(
    feed: Annotated[Feed, typer.Argument(help="orders: daily files; rides: events over HTTP.")] = Feed.orders,
    days: Days = DAYS,
    rows: Rows = ROWS,
    seed: Seed = SEED,
    rate: Annotated[float | None, typer.Option("--rate", min=0.1, help="Rides a second, at most.")] = None,
    malformed: Annotated[float, typer.Option(min=0, max=1, help="Share of rides that the API must refuse.")] = 0.01,
    poison: Annotated[
        float, typer.Option(min=0, max=1, help="Share of rides that only a consumer can refuse.")
    ] = 0.001,
) -> None:
    """Generate the order files, upload those that are not in the raw zone yet, and wait until they are ingested.

    With `rides`: send so many ride events to the API of the layer stream, and wait until each is in the table or has
    been given up.
    """
    if feed is Feed.rides:
        send_rides(rows, seed, rate, malformed, poison)
        return
    from lakelab.pipeline.run import Pipeline

    counts = Pipeline(settings(), out).seed(days=days, rows=rows, seed=seed)
    out.print(f"{counts.files} files, {counts.rows_in:,} rows in, {counts.clean:,} clean")
    next_step("make transform")


def transform() -> None:
    """Run dbt on what has been ingested: models, snapshots and tests."""
    from lakelab.pipeline.run import Pipeline

    Pipeline(settings(), out).transform()
    next_step("lakelab report")


def report(as_json: Json = False) -> None:
    """Show the monthly revenue and what became of the rows."""
    from lakelab.pipeline.run import Pipeline

    pipeline = Pipeline(settings(), out)
    if as_json:
        print_json(pipeline.facts())
    else:
        pipeline.report()


def query(
    name: Annotated[str | None, typer.Argument(help="A named query of the workgroup, without .sql.")] = None,
    sql: Annotated[str | None, typer.Option("--sql", help="Run this SQL instead of a named query.")] = None,
    as_json: Json = False,
) -> None:
    """Run a named query of athena_queries/ (or your own SQL) on Athena; without a name, list them."""
    from lakelab.pipeline.run import Pipeline

    pipeline = Pipeline(settings(), out)
    if name is None and sql is None:
        for query_name, description in pipeline.named_queries().items():
            out.print(f"[bold]{query_name}[/]  {description}", highlight=False)
        next_step("make query Q=<name>")
        return
    result = pipeline.query(name=name, sql=sql)
    if as_json:
        print_json({"columns": result.columns, "rows": result.rows, "scanned_bytes": result.scanned_bytes})
        return
    table = Table()
    for column, kind in zip(result.columns, result.types, strict=True):
        numeric = kind in ("tinyint", "smallint", "integer", "bigint", "double", "float", "decimal")
        table.add_column(column, justify="right" if numeric else "left")
    for row in result.rows:
        table.add_row(*("" if cell is None else cell for cell in row))
    out.print(table)
    out.print(
        f"{len(result.rows)} rows, {result.scanned_bytes:,} bytes scanned, {result.seconds:.2f} s: {result.output}"
    )
