"""A bucket as every bucket of the lake is: versioned, encrypted, private, and reached over TLS alone."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from .documents import document

Rule = aws.s3.BucketLifecycleConfigurationRuleArgs
ABANDONED_UPLOAD_DAYS = 7


class HardenedBucket(pulumi.ComponentResource):
    """An S3 bucket without ACLs, whose policy denies requests that do not use TLS.

    Args:
        name: the Pulumi name, for example the zone.
        bucket: the name of the bucket.
        noncurrent_days: how long versions are kept that an overwrite or a deletion has replaced.
        rules: lifecycle rules of this bucket's own.
        force_destroy: whether destroying it deletes what is in it.
    """

    bucket: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        bucket: str,
        noncurrent_days: int,
        rules: Sequence[Rule] = (),
        force_destroy: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ):
        super().__init__("lakelab:lake:HardenedBucket", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        made = aws.s3.Bucket(name, bucket=bucket, force_destroy=force_destroy, opts=child)
        versioning = aws.s3.BucketVersioning(
            name,
            bucket=made.bucket,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=child,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=made.bucket,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                        sse_algorithm="AES256"
                    ),
                )
            ],
            opts=child,
        )
        aws.s3.BucketOwnershipControls(
            name,
            bucket=made.bucket,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=child,
        )
        private = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=made.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        # after the block: S3 refuses two changes of a bucket's access at the same time
        aws.s3.BucketPolicy(
            name,
            bucket=made.bucket,
            policy=document("resource/tls_only_bucket", bucket_arn=made.arn),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[private]),
        )
        # after the versioning: rules for noncurrent versions are about versioned buckets
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=made.bucket,
            rules=[_clean_up(noncurrent_days), *rules],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )
        self.bucket = made.bucket
        self.arn = made.arn
        self.register_outputs({"bucket": self.bucket, "arn": self.arn})


def archive(prefix: str, days: dict[str, int]) -> Rule:
    """A rule that moves objects under `prefix` to a storage class when they are so many days old."""
    return Rule(
        id=f"archive-{prefix.strip('/').replace('/', '-')}",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=prefix),
        transitions=[
            aws.s3.BucketLifecycleConfigurationRuleTransitionArgs(storage_class=storage, days=age)
            for storage, age in days.items()
        ],
    )


def expire(days: int) -> Rule:
    """A rule that deletes all objects when they are so many days old."""
    return Rule(
        id="expire",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
        expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=days),
    )


def _clean_up(noncurrent_days: int) -> Rule:
    return Rule(
        id="clean-up",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
        noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=noncurrent_days
        ),
        abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
            days_after_initiation=ABANDONED_UPLOAD_DAYS
        ),
    )
