"""A core that lacks what a stack needs: known before anything is made, and left out on demand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
import pulumi
import pulumi_aws as aws

queue = aws.sqs.Queue("failed", name="failed")
role = aws.iam.Role("role", name="role", assume_role_policy='{"Version": "2012-10-17", "Statement": []}')
function = aws.lambda_.Function(
    "function",
    name="function",
    role=role.arn,
    runtime="python3.12",
    handler="index.handler",
    code=pulumi.AssetArchive({"index.py": pulumi.StringAsset("def handler(event, context): pass")}),
)
aws.lambda_.Permission("invoke", function=function.name, action="lambda:InvokeFunction", principal="s3.amazonaws.com")
alarm = aws.cloudwatch.MetricAlarm(
    "errors", name="errors", namespace="AWS/Lambda", metric_name="Errors", dimensions={"FunctionName": function.name},
    statistic="Sum", period=60, evaluation_periods=1, threshold=0, comparison_operator="GreaterThanThreshold",
)
pulumi.export("queue", queue.name)
"""


@pytest.fixture(scope="module")
def lab(new_lab: Callable[[str], Any], moto: str) -> Any:
    """A lab on moto, which runs no functions without Docker."""
    lab = new_lab(moto)
    lab.said["start"] = lab.run("cloud", "start", "--core", moto)
    return lab


@pytest.fixture(scope="module")
def deploy(lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Runs a verb of `lakelab deploy` on a program with a function, what depends on it, and what does not."""
    folder: Path = tmp_path_factory.mktemp("program")
    (folder / "Pulumi.yaml").write_text("name: partial\nruntime: python\n")
    (folder / "__main__.py").write_text(PROGRAM)

    def run(verb: str, *options: str, codes: tuple[int, ...] = (0,)) -> str:
        where = ("-C", str(folder), "-s", "dev", "--engine", "embedded")
        return lab.run("deploy", verb, *where, *options, codes=codes, errors=True)

    return run


def _queues(lab: Any) -> list[str]:
    urls = lab.clients().client("sqs").list_queues().get("QueueUrls", [])
    return [url.rpartition("/")[2] for url in urls]


def test_the_start_and_the_status_say_what_is_missing_and_why(lab: Any):
    assert "The core lacks apigatewayv2, functions" in " ".join(lab.said["start"].split())
    services = json.loads(lab.run("cloud", "status", "--json"))["core"]["services"]
    assert {name for name, found in services.items() if found["by"] == "absent"} == {"apigatewayv2", "functions"}
    assert "docker" in services["functions"]["reason"].lower()


@pytest.mark.parametrize("verb", ["preview", "up"])
def test_a_stack_that_needs_it_stops_before_anything_is_made(lab: Any, deploy: Callable[..., str], verb: str):
    said = " ".join(deploy(verb, codes=(1,)).split())
    assert "needs functions, which moto at http://" in said
    assert "does not have: a function that adds one to 6 answers error running docker" in said
    assert "--partial deploys the rest" in said
    assert _queues(lab) == []


def test_partial_deploys_what_needs_nothing_of_it(lab: Any, deploy: Callable[..., str]):
    deploy("up", "--partial", "--yes")
    assert _queues(lab) == ["failed"]
    assert lab.clients().client("lambda").list_functions()["Functions"] == []
    assert lab.clients().client("cloudwatch").describe_alarms()["MetricAlarms"] == []  # it is about the function
    assert json.loads(deploy("outputs", "--json"))["queue"] == "failed"
    deploy("destroy", "--yes")
    assert _queues(lab) == []
