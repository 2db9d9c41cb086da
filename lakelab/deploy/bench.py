"""Measures the embedded engine: preview, first up, no-change up and destroy of programs of several sizes.

    python -m lakelab.deploy.bench --sizes 60 150 300 600

It runs against a local AWS of its own, on a free port and with its data in a temporary folder. Each verb runs in a
process of its own, as the command line does, so that the start of engine, provider and program is part of its time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lakelab.errors import LakelabError
from lakelab.testing import start_cloud

# seconds for 60 resources, on 2 cores that do nothing else
LIMITS = {"preview": 2.0, "up": 4.0, "no-change up": 2.5}
VERBS = {"preview": "preview", "up": "up", "no-change up": "up", "destroy": "destroy"}

PROGRAM = """
import json
import pulumi
import pulumi_aws as aws

TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
for i in range(COUNT // 6):
    bucket = aws.s3.Bucket(f"zone-{i}", tags={"n": str(i)})
    aws.s3.BucketVersioning(f"zone-{i}", bucket=bucket.bucket, versioning_configuration={"status": "Enabled"})
    role = aws.iam.Role(f"role-{i}", assume_role_policy=TRUST)
    aws.iam.RolePolicy(f"role-{i}", role=role.name, policy=bucket.arn.apply(lambda arn: json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": f"{arn}/*"}]})))
    queue = aws.sqs.Queue(f"queue-{i}", visibility_timeout_seconds=60)
    aws.cloudwatch.LogGroup(f"logs-{i}", name=queue.name.apply(lambda name: f"/lab/{name}"), retention_in_days=7)
pulumi.export("count", COUNT)
"""

CHILD = """
import sys, time
started = time.perf_counter()
from pathlib import Path
from lakelab.deploy import Project, Session
with Session() as session:
    result = getattr(session, sys.argv[2])(Project.load(Path(sys.argv[1])), "bench")
print(time.perf_counter() - started, len(result.steps))
"""


@dataclass(frozen=True)
class Measurement:
    """How long one verb took."""

    size: int
    verb: str
    seconds: float

    @property
    def limit(self) -> float | None:
        return LIMITS.get(self.verb) if self.size == 60 else None


def measure(size: int, environment: Mapping[str, str]) -> list[Measurement]:
    """Runs all verbs on a program of about `size` resources."""
    with tempfile.TemporaryDirectory(prefix="lakelab-bench-") as text:
        folder = Path(text)
        (folder / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
        (folder / "__main__.py").write_text(f"COUNT = {size}\n{PROGRAM}")
        return [Measurement(size, name, _run(folder, verb, environment)) for name, verb in VERBS.items()]


def _run(folder: Path, verb: str, environment: Mapping[str, str]) -> float:
    command = [sys.executable, "-c", CHILD, str(folder), verb]
    variables = {**os.environ, **environment, "PULUMI_BACKEND_URL": f"file://{folder / 'state'}"}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LakelabError(f"{verb} of the measured program failed:\n{done.stderr.strip()}")
    return float(done.stdout.split()[0])


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the curve; 1 when a limit for 60 resources is not kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[60, 150, 300, 600])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="lakelab-bench-") as folder:
        cloud = start_cloud(Path(folder))
        try:
            found = [item for size in options.sizes for item in measure(size, cloud.environment())]
        finally:
            cloud.server.stop()
    if options.json:
        print(json.dumps([asdict(item) for item in found], indent=2))
    else:
        Console().print(_table(options.sizes, found))
    late = [item for item in found if item.limit is not None and item.seconds > item.limit]
    for item in late:
        print(f"{item.verb} of {item.size}: {item.seconds:.2f} s, more than {item.limit} s", file=sys.stderr)
    return 1 if late else 0


def _table(sizes: Sequence[int], found: Sequence[Measurement]) -> Table:
    table = Table(title=f"seconds, {os.cpu_count()} cores", title_justify="left")
    for column in ("resources", *VERBS, "ms a resource, first up"):
        table.add_column(column, justify="right")
    for size in sizes:
        times = {item.verb: item.seconds for item in found if item.size == size}
        table.add_row(str(size), *(f"{times[name]:.2f}" for name in VERBS), f"{times['up'] / size * 1000:.1f}")
    table.add_section()
    table.add_row("limit for 60", *(str(LIMITS.get(name, "")) for name in VERBS), "")
    return table


if __name__ == "__main__":
    sys.exit(main())
