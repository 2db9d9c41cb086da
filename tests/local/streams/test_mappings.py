"""Event source mappings of streams, with real functions: what they get, in which order, and what failures become."""

from __future__ import annotations

import base64
import json
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from lakelab.cloud.clock import ask_clock
from lakelab.testing import start_cloud
from lakelab.workshop import Workshop, eventually

READ = ["kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords", "kinesis:ListShards"]
# writes the batch that it got as an object, then does what the records say
RECORDER = """
import base64, json, os, time, uuid
import boto3

s3 = boto3.client("s3")
turns = 0


def handler(event, context):
    global turns
    turns += 1
    values = [json.loads(base64.b64decode(record["kinesis"]["data"])) for record in event["Records"]]
    key = f"{time.time_ns():020d}-{uuid.uuid4()}"
    s3.put_object(Bucket=os.environ["BUCKET"], Key=key, Body=json.dumps(values).encode())
    print("got", len(values))
    failed = []
    for record, value in zip(event["Records"], values):
        if value == "slow":
            time.sleep(8)
        if isinstance(value, str) and value.startswith("nap"):
            time.sleep(0.3)
        if value == "raise":
            raise ValueError("poison")
        if value == "fail":
            failed.append({"itemIdentifier": record["kinesis"]["sequenceNumber"]})
    return {"batchItemFailures": failed}
"""


class Recorder:
    """A function that records its batches in a bucket, and a stream for it."""

    def __init__(self, workshop: Workshop, shards: int = 1, destination: str | None = None):
        self.workshop = workshop
        self.bucket = workshop.cloud.bucket()
        self.stream = workshop.stream(shards)
        rights: list[Any] = [(READ, self.stream), ("s3:PutObject", f"arn:aws:s3:::{self.bucket}/*")]
        if destination:
            rights.append((["sqs:SendMessage", "sns:Publish", "s3:PutObject"], destination))
        self.function = workshop.function(RECORDER, workshop.role(*rights), BUCKET=self.bucket)

    def map(self, **settings: Any) -> str:
        return self.workshop.mapping(self.stream, self.function, **settings)

    def put(self, *values: Any, key: str = "k") -> None:
        self.workshop.put(self.stream, *values, key=key)

    def batches(self) -> list[list[Any]]:
        return [json.loads(body) for body in self.workshop.objects(self.bucket).values()]

    def values(self) -> list[Any]:
        return [value for batch in self.batches() for value in batch]


def test_every_record_arrives_once_in_batches_of_the_size(workshop: Workshop):
    recorder = Recorder(workshop, shards=2)
    for start in range(0, 400, 100):
        recorder.put(*range(start, start + 100), key=str(start))
    recorder.map(BatchSize=50)
    eventually(recorder.values, lambda found: len(found) >= 400)
    assert Counter(recorder.values()) == Counter(range(400))
    assert max(map(len, recorder.batches())) == 50


def test_the_event_is_as_on_aws(workshop: Workshop):
    recorder = Recorder(workshop)
    source = RECORDER.replace("values = [", "values = event['Records']; [", 1).replace(
        "for record, value", "return\n    for record, value"
    )
    role = workshop.role((READ, recorder.stream), ("s3:PutObject", f"arn:aws:s3:::{recorder.bucket}/*"))
    recorder.function = workshop.function(source, role, BUCKET=recorder.bucket)
    recorder.map()
    recorder.put({"ride": 1}, key="ann")
    [event] = eventually(recorder.values)
    number = event["kinesis"].pop("sequenceNumber")
    # the clock of the local AWS: other tests have advanced it
    now = ask_clock(workshop.cloud.settings)["now"]
    assert 0 <= now - event["kinesis"].pop("approximateArrivalTimestamp") < 60
    assert event == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "ann",
            "data": base64.b64encode(b'{"ride": 1}').decode(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role,
        "awsRegion": "us-east-1",
        "eventSourceARN": recorder.stream,
    }


@pytest.mark.parametrize("kind", ["sqs", "sns", "s3"])
def test_a_poison_record_is_parked_and_the_others_flow(workshop: Workshop, kind: str):
    url, queue = workshop.queue()
    bucket = workshop.cloud.bucket()
    topic = workshop.client("sns").create_topic(Name=f"t-{uuid4().hex[:8]}")["TopicArn"]
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    workshop.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    workshop.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    destination = {"sqs": queue, "sns": topic, "s3": f"arn:aws:s3:::{bucket}"}[kind]
    recorder = Recorder(workshop, destination=f"{destination}/*" if kind == "s3" else destination)
    recorder.put(*range(6), "raise", *range(7, 16))
    recorder.map(
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": destination}},
    )

    def parked() -> list[dict[str, Any]]:
        if kind == "s3":
            return [json.loads(body) for body in workshop.objects(bucket, "aws/lambda/").values()]
        found = workshop.messages(url)
        return [json.loads(each["Message"]) for each in found] if kind == "sns" else found

    [envelope] = eventually(parked)
    eventually(recorder.values, lambda found: {*range(6), *range(7, 16)} <= set(found))
    assert envelope["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert envelope["requestContext"]["approximateInvokeCount"] == 2
    assert envelope["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    info = envelope["KinesisBatchInfo"]
    assert (info["batchSize"], info["shardId"], info["streamArn"]) == (1, "shardId-000000000000", recorder.stream)
    assert info["startSequenceNumber"] == info["endSequenceNumber"]
    at = workshop.client("kinesis").get_shard_iterator(
        StreamARN=recorder.stream,
        ShardId=info["shardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        StartingSequenceNumber=info["startSequenceNumber"],
    )["ShardIterator"]
    assert workshop.client("kinesis").get_records(ShardIterator=at, Limit=1)["Records"][0]["Data"] == b'"raise"'
    if kind == "s3":
        [record] = json.loads(envelope["payload"])["Records"]
        assert record["kinesis"]["sequenceNumber"] == info["startSequenceNumber"]


def test_reported_failures_are_retried_from_the_first_on(workshop: Workshop):
    url, queue = workshop.queue()
    recorder = Recorder(workshop, destination=queue)
    recorder.put(0, 1, "fail", 3, 4)
    recorder.map(
        FunctionResponseTypes=["ReportBatchItemFailures"],
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    [envelope] = eventually(lambda: workshop.messages(url))
    eventually(recorder.batches, lambda found: [3, 4] in found or found[-1][-1] == 4)
    assert envelope["KinesisBatchInfo"]["batchSize"] == 1
    counts = Counter(recorder.values())
    assert counts[0] == counts[1] == 1
    assert recorder.batches()[1] == ["fail", 3, 4]


def test_a_window_gathers_until_it_ends_or_the_batch_is_full(workshop: Workshop):
    recorder = Recorder(workshop)
    recorder.map(BatchSize=3, MaximumBatchingWindowInSeconds=300)
    recorder.put(1, 2)
    recorder.put(3, 4)
    eventually(recorder.batches)
    assert recorder.batches() == [[1, 2, 3]]
    workshop.advance(300)
    eventually(recorder.batches, lambda found: len(found) == 2)
    assert recorder.batches() == [[1, 2, 3], [4]]


def test_records_beyond_the_maximum_age_are_given_up(workshop: Workshop):
    url, queue = workshop.queue()
    recorder = Recorder(workshop, destination=queue)
    recorder.put("old")
    workshop.advance(61)
    recorder.put("new")
    recorder.map(MaximumRecordAgeInSeconds=60, DestinationConfig={"OnFailure": {"Destination": queue}})
    [envelope] = eventually(lambda: workshop.messages(url))
    assert envelope["requestContext"]["condition"] == "RecordAgeExceeded"
    assert envelope["KinesisBatchInfo"]["batchSize"] == 1
    assert eventually(recorder.values) == ["new"]


def test_only_matching_records_reach_the_function(workshop: Workshop):
    recorder = Recorder(workshop)
    pattern = json.dumps({"data": {"city": ["Berlin"], "cents": [{"numeric": [">", 500]}]}})
    recorder.map(FilterCriteria={"Filters": [{"Pattern": pattern}]})
    recorder.put(
        {"city": "Rome", "cents": 900}, {"city": "Berlin", "cents": 900}, b"no json", {"city": "Berlin", "cents": 1}
    )
    recorder.put({"city": "Berlin", "cents": 700})
    eventually(recorder.values, lambda found: len(found) == 2)
    assert recorder.values() == [{"city": "Berlin", "cents": 900}, {"city": "Berlin", "cents": 700}]


def test_a_slow_function_does_not_delay_another(workshop: Workshop):
    slow, quick = Recorder(workshop), Recorder(workshop)
    slow.map()
    slow.put("slow")
    eventually(slow.values)
    quick.map()
    quick.put("quick")
    began = time.monotonic()
    eventually(quick.values)
    assert time.monotonic() - began < 5


@pytest.mark.fidelity("lambda", "Kinesis event source mappings", "near", "no tumbling windows, no enhanced fan-out")
def test_each_key_keeps_its_order_with_several_batches_at_once(workshop: Workshop):
    recorder = Recorder(workshop)
    for turn in range(20):
        for key in "abcd":
            recorder.put([key, turn], key=key)
    recorder.map(BatchSize=5, ParallelizationFactor=3)
    eventually(recorder.values, lambda found: len(found) == 80)
    for key in "abcd":
        assert [turn for found, turn in recorder.values() if found == key] == list(range(20))


def test_latest_begins_with_what_comes_after(workshop: Workshop):
    recorder = Recorder(workshop)
    recorder.put("before")
    recorder.map(StartingPosition="LATEST")
    recorder.put("after")
    assert eventually(recorder.values) == ["after"]


def test_a_mapping_is_disabled_updated_and_enabled_live(workshop: Workshop):
    functions = workshop.client("lambda")
    recorder = Recorder(workshop)
    uuid = recorder.map(BatchSize=1)
    recorder.put(1)
    eventually(recorder.values)
    functions.update_event_source_mapping(UUID=uuid, Enabled=False)
    eventually(lambda: functions.get_event_source_mapping(UUID=uuid)["State"], lambda state: state == "Disabled")
    recorder.put(2, 3, 4)
    functions.update_event_source_mapping(UUID=uuid, BatchSize=10)
    assert recorder.values() == [1]
    functions.update_event_source_mapping(UUID=uuid, Enabled=True)
    eventually(recorder.values, lambda found: len(found) == 4)
    assert recorder.batches() == [[1], [2, 3, 4]]
    assert functions.get_event_source_mapping(UUID=uuid)["LastProcessingResult"] == "OK"


def test_parents_are_drained_before_their_children(workshop: Workshop):
    recorder = Recorder(workshop)
    kinesis = workshop.client("kinesis")
    recorder.put(*range(50))
    kinesis.split_shard(StreamARN=recorder.stream, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127))
    recorder.put(*range(50, 100))
    recorder.map(BatchSize=10)
    eventually(recorder.values, lambda found: len(found) >= 100)
    assert recorder.values() == list(range(100))
    kinesis.update_shard_count(StreamARN=recorder.stream, TargetShardCount=1, ScalingType="UNIFORM_SCALING")
    recorder.put(*range(100, 120))
    eventually(recorder.values, lambda found: len(found) >= 120)
    assert recorder.values() == list(range(120))


def test_listing_joins_the_mappings_of_streams_and_of_queues(workshop: Workshop):
    recorder = Recorder(workshop)
    _, queue = workshop.queue()
    workshop.client("iam").put_role_policy(
        RoleName=workshop.client("lambda")
        .get_function_configuration(FunctionName=recorder.function)["Role"]
        .split("/")[1],
        PolicyName="queue",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": queue}]}
        ),
    )
    functions = workshop.client("lambda")
    ours = recorder.map()
    theirs = functions.create_event_source_mapping(EventSourceArn=queue, FunctionName=recorder.function)["UUID"]
    workshop.cleanup.callback(functions.delete_event_source_mapping, UUID=theirs)
    listed = functions.list_event_source_mappings(FunctionName=recorder.function)["EventSourceMappings"]
    assert {mapping["UUID"] for mapping in listed} == {ours, theirs}
    assert functions.get_event_source_mapping(UUID=theirs)["EventSourceArn"] == queue
    only = functions.list_event_source_mappings(EventSourceArn=recorder.stream)["EventSourceMappings"]
    assert [mapping["UUID"] for mapping in only] == [ours]


def test_a_mapping_has_tags(workshop: Workshop):
    functions = workshop.client("lambda")
    recorder = Recorder(workshop)
    uuid = recorder.map(Tags={"team": "lake"})
    arn = functions.get_event_source_mapping(UUID=uuid)["EventSourceMappingArn"]
    functions.tag_resource(Resource=arn, Tags={"tier": "gold"})
    assert functions.list_tags(Resource=arn)["Tags"] == {"team": "lake", "tier": "gold"}
    functions.untag_resource(Resource=arn, TagKeys=["team"])
    assert functions.list_tags(Resource=arn)["Tags"] == {"tier": "gold"}


def test_what_is_refused(workshop: Workshop):
    functions = workshop.client("lambda")
    recorder = Recorder(workshop)
    stranger = workshop.function(RECORDER, workshop.role(), BUCKET="none")
    _, queue = workshop.queue()

    def refused(**settings: Any) -> tuple[str, str]:
        request = {"EventSourceArn": recorder.stream, "FunctionName": recorder.function, "StartingPosition": "LATEST"}
        with pytest.raises(ClientError) as error:
            functions.create_event_source_mapping(**{**request, **settings})
        found = error.value.response["Error"]
        return found["Code"], found["Message"]

    code, message = refused(FunctionName="nobody")
    assert (code, message) == (
        "ResourceNotFoundException",
        "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody",
    )
    code, message = refused(FunctionName=stranger)
    assert code == "InvalidParameterValueException"
    assert message.startswith(f"Cannot access stream {recorder.stream}. Please ensure the role can perform the")
    code, message = refused(EventSourceArn=recorder.stream + "x")
    assert code == "InvalidParameterValueException"
    code, message = refused(DestinationConfig={"OnFailure": {"Destination": queue}})
    assert (code, message) == (
        "InvalidParameterValueException",
        "The provided execution role does not have permissions to call SendMessage on SQS",
    )
    assert refused(FilterCriteria={"Filters": [{"Pattern": "no json"}]})[0] == "InvalidParameterValueException"
    assert refused(MaximumRecordAgeInSeconds=30) == (
        "InvalidParameterValueException",
        "MaximumRecordAgeInSeconds must be -1 or between 60 and 604800.",
    )
    assert refused(StartingPosition="AT_TIMESTAMP") == (
        "InvalidParameterValueException",
        "StartingPositionTimestamp must be specified for the StartingPosition AT_TIMESTAMP.",
    )
    code, message = refused(StartingPosition="YESTERDAY")
    assert code == "InvalidParameterValueException"
    assert "Value 'YESTERDAY' at 'startingPosition' failed to satisfy constraint" in message
    assert refused(TumblingWindowInSeconds=60) == (
        "NotImplementedException",
        "TumblingWindowInSeconds of a Kinesis event source mapping is not implemented here.",
    )
    consumer = f"{recorder.stream}/consumer/c:1"
    assert refused(EventSourceArn=consumer)[0] == "NotImplementedException"
    uuid = recorder.map()
    code, message = refused()
    assert code == "ResourceConflictException"
    assert f"existing mapping with UUID {uuid}" in message
    with pytest.raises(ClientError) as missing:
        functions.get_event_source_mapping(UUID=str(uuid4()))
    assert missing.value.response["Error"]["Code"] == "ResourceNotFoundException"


@pytest.mark.slow
def test_records_and_checkpoints_survive_a_kill(tmp_path: Path):
    own = start_cloud(tmp_path)
    with ExitStack() as cleanup:
        cleanup.callback(own.server.stop)
        workshop = Workshop(own, ExitStack())
        recorder = Recorder(workshop)
        recorder.map(BatchSize=1)
        values = [f"nap {number}" for number in range(12)]
        for value in values:
            recorder.put(value)
        eventually(recorder.values, lambda found: len(found) >= 3)
        workshop.kill()
        own.server.start()
        eventually(recorder.values, lambda found: found[-1:] == values[-1:])
        found = recorder.values()
        # the batch that ran when the kill came is delivered again, and no other; all are in their order
        assert list(dict.fromkeys(found)) == values
        assert len(found) - len(values) <= 1
