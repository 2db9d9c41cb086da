"""Mistakes in a program: each is an error at preview that names the property and the line."""

from __future__ import annotations

from typing import Any

import pytest

from lakelab.deploy import DeployError

CASES = [
    pytest.param(
        'aws.sqs.Queue("q", visibility_timeout_seconds=99999)',
        "visibilityTimeoutSeconds: must be from 0 to 43200, not 99999",
        id="out-of-range",
    ),
    pytest.param(
        'aws.sqs.Queue("q", visibility_timeout_seconds="soon")',
        'visibilityTimeoutSeconds: must be a whole number, not "soon"',
        id="wrong-type",
    ),
    pytest.param(
        'aws.s3.BucketLifecycleConfiguration("q", bucket="b", rules=[{"id": "a", "status": "Enabled", '
        '"expiration": {"dayz": 3}}])',
        "rules[0].expiration.dayz: no such property; did you mean days?",
        id="typo-in-a-nested-dict",
    ),
    pytest.param(
        'aws.s3.BucketVersioning("q", bucket="b", versioning_configuration={"status": "On"})',
        "versioningConfiguration.status: 'On' is not one of Enabled, Suspended",
        id="not-in-the-enumeration-of-the-API",
    ),
    pytest.param(
        'aws.glue.CatalogTable("q", database_name="d", storage_descriptor={"columns": [{"nam": "x"}]})',
        "storageDescriptor.columns[0].nam: no such property; did you mean name?",
        id="typo-three-levels-down",
    ),
    pytest.param(
        'aws.iam.Role("q", assume_role_policy="{nope")',
        "assumeRolePolicy: is not JSON",
        id="broken-policy-document",
    ),
    pytest.param(
        'aws.s3.Bucket("q", acl="private")',
        "acl: the embedded engine does not know this property of aws:s3/bucket:Bucket",
        id="property-that-the-engine-lacks",
    ),
    pytest.param(
        'aws.ec2.Vpc("q", cidr_block="10.0.0.0/16")',
        "the embedded engine does not know the resource type aws:ec2/vpc:Vpc; it knows types of s3, iam",
        id="type-of-a-service-that-the-engine-lacks",
    ),
    pytest.param(
        'aws.s3.BucketAccelerateConfiguration("q", bucket="b", status="Enabled")',
        "the resource type aws:s3/bucketAccelerateConfiguration:BucketAccelerateConfiguration; it knows aws:s3/",
        id="type-that-the-engine-lacks",
    ),
    pytest.param(
        'aws.lambda_.Function("q", role="r", runtime="python3.11", code=pulumi.FileArchive("nowhere"))',
        "nowhere",
        id="archive-that-is-not-there",
    ),
    pytest.param(
        'aws.kms.Alias("q", name="mine", target_key_id="k")',
        "name: must begin with alias/, not 'mine'",
        id="rule-of-the-type",
    ),
    pytest.param(
        'aws.cloudwatch.MetricAlarm("q", comparison_operator="Bigger", evaluation_periods=1)',
        "comparisonOperator: 'Bigger' is not one of GreaterThanOrEqualToThreshold",
        id="enumeration-at-the-top",
    ),
]


@pytest.mark.parametrize(("line", "message"), CASES)
def test_a_mistake_is_found_at_preview(program: Any, line: str, message: str) -> None:
    program.write(f"pass\n{line}\n")
    lines = (program.folder / "__main__.py").read_text().splitlines()
    with pytest.raises(DeployError) as raised:
        program.preview()
    assert message in raised.value.message
    assert f"(__main__.py:{lines.index(line) + 1})" in raised.value.message
    assert not program.backend.exists()


def test_all_mistakes_are_told_at_once_and_what_depends_on_them_is_left_out(program: Any) -> None:
    program.write(
        """
        one = aws.sqs.Queue("one", delay_seconds=-1)
        aws.sqs.QueuePolicy("on-one", queue_url=one.url, policy="{}")
        aws.sqs.Queue("two", receive_wait_time_seconds=21)
        aws.sqs.Queue("good")
        """
    )
    with pytest.raises(DeployError) as raised:
        program.preview()
    assert "delaySeconds" in raised.value.message
    assert "receiveWaitTimeSeconds" in raised.value.message
    assert raised.value.result.counts == {"create": 2, "skip": 1}


def test_the_programs_own_error_is_told_with_its_line(program: Any) -> None:
    program.write("aws.sqs.Queue('q')\nraise ValueError('no such layer')\n")
    with pytest.raises(DeployError, match="the program failed: ValueError: no such layer"):
        program.preview()
    assert any("__main__.py" in text and "line" in text for text in program.said())


def test_an_unknown_argument_is_a_type_error_of_the_sdk(program: Any) -> None:
    program.write("aws.sqs.Queue('q', visibility=3)")
    with pytest.raises(DeployError, match=r"TypeError: .*unexpected keyword argument 'visibility'"):
        program.preview()


def test_the_same_name_twice(program: Any) -> None:
    program.write("aws.sqs.Queue('q')\naws.sqs.Queue('q')\n")
    with pytest.raises(DeployError, match="Duplicate resource URN"):
        program.preview()


def test_a_property_that_takes_an_unknown_value_is_not_a_mistake(program: Any) -> None:
    program.write(
        """
        key = aws.kms.Key("key", deletion_window_in_days=7)
        aws.sqs.Queue("q", kms_master_key_id=key.arn, tags={"key": key.key_id})
        """
    )
    assert program.preview().counts == {"create": 3}
