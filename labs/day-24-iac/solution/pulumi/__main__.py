"""A versioned, private bucket and a user who reads it."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

bucket = aws.s3.Bucket("lake", bucket="lab-day-24-lake")
aws.s3.BucketVersioning(
    "lake",
    bucket=bucket.bucket,
    versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
)
aws.s3.BucketPublicAccessBlock(
    "lake",
    bucket=bucket.bucket,
    block_public_acls=True,
    block_public_policy=True,
    ignore_public_acls=True,
    restrict_public_buckets=True,
)

user = aws.iam.User("reader", name="lab-day-24-reader")
aws.iam.UserPolicy(
    "reader",
    name="read-the-lake",
    user=user.name,
    policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket.arn},
                {"Effect": "Allow", "Action": "s3:GetObject", "Resource": pulumi.Output.concat(bucket.arn, "/*")},
            ],
        }
    ),
)

pulumi.export("bucket", bucket.bucket)
pulumi.export("user", user.name)
