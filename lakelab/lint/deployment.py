"""The state that the lint looks at: of a throw-away deployment into a private local AWS, or of deployed stacks."""

from __future__ import annotations

import os
import shutil
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from lakelab.cloud.environment import environment
from lakelab.cloud.server import Server
from lakelab.deploy import Project, Session
from lakelab.environments import alone
from lakelab.lint.findings import LintError
from lakelab.lint.sources import below, digest, tracked
from lakelab.pipeline.deployment import Stacks
from lakelab.processes import free_port
from lakelab.settings import Settings

# What the program reads, and what runs it: a change in any of them needs a new deployment.
SOURCES = (
    "stacks",
    "lambdas",
    "policies/iam",
    "policies/resource",
    "policies/trust",
    "glue",
    "athena_queries",
    "lakelab/deploy",
)
KEPT = 3  # deployments
SUFFIXES = (".py", ".json", ".yaml", ".yml", ".sql", ".md", ".toml")


def states(config: Settings, target: str = "local") -> list[Path]:
    """The state files of a throw-away deployment of all layers; those of an earlier one of the same program if kept.

    Raises:
        LakelabError: the local AWS does not start, or a stack cannot be deployed.
    """
    files = tracked(config.root)
    settings = [file for file in files if file.name.startswith("Pulumi.")]
    key = digest(config.root, [*below(files, *SOURCES, suffixes=SUFFIXES), *settings], target, version("pulumi-aws"))
    kept = config.state / "lint" / "states"
    folder = kept / key
    with alone(kept / "lock"):
        if not folder.is_dir():
            with TemporaryDirectory(prefix="lakelab-lint-") as scratch:
                made = _deploy(config, target, Path(scratch))
                fresh = Path(scratch) / key
                shutil.copytree(made, fresh, ignore=shutil.ignore_patterns("*.bak"))
                shutil.move(fresh, folder)
            _forget_all_but(kept, KEPT)
    return sorted(folder.glob("*.json"))


def _forget_all_but(folder: Path, count: int) -> None:
    """Deletes the oldest deployments. Another lint may still be reading the last ones."""
    known = sorted((item for item in folder.iterdir() if item.is_dir()), key=lambda item: item.stat().st_mtime)
    for old in known[:-count]:
        shutil.rmtree(old)


def _deploy(config: Settings, target: str, scratch: Path) -> Path:
    """Deploys all layers into a local AWS of its own; the folder with the state of each."""
    private = _private(config, scratch)
    project = Project.load(config.root)
    server = Server(private)
    server.start()
    try:
        with Session({**os.environ, **environment(private)}) as session:
            for layer in Stacks(config, target).needs:
                session.up(project, f"{layer}-{target}", backend=scratch / "pulumi")
    finally:
        server.stop()
    return scratch / "pulumi/.pulumi/stacks" / project.name


def _private(config: Settings, root: Path) -> Settings:
    """The same settings for a local AWS of its own: another data folder and port."""
    return config.model_copy(update={"root": root, "state": root / ".lakelab", "port": free_port()})


def deployed(config: Settings, target: str = "local") -> list[Path]:
    """The state files of the stacks of a target that are deployed now.

    Raises:
        LintError: none is.
    """
    project = Project.load(config.root)
    backend = os.environ.get("PULUMI_BACKEND_URL", "").removeprefix("file://") or config.deployed / "pulumi"
    found = sorted((Path(backend) / ".pulumi/stacks" / project.name).glob(f"*-{target}.json"))
    if not found:
        raise LintError(f"no stack is deployed to {target}", fix="make up-local, or lint without --deployed")
    return found
