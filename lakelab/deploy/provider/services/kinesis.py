"""Kinesis data streams."""

from __future__ import annotations

import time
from typing import Any

from lakelab.deploy.provider.clients import Aws, Failed, unless_absent
from lakelab.deploy.provider.resource import REGION, TAGS, Inputs, P, Resource, tag_changes, tag_dict

SECONDS = 300


class Stream(Resource):
    """https://www.pulumi.com/registry/packages/aws/api-docs/kinesis/stream/. Its id is the ARN."""

    type = "aws:kinesis/stream:Stream"
    service = "kinesis"
    name = "name"
    name_limit = 128
    shape = "CreateStream"
    renames = {"name": "StreamName", "arn": "StreamARN", "kmsKeyId": "KeyId", "retentionPeriod": "RetentionPeriodHours"}
    properties = {
        "name": P(replaces=True),
        "shardCount": P(computed=True, low=1, high=10000),
        "retentionPeriod": P(default=24, low=24, high=8760, custom=True),
        "streamModeDetails": P(computed=True),
        "shardLevelMetrics": P(unordered=True, custom=True),
        "encryptionType": P(default="NONE", custom=True, choices=("NONE", "KMS")),
        "kmsKeyId": P(custom=True),
        "enforceConsumerDeletion": P(local=True, default=False),
        "tags": TAGS,
        "region": REGION,
    }

    def identity(self, aws: Aws, inputs: Inputs) -> str | None:
        if not inputs.get("name"):
            return None
        region = inputs.get("region") or aws.region
        return f"arn:{aws.partition}:kinesis:{region}:{aws.account}:stream/{inputs['name']}"

    def create(self, aws: Aws, inputs: Inputs) -> str:
        client = self.client(aws, inputs)
        name = inputs["name"]
        client.create_stream(**self.request("CreateStream", inputs))
        _wait(client, name)
        plain: Inputs = {"retentionPeriod": 24, "encryptionType": "NONE"}
        wanted = {key: value for key, value in inputs.items() if key in ("shardLevelMetrics", "retentionPeriod")}
        settings = {*wanted, *({"encryptionType"} if inputs.get("encryptionType") == "KMS" else ())}
        self._change(client, name, plain, inputs, settings)
        if inputs.get("tagsAll"):
            client.add_tags_to_stream(StreamName=name, Tags=inputs["tagsAll"])
        return client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]

    def read(self, aws: Aws, id: str, inputs: Inputs) -> Inputs | None:
        client = self.client(aws, inputs)
        name = id.rsplit("/", 1)[-1]
        answer = unless_absent(client.describe_stream_summary, StreamName=name)
        if answer is None:
            return None
        stream = answer["StreamDescriptionSummary"]
        metrics = [metric for item in stream.get("EnhancedMonitoring", []) for metric in item["ShardLevelMetrics"]]
        found = {
            **self.outputs(stream),
            "shardCount": stream["OpenShardCount"],
            "retentionPeriod": stream["RetentionPeriodHours"],
            "shardLevelMetrics": sorted(metrics),
            "encryptionType": stream.get("EncryptionType", "NONE"),
            "region": client.meta.region_name,
            "tagsAll": tag_dict(client.list_tags_for_stream(StreamName=name).get("Tags")),
        }
        return {**found, "kmsKeyId": stream["KeyId"]} if stream.get("KeyId") else found

    def update(self, aws: Aws, id: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        client = self.client(aws, new)
        name = new["name"]
        if "streamModeDetails" in changed and new.get("streamModeDetails"):
            mode = {"StreamMode": new["streamModeDetails"]["streamMode"]}
            client.update_stream_mode(StreamARN=id, StreamModeDetails=mode)
            _wait(client, name)
        if "shardCount" in changed and new.get("shardCount"):
            client.update_shard_count(
                StreamName=name, TargetShardCount=new["shardCount"], ScalingType="UNIFORM_SCALING"
            )
            _wait(client, name)
        self._change(client, name, old, new, changed)
        added, removed = tag_changes(old, new)
        if added:
            client.add_tags_to_stream(StreamName=name, Tags=added)
        if removed:
            client.remove_tags_from_stream(StreamName=name, TagKeys=removed)

    def _change(self, client: Any, name: str, old: Inputs, new: Inputs, changed: set[str]) -> None:
        before, after = old.get("retentionPeriod", 24), new.get("retentionPeriod", 24)
        if "retentionPeriod" in changed and before != after:
            change = "increase" if after > before else "decrease"
            getattr(client, f"{change}_stream_retention_period")(StreamName=name, RetentionPeriodHours=after)
            _wait(client, name)
        if "shardLevelMetrics" in changed:
            had, wanted = set(old.get("shardLevelMetrics") or ()), set(new.get("shardLevelMetrics") or ())
            if had - wanted:
                client.disable_enhanced_monitoring(StreamName=name, ShardLevelMetrics=sorted(had - wanted))
                _wait(client, name)
            if wanted - had:
                client.enable_enhanced_monitoring(StreamName=name, ShardLevelMetrics=sorted(wanted - had))
                _wait(client, name)
        if {"encryptionType", "kmsKeyId"} & changed:
            if new.get("encryptionType") == "KMS":
                client.start_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId=new["kmsKeyId"])
            else:
                client.stop_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId=old["kmsKeyId"])
            _wait(client, name)

    def delete(self, aws: Aws, id: str, inputs: Inputs) -> None:
        client = self.client(aws, inputs)
        name = inputs.get("name", id.rsplit("/", 1)[-1])
        enforce = bool(inputs.get("enforceConsumerDeletion"))
        if unless_absent(client.delete_stream, StreamName=name, EnforceConsumerDeletion=enforce) is not None:
            _wait(client, name, gone=True)


def _wait(client: Any, name: str, *, gone: bool = False) -> None:
    """Until the stream is active, or gone."""
    deadline = time.monotonic() + SECONDS
    pause = 0.02
    while time.monotonic() < deadline:
        answer = unless_absent(client.describe_stream_summary, StreamName=name)
        if gone and answer is None:
            return
        if not gone and answer and answer["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE":
            return
        time.sleep(pause)
        pause = min(pause * 2, 1.0)
    raise Failed(f"kinesis stream {name} was not {'gone' if gone else 'active'} after {SECONDS} s")


TYPES = (Stream,)
