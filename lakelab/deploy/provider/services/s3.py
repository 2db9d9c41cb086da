"""S3 buckets and the parts of their configuration that Pulumi keeps as resources of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import REGION, TAGS, Inputs, P, Resource, tag_dict, tag_list


class Bucket(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucket/"""

    type = "aws:s3/bucket:Bucket"
    service = "s3"
    name = "bucket"
    name_limit = 63
    name_lower = True
    shape = "CreateBucket"
    properties = {
        "bucket": P(replaces=True),
        "bucketPrefix": P(replaces=True, local=True),
        "forceDestroy": P(local=True, default=False),
        "objectLockEnabled": P(replaces=True, custom=True, default=False),
        "tags": TAGS,
        "region": REGION,
    }

    def create(self, aws: Aws, inputs: Inputs) -> str:
        s3 = self.client(aws, inputs)
        bucket = inputs["bucket"]
        region = s3.meta.region_name
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        lock = {"ObjectLockEnabledForBucket": True} if inputs.get("objectLockEnabled") else {}
        s3.create_bucket(Bucket=bucket, **place, **lock)
        if inputs.get("tagsAll"):
            s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tag_list(inputs["tagsAll"])})
        return bucket

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        s3 = self.client(aws, inputs)
        if unless_absent(s3.head_bucket, Bucket=id) is None:
            return None
        tags = unless_absent(s3.get_bucket_tagging, Bucket=id)
        lock = unless_absent(s3.get_object_lock_configuration, Bucket=id)
        region = s3.meta.region_name
        return {
            "bucket": id,
            "arn": f"arn:{aws.partition}:s3:::{id}",
            "bucketDomainName": f"{id}.s3.amazonaws.com",
            "bucketRegionalDomainName": f"{id}.s3.{region}.amazonaws.com",
            "bucketRegion": region,
            "region": region,
            "objectLockEnabled": bool(lock),
            "tagsAll": tag_dict((tags or {}).get("TagSet")),
        }

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        s3 = self.client(aws, new)
        if {"tags", "tagsAll"} & changed:
            if new.get("tagsAll"):
                s3.put_bucket_tagging(Bucket=id, Tagging={"TagSet": tag_list(new["tagsAll"])})
            else:
                s3.delete_bucket_tagging(Bucket=id)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        s3 = self.client(aws, inputs)
        if unless_absent(s3.head_bucket, Bucket=id) is None:
            return
        if inputs.get("forceDestroy"):
            empty_bucket(s3, id)
        unless_absent(s3.delete_bucket, Bucket=id)


def empty_bucket(s3: Any, bucket: str, prefix: str = "") -> None:
    """Removes every version of every object under the prefix."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if found:
            names = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
            s3.delete_objects(Bucket=bucket, Delete={"Objects": names, "Quiet": True})


class BucketPart(Resource):
    """A part of a bucket's configuration: one put, one get, one delete, named by the bucket."""

    service = "s3"
    put: ClassVar[str]
    get: ClassVar[str]
    remove: ClassVar[str]
    envelope: ClassVar[str]  # the member of the put request that holds the configuration

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        return inputs.get("bucket")

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self._put(aws, inputs)
        return inputs["bucket"]

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        self._put(aws, new)

    def _put(self, aws: Aws, inputs: Inputs) -> None:
        s3 = self.client(aws, inputs)
        getattr(s3, self.put)(Bucket=inputs["bucket"], **{self.envelope: self.configuration(inputs)})

    def configuration(self, inputs: Inputs) -> dict[str, Any]:
        return self.request(self.shapes[0], {k: v for k, v in inputs.items() if k != "bucket"})

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        s3 = self.client(aws, inputs)
        answer = unless_absent(getattr(s3, self.get), Bucket=id)
        if answer is None:
            return None
        answer.pop("ResponseMetadata", None)
        found = self.settings(answer.get(self.envelope, answer))
        return None if found is None else {"bucket": id, "region": s3.meta.region_name, **found}

    def settings(self, answer: dict[str, Any]) -> Inputs | None:
        """The properties in an answer; None when it says that nothing is configured."""
        return self.outputs(answer) or None

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        s3 = self.client(aws, inputs)
        unless_absent(getattr(s3, self.remove), Bucket=id)


BUCKET = P(replaces=True, custom=True)


class BucketVersioning(BucketPart):
    type = "aws:s3/bucketVersioning:BucketVersioning"
    put, get = "put_bucket_versioning", "get_bucket_versioning"
    envelope = "VersioningConfiguration"
    shape = "PutBucketVersioning"
    properties = {"bucket": BUCKET, "versioningConfiguration": P(), "region": REGION}

    def configuration(self, inputs: Inputs) -> dict[str, Any]:
        return self.request(self.shapes[0], inputs)["VersioningConfiguration"]

    def settings(self, answer: dict[str, Any]) -> Inputs | None:
        return self.outputs({"VersioningConfiguration": answer}) if answer.get("Status") else None

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        # versioning cannot be removed from a bucket, only suspended
        s3 = self.client(aws, inputs)
        unless_absent(s3.put_bucket_versioning, Bucket=id, VersioningConfiguration={"Status": "Suspended"})


class BucketServerSideEncryptionConfiguration(BucketPart):
    type = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    put, get, remove = "put_bucket_encryption", "get_bucket_encryption", "delete_bucket_encryption"
    envelope = "ServerSideEncryptionConfiguration"
    shape = "PutBucketEncryption.ServerSideEncryptionConfiguration"
    properties = {
        "bucket": BUCKET,
        "rules": P(filled=("[*].bucketKeyEnabled", "[*].blockedEncryptionTypes")),
        "region": REGION,
    }


class BucketPublicAccessBlock(BucketPart):
    type = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    put, get, remove = "put_public_access_block", "get_public_access_block", "delete_public_access_block"
    envelope = "PublicAccessBlockConfiguration"
    shape = "PutPublicAccessBlock.PublicAccessBlockConfiguration"
    properties = {
        "bucket": BUCKET,
        "blockPublicAcls": P(default=False),
        "blockPublicPolicy": P(default=False),
        "ignorePublicAcls": P(default=False),
        "restrictPublicBuckets": P(default=False),
        "region": REGION,
    }


class BucketOwnershipControls(BucketPart):
    type = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
    put, get, remove = (
        "put_bucket_ownership_controls",
        "get_bucket_ownership_controls",
        "delete_bucket_ownership_controls",
    )
    envelope = "OwnershipControls"
    shape = "PutBucketOwnershipControls.OwnershipControls"
    properties = {"bucket": BUCKET, "rule": P(), "region": REGION}


class BucketLifecycleConfiguration(BucketPart):
    type = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    put = "put_bucket_lifecycle_configuration"
    get, remove = "get_bucket_lifecycle_configuration", "delete_bucket_lifecycle"
    envelope = "LifecycleConfiguration"
    shape = "PutBucketLifecycleConfiguration.LifecycleConfiguration"
    properties = {"bucket": BUCKET, "rules": P(), "region": REGION}

    def configuration(self, inputs: Inputs) -> dict[str, Any]:
        found = super().configuration(inputs)
        for rule in found["Rules"]:
            if not rule.get("Filter") and "Prefix" not in rule:
                rule["Filter"] = {"Prefix": ""}  # AWS wants one; an empty prefix means the whole bucket
        return found


class BucketPolicy(BucketPart):
    type = "aws:s3/bucketPolicy:BucketPolicy"
    put, get, remove = "put_bucket_policy", "get_bucket_policy", "delete_bucket_policy"
    envelope = "Policy"
    shape = "PutBucketPolicy"
    properties = {"bucket": BUCKET, "policy": P(json=True), "region": REGION}

    def configuration(self, inputs: Inputs) -> Any:
        return inputs["policy"]

    def settings(self, answer: Any) -> Inputs | None:
        return {"policy": answer}


class BucketCorsConfiguration(BucketPart):
    type = "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration"
    put, get, remove = "put_bucket_cors", "get_bucket_cors", "delete_bucket_cors"
    envelope = "CORSConfiguration"
    shape = "PutBucketCors.CORSConfiguration"
    properties = {"bucket": BUCKET, "corsRules": P(), "region": REGION}


class BucketLogging(BucketPart):
    type = "aws:s3/bucketLogging:BucketLogging"
    put, get = "put_bucket_logging", "get_bucket_logging"
    envelope = "BucketLoggingStatus"
    shape = "PutBucketLogging.BucketLoggingStatus.LoggingEnabled"
    properties = {
        "bucket": BUCKET,
        "targetBucket": P(),
        "targetPrefix": P(),
        "targetObjectKeyFormat": P(),
        "region": REGION,
    }

    def configuration(self, inputs: Inputs) -> dict[str, Any]:
        return {"LoggingEnabled": super().configuration(inputs)}

    def settings(self, answer: dict[str, Any]) -> Inputs | None:
        return self.outputs(answer.get("LoggingEnabled") or {}) or None

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        unless_absent(self.client(aws, inputs).put_bucket_logging, Bucket=id, BucketLoggingStatus={})


class BucketNotification(BucketPart):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_NotificationConfiguration.html"""

    type = "aws:s3/bucketNotification:BucketNotification"
    put, get = "put_bucket_notification_configuration", "get_bucket_notification_configuration"
    envelope = "NotificationConfiguration"
    properties = {
        "bucket": BUCKET,
        "lambdaFunctions": P(custom=True, filled=("[*].id",)),
        "queues": P(custom=True, filled=("[*].id",)),
        "topics": P(custom=True, filled=("[*].id",)),
        "eventbridge": P(custom=True, default=False),
        "region": REGION,
    }
    _targets = {
        "lambdaFunctions": ("LambdaFunctionConfigurations", "lambdaFunctionArn", "LambdaFunctionArn"),
        "queues": ("QueueConfigurations", "queueArn", "QueueArn"),
        "topics": ("TopicConfigurations", "topicArn", "TopicArn"),
    }

    def configuration(self, inputs: Inputs) -> dict[str, Any]:
        result: dict[str, Any] = {"EventBridgeConfiguration": {}} if inputs.get("eventbridge") else {}
        for name, (member, arn, aws_arn) in self._targets.items():
            for entry in inputs.get(name) or []:
                target = {aws_arn: entry.get(arn), "Events": entry["events"]}
                if entry.get("id"):
                    target["Id"] = entry["id"]
                rules = list(_filter_rules(entry))
                if rules:
                    target["Filter"] = {"Key": {"FilterRules": rules}}
                result.setdefault(member, []).append(target)
        return result

    def settings(self, answer: dict[str, Any]) -> Inputs | None:
        found: Inputs = {"eventbridge": "EventBridgeConfiguration" in answer}
        for name, (member, arn, aws_arn) in self._targets.items():
            entries = []
            for target in answer.get(member, []):
                entry = {arn: target[aws_arn], "events": target["Events"], "id": target.get("Id")}
                for rule in target.get("Filter", {}).get("Key", {}).get("FilterRules", []):
                    entry[f"filter{rule['Name'].capitalize()}"] = rule["Value"]
                entries.append({key: value for key, value in entry.items() if value})
            if entries:
                found[name] = entries
        return found if len(found) > 1 or found["eventbridge"] else None

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        s3 = self.client(aws, inputs)
        unless_absent(s3.put_bucket_notification_configuration, Bucket=id, NotificationConfiguration={})


def _filter_rules(entry: Inputs) -> Iterator[dict[str, str]]:
    if entry.get("filterPrefix"):
        yield {"Name": "prefix", "Value": entry["filterPrefix"]}
    if entry.get("filterSuffix"):
        yield {"Name": "suffix", "Value": entry["filterSuffix"]}


TYPES = (
    Bucket,
    BucketVersioning,
    BucketServerSideEncryptionConfiguration,
    BucketPublicAccessBlock,
    BucketOwnershipControls,
    BucketLifecycleConfiguration,
    BucketPolicy,
    BucketCorsConfiguration,
    BucketLogging,
    BucketNotification,
)
