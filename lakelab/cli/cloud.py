"""`lakelab cloud`: start, stop, status, reset and logs of the local AWS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.prompt import Confirm
from rich.table import Table

from lakelab.cli import clock
from lakelab.cli.console import next_step, out, print_json
from lakelab.cloud.server import Server, data_size
from lakelab.settings import EMBEDDED, Settings, settings

app = typer.Typer(no_args_is_help=True)
app.add_typer(clock.app, name="clock", help="The local AWS's clock: look at it, advance it, speed it up.")

Core = Annotated[
    str | None,
    typer.Option("--core", help="The AWS behind: ministack (embedded), localstack, or the URL of any other."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def enforcement(config: Settings) -> str:
    """The one line that says whether IAM is enforced."""
    if config.core != EMBEDDED and config.iam == "enforce":
        return (
            "[bold yellow]IAM enforcement is PARTIAL[/]: Athena, Glue, Kinesis and Firehose check rights;"
            f" what goes on to {config.core} is as it decides, and LocalStack's free edition and moto allow everything"
        )
    if config.iam == "enforce":
        return "[bold green]IAM enforcement is ON[/]: a request without the rights for it is denied"
    return "[bold red]IAM enforcement is OFF[/] (LAKELAB_IAM=off): every request is allowed"


def remarks(core: dict[str, Any]) -> Iterator[str]:
    """What is to be known of an outside core before it is used."""
    services = core.get("services", {})
    if core.get("functions_run_in_processes"):
        yield (
            "[yellow]Without Docker[/]: LocalStack's Lambda functions run as processes of this machine's Python,"
            " by lakelab's own runner"
        )
    if core.get("keeps_nothing"):
        yield "[yellow]LocalStack's free edition keeps nothing[/]: a stop of the local AWS forgets stacks and data"
    absent = [name for name, found in services.items() if found["by"] == "absent"]
    if absent:
        names = ", ".join(absent)
        yield f"[yellow]The core lacks {names}[/]: lakelab cloud status says why; --partial deploys the rest"


def services_table(core: dict[str, Any]) -> Table:
    """Who answers each service, and why it is not the core."""
    table = Table("service", "answered by", "because the core answers")
    for name, found in core["services"].items():
        by = core["name"] if found["by"] == "core" else found["by"]
        shown = f"[bold red]{by}[/]" if found["by"] == "absent" else by
        table.add_row(name, shown, escape(found["reason"][:160]))
    return table


@app.command()
def start(core: Core = None) -> None:
    """Start the local AWS, unless it runs already, and wait until it answers."""
    config = settings().with_core(core)
    started = Server(config).start(out.print)
    out.print(f"local AWS at [bold]{started.endpoint}[/] (process {started.pid})", highlight=False)
    out.print(enforcement(config), highlight=False)
    for line in remarks(Server(config).core()):
        out.print(line, highlight=False)
    next_step('eval "$(lakelab env)", then for example: aws s3 ls')


@app.command()
def stop() -> None:
    """Stop the local AWS, and the labs' PostgreSQL; their data stay."""
    from lakelab.practice.postgres import Postgres

    config = settings()
    stopped = Server(config).stop()
    Postgres(config).stop()
    data = "LocalStack has forgotten its data" if config.core == "localstack" else "its data stay in .lakelab/"
    out.print(f"local AWS stopped; {data}" if stopped else "local AWS was not running")
    next_step("lakelab cloud start")


@app.command()
def status(as_json: Json = False) -> None:
    """Show whether the local AWS runs, where, and how much it keeps. Exit code 1 when it does not run."""
    config = settings()
    running = Server(config).running()
    facts = {
        "running": running is not None,
        "endpoint": running.endpoint if running else None,
        "pid": running.pid if running else None,
        "instance": running.instance if running else None,
        "iam": config.iam,
        "core": Server(config).core() or config.core,
        "data": str(config.state),
        "data_bytes": data_size(config.state),
    }
    if as_json:
        print_json(facts)
    else:
        table = Table(show_header=False, box=None)
        core = facts["core"] if isinstance(facts["core"], dict) else {}
        for name, value in facts.items():
            if name == "core" and core:
                value = f"{core['name']} {core['version']} {core['url'] or ''}"
            table.add_row(name.replace("_", " "), str(value))
        out.print(table)
        out.print(enforcement(config), highlight=False)
        for line in remarks(core):
            out.print(line, highlight=False)
        if core:
            out.print(services_table(core))
        next_step('eval "$(lakelab env)"' if running else "lakelab cloud start")
    if running is None:
        raise typer.Exit(1)


@app.command()
def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Stop the local AWS and delete all its data, the state of the deployments included."""
    from lakelab.practice.postgres import Postgres

    config = settings()
    question = f"Delete everything in {config.state}?"
    if not yes and out.is_terminal and not Confirm.ask(question, console=out, default=False):
        raise typer.Exit(1)
    Postgres(config).stop()
    Server(config).reset()
    out.print(f"deleted {config.state}", highlight=False)
    next_step("make up-local")


@app.command()
def logs(lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many of the last lines.")] = 50) -> None:
    """Print the end of the local AWS's log."""
    log = Server(settings()).log
    if not log.exists():
        out.print("no log yet: the local AWS has not been started here")
        return
    for line in log.read_text(errors="replace").splitlines()[-lines:]:
        out.print(escape(line), highlight=False, soft_wrap=True)
