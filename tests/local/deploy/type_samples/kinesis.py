"""Samples of the types of Kinesis and Firehose."""

from __future__ import annotations

from type_samples.parts import TAGS, Sample, World


def samples(w: World, n: str) -> dict[str, Sample]:
    """A sample of each type; `n` begins the names of what they make."""
    return {
        "aws:kinesis/stream:Stream": Sample(
            {"name": n, "shardCount": 1},
            {
                "shardCount": 2,
                "retentionPeriod": 48,
                "shardLevelMetrics": ["IncomingBytes"],
                "encryptionType": "KMS",
                **TAGS,
            },
            {"name": f"{n}-2"},
            apart={"encryptionType": {"kmsKeyId": w.key}},
            untested={"kmsKeyId": "with encryptionType", "streamModeDetails": "excludes shardCount"},
        ),
        "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": Sample(
            {
                "name": n,
                "destination": "extended_s3",
                "extendedS3Configuration": {"bucketArn": f"arn:aws:s3:::{w.bucket}", "roleArn": w.role},
            },
            {
                "extendedS3Configuration": {
                    "bucketArn": f"arn:aws:s3:::{w.bucket}",
                    "roleArn": w.role,
                    "prefix": "p/",
                    "errorOutputPrefix": "e/",
                    "bufferingInterval": 60,
                    "bufferingSize": 64,
                    "compressionFormat": "GZIP",
                },
                **TAGS,
            },
            {"name": f"{n}-2", "kinesisSourceConfiguration": {"kinesisStreamArn": w.stream, "roleArn": w.role}},
            untested={"destination": "S3 alone"},
        ),
    }
