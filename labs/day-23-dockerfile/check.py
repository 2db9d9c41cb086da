"""What lab 23 asks for: an image with Python, dbt and the AWS CLI that is small to rebuild, and safe to run."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time

from dockerfile import Instruction, built_anew, ignored, instructions, last_stage

from lakelab.practice import Work, Wrong

FILE, IMAGE = "Dockerfile", "lab-day-23"
MODEL = "transforms/models/orders.sql"
PACKAGES = ("awscli", "dbt-athena", "dbt-core", "dbt-duckdb")
OUTSIDE = (".git/config", ".env", "transforms/target/manifest.json", "transforms/logs/dbt.log")
INSIDE = ("requirements.txt", "transforms/dbt_project.yml", MODEL)
SECRET = re.compile(r"\b(\w*(?:SECRET|PASSWORD|TOKEN|ACCESS_KEY)\w*)\b")
INSTALLS = re.compile(r"\b(pip3?|uv|apt-get|curl)\b")
BUILD_SECONDS = 600


def check_lint(work: Work) -> str:
    """hadolint has nothing against it."""
    text = work.read(FILE)
    if not last_stage(instructions(text)):
        raise Wrong("Dockerfile has no FROM", stop=True)
    found = json.loads(work.run("hadolint", "--no-fail", "--format", "json", FILE))
    wrong = [each for each in found if each["level"] in ("warning", "error")]
    if wrong:
        raise Wrong("\n".join(f"line {each['line']}: {each['code']} {each['message']}" for each in wrong))
    return "no warning"


def check_packages(work: Work) -> str:
    """Python 3.12 with the packages of requirements.txt, each at its version."""
    stage = _stage(work)
    base = stage[0].text.split()[0]
    if not re.search(r"python.*:3\.12", base):
        raise Wrong(f"the image begins with {base}, which is not Python 3.12")
    wanted = work.read("requirements.txt")
    pinned = {line.partition("==")[0].strip().lower() for line in wanted.splitlines() if "==" in line}
    missing = [name for name in PACKAGES if name not in pinned]
    if missing:
        raise Wrong(f"requirements.txt names no version of {', '.join(missing)}")
    installs = [each for each in stage if each.name == "RUN" and "requirements.txt" in each.text]
    if not installs:
        raise Wrong("no RUN installs requirements.txt, so that nothing says which versions are in the image")
    return f"{len(pinned)} packages"


def check_cache(work: Work) -> str:
    """A change to a model installs nothing anew."""
    again = built_anew(_stage(work), MODEL)
    if not again:
        raise Wrong(f"no COPY takes {MODEL} into the image")
    work.measure("instructions built anew when a model changes", len(again), f"of {len(_stage(work))}")
    slow = [each for each in again if each.name == "RUN" and INSTALLS.search(each.text)]
    if slow:
        raise Wrong(f"a change to {MODEL} builds anew line {slow[0].line}: RUN {slow[0].text[:60]}")
    return f"{len(again)} of {len(_stage(work))} instructions"


def check_user(work: Work) -> str:
    """The container does not run as root, and gets signals."""
    stage = _stage(work)
    users = [each.text.split(":")[0] for each in stage if each.name == "USER"]
    if not users or users[-1] in ("root", "0"):
        raise Wrong("the container runs as root")
    commands = [each for each in stage if each.name in ("CMD", "ENTRYPOINT")]
    if not commands:
        raise Wrong("nothing says what the container runs")
    if not all(each.text.startswith("[") for each in commands):
        raise Wrong(f"line {commands[-1].line}: a shell runs the command, and dbt does not get the signal to stop")
    return f"user {users[-1]}"


def check_secrets(work: Work) -> str:
    """No secret gets into the image, and nothing that does not belong there."""
    for each in instructions(work.read(FILE)):
        found = SECRET.search(each.text) if each.name in ("ARG", "ENV") else None
        if found:
            raise Wrong(f"line {each.line}: {each.name} {found[1]} is kept in the image, for whoever pulls it")
    rules = work.read(".dockerignore")
    sent = [file for file in OUTSIDE if not ignored(rules, file)]
    if sent:
        raise Wrong(f".dockerignore lets {', '.join(sent)} into the build context")
    left = [file for file in INSIDE if ignored(rules, file)]
    if left:
        raise Wrong(f".dockerignore keeps {', '.join(left)} out of the build context")
    return f"{len(OUTSIDE)} files stay outside"


def check_image(work: Work) -> str:
    """The image is built, and has what it is to have."""
    if work.size == "small":
        return "read, not built: that is for LAKELAB_LAB_SIZE=full"
    engine = next((name for name in ("docker", "podman") if _answers(name)), None)
    if engine is None:
        return "read, not built: no docker or podman answers here"
    work.cleanup.callback(lambda: work.run(engine, "image", "rm", "--force", IMAGE, ok=False))
    began = time.perf_counter()
    work.run(engine, "build", "--tag", IMAGE, ".", seconds=BUILD_SECONDS)
    work.measure("the first build", time.perf_counter() - began, "s")
    for command, asked in (("dbt --version", "athena"), ("aws --version", "aws-cli"), ("python --version", "3.12")):
        found = work.run(engine, "run", "--rm", IMAGE, *command.split())
        if asked not in found:
            raise Wrong(f"`{command}` in the image says nothing of {asked}:\n{found[-400:]}")
    if work.run(engine, "run", "--rm", IMAGE, "id", "-u").strip() == "0":
        raise Wrong("in the container, id -u says 0")
    work.run(engine, "run", "--rm", IMAGE)
    size = work.run(engine, "image", "inspect", "--format", "{{.Size}}", IMAGE)
    work.measure("the image", int(size) / 2**20, "MB")
    return "built and run"


def _stage(work: Work) -> list[Instruction]:
    return last_stage(instructions(work.read(FILE)))


def _answers(engine: str) -> bool:
    if shutil.which(engine) is None:
        return False
    try:
        return subprocess.run([engine, "info"], capture_output=True, timeout=10, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False
