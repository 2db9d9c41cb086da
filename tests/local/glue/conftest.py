"""What the tests of the crawler and of jobs against the started local AWS have in common."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture
def make_role(cloud: Any) -> Iterator[Callable[..., str]]:
    """Makes roles that Glue can assume, with the actions they may do on everything; answers their ARNs."""
    iam = cloud.client("iam")
    made: list[str] = []

    def make(*actions: str) -> str:
        name = f"glue-{uuid4().hex[:12]}"
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        iam.put_role_policy(RoleName=name, PolicyName="it", PolicyDocument=json.dumps(policy))
        made.append(name)
        return role["Arn"]

    yield make
    for name in made:
        iam.delete_role_policy(RoleName=name, PolicyName="it")
        iam.delete_role(RoleName=name)


@pytest.fixture
def wait_until() -> Callable[..., Any]:
    """Calls a function until its answer is true, and answers that."""

    def wait(condition: Callable[[], Any], seconds: float = 30) -> Any:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = condition()
            if answer:
                return answer
            time.sleep(0.05)
        raise AssertionError("it did not come true in time")

    return wait


@pytest.fixture
def crawl(cloud: Any, make_role: Callable[..., str], wait_until: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """Makes a crawler on an S3 path, runs it to its end, and answers GetCrawler's `Crawler`; run again by its name."""
    glue = cloud.client("glue")
    made: list[str] = []

    def run(
        path: str = "", database: str = "", *, name: str = "", actions: tuple[str, ...] = (), **options: Any
    ) -> Any:
        if not name:
            name = f"crawler-{uuid4().hex[:12]}"
            role = make_role(*(actions or ("s3:*", "glue:*", "logs:*", "sqs:*")))
            targets = options.pop("Targets", {"S3Targets": [{"Path": path}]})
            glue.create_crawler(Name=name, Role=role, DatabaseName=database, Targets=targets, **options)
            made.append(name)
        glue.start_crawler(Name=name)
        wait_until(lambda: glue.get_crawler(Name=name)["Crawler"]["State"] == "READY")
        return glue.get_crawler(Name=name)["Crawler"]

    yield run
    for name in made:
        glue.delete_crawler(Name=name)


@pytest.fixture
def make_job(cloud: Any, make_role: Callable[..., str]) -> Iterator[Callable[..., tuple[str, str]]]:
    """Makes a job of a script; answers its name and its bucket."""
    glue, s3 = cloud.client("glue"), cloud.client("s3")
    made: list[str] = []

    def make(
        script: bytes, *, actions: tuple[str, ...] = ("s3:*", "logs:*", "sts:*"), **options: Any
    ) -> tuple[str, str]:
        name, bucket = f"job-{uuid4().hex[:12]}", cloud.bucket()
        s3.put_object(Bucket=bucket, Key="script.py", Body=script)
        command = {"Name": "pythonshell", "ScriptLocation": f"s3://{bucket}/script.py", "PythonVersion": "3.9"}
        glue.create_job(**{"Name": name, "Role": make_role(*actions), "Command": command, **options})
        made.append(name)
        return name, bucket

    yield make
    for name in made:
        glue.delete_job(JobName=name)


@pytest.fixture
def ended(cloud: Any, wait_until: Callable[..., Any]) -> Callable[..., Any]:
    """The JobRun of a run when it has ended."""
    glue = cloud.client("glue")

    def run(name: str, run_id: str) -> Any:
        wait_until(lambda: glue.get_job_run(JobName=name, RunId=run_id)["JobRun"].get("CompletedOn"))
        return glue.get_job_run(JobName=name, RunId=run_id)["JobRun"]

    return run
