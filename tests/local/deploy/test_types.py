"""Every resource type: create, no change, each property changed, replaced, drifting, then gone, imported and deleted.

The resources are registered with the engine directly, without a program, so that each step takes milliseconds;
provider, engine and local AWS are the real ones.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from type_samples import TRUST, Sample, World, policy, resource_policy, samples

from lakelab.deploy import Project, Step
from lakelab.deploy.engine import registration, removal
from lakelab.deploy.engine.checkpoint import Checkpoint
from lakelab.deploy.engine.deployment import Deployment, Options
from lakelab.deploy.engine.goal import Goal
from lakelab.deploy.engine.plugins import Plugins
from lakelab.deploy.engine.refresh import refresh
from lakelab.deploy.engine.secrets import Secrets
from lakelab.deploy.engine.state import ResourceState, Snapshot
from lakelab.deploy.provider.resource import Resource
from lakelab.deploy.provider.services import all_types
from lakelab.deploy.values import reveal
from lakelab.testing import Cloud


@pytest.fixture(scope="module")
def world(cloud: Cloud) -> World:
    name = f"w{uuid4().hex[:8]}"
    iam, kms, function = cloud.client("iam"), cloud.client("kms"), cloud.client("lambda")
    services = [f"{service}.amazonaws.com" for service in ("lambda", "glue", "firehose", "events")]
    trust = json.dumps(TRUST).replace('"lambda.amazonaws.com"', json.dumps(services))
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    policies = [
        iam.create_policy(PolicyName=f"{name}-{i}", PolicyDocument=policy("s3:*"))["Policy"]["Arn"] for i in (1, 2)
    ]
    iam.create_user(UserName=name)
    iam.create_group(GroupName=name)
    keys = [kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2)]
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as bundle:
        bundle.writestr("h.py", "def handler(event, context): return 1")
    made = function.create_function(
        FunctionName=name, Role=role, Runtime="python3.11", Handler="h.handler", Code={"ZipFile": body.getvalue()}
    )
    allowed = {"Policy": resource_policy("sqs:SendMessage", queue)}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=allowed)
    function.add_permission(
        FunctionName=name, StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    for number in (1, 2):  # a new version wants new code
        with zipfile.ZipFile(other := io.BytesIO(), "w") as archive:
            archive.writestr("h.py", f"def handler(event, context): return {number}")
        function.update_function_code(FunctionName=name, ZipFile=other.getvalue(), Publish=True)
    cloud.client("logs").create_log_group(logGroupName=name)
    topic = cloud.client("sns").create_topic(Name=name)["TopicArn"]
    cloud.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=resource_policy("sns:Publish", topic)
    )
    stream_policy = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kinesis:*", "Resource": "*"}]}
    )
    iam.put_role_policy(RoleName=name, PolicyName="streams", PolicyDocument=stream_policy)
    kinesis = cloud.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    cloud.client("events").put_rule(Name=f"{name}-rule", ScheduleExpression="rate(1 day)")
    script = {"Name": "pythonshell", "ScriptLocation": "s3://x/j.py"}
    cloud.client("glue").create_job(Name=f"{name}-job", Role=role, Command=script)
    athena = cloud.client("athena")
    athena.create_work_group(Name=name, Configuration={"ResultConfiguration": {"OutputLocation": "s3://x/"}})
    return World(
        name=name,
        role=role,
        role_name=name,
        bucket=cloud.bucket(),
        key=keys[0],
        other_key=keys[1],
        other_queue_url=sqs.create_queue(QueueName=f"{name}-other")["QueueUrl"],
        queue=queue,
        topic=topic,
        other_topic=cloud.client("sns").create_topic(Name=f"{name}-other")["TopicArn"],
        function=made["FunctionArn"],
        function_name=name,
        stream=kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"],
        api=cloud.client("apigatewayv2").create_api(Name=name, ProtocolType="HTTP")["ApiId"],
        user=name,
        group=name,
        policy=policies[0],
        other_policy=policies[1],
        database=cloud.database(),
        workgroup=name,
        secret=cloud.client("secretsmanager").create_secret(Name=name)["ARN"],
        log_group=name,
    )


@pytest.fixture(scope="module")
def plugins(cloud: Cloud) -> Iterator[Plugins]:
    made = Plugins({"PATH": "/usr/bin:/bin", **cloud.environment()})
    yield made
    made.close()


def _assert_no_error(deployment: Deployment) -> None:
    errors = [step.error for step in deployment.steps if step.error]
    assert not errors, errors


class Lab:
    """A stack of one resource, and what can be done with it."""

    def __init__(self, plugins: Plugins, token: str, folder: Path):
        self.token = token
        self.snapshot = Snapshot()
        self._plugins = plugins
        self._project = Project("types", folder, ".", None, {}, folder)

    def _deployment(self) -> Deployment:
        checkpoint = Checkpoint(self.snapshot, Secrets(""), None)
        return Deployment(self._project, "dev", checkpoint, self._plugins, {}, Options(), lambda event: None)

    def up(self, inputs: dict[str, Any], import_id: str = "") -> Step:
        deployment = self._deployment()
        goal = Goal(self.token, "it", "", True, dict(inputs), import_id=import_id)
        registration.register(deployment, goal)
        removal.delete_unwanted(deployment)
        self.snapshot = deployment.checkpoint.snapshot()
        _assert_no_error(deployment)
        return next(step for step in deployment.steps if step.name == "it" and step.op != "delete")

    def refresh(self) -> Step:
        deployment = self._deployment()
        refresh(deployment)
        self.snapshot = deployment.checkpoint.snapshot()
        _assert_no_error(deployment)
        return deployment.steps[0]

    def destroy(self) -> None:
        deployment = self._deployment()
        removal.delete_all(deployment, deployment.checkpoint.old())
        self.snapshot = deployment.checkpoint.snapshot()
        _assert_no_error(deployment)

    @property
    def state(self) -> ResourceState:
        return next(item for item in self.snapshot.resources if item.type == self.token and not item.delete)

    def behind_the_back(self, inputs: dict[str, Any]) -> None:
        """Changes the resource in AWS; the engine's state stays as it was."""
        provider = self._deployment().provider_of(self.state)
        folder = self._project.root
        checked, mistakes = provider.check(self.state.urn, self.state.inputs, dict(inputs), b"0", folder)
        assert mistakes == []
        provider.update(self.state, checked, folder)

    def remove_behind_the_back(self) -> None:
        self._deployment().provider_of(self.state).delete(self.state, self._project.root)

    def found_by_inputs(self, **hints: Any) -> str | None:
        """The id that the provider finds for what the state's inputs have made, as after a kill."""
        state = self.state
        provider = self._deployment().provider_of(state)
        there = provider.read(state.urn, "", {**state.inputs, **hints}, {}, self._project.root)
        return there.id if there else None

    def exists(self, state: ResourceState) -> bool:
        provider = self._deployment().provider_of(state)
        return provider.read(state.urn, state.id, state.inputs, state.outputs, self._project.root) is not None


TOKENS = sorted(all_types())


@pytest.fixture
def lab(plugins: Plugins, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Lab]:
    made = Lab(plugins, request.getfixturevalue("token"), tmp_path)
    yield made
    if made.snapshot.resources:
        made.destroy()


def first(path: str) -> str:
    return path.split(".")[0].split("[")[0]


def changed_names(step: Step) -> set[str]:
    return {first(change.path) for change in step.changes}


def mutable(kind: Resource, sample: Sample) -> list[tuple[str, dict[str, Any]]]:
    """Each change in place with the inputs that it makes."""
    return [
        (name, {**sample.inputs, name: value, **sample.apart.get(name, {})}) for name, value in sample.change.items()
    ]


@pytest.mark.parametrize("token", TOKENS)
def test_each_property_is_in_the_sample(token: str, world: World) -> None:
    """A property that is added to a type and to no test is found here."""
    sample, kind = samples(world)[token], all_types()[token]
    covered = {*sample.inputs, *sample.change, *sample.replace, *sample.untested}
    missing = [
        name
        for name, known in kind.properties.items()
        if name not in covered and not known.local and name not in ("region", "namePrefix")
    ]
    assert missing == []
    assert not (set(sample.untested) & {*sample.change, *sample.replace}), "what is tested is not untested"


@pytest.mark.parametrize("token", TOKENS)
def test_create_nothing_and_each_change_in_place(token: str, lab: Lab, world: World) -> None:
    sample, kind = samples(world)[token], all_types()[token]
    assert lab.up(sample.inputs).op == "create"
    id = lab.state.id
    assert lab.up(sample.inputs).op == "same"
    assert lab.refresh().changes == (), "a refresh right after the creation finds no drift"
    for name, inputs in mutable(kind, sample):
        step = lab.up(inputs)
        assert (step.op, name in changed_names(step)) == ("update", True), f"changing {name}"
        assert lab.state.id == id
        assert lab.refresh().changes == (), f"after changing {name}"
        assert lab.up(inputs).op == "same", f"after changing {name}"
        if name in sample.kept:
            lab.destroy()
            lab.up(sample.inputs)
            id = lab.state.id
            continue
        back = "same" if stays(kind, sample, name) else "update"
        assert lab.up(sample.inputs).op == back, f"taking {name} back"
        assert lab.refresh().changes == (), f"after taking {name} back"


def stays(kind: Resource, sample: Sample, name: str) -> bool:
    """Whether AWS keeps the value of a property that the program stops to set, as Pulumi does with computed ones."""
    return kind.properties[name].computed and name not in sample.inputs


@pytest.mark.parametrize("token", TOKENS)
def test_drift_of_each_property_is_found_and_repaired(token: str, lab: Lab, world: World) -> None:
    sample, kind = samples(world)[token], all_types()[token]
    lab.up(sample.inputs)
    for name, inputs in mutable(kind, sample):
        if kind.properties[name].blind or name in sample.unseen:
            continue
        assert not stays(kind, sample, name), f"the sample needs a first value of {name}"
        lab.behind_the_back(inputs)
        drift = lab.refresh()
        assert drift.op == "refresh", f"drift of {name}"
        assert name in changed_names(drift)
        if name in sample.kept:
            lab.destroy()
            lab.up(sample.inputs)
            continue
        repaired = lab.up(sample.inputs)
        assert (repaired.op, name in changed_names(repaired)) == ("update", True), f"repairing {name}"
        assert lab.refresh().changes == (), f"after repairing {name}"


@pytest.mark.parametrize("token", TOKENS)
def test_each_replacing_property(token: str, lab: Lab, world: World) -> None:
    sample = samples(world)[token]
    lab.up(sample.inputs)
    for name, value in sample.replace.items():
        before = lab.state
        inputs = {**sample.inputs, name: value, **sample.apart.get(name, {})}
        if name == "secretBinary":
            inputs.pop("secretString")
        step = lab.up(inputs)
        assert (step.op, any(change.replaces for change in step.changes)) == ("replace", True), f"changing {name}"
        assert lab.refresh().changes == (), f"after changing {name}"
        if lab.state.id != before.id:
            assert token.endswith("SecretVersion") or not lab.exists(before), (
                f"the old one is gone after changing {name}"
            )
        assert lab.up(sample.inputs).op == "replace", f"taking {name} back"


@pytest.mark.parametrize("token", TOKENS)
def test_gone_then_imported_then_deleted(token: str, lab: Lab, world: World) -> None:
    sample = samples(world)[token]
    lab.up(sample.inputs)
    lab.remove_behind_the_back()
    step = lab.refresh()
    assert token in NEVER_GONE or (step.op, step.note) == ("delete", "gone")
    lab.up(sample.inputs)
    state = lab.state
    if not sample.import_differs:
        kept, lab.snapshot = lab.snapshot, Snapshot()
        import_id = sample.import_id(state) if sample.import_id else state.id
        assert lab.up(sample.inputs, import_id).op == "import"
        assert lab.up(sample.inputs).op == "same"
        assert reveal(lab.state.outputs).get("arn") == reveal(state.outputs).get("arn")
        lab.snapshot = replace(kept)
    lab.destroy()
    lab.snapshot = kept_provider(lab, state)
    assert token in NEVER_GONE or not lab.exists(state)
    lab.snapshot = Snapshot()


@pytest.mark.parametrize("token", [token for token in TOKENS if token != "aws:iam/accessKey:AccessKey"])
def test_a_create_that_was_cut_off_is_found_again(token: str, lab: Lab, world: World) -> None:
    lab.up(samples(world)[token].inputs)
    assert lab.found_by_inputs() == lab.state.id


def test_of_access_keys_only_the_one_whose_create_was_cut_off_is_removed(
    world: World, plugins: Plugins, tmp_path: Path, cloud: Cloud
) -> None:
    token, iam = "aws:iam/accessKey:AccessKey", cloud.client("iam")
    lab = Lab(plugins, token, tmp_path)
    lab.up({"user": world.user})
    state = lab.state
    by_hand = iam.create_access_key(UserName=world.user)["AccessKey"]
    in_a_second = (by_hand["CreateDate"] + timedelta(seconds=1)).isoformat()
    assert lab.found_by_inputs(__known=[state.id], __since=in_a_second) is None
    assert by_hand["AccessKeyId"] in access_keys(iam, world.user), "it was there before the create began"
    assert lab.found_by_inputs(__known=[state.id], __since=by_hand["CreateDate"].isoformat()) is None
    assert access_keys(iam, world.user) == [state.id], "its secret is lost, so it is made again"
    lab.destroy()


def access_keys(iam: Any, user: str) -> list[str]:
    return [key["AccessKeyId"] for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]]


# AWS always has these: versioning is suspended, a bucket's encryption goes back to AES256, a topic's policy to that of
# a new topic, the current version of a secret goes with the secret, and a group has members or none
NEVER_GONE = {
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:secretsmanager/secretVersion:SecretVersion",
    "aws:iam/groupMembership:GroupMembership",
}


def kept_provider(lab: Lab, state: ResourceState) -> Snapshot:
    """A state with the provider that a deleted resource had, to look for it."""
    urn, _, id = state.provider.rpartition("::")
    return Snapshot((ResourceState(urn, "pulumi:providers:aws", True, id),))
