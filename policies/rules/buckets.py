"""Every bucket is versioned, encrypted, private, reached over TLS alone, and has a lifecycle."""

from __future__ import annotations

import json
from typing import Any

from resources import Rule, blocks, plain, referring, value

BUCKET = ("aws_s3_bucket",)


class Versioning(Rule):
    id = "LAKE_S3_VERSIONING"
    says = "A bucket keeps the versions of its objects"
    about = BUCKET

    def problem(self, conf: dict[str, Any]) -> str:
        for node in referring(self, conf, "aws_s3_bucket_versioning", "bucket"):
            status = value(node, "versioning_configuration", "status")
            return "" if status == "Enabled" else f"its versioning is {status}"
        return "it has no BucketVersioning"


class Encryption(Rule):
    id = "LAKE_S3_ENCRYPTION"
    says = "A bucket says how its objects are encrypted"
    about = BUCKET

    def problem(self, conf: dict[str, Any]) -> str:
        kind = "aws_s3_bucket_server_side_encryption_configuration"
        for node in referring(self, conf, kind, "bucket"):
            found = [
                value(rule, "apply_server_side_encryption_by_default", "sse_algorithm") for rule in blocks(node, "rule")
            ]
            return "" if found and all(found) else "its encryption configuration names no algorithm"
        return "it has no BucketServerSideEncryptionConfiguration"


class PublicAccess(Rule):
    id = "LAKE_S3_PUBLIC_ACCESS"
    says = "A bucket blocks public access, by ACLs and by policies"
    about = BUCKET
    settings = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")

    def problem(self, conf: dict[str, Any]) -> str:
        for node in referring(self, conf, "aws_s3_bucket_public_access_block", "bucket"):
            off = [name for name in self.settings if value(node, name) is not True]
            return f"{', '.join(off)} is not true" if off else ""
        return "it has no BucketPublicAccessBlock"


class TlsOnly(Rule):
    id = "LAKE_S3_TLS_ONLY"
    says = "A bucket's policy denies requests without TLS"
    about = BUCKET

    def problem(self, conf: dict[str, Any]) -> str:
        policies = list(referring(self, conf, "aws_s3_bucket_policy", "bucket"))
        if not policies:
            return "it has no BucketPolicy"
        if any(denies_without_tls(value(policy, "policy"), "s3:*") for policy in policies):
            return ""
        return "no statement denies everyone everything when aws:SecureTransport is false"


class Lifecycle(Rule):
    id = "LAKE_S3_LIFECYCLE"
    says = "A bucket has a lifecycle: old versions and abandoned uploads go"
    about = BUCKET

    def problem(self, conf: dict[str, Any]) -> str:
        for node in referring(self, conf, "aws_s3_bucket_lifecycle_configuration", "bucket"):
            rules = [rule for rule in blocks(node, "rule") if value(rule, "status") == "Enabled"]
            wanted = ("noncurrent_version_expiration", "abort_incomplete_multipart_upload")
            missing = [name for name in wanted if not any(rule.get(name) for rule in rules)]
            return f"no enabled rule has {' or '.join(missing)}" if missing else ""
        return "it has no BucketLifecycleConfiguration"


class QueueTlsOnly(Rule):
    id = "LAKE_SQS_TLS_ONLY"
    says = "A queue's policy denies requests without TLS"
    about = ("aws_sqs_queue",)

    def problem(self, conf: dict[str, Any]) -> str:
        policies = list(referring(self, conf, "aws_sqs_queue_policy", "queue_url"))
        if any(denies_without_tls(value(policy, "policy"), "sqs:*") for policy in policies):
            return ""
        return "it has no QueuePolicy that denies everyone everything when aws:SecureTransport is false"


def denies_without_tls(policy: Any, every_action: str) -> bool:
    """Whether a policy document denies everyone every action over plain HTTP."""
    document = json.loads(policy) if isinstance(policy, str) else policy
    statements = document.get("Statement", []) if isinstance(document, dict) else []
    return any(
        _denies(statement, every_action) for statement in (statements if isinstance(statements, list) else [statements])
    )


def _denies(statement: dict[str, Any], every_action: str) -> bool:
    condition = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
    return (
        statement.get("Effect") == "Deny"
        and plain(statement.get("Principal")) in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        and plain(statement.get("Action")) in ("*", every_action)
        and str(plain(condition)).lower() == "false"
    )


for rule in (Versioning, Encryption, PublicAccess, TlsOnly, Lifecycle, QueueTlsOnly):
    rule()
