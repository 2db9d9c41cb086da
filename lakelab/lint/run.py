"""Runs the tools, several at a time, and makes one report of what they found."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from lakelab.errors import LakelabError
from lakelab.lint import (
    audit,
    cfnlint,
    checkov,
    dbt,
    deployment,
    documents,
    exceptions,
    iam,
    pyright,
    ruff,
    secrets,
    sqlfluff,
)
from lakelab.lint import workflows as github
from lakelab.lint.findings import LintError, Report, Run, merge
from lakelab.lint.graph import Graph, load
from lakelab.lint.sources import below, tracked
from lakelab.settings import Settings

DEPLOYMENT = "deployment"


@dataclass(frozen=True)
class Deployed:
    """The state that the policy tools look at."""

    states: list[Path]
    graph: Graph


@dataclass(frozen=True)
class Context:
    """What the tools work on."""

    config: Settings
    files: list[Path]

    @property
    def root(self) -> Path:
        return self.config.root

    @property
    def state(self) -> Path:
        return self.config.state


def _checkov(context: Context, deployed: Deployed) -> Run:
    # the labs have Dockerfiles that are wrong on purpose
    files = [*github.workflow_files(context.files), *below(context.files, "Dockerfile")]
    return checkov.run(deployed.graph, context.root, context.state, files)


# On the resource graph of the stacks.
POLICY: dict[str, Callable[[Context, Deployed], Run]] = {
    checkov.TOOL: _checkov,
    cfnlint.TOOL: lambda context, deployed: cfnlint.run(deployed.graph, deployed.states, context.root),
    iam.TOOL: lambda context, deployed: iam.run(deployed.graph, context.root),
}
# On files, the slow ones first: they set how long it all takes.
FILES: dict[str, Callable[[Context], Run]] = {
    pyright.TOOL: lambda context: pyright.run(context.root, context.state, context.files),
    dbt.TOOL: lambda context: dbt.run(context.root, context.state, context.files),
    sqlfluff.TOOL: lambda context: sqlfluff.run(context.root, context.files),
    github.SCHEMA: lambda context: github.run_schema(context.root, context.state, context.files),
    github.ZIZMOR: lambda context: github.run_zizmor(context.root, context.state, context.files),
    ruff.TOOL: lambda context: ruff.run(context.root, context.files),
    documents.TOOL: lambda context: documents.run(context.root, context.files),
    secrets.TOOL: lambda context: secrets.run(context.root, context.files),
    audit.TOOL: lambda context: audit.run(context.root, context.state),
}
FAST = (ruff.TOOL, documents.TOOL, secrets.TOOL)
ONLINE = (audit.TOOL,)
TOOLS = (*POLICY, *FILES)


def lint(
    config: Settings,
    *,
    tools: Iterable[str] = TOOLS,
    online: bool = False,
    states: list[Path] | None = None,
    files: list[Path] | None = None,
    finished: Callable[[Run], None] = lambda run: None,
) -> Report:
    """Run tools and merge what they found.

    Args:
        tools: names out of TOOLS.
        online: run those that need the network, too; else they are skipped.
        states: state files to look at, in place of a throw-away deployment.
        files: only these files, relative to the root; all that git knows when not given.
        finished: told of each run when it ends.

    Raises:
        LintError: a tool's name is unknown, or the exceptions cannot be read.
    """
    begin = time.perf_counter()
    wanted = list(dict.fromkeys(tools))
    unknown = [name for name in wanted if name not in TOOLS]
    if unknown:
        raise LintError(f"no tool {', '.join(unknown)}", fix=f"choose among {', '.join(TOOLS)}")
    allowances = exceptions.read(config.root)
    context = Context(config, tracked(config.root) if files is None else files)
    skipped = [
        Run(name, skipped="needs the network: lakelab lint --online")
        for name in wanted
        if name in ONLINE and not online
    ]
    with ThreadPoolExecutor(len(TOOLS) + 1) as pool:
        jobs: list[Future[Run]] = []

        def start(name: str, work: Callable[[], Run]) -> None:
            jobs.append(pool.submit(_run, name, work, finished, files is not None))

        def start_policy(deployed: Future[Deployed]) -> None:
            for name in (name for name in wanted if name in POLICY):
                start(name, lambda name=name: POLICY[name](context, deployed.result()))

        deployed: Future[Deployed] | None = None
        if any(name in POLICY for name in wanted):
            deployed = pool.submit(_deployed, config, states)
        for name in (name for name in FILES if name in wanted and (online or name not in ONLINE)):
            start(name, lambda name=name: FILES[name](context))
        if deployed is not None:
            try:
                deployed.result()
            except LakelabError as error:
                jobs.append(_done(Run(DEPLOYMENT, failure=f"the policy tools had nothing to look at: {error.message}")))
            else:
                start_policy(deployed)
        runs = [*(job.result() for job in jobs), *skipped]
    merged = merge(finding for run in runs for finding in run.findings)
    complete = files is None and set(wanted) == set(TOOLS) and not any(run.failure for run in runs)
    stay, excused = exceptions.apply(merged, allowances, datetime.now(UTC).date(), complete=complete)
    runs.sort(key=lambda run: (*TOOLS, DEPLOYMENT).index(run.tool))
    return Report(tuple(runs), tuple(stay), tuple(excused), time.perf_counter() - begin)


def _deployed(config: Settings, states: list[Path] | None) -> Deployed:
    found = deployment.states(config) if states is None else states
    return Deployed(found, load(found, config.root))


def _run(name: str, work: Callable[[], Run], finished: Callable[[Run], None], some_files: bool) -> Run:
    """A tool's run; a tool that breaks, or looks at nothing, is a run that failed.

    Args:
        some_files: a person chose the files, of which none may be for this tool.
    """
    try:
        run = work()
    except (LakelabError, OSError, subprocess.SubprocessError) as error:
        run = Run(name, failure=str(error))
    if some_files and not run.scanned and not run.failure:
        run = replace(run, skipped=f"none of the files is one that {name} looks at")
    run = run.checked()
    finished(run)
    return run


def _done(run: Run) -> Future[Run]:
    future: Future[Run] = Future()
    future.set_result(run)
    return future
