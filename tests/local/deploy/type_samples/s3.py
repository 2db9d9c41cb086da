"""Samples of the types of S3."""

from __future__ import annotations

from type_samples.parts import TAGS, Sample, World, resource_policy


def samples(w: World, n: str) -> dict[str, Sample]:
    """A sample of each type; `n` begins the names of what they make."""
    return {
        "aws:s3/bucket:Bucket": Sample({"bucket": n}, {**TAGS}, {"bucket": f"{n}-2", "objectLockEnabled": True}),
        "aws:s3/bucketVersioning:BucketVersioning": Sample(
            {"bucket": w.bucket, "versioningConfiguration": {"status": "Enabled"}},
            {"versioningConfiguration": {"status": "Suspended"}},
        ),
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Sample(
            {
                "bucket": w.bucket,
                "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": w.key}}],
            },
            {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
        ),
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Sample(
            {"bucket": w.bucket},
            dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True),
        ),
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Sample(
            {"bucket": w.bucket, "rule": {"objectOwnership": "BucketOwnerEnforced"}},
            {"rule": {"objectOwnership": "ObjectWriter"}},
        ),
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Sample(
            {"bucket": w.bucket, "rules": [{"id": "a", "status": "Enabled", "expiration": {"days": 9}}]},
            {
                "rules": [
                    {"id": "a", "status": "Enabled", "expiration": {"days": 10}},
                    {
                        "id": "b",
                        "status": "Disabled",
                        "filter": {"and": {"prefix": "raw/", "tags": {"k": "v"}}},
                        "transitions": [{"days": 90, "storageClass": "GLACIER"}],
                        "noncurrentVersionExpiration": {"noncurrentDays": 30},
                        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                    },
                ]
            },
        ),
        "aws:s3/bucketPolicy:BucketPolicy": Sample(
            {"bucket": w.bucket, "policy": resource_policy("s3:GetObject", f"arn:aws:s3:::{w.bucket}/*")},
            {"policy": resource_policy("s3:PutObject", f"arn:aws:s3:::{w.bucket}/*")},
        ),
        "aws:s3/bucketNotification:BucketNotification": Sample(
            {
                "bucket": w.bucket,
                "queues": [{"queueArn": w.queue, "events": ["s3:ObjectCreated:*"], "filterPrefix": "q/"}],
            },
            {
                "queues": [{"queueArn": w.queue, "events": ["s3:ObjectRemoved:*"], "filterSuffix": ".csv"}],
                "topics": [{"topicArn": w.topic, "events": ["s3:ObjectCreated:Put"], "filterPrefix": "t/"}],
                "lambdaFunctions": [
                    {"lambdaFunctionArn": w.function, "events": ["s3:ObjectCreated:*"], "filterPrefix": "f/", "id": "x"}
                ],
                "eventbridge": True,
            },
        ),
        "aws:s3/bucketObject:BucketObject": _object(w, "object"),
        "aws:s3/bucketObjectv2:BucketObjectv2": _object(w, "object2"),
        "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": Sample(
            {"bucket": w.bucket, "corsRules": [{"allowedMethods": ["GET"], "allowedOrigins": ["*"]}]},
            {
                "corsRules": [
                    {
                        "id": "people",
                        "allowedMethods": ["GET", "PUT"],
                        "allowedOrigins": ["https://example.com"],
                        "allowedHeaders": ["*"],
                        "exposeHeaders": ["ETag"],
                        "maxAgeSeconds": 60,
                    }
                ]
            },
        ),
        "aws:s3/bucketLogging:BucketLogging": Sample(
            {"bucket": w.bucket, "targetBucket": w.bucket, "targetPrefix": "log/"},
            {
                "targetPrefix": "other/",
                "targetObjectKeyFormat": {"partitionedPrefix": {"partitionDateSource": "EventTime"}},
            },
            untested={"targetBucket": "one bucket here"},
        ),
    }


def _object(w: World, key: str) -> Sample:
    return Sample(
        {"bucket": w.bucket, "key": f"{w.name}/{key}", "content": "one", "contentType": "text/plain"},
        {
            "content": "two",
            "contentType": "text/csv",
            "cacheControl": "no-cache",
            "contentDisposition": "inline",
            "contentEncoding": "identity",
            "contentLanguage": "en",
            "metadata": {"a": "1"},
            "storageClass": "STANDARD_IA",
            **TAGS,
        },
        {"key": f"{w.name}/{key}-2"},
        untested={
            "bucket": "one bucket here",
            **dict.fromkeys(("source", "contentBase64"), "excludes content"),
            **dict.fromkeys(("serverSideEncryption", "kmsKeyId", "bucketKeyEnabled"), "as the bucket has it"),
            "websiteRedirect": "not kept by the local AWS",
        },
        import_differs=True,  # S3 gives an object's bytes, not where they came from
    )
