"""S3 objects that a program uploads: from a file, an archive, or text in the program."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

from lakelab.deploy.assets import content
from lakelab.deploy.provider.clients import Aws, unless_absent
from lakelab.deploy.provider.resource import REGION, TAGS, Inputs, P, Resource, tag_dict, tag_list
from lakelab.deploy.provider.schema import Mistake


class BucketObject(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucketobject/"""

    type = "aws:s3/bucketObject:BucketObject"
    service = "s3"
    name = "key"
    shape = "PutObject"
    properties = {
        "bucket": P(replaces=True),
        "key": P(replaces=True),
        "source": P(custom=True),
        "content": P(custom=True),
        "contentBase64": P(custom=True),
        "contentType": P(computed=True),
        "cacheControl": P(),
        "contentDisposition": P(),
        "contentEncoding": P(),
        "contentLanguage": P(),
        "metadata": P(),
        "storageClass": P(default="STANDARD"),
        "serverSideEncryption": P(computed=True),
        "kmsKeyId": P(computed=True),
        "bucketKeyEnabled": P(computed=True),
        "websiteRedirect": P(),
        "forceDestroy": P(local=True, default=False),
        "sourceHash": P(local=True),
        "etag": P(local=True, computed=True),
        "tags": TAGS,
        "region": REGION,
    }
    renames = {"kmsKeyId": "SSEKMSKeyId", "websiteRedirect": "WebsiteRedirectLocation"}
    volatile = ("etag", "versionId")

    def check(self, inputs: Inputs) -> Iterator[Mistake]:
        given = [name for name in ("source", "content", "contentBase64") if name in inputs]
        if len(given) > 1:
            yield Mistake(given[1], f"cannot be given together with {given[0]}")

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        return f"{inputs['bucket']}/{inputs['key']}" if "bucket" in inputs and "key" in inputs else None

    def create(self, aws: Aws, inputs: Inputs) -> str:
        self._put(aws, inputs)
        return f"{inputs['bucket']}/{inputs['key']}"

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        if changed - {"tags", "tagsAll"}:
            self._put(aws, new)
        elif new.get("tagsAll"):
            self._tag(aws, new)
        if not new.get("tagsAll"):
            self.client(aws, new).delete_object_tagging(Bucket=new["bucket"], Key=new["key"])

    def _tag(self, aws: Aws, inputs: Inputs) -> None:
        tags = {"TagSet": tag_list(inputs["tagsAll"])}
        self.client(aws, inputs).put_object_tagging(Bucket=inputs["bucket"], Key=inputs["key"], Tagging=tags)

    def _put(self, aws: Aws, inputs: Inputs) -> None:
        s3 = self.client(aws, inputs)
        s3.put_object(Body=_body(inputs), **self.request("PutObject", inputs))
        if inputs.get("tagsAll"):
            self._tag(aws, inputs)

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        s3 = self.client(aws, inputs)
        bucket, key = id.split("/", 1)
        answer = unless_absent(s3.head_object, Bucket=bucket, Key=key)
        if answer is None:
            return None
        tags = unless_absent(s3.get_object_tagging, Bucket=bucket, Key=key)
        etag = answer["ETag"].strip('"')
        found = {
            **self.outputs(answer),
            "bucket": bucket,
            "key": key,
            "etag": etag,
            "versionId": answer.get("VersionId", "null"),
            "storageClass": answer.get("StorageClass", "STANDARD"),
            "arn": f"arn:{aws.partition}:s3:::{bucket}/{key}",
            "region": s3.meta.region_name,
            "tagsAll": tag_dict((tags or {}).get("TagSet")),
        }
        for name in ("source", "content", "contentBase64"):
            if name in inputs:
                unchanged = hashlib.md5(_body(inputs), usedforsecurity=False).hexdigest() == etag
                found[name] = inputs[name] if unchanged or "-" in etag else _changed(name, inputs[name], etag)
        return found

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        """All versions of it, as the AWS provider does: a bucket with old versions in it cannot be destroyed."""
        s3 = self.client(aws, inputs)
        bucket, key = id.split("/", 1)
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key):
            for found in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                if found["Key"] == key:
                    s3.delete_object(Bucket=bucket, Key=key, VersionId=found["VersionId"])


class BucketObjectv2(BucketObject):
    type = "aws:s3/bucketObjectv2:BucketObjectv2"


def _body(inputs: Inputs) -> bytes:
    if "contentBase64" in inputs:
        return base64.b64decode(inputs["contentBase64"])
    if "source" in inputs:
        return content(inputs["source"])
    return str(inputs.get("content", "")).encode()


def _changed(name: str, value: Any, etag: str) -> Any:
    """What stands for content that is not the program's any more."""
    return {**value, "hash": f"etag {etag}"} if name == "source" else f"(changed: etag {etag})"


TYPES = (BucketObject, BucketObjectv2)
