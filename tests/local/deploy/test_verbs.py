"""preview, up, refresh, destroy, outputs and stack references of ordinary programs."""

from __future__ import annotations

from typing import Any

import pytest

from lakelab.deploy import DeployError
from lakelab.deploy.engine.state import StateError

QUEUE = """
    queue = aws.sqs.Queue("jobs", name=f"{UNIQUE}-jobs", visibility_timeout_seconds=TIMEOUT, tags={"layer": "ingest"})
    pulumi.export("url", queue.url)
    pulumi.export("nested", {"arns": [queue.arn], "count": 1})
"""


def attributes(program: Any, url: str) -> dict[str, str]:
    return program.cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def test_up_makes_what_the_program_says_and_then_nothing(program: Any) -> None:
    program.write(QUEUE, TIMEOUT=60)
    first = program.up()
    assert program.op(first, "jobs") == "create"
    url = first.outputs["url"]
    assert attributes(program, url)["VisibilityTimeout"] == "60"
    assert program.cloud.client("sqs").list_queue_tags(QueueUrl=url)["Tags"] == {"layer": "ingest"}
    again = program.up()
    assert again.counts == {"same": 2}
    assert not again.changed
    assert program.outputs() == {"url": url, "nested": {"arns": [attributes(program, url)["QueueArn"]], "count": 1}}


def test_preview_changes_nothing_and_shows_each_property(program: Any) -> None:
    program.write(QUEUE, TIMEOUT=60)
    seen = program.preview()
    assert seen.counts == {"create": 2}
    assert seen.outputs["url"] == "[unknown]"
    assert not program.backend.exists()
    program.up()
    program.write(QUEUE, TIMEOUT=90)
    seen = program.preview()
    assert program.op(seen, "jobs") == "update"
    assert program.changes(seen, "jobs") == {"visibilityTimeoutSeconds": (60, 90)}
    assert attributes(program, seen.outputs["url"])["VisibilityTimeout"] == "60"
    done = program.up()
    assert done.counts == {"same": 1, "update": 1}
    assert attributes(program, done.outputs["url"])["VisibilityTimeout"] == "90"


def test_a_resource_that_leaves_the_program_is_deleted(program: Any) -> None:
    program.write(QUEUE, TIMEOUT=60)
    url = program.up().outputs["url"]
    program.write("")
    assert program.preview().counts == {"same": 1, "delete": 1}
    assert program.up().counts == {"same": 1, "delete": 1}
    with pytest.raises(program.cloud.client("sqs").exceptions.QueueDoesNotExist):
        attributes(program, url)


def test_destroy_leaves_nothing_and_the_stack_can_come_back(program: Any) -> None:
    program.write(QUEUE, TIMEOUT=60)
    program.up()
    assert program.destroy().counts == {"delete": 2}
    assert program.state() == []
    assert program.outputs() == {}
    assert program.up().counts == {"create": 2}


def test_refresh_shows_drift_by_property_and_up_repairs_it(program: Any) -> None:
    program.write(QUEUE, TIMEOUT=60)
    url = program.up().outputs["url"]
    assert not program.refresh().changed
    sqs = program.cloud.client("sqs")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "7", "DelaySeconds": "3"})
    sqs.tag_queue(QueueUrl=url, Tags={"who": "me"})
    drift = program.refresh()
    assert program.op(drift, "jobs") == "refresh"
    assert program.changes(drift, "jobs") == {
        "visibilityTimeoutSeconds": (60, 7),
        "delaySeconds": (0, 3),
        "tags.who": (None, "me"),
    }
    repaired = program.up()
    assert program.changes(repaired, "jobs")["visibilityTimeoutSeconds"] == (7, 60)
    assert attributes(program, url)["VisibilityTimeout"] == "60"
    assert attributes(program, url)["DelaySeconds"] == "0"
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"layer": "ingest"}
    assert not program.refresh().changed


def test_what_is_gone_is_found_by_refresh_and_made_again(program: Any) -> None:
    program.write(QUEUE, TIMEOUT=60)
    url = program.up().outputs["url"]
    program.cloud.client("sqs").delete_queue(QueueUrl=url)
    assert not program.up().changed, "without a refresh the state is believed, as Pulumi does"
    assert program.op(program.refresh(), "jobs") == "delete"
    assert program.op(program.up(), "jobs") == "create"
    assert attributes(program, url)["VisibilityTimeout"] == "60"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("lake", id="stack-of-the-same-project"),
        pytest.param("{project}/lake", id="project-and-stack"),
        pytest.param("organization/{project}/lake", id="all-three"),
    ],
)
def test_a_stack_reads_the_outputs_of_another(program: Any, name: str) -> None:
    program.write('pulumi.export("bucket", "raw"); pulumi.export("password", pulumi.Output.secret("hunter2"))')
    program.up("lake")
    program.write(
        """
        other = pulumi.StackReference(NAME)
        pulumi.export("seen", other.require_output("bucket"))
        pulumi.export("password", other.get_output("password"))
        """,
        NAME=name.format(project=program.unique),
    )
    result = program.up("query")
    assert result.outputs == {"seen": "raw", "password": "[secret]"}
    assert "hunter2" not in program.state_text("query")
    assert program.outputs("query", show_secrets=True) == {"seen": "raw", "password": "hunter2"}


def test_a_reference_to_a_stack_that_is_not_there_names_those_that_are(program: Any) -> None:
    program.write("")
    program.up("lake")
    program.write('pulumi.export("x", pulumi.StackReference("nowhere").get_output("y"))')
    with pytest.raises(DeployError, match=f"unknown stack nowhere; there are: {program.unique}/lake"):
        program.up("query")


def test_outputs_of_a_stack_that_was_never_deployed(program: Any) -> None:
    with pytest.raises(StateError, match="never deployed") as raised:
        program.outputs("nothing")
    assert raised.value.fix == "lakelab deploy up -s nothing"


def test_invokes_answer_in_preview_too(program: Any) -> None:
    program.write(
        """
        document = aws.iam.get_policy_document(statements=[
            {"sid": "a", "actions": ["s3:GetObject", "s3:PutObject"], "resources": ["arn:aws:s3:::x/*"],
             "conditions": [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["true"]}]},
            {"effect": "Deny", "notActions": ["s3:*"], "resources": ["*"],
             "principals": [{"type": "AWS", "identifiers": ["*"]}]},
        ])
        pulumi.export("account", aws.get_caller_identity().account_id)
        pulumi.export("region", aws.get_region().region)
        pulumi.export("partition", aws.get_partition().partition)
        pulumi.export("zones", aws.get_availability_zones(state="available").names)
        pulumi.export("policy", json.loads(document.json))
        """
    )
    result = program.preview()
    assert result.outputs["account"] == "000000000000"
    assert result.outputs["region"] == "us-east-1"
    assert result.outputs["partition"] == "aws"
    assert "us-east-1a" in result.outputs["zones"]
    assert result.outputs["policy"]["Statement"] == [
        {
            "Sid": "a",
            "Effect": "Allow",
            "Action": ["s3:PutObject", "s3:GetObject"],
            "Resource": "arn:aws:s3:::x/*",
            "Condition": {"Bool": {"aws:SecureTransport": "true"}},
        },
        {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*", "Principal": {"AWS": "*"}},
    ]


def test_functions_look_up_what_exists(program: Any) -> None:
    client, name = program.cloud.client, program.unique
    bucket = program.cloud.bucket()
    url = client("sqs").create_queue(QueueName=name, tags={"a": "1"})["QueueUrl"]
    arn = client("secretsmanager").create_secret(Name=name, SecretString="hunter2")["ARN"]
    client("ssm").put_parameter(Name=f"/{name}", Value="hunter3", Type="SecureString")
    program.write(
        """
        pulumi.export("bucket", aws.s3.get_bucket(bucket=BUCKET).arn)
        queue = aws.sqs.get_queue(name=UNIQUE)
        pulumi.export("queue", [queue.url, queue.tags])
        pulumi.export("secret", aws.secretsmanager.get_secret(name=UNIQUE).arn)
        pulumi.export("password", aws.secretsmanager.get_secret_version_output(secret_id=UNIQUE).secret_string)
        pulumi.export("parameter", aws.ssm.get_parameter_output(name=f"/{UNIQUE}").value)
        """,
        BUCKET=bucket,
    )
    assert program.preview().outputs == {
        "bucket": f"arn:aws:s3:::{bucket}",
        "queue": [url, {"a": "1"}],
        "secret": arn,
        "password": "[secret]",
        "parameter": "[secret]",
    }
    program.up()
    assert program.outputs(show_secrets=True)["password"] == "hunter2"
    assert program.outputs(show_secrets=True)["parameter"] == "hunter3"
    assert "hunter" not in program.state_text()
    program.write('aws.s3.get_bucket(bucket="no-such-bucket-anywhere")')
    with pytest.raises(DeployError, match="there is no aws:s3/bucket:Bucket with the bucket no-such-bucket-anywhere"):
        program.preview()
    client("sqs").delete_queue(QueueUrl=url)
    client("secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    client("ssm").delete_parameter(Name=f"/{name}")


def test_a_function_refuses_an_argument_that_it_does_not_have(program: Any) -> None:
    program.write('aws.iam.get_policy_document(statements=[{"not_actions": ["s3:*"], "resources": ["*"]}])')
    with pytest.raises(DeployError, match=r"statements\.not_actions: no such argument; a dict needs notActions here"):
        program.preview()


def test_a_typed_configuration_has_defaults_and_is_checked(program: Any) -> None:
    program.file(
        "Pulumi.yaml",
        f"""
        name: {program.unique}
        runtime: python
        config:
          days: {{type: integer, default: 7}}
          zones: {{type: array, items: {{type: string}}, default: [a, b]}}
        """,
    )
    program.write(
        """
        config = pulumi.Config()
        pulumi.export("days", config.require_int("days") + 1)
        pulumi.export("zones", config.require_object("zones"))
        """
    )
    assert program.preview("dev").outputs == {"days": 8, "zones": ["a", "b"]}
    program.file("Pulumi.prod.yaml", f"config:\n  {program.unique}:days: 30\n")
    assert program.preview("prod").outputs["days"] == 31
    program.file("Pulumi.bad.yaml", f"config:\n  {program.unique}:days: soon\n")
    with pytest.raises(Exception, match="days must be of type integer, not 'soon'"):
        program.preview("bad")


def test_a_program_that_was_edited_in_the_same_second_is_deployed_as_it_is_now(program: Any) -> None:
    program.file("helper.py", "VALUE = 1\n")
    program.write('import helper\npulumi.export("value", helper.VALUE)')
    values = []
    for value in range(2, 6):
        program.file("helper.py", f"VALUE = {value}\n")
        values.append(program.preview().outputs["value"])
    assert values == [2, 3, 4, 5]
