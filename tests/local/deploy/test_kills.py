"""An engine that is killed: whatever the moment, the next `up` converges, and nothing is made twice or forgotten."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from lakelab.deploy.engine.backend import Backend
from lakelab.deploy.listings import Account
from lakelab.deploy.survivors import Traces, find

KILLS = int(os.environ.get("DEPLOY_KILLS", "50"))
SEED = int(os.environ.get("DEPLOY_KILLS_SEED", "0"))

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


def start(program: Any) -> subprocess.Popen[bytes]:
    """An up in a process of its own that has just written the state for the first time, or has ended."""
    state = Backend(program.backend).checkpoint_file(program.unique, "dev")
    before = state.stat().st_mtime_ns if state.exists() else 0
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(program.folder)],
        env={**os.environ, **program.cloud.environment(), "PULUMI_BACKEND_URL": f"file://{program.backend}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if state.exists() and state.stat().st_mtime_ns != before:
            break
        time.sleep(0.005)
    return process


def kill_at(program: Any, seconds: float) -> bool:
    """Starts an up and kills it with -9 this long after its first write of the state; whether it was still at work."""
    process = start(program)
    time.sleep(seconds)
    at_work = process.poll() is None
    children = psutil.Process(process.pid).children(recursive=True) if at_work else []
    process.send_signal(signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive, "no child outlives the engine"
    state = Backend(program.backend).checkpoint_file(program.unique, "dev")
    if state.exists():
        json.loads(state.read_text())
    return at_work


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


# each round deploys another variant: queues come and go, are renamed and so replaced, in either order; tags change
ROUND = """
    tags = {"test": UNIQUE, "round": str(ROUND)}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
    key = aws.kms.Key(f"{UNIQUE}-key", deletion_window_in_days=7, multi_region=ROUND % 4 == 0, tags=tags)
    aws.kms.Alias("alias", name=f"alias/{UNIQUE}", target_key_id=key.key_id)
    role = aws.iam.Role("role", name=f"{UNIQUE}-role", path=f"/{ROUND % 2}/", assume_role_policy=trust, tags=tags)
    aws.iam.RolePolicy("inline", role=role.name, name="p", policy=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}))
    user = aws.iam.User("user", name=f"{UNIQUE}-user", tags=tags)
    aws.iam.AccessKey(f"access-{ROUND % 2}", user=user.name)
    for i in range(ROUND % 3, 5):
        queue = aws.sqs.Queue(f"{UNIQUE}-queue-{i}", fifo_queue=(ROUND + i) % 2 == 0, tags=tags)
        topic = aws.sns.Topic(f"{UNIQUE}-topic-{i}", display_name=f"round {ROUND}", tags=tags)
    log = aws.cloudwatch.LogGroup("log", name=f"/{UNIQUE}/{ROUND % 2}", retention_in_days=7, tags=tags)
    api = aws.apigatewayv2.Api("api", name=f"{UNIQUE}-api", protocol_type="HTTP", tags=tags)
    secret = aws.secretsmanager.Secret("secret", name=f"{UNIQUE}-{ROUND % 2}", recovery_window_in_days=0, tags=tags)
    aws.secretsmanager.SecretVersion("value", secret_id=secret.id, secret_string=f"round {ROUND}")
    pulumi.export("round", ROUND)
"""


@pytest.mark.usefixtures("aws_environment")
def test_after_a_kill_at_any_of_many_random_moments_the_next_up_converges(program: Any) -> None:
    moments = random.Random(SEED)
    program.write(ROUND, ROUND=0).up()
    program.write(ROUND, ROUND=1)
    process = start(program)
    began = time.monotonic()
    assert process.wait() == 0
    work = time.monotonic() - began
    at_work = under_way = 0
    for number in range(2, KILLS + 2):
        program.write(ROUND, ROUND=number)
        moment = moments.uniform(0, work)
        at_work += kill_at(program, moment)
        what = f"round {number}, killed {moment:.3f} s after the first write, seed {SEED}"
        under_way += bool(json.loads(program.state_text())["checkpoint"]["latest"]["pending_operations"])
        assert program.up().outputs == {"round": number}, what
        assert not program.up().changed, what
        assert strangers(program) == [], what
    print(f"{KILLS} kills within {work:.1f} s: {at_work} ups at work, {under_way} with operations on AWS under way")
    assert not program.refresh().changed
    program.destroy()
    assert strangers(program) == []


def strangers(program: Any) -> list[str]:
    """What carries the test's name or tag and is not in the state."""
    managed = frozenset(str(item.get("outputs", {}).get("arn")) for item in program.state())
    left = find(
        Account("us-east-1"), Traces(tags={"test": program.unique}, prefixes=(program.unique,), managed=managed)
    )
    return [f"{item.service} {item.kind} {item.name} {item.detail}" for item in left]
