"""A lifecycle rule that was set by hand deletes the curated zone, and has replaced the rules of the stack."""

from __future__ import annotations

from typing import Any

from lakelab.practice import Work, Wrong

# a year covers whatever a rule waits for
DAYS = 365


def break_it(work: Work) -> None:
    """Replace the rules of the curated bucket by one that deletes everything."""
    rule = {"ID": "save-some-cents", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    work.client("s3").put_bucket_lifecycle_configuration(
        Bucket=work.output("lake", "curated_bucket"), LifecycleConfiguration={"Rules": [rule]}
    )


def check_nothing_is_deleted(work: Work) -> str:
    """No rule deletes an object of the curated zone."""
    s3, bucket = work.client("s3"), work.output("lake", "curated_bucket")
    keys = [
        each["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for each in page.get("Contents", [])
        if each["Key"].startswith("curated/")
    ]
    if not keys:
        raise Wrong("the curated zone is empty")
    ends = [rule for rule in _rules(work) if rule.get("Expiration", {}).get("Days", DAYS) < DAYS]
    doomed = [key for key in keys if any(key.startswith(_prefix(rule)) for rule in ends)]
    if doomed:
        raise Wrong(
            f"{len(doomed):,} of {len(keys):,} objects of the curated zone will be deleted, {doomed[0]} among them"
        )
    return f"{len(keys):,} objects stay"


def check_clean_up(work: Work) -> str:
    """Noncurrent versions and unfinished uploads are cleaned up everywhere in the bucket."""
    for action, told in (
        ("NoncurrentVersionExpiration", "versions that were replaced"),
        ("AbortIncompleteMultipartUpload", "uploads that were not finished"),
    ):
        if not any(action in rule and _prefix(rule) == "" for rule in _rules(work)):
            raise Wrong(f"no rule ends {told} any more, as one of the stack did")
    return "as the stack has it"


def _rules(work: Work) -> list[dict[str, Any]]:
    s3, bucket = work.client("s3"), work.output("lake", "curated_bucket")
    try:
        found = s3.get_bucket_lifecycle_configuration(Bucket=bucket).get("Rules", [])
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchLifecycleConfiguration":
            raise
        found = []
    return [rule for rule in found if rule["Status"] == "Enabled"]


def _prefix(rule: dict[str, Any]) -> str:
    where = rule.get("Filter", {})
    return where.get("Prefix", where.get("And", {}).get("Prefix", rule.get("Prefix", "")))
