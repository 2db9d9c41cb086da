"""Awkward programs: replacements, aliases, options, components, providers, transforms, imports."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lakelab.deploy import DeployError

# -- replacement ------------------------------------------------------------------------------------------------------


def test_an_automatic_name_is_replaced_by_creating_first(program: Any) -> None:
    text = """
        queue = aws.sqs.Queue("jobs", fifo_queue=FIFO)
        aws.sqs.QueuePolicy("policy", queue_url=queue.url, policy=queue.arn.apply(lambda arn: json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage",
             "Resource": arn}]})))
        pulumi.export("url", queue.url)
    """
    old = program.write(text, FIFO=False).up().outputs["url"]
    seen = program.write(text, FIFO=True).preview()
    assert {step.name: step.op for step in seen.steps if step.op != "same"} == {"jobs": "replace", "policy": "replace"}
    result = program.up()
    new = result.outputs["url"]
    assert new != old
    assert new.endswith(".fifo")
    listed = program.cloud.client("sqs").list_queues(QueueNamePrefix="jobs-").get("QueueUrls", [])
    assert old not in listed
    assert new in listed
    assert len([item for item in program.state() if item["type"] == "aws:sqs/queue:Queue"]) == 1
    assert not program.up().changed


def test_a_given_name_is_replaced_by_deleting_first_with_dependents(program: Any) -> None:
    text = """
        queue = aws.sqs.Queue("jobs", name=f"{UNIQUE}.fifo" if FIFO else UNIQUE, fifo_queue=FIFO)
        role = aws.iam.Role("role", name=UNIQUE, path=PATH, assume_role_policy=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
             "Principal": {"Service": "lambda.amazonaws.com"}}]}))
        aws.iam.RolePolicy("inline", role=role.name, name="p", policy=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}))
        parameter = aws.ssm.Parameter("keeps", name=f"/{UNIQUE}/role", type="String", value=role.arn)
        pulumi.export("arn", role.arn)
    """
    first = program.write(text, FIFO=False, PATH="/a/").up()
    result = program.write(text, FIFO=False, PATH="/b/").up()
    assert program.op(result, "role") == "replace"
    assert program.changes(result, "role") == {"path": ("/a/", "/b/")}
    assert program.op(result, "inline") == "replace", "its role property cannot change in place, so it went first"
    assert program.op(result, "keeps") == "update", "its value can change in place"
    assert result.outputs["arn"] == first.outputs["arn"].replace("/a/", "/b/")
    iam = program.cloud.client("iam")
    assert iam.get_role(RoleName=program.unique)["Role"]["Path"] == "/b/"
    assert iam.list_role_policies(RoleName=program.unique)["PolicyNames"] == ["p"]
    assert not program.up().changed
    assert not program.refresh().changed


def test_delete_before_replace_can_be_asked_for(program: Any) -> None:
    text = """
        aws.kms.Key("key", multi_region=MULTI, deletion_window_in_days=7,
                    opts=ResourceOptions(delete_before_replace=True))
    """
    program.write(text, MULTI=False).up()
    before = program.resource("key")["id"]
    result = program.write(text, MULTI=True).up()
    assert program.op(result, "key") == "replace"
    state = program.cloud.client("kms").describe_key(KeyId=before)["KeyMetadata"]["KeyState"]
    assert state == "PendingDeletion"
    assert program.resource("key")["id"] != before


def test_replace_on_changes_and_replacement_trigger(program: Any) -> None:
    text = """
        aws.sqs.Queue("a", delay_seconds=DELAY, opts=ResourceOptions(replace_on_changes=["delaySeconds"]))
        aws.sqs.Queue("b", opts=ResourceOptions(replacement_trigger=str(DELAY)))
        aws.sqs.Queue("c", delay_seconds=DELAY)
    """
    program.write(text, DELAY=1).up()
    ids = {name: program.resource(name)["id"] for name in "abc"}
    result = program.write(text, DELAY=2).up()
    assert {name: program.op(result, name) for name in "abc"} == {"a": "replace", "b": "replace", "c": "update"}
    assert program.resource("a")["id"] != ids["a"]
    assert program.resource("b")["id"] != ids["b"]
    assert program.resource("c")["id"] == ids["c"]


def test_a_replacement_can_be_asked_for_from_outside(program: Any) -> None:
    program.write('aws.sqs.Queue("a")\naws.sqs.Queue("b")').up()
    before = program.resource("a")["id"]
    result = program.up(replace=("a",))
    assert {program.op(result, "a"), program.op(result, "b")} == {"replace", "same"}
    assert program.resource("a")["id"] != before


def test_replace_with_follows_another_resource(program: Any) -> None:
    text = """
        a = aws.sqs.Queue("a", fifo_queue=FIFO)
        aws.sqs.Queue("b", opts=ResourceOptions(replace_with=[a]))
    """
    program.write(text, FIFO=False).up()
    before = program.resource("b")["id"]
    result = program.write(text, FIFO=True).up()
    assert program.op(result, "b") == "replace"
    assert program.resource("b")["id"] != before


# -- options ----------------------------------------------------------------------------------------------------------


def test_ignore_changes_of_a_nested_path(program: Any) -> None:
    text = """
        aws.sqs.Queue("q", delay_seconds=DELAY, tags={"a": VALUE, "b": VALUE},
                      opts=ResourceOptions(ignore_changes=["tags.a", "delaySeconds"]))
    """
    program.write(text, DELAY=1, VALUE="x").up()
    result = program.write(text, DELAY=2, VALUE="y").up()
    assert program.changes(result, "q") == {"tags.b": ("x", "y")}
    inputs = program.resource("q")["inputs"]
    assert inputs["tags"] == {"a": "x", "b": "y"}
    assert inputs["delaySeconds"] == 1
    assert not program.refresh().changed


@pytest.mark.parametrize(
    ("options", "op"),
    [
        pytest.param({"ignore_changes": ["*"]}, "same", id="all-is-ignored"),
        pytest.param({"ignore_changes": ["tags"]}, "same", id="a-whole-map-is-ignored"),
        pytest.param({"replace_on_changes": ["*"]}, "replace", id="anything-replaces"),
        pytest.param({"replace_on_changes": ["tags.a"]}, "replace", id="a-nested-path-replaces"),
        pytest.param({"replace_on_changes": ["tags.b"]}, "update", id="another-path-does-not"),
    ],
)
def test_paths_of_options(program: Any, options: dict[str, list[str]], op: str) -> None:
    text = 'aws.sqs.Queue("q", tags={"a": VALUE, "b": "same"}, opts=ResourceOptions(**OPTIONS))'
    program.write(text, VALUE="x", OPTIONS=options).up()
    assert program.op(program.write(text, VALUE="y", OPTIONS=options).up(), "q") == op
    assert not program.up().changed


def test_what_is_retained_stays_when_it_is_replaced(program: Any) -> None:
    text = """
        queue = aws.sqs.Queue("q", fifo_queue=FIFO, opts=ResourceOptions(retain_on_delete=True))
        pulumi.export("url", queue.url)
    """
    old = program.write(text, FIFO=False).up().outputs["url"]
    new = program.write(text, FIFO=True).up().outputs["url"]
    assert new != old
    sqs = program.cloud.client("sqs")
    assert sqs.get_queue_attributes(QueueUrl=old, AttributeNames=["QueueArn"])
    assert len([item for item in program.state() if item["type"] == "aws:sqs/queue:Queue"]) == 1
    for url in (old, new):
        sqs.delete_queue(QueueUrl=url)


def test_aliases_keep_a_renamed_resource_and_the_children_of_a_renamed_component(program: Any) -> None:
    text = """
        class Zone(pulumi.ComponentResource):
            def __init__(self, name, opts=None):
                super().__init__("lab:lake:Zone", name, None, opts)
                self.queue = aws.sqs.Queue(f"{name}-queue", opts=ResourceOptions(parent=self))
                self.register_outputs({"url": self.queue.url})
        alias = [pulumi.Alias(name="old")] if NEW else []
        zone = Zone("new" if NEW else "old", opts=ResourceOptions(aliases=alias))
        plain = aws.sqs.Queue("plain" if NEW else "simple",
                              opts=ResourceOptions(aliases=[pulumi.Alias(name="simple")] if NEW else []))
        pulumi.export("urls", [zone.queue.url, plain.url])
    """
    before = program.write(text, NEW=False).up().outputs
    result = program.write(text, NEW=True).up()
    assert result.outputs == before
    assert not result.changed, "a rename with an alias changes nothing, automatic names included"
    urns = {item["urn"].split("::", 2)[2] for item in program.state()}
    assert "lab:lake:Zone$aws:sqs/queue:Queue::new-queue" in urns
    assert not any("old" in urn or "simple" in urn for urn in urns)
    assert not program.up().changed


def test_protected_resources_are_neither_deleted_nor_replaced(program: Any) -> None:
    text = """
        aws.sqs.Queue("other")
        aws.sqs.Queue("dear", fifo_queue=FIFO, opts=ResourceOptions(protect=PROTECT))
    """
    program.write(text, FIFO=False, PROTECT=True).up()
    with pytest.raises(DeployError, match="protected resources would be deleted: dear"):
        program.destroy()
    assert len(program.state()) == 4, "nothing was deleted: stack, provider and both queues are there"
    with pytest.raises(DeployError, match="is protected, and fifoQueue would replace it"):
        program.write(text, FIFO=True, PROTECT=True).up()
    with pytest.raises(DeployError, match="protected resources would be deleted: dear"):
        program.write('aws.sqs.Queue("other")').up()
    program.write(text, FIFO=False, PROTECT=False).up()
    program.destroy()


def test_retain_on_delete_and_deleted_with(program: Any) -> None:
    program.write(
        """
        kept = aws.sqs.Queue("kept", opts=ResourceOptions(retain_on_delete=True))
        bucket = aws.s3.Bucket("b", force_destroy=True)
        aws.s3.BucketObject("o", bucket=bucket.bucket, key="k", content="x",
                            opts=ResourceOptions(deleted_with=bucket))
        pulumi.export("url", kept.url)
        """
    )
    url = program.up().outputs["url"]
    result = program.destroy()
    notes = {step.name: step.note for step in result.steps}
    assert notes["kept"] == notes["o"] == "kept in AWS"
    sqs = program.cloud.client("sqs")
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    sqs.delete_queue(QueueUrl=url)


# -- parts of a program -----------------------------------------------------------------------------------------------


def test_an_explicit_provider_in_another_region_with_default_tags(program: Any) -> None:
    text = """
        west = aws.Provider("west", region="us-west-2", default_tags={"tags": {"team": TEAM, "env": "lab"}})
        queue = aws.sqs.Queue("q", name=UNIQUE, tags={"env": "own"}, opts=ResourceOptions(provider=west))
        pulumi.export("arn", queue.arn)
        pulumi.export("region", aws.get_region(opts=pulumi.InvokeOptions(provider=west)).region)
        pulumi.export("all", queue.tags_all)
    """
    result = program.write(text, TEAM="a").up()
    assert result.outputs["arn"] == f"arn:aws:sqs:us-west-2:000000000000:{program.unique}"
    assert result.outputs["region"] == "us-west-2"
    assert result.outputs["all"] == {"team": "a", "env": "own"}
    assert not program.up().changed
    assert not program.refresh().changed
    changed = program.write(text, TEAM="b").up()
    assert program.op(changed, "west") == "update"
    assert program.changes(changed, "q") == {"tagsAll.team": ("a", "b")}
    assert changed.outputs["all"] == {"team": "b", "env": "own"}


def test_a_resource_in_a_region_of_its_own(program: Any) -> None:
    program.write('pulumi.export("arn", aws.sqs.Queue("q", name=UNIQUE, region="eu-west-1").arn)')
    assert program.up().outputs["arn"].split(":")[3] == "eu-west-1"
    assert not program.refresh().changed
    assert program.destroy().counts == {"delete": 2}


def test_transforms_of_a_stack_and_of_a_component(program: Any) -> None:
    program.write(
        """
        def tag(args):
            if args.type_ == "aws:sqs/queue:Queue":
                args.props["tags"] = {**(args.props.get("tags") or {}), "stack": "yes"}
                return pulumi.ResourceTransformResult(args.props, args.opts)
        pulumi.runtime.register_resource_transform(tag)

        def slow(args):
            if args.custom:
                args.opts.ignore_changes = ["delaySeconds"]
                return pulumi.ResourceTransformResult({**args.props, "delaySeconds": 9}, args.opts)

        class Zone(pulumi.ComponentResource):
            def __init__(self):
                super().__init__("lab:lake:Zone", "zone", None, ResourceOptions(transforms=[slow]))
                self.queue = aws.sqs.Queue("inner", tags={"own": "x"}, opts=ResourceOptions(parent=self))
        zone = Zone()
        outer = aws.sqs.Queue("outer")
        pulumi.export("inner", [zone.queue.tags, zone.queue.delay_seconds])
        pulumi.export("outer", [outer.tags, outer.delay_seconds])
        """
    )
    result = program.up()
    assert result.outputs == {"inner": [{"own": "x", "stack": "yes"}, 9], "outer": [{"stack": "yes"}, 0]}
    assert program.resource("inner")["ignoreChanges"] == ["delaySeconds"]
    assert not program.up().changed


def test_import_takes_over_what_is_there_and_refuses_what_differs(program: Any) -> None:
    sqs = program.cloud.client("sqs")
    url = sqs.create_queue(QueueName=program.unique, Attributes={"DelaySeconds": "5"})["QueueUrl"]
    text = """
        queue = aws.sqs.Queue("q", name=UNIQUE, delay_seconds=DELAY, opts=ResourceOptions(import_=URL))
        pulumi.export("arn", queue.arn)
    """
    with pytest.raises(DeployError, match="delaySeconds is 5 there and 6 here"):
        program.write(text, DELAY=6, URL=url).up()
    result = program.write(text, DELAY=5, URL=url).up()
    assert program.op(result, "q") == "import"
    assert result.outputs["arn"].endswith(program.unique)
    assert not program.up().changed
    changed = program.write(text, DELAY=7, URL=url).up()
    assert program.changes(changed, "q") == {"delaySeconds": (5, 7)}
    with pytest.raises(DeployError, match="nothing to import with the id"):
        program.write(text, DELAY=7, URL=url + "x").up("other")


def test_get_reads_a_resource_and_never_deletes_it(program: Any) -> None:
    sqs = program.cloud.client("sqs")
    url = sqs.create_queue(QueueName=program.unique)["QueueUrl"]
    program.write('pulumi.export("arn", aws.sqs.Queue.get("q", URL).arn)', URL=url)
    assert program.up().outputs["arn"].endswith(program.unique)
    assert program.resource("q")["external"] is True
    program.destroy()
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(DeployError, match="there is no aws:sqs/queue:Queue with the id"):
        program.up()


def test_hooks_run_before_and_after(program: Any) -> None:
    log = program.folder / "hooks.txt"
    text = """
        def note(args):
            with open(LOG, "a") as log:
                log.write(f"{args.name} {sorted(k for k in (args.new_inputs or {}) if k == 'delaySeconds')}\\n")
        hook = pulumi.ResourceHook("note", note)
        aws.sqs.Queue("q", delay_seconds=DELAY, opts=ResourceOptions(
            hooks=pulumi.ResourceHookBinding(before_create=[hook], after_update=[hook])))
    """
    program.write(text, DELAY=1, LOG=str(log)).up()
    assert log.read_text() == "q ['delaySeconds']\n"
    program.up()
    program.write(text, DELAY=2, LOG=str(log)).up()
    assert log.read_text() == "q ['delaySeconds']\n" * 2


# -- targets ----------------------------------------------------------------------------------------------------------


def test_only_the_targets_are_changed(program: Any) -> None:
    text = """
        a = aws.sqs.Queue("a", delay_seconds=DELAY)
        b = aws.sqs.Queue("b", delay_seconds=DELAY)
    """
    program.write(text, DELAY=1).up()
    result = program.write(text + '\n        aws.sqs.Queue("c")\n', DELAY=2).up(targets=("a",))
    assert {name: program.op(result, name) for name in "abc"} == {"a": "update", "b": "same", "c": "skip"}
    assert program.resource("b")["inputs"]["delaySeconds"] == 1
    urn = program.resource("b")["urn"]
    assert program.op(program.up(targets=(urn,)), "b") == "update"
    assert program.destroy(targets=("a",)).counts == {"delete": 1}
    assert [item["urn"].rsplit("::")[-1] for item in program.state() if "Queue" in item["type"]] == ["b"]


def test_a_target_that_needs_something_missing_says_so(program: Any) -> None:
    program.write(
        """
        a = aws.sqs.Queue("a")
        aws.sqs.Queue("b", tags={"x": a.url})
        """
    )
    with pytest.raises(DeployError, match="depends on a, which does not exist and is not among the targets"):
        program.up(targets=("b",))
    program.up()
    with pytest.raises(DeployError, match="b depends on a; delete it as well, or first"):
        program.destroy(targets=("a",))


# -- secrets ----------------------------------------------------------------------------------------------------------


def test_secrets_are_nowhere_in_clear(program: Any) -> None:
    program.file("fn/handler.py", "def handler(event, context): return 1\n")
    text = """
        secret = pulumi.Output.secret(PASSWORD)
        stored = aws.secretsmanager.Secret("s", name=UNIQUE, recovery_window_in_days=0)
        aws.secretsmanager.SecretVersion("v", secret_id=stored.id, secret_string=secret)
        parameter = aws.ssm.Parameter("p", name=f"/{UNIQUE}", type="SecureString", value=secret)
        topic = aws.sns.Topic("t", display_name="open", tags={"nested": secret})
        user = aws.iam.User("u", name=UNIQUE)
        key = aws.iam.AccessKey("k", user=user.name)
        pulumi.export("plain", topic.name)
        pulumi.export("password", parameter.value)
        pulumi.export("tags", topic.tags)
        pulumi.export("key", key.secret)
    """
    first = program.write(text, PASSWORD="hunter2-first").up()
    assert first.outputs["password"] == first.outputs["key"] == first.outputs["tags"] == "[secret]"
    program.write(text, PASSWORD="hunter2-second")
    seen = program.preview()
    assert program.changes(seen, "p") == {"value": ("[secret]", "[secret]")}
    assert program.changes(seen, "t") == {"tags.nested": ("[secret]", "[secret]")}
    second = program.up()
    assert not program.up().changed
    assert not program.refresh().changed
    everything = "".join(
        [
            program.state_text(),
            json.dumps([first.as_dict(), seen.as_dict(), second.as_dict()]),
            *(file.read_text() for file in program.backend.rglob("*.history.json")),
            *(repr(event) for event in program.events),
        ]
    )
    assert "hunter2" not in everything
    clear = program.outputs(show_secrets=True)
    assert clear["password"] == "hunter2-second"
    assert clear["tags"] == {"nested": "hunter2-second"}
    assert clear["key"] not in everything
    ssm = program.cloud.client("ssm")
    value = ssm.get_parameter(Name=f"/{program.unique}", WithDecryption=True)["Parameter"]["Value"]
    assert value == "hunter2-second"


def test_a_secure_setting_is_decrypted_for_the_program_and_stays_secret(program: Any) -> None:
    from lakelab.deploy.engine.secrets import Secrets

    secrets = Secrets("")
    sealed = secrets.encrypt("hunter2")
    program.file(
        "Pulumi.dev.yaml",
        f"encryptionsalt: {secrets.salt}\nconfig:\n  {program.unique}:password:\n    secure: {sealed}\n",
    )
    program.write('pulumi.export("out", pulumi.Config().require_secret("password"))')
    assert program.up().outputs == {"out": "[secret]"}
    assert program.outputs(show_secrets=True) == {"out": "hunter2"}
    assert "hunter2" not in program.state_text()
