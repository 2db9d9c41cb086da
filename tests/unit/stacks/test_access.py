"""The layer access: who may become a role, what it may do, and that it may do no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

ROLES = ("ingest", "crawler", "jobs", "transform", "analyst")
CURATED, RAW, RESULTS = (f"arn:aws:s3:::lakelab-test-{zone}-123456789012" for zone in ("curated", "raw", "results"))
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
S3_ACTIONS = {
    "AbortMultipartUpload",
    "DeleteObject",
    "GetBucketLocation",
    "GetObject",
    "GetObjectVersion",
    "ListBucket",
    "ListBucketMultipartUploads",
    "ListMultipartUploadParts",
    "PutObject",
}


@pytest.fixture
def access(deployed):
    return deployed["access"]


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def statements(access: Any, role: str) -> list[dict[str, Any]]:
    return json.loads(access.one("iam/rolePolicy:RolePolicy", role)["policy"])["Statement"]


def granted(access: Any, role: str) -> Iterator[tuple[str, str]]:
    """(action, resource) of everything that a role is allowed."""
    for statement in statements(access, role):
        assert statement["Effect"] == "Allow"
        for action in as_list(statement["Action"]):
            for resource in as_list(statement["Resource"]):
                yield action, resource


@pytest.mark.parametrize(
    ("role", "principal"),
    [
        pytest.param("ingest", {"Service": "lambda.amazonaws.com"}, id="ingest"),
        pytest.param("crawler", {"Service": "glue.amazonaws.com"}, id="crawler"),
        pytest.param("jobs", {"Service": "glue.amazonaws.com"}, id="jobs"),
        pytest.param("transform", {"AWS": "arn:aws:iam::123456789012:root"}, id="transform"),
        pytest.param("analyst", {"AWS": "arn:aws:iam::123456789012:root"}, id="analyst"),
    ],
)
def test_only_its_user_may_become_a_role(access, role: str, principal: dict[str, str]):
    [trust] = json.loads(access.one("iam/role:Role", role)["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == principal
    assert trust["Action"] == "sts:AssumeRole"


@pytest.mark.parametrize("role", ROLES)
def test_no_role_has_a_wildcard_for_actions_or_for_all_resources(access, role: str):
    for action, resource in granted(access, role):
        assert "*" not in action
        assert resource != "*"
        shared = resource.endswith((":catalog", ":datacatalog/AwsDataCatalog", "/crawlers*", "/python-jobs*"))
        # AWS authorises a list of databases only for all of them
        listed = action == "glue:GetDatabases" and resource.endswith(":database/*")
        assert "lakelab" in resource or shared or listed, (action, resource)


@pytest.mark.parametrize("role", ROLES)
def test_every_action_exists(access, role: str):
    """AWS takes a policy with a misspelt action, and the right is then missing without a word."""
    session = botocore.session.Session()
    for action, _ in granted(access, role):
        service, _, name = action.partition(":")
        known = S3_ACTIONS if service == "s3" else session.get_service_model(service).operation_names
        # the one action of Athena's that is no operation: it pages through results for JDBC
        assert name in known or action == "athena:GetQueryResultsStream", action


@pytest.mark.parametrize(
    ("role", "writable"),
    [
        pytest.param(
            "ingest",
            {f"{CURATED}/{place}/orders/*" for place in ("curated", "quarantine", "reports", "ledger")},
            id="ingest: its four places",
        ),
        pytest.param("crawler", set(), id="crawler: nothing"),
        pytest.param("jobs", {f"{CURATED}/curated/orders_compacted/*"}, id="jobs: the compacted orders"),
        pytest.param("transform", {f"{CURATED}/analytics/*", f"{RESULTS}/transform/*"}, id="transform: its own data"),
        pytest.param("analyst", {f"{RESULTS}/analyst/*"}, id="analyst: results alone"),
    ],
)
def test_a_role_writes_to_its_own_places_alone(access, role: str, writable: set[str]):
    places = {place for action, place in granted(access, role) if action in ("s3:PutObject", "s3:DeleteObject")}
    assert places == writable


def test_nobody_writes_or_deletes_raw_files(access):
    for role in ROLES:
        for action, resource in granted(access, role):
            assert not (resource.startswith(RAW) and action.startswith(("s3:Put", "s3:Delete"))), role


@pytest.mark.parametrize(
    ("role", "changed"),
    [
        pytest.param("ingest", {"table/lakelab_test/orders"}, id="ingest: partitions of orders"),
        pytest.param("crawler", {"table/lakelab_test/raw_*"}, id="crawler: the tables that it finds"),
        pytest.param("jobs", {"table/lakelab_test/orders_compacted"}, id="jobs: partitions of the compacted orders"),
        pytest.param("transform", {"table/lakelab_test_analytics/*"}, id="transform: the analytics tables"),
        pytest.param("analyst", set(), id="analyst: none"),
    ],
)
def test_a_role_changes_its_own_tables_alone(access, role: str, changed: set[str]):
    writes = ("glue:Create", "glue:Update", "glue:Delete", "glue:BatchCreate", "glue:BatchUpdate", "glue:BatchDelete")
    tables = {
        resource.partition(":123456789012:")[2]
        for action, resource in granted(access, role)
        if action.startswith(writes) and ":table/" in resource
    }
    assert tables == changed


def test_every_role_of_every_layer_is_within_the_boundary(deployed):
    """But the deployer, which makes roles, and is held by the boundary of those that it makes."""
    boundaries = {
        name: role.get("permissionsBoundary")
        for layer in deployed.values()
        for name, role in layer.all("iam/role:Role").items()
    }
    assert set(ROLES) < set(boundaries)
    assert boundaries.pop("deployer") is None
    assert set(boundaries.values()) == {"arn:aws:iam::123456789012:policy/lakelab-test-boundary"}


def test_the_boundary_keeps_iam_other_buckets_and_other_regions_out_of_reach(access):
    document = json.loads(access.one("iam/policy:Policy", "boundary")["policy"])
    by_sid = {statement["Sid"]: statement for statement in document["Statement"]}
    denied = by_sid["NeverTheRulesThemselves"]
    assert denied["Effect"] == "Deny"
    assert {"iam:*", "sts:AssumeRole", "s3:*BucketPolicy"} <= set(denied["Action"])
    assert by_sid["TheLakesBuckets"]["Resource"] == ["arn:aws:s3:::lakelab-test-*", "arn:aws:s3:::lakelab-test-*/*"]
    region = by_sid["TheLakesServicesInItsRegion"]["Condition"]
    assert region == {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}


@pytest.mark.parametrize("role", ROLES)
def test_other_layers_find_the_role(access, role: str):
    assert access.exports[f"{role}_role_name"] == f"lakelab-test-{role}"
    assert access.exports[f"{role}_role_arn"] == f"arn:aws:iam::123456789012:role/lakelab-test-{role}"
