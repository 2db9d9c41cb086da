"""What enforcement costs: `python -m lakelab.cloud.iam.bench` measures S3 and Athena with IAM on and off, in one run.

Two servers do the same work in short turns, so that whatever else the machine does strikes both. The client is a role
with a policy of ten statements and a boundary; with IAM off its requests are neither verified nor decided.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from lakelab.pipeline import athena
from lakelab.testing import Cloud, start_cloud

ROUNDS = 150
OBJECTS = 10  # puts, and as many gets, of a round
QUERIES = 1
BODY = b"x" * 10_000
BUCKET = "bench"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = options.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        clouds = {mode: start_cloud(Path(folder, mode), iam=mode) for mode in ("enforce", "off")}
        try:
            report(measure(clouds, rounds))
        finally:
            for cloud in clouds.values():
                cloud.server.stop()


@dataclass
class Rounds:
    """One kind of work on one server: the seconds, and the CPU seconds of client and server, that each round took."""

    count: int
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.count / statistics.median(self.seconds)


def measure(clouds: dict[str, Cloud], rounds: int) -> dict[str, dict[str, Rounds]]:
    """The rounds of each work, by mode. The first round warms up and does not count."""
    work = {mode: _work(cloud) for mode, cloud in clouds.items()}
    found = {name: {mode: Rounds(work[mode][name][0]) for mode in clouds} for name in work["off"]}
    for number in range(-1, rounds):
        for name, by_mode in found.items():
            for mode in sorted(clouds, reverse=bool(number % 2)):
                cpu, began = _cpu(clouds[mode]), time.perf_counter()
                work[mode][name][1]()
                if number >= 0:
                    by_mode[mode].seconds.append(time.perf_counter() - began)
                    by_mode[mode].cpu.append(_cpu(clouds[mode]) - cpu)
    return found


def report(found: dict[str, dict[str, Rounds]]) -> None:
    """Throughput on and off, and what enforcement takes of it: by the clock, and by the CPU that both sides used.

    By the clock it is the median over the rounds, each on against its neighbour off. On a busy machine the CPU's figure
    is the steadier one: requests one after the other take as long as the CPU works on them.
    """
    print(f"{'work':<8} {'IAM off':>10} {'IAM on':>10} {'cost':>8} {'CPU off':>10} {'CPU on':>10} {'cost':>8}")
    for name, by_mode in found.items():
        on, off = by_mode["enforce"], by_mode["off"]
        by_clock = 1 - statistics.median(b / a for a, b in zip(on.seconds, off.seconds, strict=True))
        cpu_on, cpu_off = (1000 * sum(each.cpu) / len(each.cpu) / each.count for each in (on, off))
        print(
            f"{name:<8} {off.rate:>8.1f}/s {on.rate:>8.1f}/s {by_clock:>7.1%}"
            f" {cpu_off:>7.2f} ms {cpu_on:>7.2f} ms {1 - cpu_off / cpu_on:>7.1%}"
        )


def _cpu(cloud: Cloud) -> float:
    running = cloud.server.running()
    server = psutil.Process(running.pid).cpu_times() if running else None
    return time.process_time() + (server.user + server.system if server else 0.0)


def _work(cloud: Cloud) -> dict[str, tuple[int, Callable[[], Any]]]:
    cloud.client("s3").create_bucket(Bucket=BUCKET)
    keys = _role(cloud)
    s3, queries = cloud.client("s3", keys), cloud.client("athena", keys)
    cloud.client("athena").create_work_group(
        Name="bench", Configuration={"ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/results/"}}
    )
    cloud.client("glue").create_database(DatabaseInput={"Name": "bench"})
    create = (
        f"create external table t (a int) row format delimited fields terminated by ',' location 's3://{BUCKET}/table/'"
    )
    cloud.client("s3").put_object(Bucket=BUCKET, Key="table/a.csv", Body=b"1\n2\n3\n")
    athena.run(cloud.client("athena"), create, database="bench", workgroup="bench")

    def put() -> None:
        for number in range(OBJECTS):
            s3.put_object(Bucket=BUCKET, Key=f"data/{number}", Body=BODY)

    def get() -> None:
        for number in range(OBJECTS):
            s3.get_object(Bucket=BUCKET, Key=f"data/{number}")["Body"].read()

    def query() -> None:
        for _ in range(QUERIES):
            athena.run(queries, "select count(*) from t", database="bench", workgroup="bench")

    return {"S3 put": (OBJECTS, put), "S3 get": (OBJECTS, get), "Athena": (QUERIES, query)}


def _role(cloud: Cloud) -> tuple[str, ...]:
    """The credentials of a role whose right for anything is in the last of ten statements."""
    iam, account = cloud.client("iam"), cloud.settings.account
    others = [
        {
            "Sid": f"Other{number}",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "sqs:*"],
            "Resource": f"arn:aws:s3:::other-{number}/*",
            "Condition": {"StringLike": {"s3:prefix": f"{number}/*"}},
        }
        for number in range(9)
    ]
    last = {"Effect": "Allow", "Action": ["s3:*", "athena:*", "glue:*"], "Resource": "*"}
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
    boundary = iam.create_policy(PolicyName="bench", PolicyDocument=_document([last]))["Policy"]["Arn"]
    role = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=_document([trust]), PermissionsBoundary=boundary)[
        "Role"
    ]["Arn"]
    iam.put_role_policy(RoleName="bench", PolicyName="bench", PolicyDocument=_document([*others, last]))
    found = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="bench")["Credentials"]
    return found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


if __name__ == "__main__":
    main()
