"""`lakelab iam`: who was denied what and how to heal it, what a role has and what it uses, and what it may do."""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from lakelab.cli.console import next_step, out, print_json
from lakelab.settings import settings

app = typer.Typer(no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Role = Annotated[str, typer.Argument(help="A role's name or ARN; user/NAME for a user.")]
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+)([smhd])", text)
    if not found:
        raise typer.BadParameter("write it as 30s, 10m, 2h or 1d")
    return int(found[1]) * UNITS[found[2]]


def _pair(text: str) -> str:
    if "=" not in text:
        raise typer.BadParameter("write it as s3:prefix=raw/orders/")
    return text


@app.command()
def denials(
    role: Annotated[str | None, typer.Option("--role", help="Only of this role: its name or ARN.")] = None,
    since: Annotated[
        str | None, typer.Option("--since", callback=lambda text: text and _seconds(text), help="As 10m, 2h, 1d.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The latest so many.")] = 20,
    as_json: Json = False,
) -> None:
    """Show who was denied what, on which ARN, why, and the smallest statement that would allow it."""
    from lakelab.cloud.iam.record import FILE, read

    config = settings()
    after = time.time() - float(since) if since else 0.0
    found = [
        denial
        for denial in read(config.deployed / FILE, allowed=False, since=after)
        if role is None or role in (denial.role, denial.role.rpartition("/")[2])
    ][:limit]
    if as_json:
        print_json([asdict(denial) for denial in found])
        return
    if not found:
        out.print("no denials are recorded")
        next_step("lakelab iam diff ROLE shows what a role has and does not use")
        return
    for denial in reversed(found):
        last = datetime.fromtimestamp(denial.last).strftime("%H:%M:%S")
        times = f", {denial.count} times" if denial.count > 1 else ""
        out.print(f"[dim]{last}{times}[/] [bold red]denied[/] [bold]{escape(denial.action)}[/]", highlight=False)
        table = Table(show_header=False, box=None, padding=(0, 1))
        table.add_row("  who", escape(denial.principal))
        table.add_row("  on", escape(denial.resource))
        shown = {name: value for name, value in denial.keys.items() if name not in ("aws:sourceip",)}
        if denial.keys and set(shown) - {"aws:securetransport"}:
            text = ", ".join(f"{name} = {value}" for name, value in shown.items() if name != "aws:securetransport")
            table.add_row("  with", escape(text))
        table.add_row("  why", escape(denial.reason))
        for near in denial.near:
            table.add_row("  close", escape(near))
        if denial.missing is not None:
            table.add_row("  missing", escape(f"in the {denial.place}:"))
            table.add_row("", escape(json.dumps(denial.missing)))
        out.print(table, highlight=False, soft_wrap=True)
    next_step("add what is missing to policies/iam, then: make up-local STACK=access")


@app.command()
def diff(role: Role, as_json: Json = False) -> None:
    """Compare what a role is granted with what it has used, and print the minimal policy."""
    from lakelab.cloud.environment import client
    from lakelab.cloud.iam.granted import granted
    from lakelab.cloud.iam.record import FILE, read
    from lakelab.cloud.iam.usage import difference, read_kept

    config = settings()
    found = granted(lambda service: client(config, service), role)
    kept = read_kept(config.root / "policies/iam/kept.yaml")
    compared = difference(found, read(config.deployed / FILE, role=found.principal.stable_arn), kept)
    if as_json:
        print_json(
            {
                "role": compared.role,
                "calls": compared.calls,
                "unused": compared.unused,
                "kept": compared.kept,
                "wide": {str(usage.statement): usage.wide for usage in compared.usages if usage.wide},
                "denied": [asdict(denial) for denial in compared.denied],
                "minimal_policy": compared.minimal,
            }
        )
        return
    if not compared.calls:
        out.print(f"{escape(compared.role)} has made no recorded calls: everything that it has is unused")
        next_step("make up-local runs the pipeline as its roles")
        return
    table = Table("statement", "actions used", "resources used", "wildcards that could be narrowed")
    for usage in compared.usages:
        actions = f"{sum(bool(met) for met in usage.actions.values())} of {len(usage.actions)}"
        resources = f"{sum(bool(met) for met in usage.resources.values())} of {len(usage.resources)}"
        wide = "\n".join(f"{pattern} -> {', '.join(narrower)}" for pattern, narrower in usage.wide.items())
        table.add_row(escape(str(usage.statement)), actions, resources, escape(wide))
    out.print(f"[bold]{escape(compared.role)}[/], {compared.calls} recorded calls", highlight=False)
    out.print(table)
    for each in compared.unused:
        out.print(f"[yellow]unused[/] {escape(each)}", highlight=False, soft_wrap=True)
    for each, reason in compared.kept.items():
        out.print(f"[dim]kept[/] {escape(each)} [dim]({escape(reason)})[/]", highlight=False, soft_wrap=True)
    if not compared.unused:
        out.print("[green]nothing is unused[/]")
    for denial in compared.denied:
        out.print(f"[red]denied[/] {escape(denial.action)} on {escape(denial.resource)}", highlight=False)
    out.print("the policy that allows the recorded calls and nothing else:")
    print(json.dumps(compared.minimal, indent=2))
    next_step("lakelab iam simulate ROLE ACTION ARN")


@app.command()
def simulate(
    role: Role,
    action: Annotated[str, typer.Argument(help="For example s3:GetObject.")],
    arn: Annotated[str, typer.Argument(help="The resource's ARN, or * for an action without one.")] = "*",
    key: Annotated[
        list[str],
        typer.Option("--key", callback=lambda pairs: [_pair(pair) for pair in pairs], help="As s3:prefix=raw/."),
    ] = [],  # noqa: B006  # Typer's way
    as_json: Json = False,
) -> None:
    """Say whether a role may do something, and which statement decides. Exit code 1 when it may not."""
    from lakelab.cloud.environment import client
    from lakelab.cloud.iam.evaluate import Request, evaluate
    from lakelab.cloud.iam.explain import explain
    from lakelab.cloud.iam.granted import granted, policies_for

    config = settings()

    def clients(service: str) -> Any:
        return client(config, service)

    found = granted(clients, role)
    given: dict[str, Any] = {"aws:sourceip": "127.0.0.1", "aws:securetransport": True}
    given |= {name.lower(): value for name, _, value in (pair.partition("=") for pair in key)}
    request = Request(found.principal, action, arn, given, config.region)
    policies = policies_for(clients, found, request)
    decision = evaluate(request, policies)
    told = None if decision.allowed else explain(request, policies, decision)
    reason = f"{decision.statement} ({decision.kind}) allows it" if told is None else told.reason
    if as_json:
        facts = {"allowed": decision.allowed, "reason": reason, "kind": decision.kind.value}
        print_json(facts | ({"near": told.near, "place": told.place, "missing": told.statement} if told else {}))
    else:
        verdict = "[bold green]allowed[/]" if decision.allowed else "[bold red]denied[/]"
        out.print(f"{verdict} {escape(action)} on {escape(arn)}: {escape(reason)}", highlight=False, soft_wrap=True)
        for near in told.near if told else ():
            out.print(f"  close: {escape(near)}", highlight=False, soft_wrap=True)
        if told and told.statement:
            out.print(f"  missing in the {escape(told.place)}:", highlight=False, soft_wrap=True)
            out.print(f"  {escape(json.dumps(told.statement))}", highlight=False, soft_wrap=True)
        next_step(f"lakelab iam diff {role}")
    if not decision.allowed:
        raise typer.Exit(1)


@app.command()
def forget() -> None:
    """Begin the record of decisions anew: the next diff is about what comes from now on."""
    from lakelab.cloud.iam.record import FILE, forget

    out.print(f"forgot {forget(settings().deployed / FILE)} recorded decisions")
    next_step("run what you want to look at, then: lakelab iam diff ROLE")


@app.command("mfa-code")
def mfa_code(seed: Annotated[str, typer.Argument(help="The Base32StringSeed of a virtual device.")]) -> None:
    """Print the one-time password that an authenticator app would show now."""
    from lakelab.cloud.iam.totp import password
    from lakelab.errors import LakelabError

    try:
        print(password(seed))
    except ValueError as error:
        raise LakelabError(f"the seed is not base32: {error}", fix="give the Base32StringSeed, decoded") from error
