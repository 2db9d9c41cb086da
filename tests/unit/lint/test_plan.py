"""The graph as a Terraform plan."""

from __future__ import annotations

import pytest

from lakelab.lint.plan import render, singular, snake, terraform_type


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        pytest.param("aws:s3/bucket:Bucket", "aws_s3_bucket", id="plain"),
        pytest.param("aws:s3/bucketVersioning:BucketVersioning", "aws_s3_bucket_versioning", id="two-words"),
        pytest.param("aws:lambda/function:Function", "aws_lambda_function", id="lambda"),
        pytest.param("aws:s3/bucketObjectv2:BucketObjectv2", "aws_s3_object", id="renamed"),
        pytest.param("aws:ec2/securityGroup:SecurityGroup", "aws_security_group", id="module-without-a-name"),
        pytest.param("aws:apigatewayv2/api:Api", "aws_apigatewayv2_api", id="digit"),
    ],
)
def test_terraform_type(token: str, expected: str):
    assert terraform_type(token) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("rules", "rule"), ("policies", "policy"), ("columns", "columns"), ("access", "access"), ("rule", "rule")],
)
def test_singular(name: str, expected: str):
    assert singular(name) == expected


def test_snake():
    assert snake("sqsManagedSseEnabled") == "sqs_managed_sse_enabled"


def values(plan: dict, address: str) -> dict:
    resources = plan["planned_values"]["root_module"]["resources"]
    return next(item["values"] for item in resources if item["address"] == address)


def expressions(plan: dict, address: str) -> dict:
    resources = plan["configuration"]["root_module"]["resources"]
    return next(item["expressions"] for item in resources if item["address"] == address)


def test_objects_are_blocks_and_maps_stay_maps(graph, resource):
    plan, by_address = render(
        graph(
            resource(
                "aws:lambda/function:Function",
                "f",
                {"name": "f", "environment": {"variables": {"someName": "x"}}, "tags": {"aB": "c"}, "layers": ["l"]},
            ),
            resource(
                "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
                "b",
                {
                    "rules": [
                        {"id": "a", "expiration": {"days": 3}, "transitions": [{"days": 1, "storageClass": "GLACIER"}]}
                    ]
                },
            ),
        )
    )
    assert values(plan, "aws_lambda_function.lake_local_f") == {
        "function_name": "f",
        "environment": [{"variables": {"someName": "x"}}],
        "tags": {"aB": "c"},
        "layers": ["l"],
    }
    assert values(plan, "aws_s3_bucket_lifecycle_configuration.lake_local_b") == {
        "rule": [{"id": "a", "expiration": [{"days": 3}], "transition": [{"days": 1, "storage_class": "GLACIER"}]}]
    }
    assert {item.name for item in by_address.values()} == {"f", "b"}


def test_a_value_that_stands_for_a_resource_is_a_reference(graph, resource):
    arn = "arn:aws:sqs:us-east-1:000000000000:failed"
    plan, _ = render(
        graph(
            resource("aws:sqs/queue:Queue", "failed", {"name": "failed"}, outputs={"arn": arn}),
            resource("aws:lambda/function:Function", "f", {"name": "failed", "deadLetterConfig": {"targetArn": arn}}),
        )
    )
    address = "aws_lambda_function.lake_local_f"
    assert values(plan, address) == {"function_name": "failed", "dead_letter_config": [{}]}
    assert expressions(plan, address) == {
        "dead_letter_config": [
            {"target_arn": {"references": ["aws_sqs_queue.lake_local_failed.id", "aws_sqs_queue.lake_local_failed"]}}
        ]
    }


def test_addresses_of_names_that_are_alike_are_numbered(graph, resource):
    _, by_address = render(graph(resource("aws:sqs/queue:Queue", "a-b"), resource("aws:sqs/queue:Queue", "a_b")))
    assert list(by_address) == ["aws_sqs_queue.lake_local_a_b", "aws_sqs_queue.lake_local_a_b_2"]
