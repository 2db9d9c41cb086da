"""Firehose delivery streams with S3 as their destination."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from lakelab.deploy.provider import shapes
from lakelab.deploy.provider.clients import Aws, Failed, unless_absent
from lakelab.deploy.provider.resource import (
    REGION,
    TAGS,
    Inputs,
    P,
    Resource,
    shape_of,
    tag_changes,
    tag_dict,
    tag_list,
)
from lakelab.deploy.provider.schema import Mistake
from lakelab.deploy.values import UNKNOWN

SECONDS = 300
RENAMES = {
    "bufferingInterval": "IntervalInSeconds",
    "bufferingSize": "SizeInMBs",
    "retryDuration": "DurationInSeconds",
    "dynamicPartitioningConfiguration": "DynamicPartitioningConfiguration",
}


class FirehoseDeliveryStream(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/kinesis/firehosedeliverystream/. Its id is the ARN."""

    type = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
    service = "firehose"
    name = "name"
    name_limit = 64
    shape = "CreateDeliveryStream"
    renames = {"name": "DeliveryStreamName", "arn": "DeliveryStreamARN"}
    properties = {
        "name": P(replaces=True),
        "destination": P(replaces=True, custom=True, choices=("extended_s3",)),
        "kinesisSourceConfiguration": P(replaces=True, custom=True),
        "extendedS3Configuration": P(
            custom=True,
            filled=(
                "bufferingInterval",
                "bufferingSize",
                "compressionFormat",
                "cloudwatchLoggingOptions",
                "s3BackupMode",
                "customTimeZone",
                "kmsKeyArn",
                "dataFormatConversionConfiguration.enabled",
                "processingConfiguration",
                "dynamicPartitioningConfiguration",
            ),
        ),
        "tags": TAGS,
        "region": REGION,
    }
    volatile = ("versionId",)

    def check(self, inputs: Inputs) -> Iterator[Mistake]:
        if "extendedS3Configuration" not in inputs:
            yield Mistake("extendedS3Configuration", "is required: the embedded engine knows the destination S3 alone")
        elif inputs["extendedS3Configuration"] != UNKNOWN:
            try:
                self._destination(
                    inputs["extendedS3Configuration"], "CreateDeliveryStream.ExtendedS3DestinationConfiguration"
                )
            except shapes.NoPlace as error:
                yield from error.mistakes

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        if not inputs.get("name"):
            return None
        region = inputs.get("region") or aws.region
        return f"arn:{aws.partition}:firehose:{region}:{aws.account}:deliverystream/{inputs['name']}"

    def _destination(self, settings: dict[str, Any], shape: str) -> dict[str, Any]:
        """Pulumi's flat buffering and encryption settings in the structures that Firehose has for them."""
        place = shape_of("firehose", shape)
        rest = dict(settings)
        hints = {name: rest.pop(name) for name in ("bufferingInterval", "bufferingSize") if name in rest}
        key = rest.pop("kmsKeyArn", None)
        backup = rest.pop("s3BackupConfiguration", None)
        partitioning = dict(rest.pop("dynamicPartitioningConfiguration", None) or {})
        path = "extendedS3Configuration"
        request = shapes.to_aws(rest, place, RENAMES, path)
        if hints:
            request["BufferingHints"] = shapes.to_aws(hints, place.members["BufferingHints"], RENAMES, path)
        if key:
            request["EncryptionConfiguration"] = {"KMSEncryptionConfig": {"AWSKMSKeyARN": key}}
        if backup:
            member = "S3BackupUpdate" if shape.endswith("Update") else "S3BackupConfiguration"
            request[member] = self._backup(backup, place.members[member], f"{path}.s3BackupConfiguration")
        if partitioning:
            retry = partitioning.pop("retryDuration", None)
            inner = place.members["DynamicPartitioningConfiguration"]
            request["DynamicPartitioningConfiguration"] = shapes.to_aws(partitioning, inner, RENAMES, path)
            if retry is not None:
                request["DynamicPartitioningConfiguration"]["RetryOptions"] = {"DurationInSeconds": retry}
        return request

    @staticmethod
    def _backup(settings: dict[str, Any], place: Any, path: str) -> dict[str, Any]:
        rest = dict(settings)
        hints = {name: rest.pop(name) for name in ("bufferingInterval", "bufferingSize") if name in rest}
        request = shapes.to_aws(rest, place, RENAMES, path)
        if hints:
            request["BufferingHints"] = shapes.to_aws(hints, place.members["BufferingHints"], RENAMES, path)
        return request

    def create(self, aws: Aws, inputs: Inputs) -> str:
        client = self.client(aws, inputs)
        shape = "CreateDeliveryStream.ExtendedS3DestinationConfiguration"
        request: dict[str, Any] = {
            "DeliveryStreamName": inputs["name"],
            "DeliveryStreamType": "DirectPut",
            "ExtendedS3DestinationConfiguration": self._destination(inputs["extendedS3Configuration"], shape),
        }
        source = inputs.get("kinesisSourceConfiguration")
        if source:
            request["DeliveryStreamType"] = "KinesisStreamAsSource"
            request["KinesisStreamSourceConfiguration"] = {
                "KinesisStreamARN": source["kinesisStreamArn"],
                "RoleARN": source["roleArn"],
            }
        if inputs.get("tagsAll"):
            request["Tags"] = tag_list(inputs["tagsAll"])
        arn = client.create_delivery_stream(**request)["DeliveryStreamARN"]
        _wait(client, inputs["name"])
        return arn

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        client = self.client(aws, inputs)
        name = id.rsplit("/", 1)[-1]
        answer = unless_absent(client.describe_delivery_stream, DeliveryStreamName=name)
        if answer is None:
            return None
        stream = answer["DeliveryStreamDescription"]
        destination = stream["Destinations"][0]
        found = {
            **self.outputs(stream),
            "arn": stream["DeliveryStreamARN"],
            "destination": "extended_s3",
            "destinationId": destination["DestinationId"],
            "versionId": stream.get("VersionId"),
            "extendedS3Configuration": self._from_description(destination["ExtendedS3DestinationDescription"]),
            "region": client.meta.region_name,
            "tagsAll": tag_dict(client.list_tags_for_delivery_stream(DeliveryStreamName=name).get("Tags")),
        }
        source = (stream.get("Source") or {}).get("KinesisStreamSourceDescription")
        if source:
            found["kinesisSourceConfiguration"] = {
                "kinesisStreamArn": source["KinesisStreamARN"],
                "roleArn": source["RoleARN"],
            }
        return found

    def _from_description(self, answer: dict[str, Any]) -> dict[str, Any]:
        flat = {**answer, **(answer.get("BufferingHints") or {})}
        kms = (answer.get("EncryptionConfiguration") or {}).get("KMSEncryptionConfig")
        if kms:
            flat["KmsKeyArn"] = kms["AWSKMSKeyARN"]
        partitioning = dict(answer.get("DynamicPartitioningConfiguration") or {})
        partitioning |= partitioning.pop("RetryOptions", None) or {}
        if partitioning:
            flat["DynamicPartitioningConfiguration"] = partitioning
        backup = answer.get("S3BackupDescription") or answer.get("S3BackupConfiguration")
        if backup:
            flat["S3BackupConfiguration"] = {**backup, **(backup.get("BufferingHints") or {})}
        return shapes.from_aws(flat, self.schema.inputs["extendedS3Configuration"], self.schema, RENAMES)

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        client = self.client(aws, new)
        name = new["name"]
        if "extendedS3Configuration" in changed:
            stream = client.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
            shape = "UpdateDestination.ExtendedS3DestinationUpdate"
            cleared = {"Prefix": "", "ErrorOutputPrefix": ""}
            client.update_destination(
                DeliveryStreamName=name,
                CurrentDeliveryStreamVersionId=stream["VersionId"],
                DestinationId=stream["Destinations"][0]["DestinationId"],
                ExtendedS3DestinationUpdate={**cleared, **self._destination(new["extendedS3Configuration"], shape)},
            )
        added, removed = tag_changes(old, new)
        if added:
            client.tag_delivery_stream(DeliveryStreamName=name, Tags=tag_list(added))
        if removed:
            client.untag_delivery_stream(DeliveryStreamName=name, TagKeys=removed)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        client = self.client(aws, inputs)
        name = inputs.get("name", id.rsplit("/", 1)[-1])
        if unless_absent(client.delete_delivery_stream, DeliveryStreamName=name) is not None:
            _wait(client, name, gone=True)


def _wait(client: Any, name: str, *, gone: bool = False) -> None:
    """Until the delivery stream is active, or gone."""
    deadline = time.monotonic() + SECONDS
    pause = 0.02
    while time.monotonic() < deadline:
        answer = unless_absent(client.describe_delivery_stream, DeliveryStreamName=name)
        if answer is None:
            if gone:
                return
        else:
            status = answer["DeliveryStreamDescription"]["DeliveryStreamStatus"]
            if not gone and status == "ACTIVE":
                return
            if status.endswith("_FAILED"):
                raise Failed(f"firehose delivery stream {name} is {status}")
        time.sleep(pause)
        pause = min(pause * 2, 1.0)
    raise Failed(f"firehose delivery stream {name} was not {'gone' if gone else 'active'} after {SECONDS} s")


TYPES = (FirehoseDeliveryStream,)
