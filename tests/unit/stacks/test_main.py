"""The program as a whole: stack names, the layers' order, tags."""

from __future__ import annotations

import pytest

from stacks.layers import LAYERS

UNTAGGED = {
    "aws:iam/userPolicy:UserPolicy",
    # these types have no tags in AWS
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketNotification:BucketNotification",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:glue/catalogTable:CatalogTable",
    "aws:lambda/permission:Permission",
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
    "aws:sqs/queuePolicy:QueuePolicy",
    "aws:athena/namedQuery:NamedQuery",
    "aws:apigatewayv2/integration:Integration",
    "aws:apigatewayv2/route:Route",
}


@pytest.mark.parametrize(
    "stack",
    [
        pytest.param("lake", id="no target"),
        pytest.param("lake-", id="an empty target"),
        pytest.param("moat-test", id="an unknown layer"),
    ],
)
def test_a_stack_of_another_name_is_refused(run_program, stack: str):
    with pytest.raises(
        RuntimeError, match=f"the stack '{stack}' is not named <layer>-<target>, with a layer of: lake,"
    ):
        run_program(stack)


def test_each_layer_comes_after_those_that_it_needs():
    order = list(LAYERS)
    assert all(order.index(needed) < order.index(layer) for layer, needs in LAYERS.items() for needed in needs)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_refers_to_exactly_the_layers_that_it_declares(deployed, layer: str):
    assert {f"organization/lakelab/{needed}-test" for needed in LAYERS[layer]} == set(deployed[layer].referred)


@pytest.mark.parametrize("layer", LAYERS)
def test_everything_that_can_have_tags_says_where_it_belongs(deployed, layer: str):
    wanted = {"project": "lakelab", "target": "test", "layer": layer, "managed-by": "pulumi"}
    for resource in deployed[layer].resources:
        if resource["type"] in UNTAGGED:
            assert "tags" not in resource["inputs"]
        else:
            assert resource["inputs"].get("tags") == wanted, (resource["type"], resource["name"])


def test_another_prefix_changes_every_bucket_name(run_program):
    buckets = run_program("lake-test", {"namePrefix": "acme"}).all("s3/bucket:Bucket")
    assert {bucket["bucket"] for bucket in buckets.values()} == {
        f"acme-test-{zone}-123456789012" for zone in ("raw", "curated", "results", "artifacts")
    }
