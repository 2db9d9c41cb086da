"""Failures: a resource that cannot be made, a program that dies, a second deployment, an engine that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from lakelab.deploy import DeployError, Session
from lakelab.deploy.engine.backend import Backend
from lakelab.deploy.engine.state import StateError
from lakelab.errors import LakelabError


def test_a_failure_stops_what_depends_on_it_and_nothing_else(program: Any) -> None:
    program.write(
        """
        bad = aws.lambda_.Function("bad", role="arn:aws:iam::000000000000:role/nobody", runtime="python3.11",
                                   handler="h.h", code=pulumi.AssetArchive({"h.py": pulumi.StringAsset("")}))
        aws.lambda_.FunctionEventInvokeConfig("on-bad", function_name=bad.name, maximum_retry_attempts=0)
        good = aws.sqs.Queue("good")
        aws.sqs.QueuePolicy("on-good", queue_url=good.url,
                            policy=json.dumps({"Version": "2012-10-17", "Statement": []}))
        pulumi.export("good", good.url)
        pulumi.export("bad", bad.arn)
        """
    )
    with pytest.raises(
        DeployError, match=r"bad: CreateFunction: InvalidParameterValueException: .*role.*\(__main__.py:\d+\)"
    ) as raised:
        program.up()
    result = raised.value.result
    assert {step.name: step.op for step in result.steps if step.name in ("on-bad", "good", "on-good")} == {
        "on-bad": "skip",
        "good": "create",
        "on-good": "create",
    }
    assert list(result.outputs) == ["good"]
    names = {item["urn"].rsplit("::")[-1] for item in program.state()}
    assert {"good", "on-good"} <= names
    assert not {"bad", "on-bad"} & names


ALIAS = """
    key = aws.kms.Key("key", deletion_window_in_days=7) if KEY else None
    aws.kms.Alias("alias", name=f"alias/{UNIQUE}", target_key_id=TARGET or key.key_id)
"""
NOWHERE = "00000000-0000-0000-0000-000000000000"


def test_what_a_failed_resource_needs_is_not_deleted(program: Any) -> None:
    program.write(ALIAS, KEY=True, TARGET="").up()
    with pytest.raises(DeployError, match="alias: UpdateAlias: NotFoundException"):
        program.write(ALIAS, KEY=False, TARGET=NOWHERE).up()
    assert any("key is not deleted" in text for text in program.said())
    id = program.resource("key")["id"]
    assert program.cloud.client("kms").describe_key(KeyId=id)["KeyMetadata"]["KeyState"] == "Enabled"
    program.write(ALIAS, KEY=True, TARGET="")
    assert not program.up().changed


def test_an_update_that_fails_keeps_the_truth_in_the_state(program: Any) -> None:
    program.write(ALIAS, KEY=True, TARGET="").up()
    with pytest.raises(DeployError, match="UpdateAlias"):
        program.write(ALIAS, KEY=True, TARGET=NOWHERE).up()
    latest = json.loads(program.state_text())["checkpoint"]["latest"]
    assert latest["pending_operations"] == []
    assert program.resource("alias")["inputs"]["targetKeyId"] == program.resource("key")["id"]
    program.write(ALIAS, KEY=True, TARGET="")
    assert not program.up().changed


def test_a_second_deployment_of_a_stack_is_refused_until_the_first_is_over(program: Any) -> None:
    program.write("")
    with (
        Backend(program.backend).lock(program.unique, "dev"),
        pytest.raises(StateError, match=f"the stack dev is locked by process {os.getpid()}"),
    ):
        program.up()
    program.up()


def test_the_lock_of_a_dead_process_is_taken_over_and_cancel_removes_any(program: Any) -> None:
    program.write("").up()
    backend = Backend(program.backend)
    folder = program.backend / ".pulumi" / "locks" / "organization" / program.unique / "dev"
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    here = os.uname().nodename
    entry = {"username": "x", "hostname": here, "timestamp": "t"}
    (folder / "a.json").write_text(json.dumps({**entry, "pid": dead.pid}))
    program.up()
    (folder / "b.json").write_text(json.dumps({**entry, "hostname": "elsewhere", "pid": 1}))
    with pytest.raises(StateError, match="on elsewhere"):
        program.up()
    assert backend.cancel(program.unique, "dev") == 1
    program.up()


def test_real_aws_is_refused_before_any_call(program: Any) -> None:
    with pytest.raises(LakelabError, match="AWS_ENDPOINT_URL is not set"):
        Session({**dict.fromkeys(os.environ, ""), "AWS_ENDPOINT_URL": ""})
    with pytest.raises(LakelabError, match="is not on this machine"):
        Session({"AWS_ENDPOINT_URL": "https://sqs.us-east-1.amazonaws.com"})
    with pytest.raises(LakelabError, match=r"AWS_ENDPOINT_URL_S3=https://s3\.amazonaws\.com is not on this machine"):
        Session({"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_S3": "https://s3.amazonaws.com"})
    program.write(
        """
        west = aws.Provider("west", endpoints=[{"sqs": "https://sqs.us-east-1.amazonaws.com"}])
        aws.sqs.Queue("q", opts=ResourceOptions(provider=west))
        """
    )
    with pytest.raises(
        DeployError, match=r"aws:endpoints sqs=https://sqs\.us-east-1\.amazonaws\.com is not on this machine"
    ):
        program.up()


# -- kill -9 ----------------------------------------------------------------------------------------------------------

RUN = """
import sys
from pathlib import Path
from lakelab.deploy import Project, up
up(Project.load(Path(sys.argv[1])), "dev")
"""

MANY = """
    trust = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
    key = aws.kms.Key("key", description=UNIQUE, deletion_window_in_days=7)
    role = aws.iam.Role("role", assume_role_policy=trust)
    user = aws.iam.User("user", name=UNIQUE)
    aws.iam.AccessKey("access", user=user.name)
    for i in range(4):
        queue = aws.sqs.Queue(f"queue-{i}", tags={"n": str(i)})
        topic = aws.sns.Topic(f"topic-{i}", tags={"n": str(i)})
        aws.sns.TopicSubscription(f"sub-{i}", topic=topic.arn, protocol="sqs", endpoint=queue.arn)
    api = aws.apigatewayv2.Api("api", name=UNIQUE, protocol_type="HTTP")
    function = aws.lambda_.Function("fn", role=role.arn, runtime="python3.11", handler="h.h",
                                    code=pulumi.AssetArchive({"h.py": pulumi.StringAsset("x = 1")}))
    integration = aws.apigatewayv2.Integration("int", api_id=api.id, integration_type="AWS_PROXY",
                                               integration_uri=function.arn, payload_format_version="2.0")
    aws.apigatewayv2.Route("route", api_id=api.id, route_key="GET /",
                           target=integration.id.apply(lambda i: f"integrations/{i}"))
    aws.lambda_.EventSourceMapping("esm", function_name=function.arn, event_source_arn=queue.arn, batch_size=3)
"""


def count_of_everything(program: Any) -> dict[str, int]:
    """How many things of this program there are in AWS."""
    client, name = program.cloud.client, program.unique
    apis = [api for api in client("apigatewayv2").get_apis()["Items"] if api["Name"] == name]
    kms = client("kms")
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    roles = client("iam").list_roles()["Roles"]
    return {
        "keys": sum(key["Description"] == name and key["KeyState"] == "Enabled" for key in keys),
        "access keys": len(client("iam").list_access_keys(UserName=name)["AccessKeyMetadata"]),
        "apis": len(apis),
        "integrations": sum(len(client("apigatewayv2").get_integrations(ApiId=api["ApiId"])["Items"]) for api in apis),
        "routes": sum(len(client("apigatewayv2").get_routes(ApiId=api["ApiId"])["Items"]) for api in apis),
        "roles": sum(role["RoleName"].startswith("role-") for role in roles),
        "queues": len(client("sqs").list_queues(QueueNamePrefix="queue-").get("QueueUrls", [])),
        "topics": sum(":topic-" in topic["TopicArn"] for topic in client("sns").list_topics()["Topics"]),
        "mappings": len(client("lambda").list_event_source_mappings()["EventSourceMappings"]),
    }


def kill_at(program: Any, seconds: float) -> None:
    """Starts an up in a process of its own and kills it with -9 when the state has been written for this long."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(program.folder)],
        env={**os.environ, **program.cloud.environment(), "PULUMI_BACKEND_URL": f"file://{program.backend}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    state = Backend(program.backend).checkpoint_file(program.unique, "dev")
    before = state.stat().st_mtime_ns if state.exists() else 0
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        if state.exists() and state.stat().st_mtime_ns != before:
            break
        time.sleep(0.005)
    time.sleep(seconds)
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.send_signal(signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive, "no child outlives the engine"
    if state.exists():
        json.loads(state.read_text())


def test_killed_at_any_moment_the_next_up_converges_and_nothing_is_made_twice(program: Any, tmp_path: Path) -> None:
    program.write(MANY)
    before = dict.fromkeys(("roles", "queues", "topics", "mappings"), 0)
    others = {**before, **{key: value for key, value in _others(program).items() if key in before}}
    for seconds in (0.0, 0.02, 0.05, 0.1, 0.2):
        kill_at(program, seconds)
    program.up()
    assert not program.up().changed
    found = {key: value - others.get(key, 0) for key, value in count_of_everything(program).items()}
    assert found == {
        "keys": 1,
        "access keys": 1,
        "apis": 1,
        "integrations": 1,
        "routes": 1,
        "roles": 1,
        "queues": 4,
        "topics": 4,
        "mappings": 1,
    }
    assert not program.refresh().changed
    program.destroy()
    assert {key: _others(program)[key] for key in before} == others


def _others(program: Any) -> dict[str, int]:
    """What other tests have left, counted in the same way."""
    client = program.cloud.client
    return {
        "roles": sum(role["RoleName"].startswith("role-") for role in client("iam").list_roles()["Roles"]),
        "queues": len(client("sqs").list_queues(QueueNamePrefix="queue-").get("QueueUrls", [])),
        "topics": sum(":topic-" in topic["TopicArn"] for topic in client("sns").list_topics()["Topics"]),
        "mappings": len(client("lambda").list_event_source_mappings()["EventSourceMappings"]),
    }
