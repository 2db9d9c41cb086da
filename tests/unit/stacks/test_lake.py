"""The layer lake: what keeps the data private, and what becomes of it with age."""

from __future__ import annotations

import json

import pytest

ZONES = ("raw", "curated", "results", "artifacts")


@pytest.fixture
def lake(deployed):
    return deployed["lake"]


@pytest.mark.parametrize("zone", ZONES)
def test_a_bucket_is_named_after_target_zone_and_account(lake, zone: str):
    assert lake.one("s3/bucket:Bucket", zone)["bucket"] == f"lakelab-test-{zone}-123456789012"
    assert lake.exports[f"{zone}_bucket"] == f"lakelab-test-{zone}-123456789012"
    assert lake.exports[f"{zone}_bucket_arn"] == f"arn:aws:s3:::lakelab-test-{zone}-123456789012"


@pytest.mark.parametrize("zone", ZONES)
def test_a_bucket_is_hardened(lake, zone: str):
    bucket = f"lakelab-test-{zone}-123456789012"
    assert lake.one("s3/bucketVersioning:BucketVersioning", zone) == {
        "bucket": bucket,
        "versioningConfiguration": {"status": "Enabled"},
    }
    kind = "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    [encryption] = lake.one(kind, zone)["rules"]
    assert encryption["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}
    assert lake.one("s3/bucketPublicAccessBlock:BucketPublicAccessBlock", zone) == {
        "bucket": bucket,
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    ownership = lake.one("s3/bucketOwnershipControls:BucketOwnershipControls", zone)["rule"]
    assert ownership == {"objectOwnership": "BucketOwnerEnforced"}


@pytest.mark.parametrize("zone", ZONES)
def test_requests_without_tls_are_denied_on_the_bucket_and_its_objects(lake, zone: str):
    [statement] = json.loads(lake.one("s3/bucketPolicy:BucketPolicy", zone)["policy"])["Statement"]
    arn = f"arn:aws:s3:::lakelab-test-{zone}-123456789012"
    assert statement["Effect"] == "Deny"
    assert (statement["Principal"], statement["Action"]) == ("*", "s3:*")
    assert statement["Resource"] == [arn, f"{arn}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(
    ("zone", "prefix", "moves"),
    [
        pytest.param("raw", "raw/", [("GLACIER_IR", 90), ("DEEP_ARCHIVE", 365)], id="raw files"),
        pytest.param("curated", "quarantine/", [("GLACIER_IR", 90)], id="quarantine"),
        pytest.param("curated", "reports/", [("GLACIER_IR", 90)], id="reports"),
        pytest.param("artifacts", "releases/", [("GLACIER", 180)], id="releases"),
    ],
)
def test_old_objects_move_to_glacier(lake, zone: str, prefix: str, moves: list[tuple[str, int]]):
    rules = lake.one("s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", zone)["rules"]
    [rule] = [rule for rule in rules if rule["filter"]["prefix"] == prefix]
    assert [(move["storageClass"], move["days"]) for move in rule["transitions"]] == moves


@pytest.mark.parametrize("zone", ZONES)
def test_what_nobody_needs_any_more_goes(lake, zone: str):
    rules = lake.one("s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", zone)["rules"]
    assert all(rule["status"] == "Enabled" for rule in rules)
    [clean_up] = [rule for rule in rules if rule["id"] == "clean-up"]
    assert clean_up["filter"] == {"prefix": ""}
    assert clean_up["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
    assert clean_up["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}


def test_only_results_of_queries_expire(lake):
    expiring = {
        (zone, rule["expiration"]["days"])
        for zone in ZONES
        for rule in lake.one("s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", zone)["rules"]
        if "expiration" in rule
    }
    assert expiring == {("results", 14)}


def test_data_is_destroyed_only_where_the_configuration_says_so(lake, run_program):
    assert not any(bucket["forceDestroy"] for bucket in lake.all("s3/bucket:Bucket").values())
    forced = run_program("lake-test", {"forceDestroy": True})
    assert all(bucket["forceDestroy"] for bucket in forced.all("s3/bucket:Bucket").values())
