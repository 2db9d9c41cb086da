"""Delivery streams, from PutRecord to the objects in S3, with buffers that the clock fills up."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from lakelab.testing import Cloud, start_cloud
from lakelab.workshop import Workshop, eventually

READ = ["kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords", "kinesis:ListShards"]


class Hose:
    """A delivery stream with a bucket and a role of its own."""

    def __init__(self, workshop: Workshop, *rights: Any, source: str | None = None, **destination: Any):
        self.workshop = workshop
        self.bucket = workshop.cloud.bucket()
        self.role = workshop.role(("s3:PutObject", f"arn:aws:s3:::{self.bucket}/*"), *rights)
        self.name = f"d-{uuid4().hex[:10]}"
        self.firehose = workshop.client("firehose")
        request: dict[str, Any] = {
            "DeliveryStreamName": self.name,
            "ExtendedS3DestinationConfiguration": {
                "RoleARN": self.role,
                "BucketARN": f"arn:aws:s3:::{self.bucket}",
                "BufferingHints": {"IntervalInSeconds": 1, "SizeInMBs": 1},
                **destination,
            },
        }
        if source:
            request["DeliveryStreamType"] = "KinesisStreamAsSource"
            request["KinesisStreamSourceConfiguration"] = {"KinesisStreamARN": source, "RoleARN": self.role}
        self.firehose.create_delivery_stream(**request)
        workshop.cleanup.callback(self._delete)

    def _delete(self) -> None:
        self.firehose.delete_delivery_stream(DeliveryStreamName=self.name)

    def put(self, *data: bytes) -> None:
        for start in range(0, len(data), 500):
            records = [{"Data": each} for each in data[start : start + 500]]
            answer = self.firehose.put_record_batch(DeliveryStreamName=self.name, Records=records)
            assert answer["FailedPutCount"] == 0

    def objects(self, count: int = 1) -> dict[str, bytes]:
        """The objects delivered, as soon as there are so many."""
        return eventually(lambda: self.workshop.objects(self.bucket), lambda found: len(found) >= count)


@pytest.mark.fidelity("firehose", "buffering by size and interval", "exact", "one object a flush")
def test_one_object_a_flush_with_all_records_in_their_order(workshop: Workshop):
    hose = Hose(workshop, Prefix="raw/")
    hose.put(*(f"{number}\n".encode() for number in range(2000)))
    [(key, body)] = hose.objects().items()
    assert body.decode().split() == [str(number) for number in range(2000)]
    assert key.startswith(f"raw/{datetime.now(UTC):%Y/%m/%d/}")
    assert f"/{hose.name}-1-" in key


def test_a_full_buffer_does_not_wait_for_the_interval(workshop: Workshop):
    hose = Hose(workshop, BufferingHints={"IntervalInSeconds": 900, "SizeInMBs": 1})
    hose.put(*([b"x" * 300_000] * 3))
    hose.put(b"y" * 300_000)
    [body] = hose.objects().values()
    assert len(body) == 900_000  # the fourth would make it more than 1 MiB


@pytest.mark.parametrize(
    ("compression", "extension"),
    [pytest.param("GZIP", ".gz"), pytest.param("ZIP", ".zip"), pytest.param("Snappy", ".snappy")],
)
def test_compression_and_a_delimiter(workshop: Workshop, compression: str, extension: str):
    delimiter = {
        "Enabled": True,
        "Processors": [
            {"Type": "AppendDelimiterToRecord", "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}]}
        ],
    }
    hose = Hose(workshop, CompressionFormat=compression, ProcessingConfiguration=delimiter)
    hose.put(b"one", b"two")
    [(key, body)] = hose.objects().items()
    assert key.endswith(extension)
    assert _unpacked(compression, body) == b"one\ntwo\n"


def _unpacked(compression: str, body: bytes) -> bytes:
    if compression == "GZIP":
        return gzip.decompress(body)
    if compression == "ZIP":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return archive.read(archive.namelist()[0])
    return pa.Codec("snappy").decompress(body, 8, asbytes=True)


PARTITIONED: dict[str, Any] = {
    "BufferingHints": {"IntervalInSeconds": 1, "SizeInMBs": 64},
    "DynamicPartitioningConfiguration": {"Enabled": True},
    "Prefix": "rides/city=!{partitionKeyFromQuery:city}/day=!{partitionKeyFromQuery:day}/",
    "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
}


def query(text: str) -> dict[str, Any]:
    parameters = {"MetadataExtractionQuery": text, "JsonParsingEngine": "JQ-1.6"}
    return {
        "Enabled": True,
        "Processors": [
            {
                "Type": "MetadataExtraction",
                "Parameters": [{"ParameterName": key, "ParameterValue": value} for key, value in parameters.items()],
            }
        ],
    }


@pytest.mark.fidelity(
    "firehose", "dynamic partitioning", "near", "the partitions of a stream share one buffer; jq is 1.8, not 1.6"
)
def test_dynamic_partitioning_makes_an_object_a_partition_and_keeps_what_it_cannot_place(workshop: Workshop):
    hose = Hose(workshop, ProcessingConfiguration=query("{city:.city,day:.at[0:10]}"), **PARTITIONED)
    rides = [{"city": city, "at": f"2025-01-0{day}T10:00:00Z"} for city in ("Rome", "Bonn") for day in (1, 2)] * 5
    hose.put(*(json.dumps(ride).encode() for ride in rides), b"no json", b'{"city": "Rome"}')
    found = hose.objects(5)
    delivered = {key.rpartition("/")[0]: body for key, body in found.items() if key.startswith("rides/")}
    assert set(delivered) == {f"rides/city={city}/day=2025-01-0{day}" for city in ("Rome", "Bonn") for day in (1, 2)}
    assert delivered["rides/city=Rome/day=2025-01-01"].count(b"Rome") == 5
    [errors] = [body for key, body in found.items() if key.startswith("errors/processing-failed/")]
    first, second = (json.loads(line) for line in errors.splitlines())
    assert base64.b64decode(first["rawData"]) == b"no json"
    assert first["errorCode"] == "DynamicPartitioning.MetadataExtractionFailed"
    assert first["errorMessage"] == "Non JSON record provided"
    assert second["errorMessage"] == "partitionKeys values must not be null or empty"


TRANSFORM = """
import base64, json


def handler(event, context):
    print(len(event["records"]))
    records = []
    for record in event["records"]:
        text = base64.b64decode(record["data"]).decode()
        if text == "raise":
            raise ValueError("cannot")
        if text == "lost":
            continue
        result = {"drop": "Dropped", "fail": "ProcessingFailed"}.get(text, "Ok")
        data = base64.b64encode(text.upper().encode()).decode()
        metadata = {"partitionKeys": {"first": text[0]}}
        records.append({"recordId": record["recordId"], "result": result, "data": data, "metadata": metadata})
    return {"records": records}
"""


def transformed_by(workshop: Workshop, retries: int = 0) -> tuple[dict[str, Any], tuple[str, str]]:
    function = workshop.function(TRANSFORM, workshop.role())
    arn = workshop.client("lambda").get_function_configuration(FunctionName=function)["FunctionArn"]
    parameters = {"LambdaArn": arn, "NumberOfRetries": str(retries)}
    processor = {
        "Type": "Lambda",
        "Parameters": [{"ParameterName": key, "ParameterValue": value} for key, value in parameters.items()],
    }
    return {"Enabled": True, "Processors": [processor]}, ("lambda:InvokeFunction", arn)


def test_a_function_transforms_drops_and_fails_records(workshop: Workshop):
    processing, right = transformed_by(workshop)
    hose = Hose(
        workshop,
        right,
        ProcessingConfiguration=processing,
        ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
        Prefix="!{partitionKeyFromLambda:first}/",
        DynamicPartitioningConfiguration={"Enabled": True},
        BufferingHints={"IntervalInSeconds": 1, "SizeInMBs": 64},
    )
    hose.put(b"one", b"drop", b"fail", b"lost", b"other", b"two")
    found = hose.objects(3)
    assert {key.split("/")[0]: body for key, body in found.items() if not key.startswith("errors")} == {
        "o": b"ONEOTHER",
        "t": b"TWO",
    }
    [errors] = [body for key, body in found.items() if key.startswith("errors/processing-failed/")]
    codes = {base64.b64decode(line["rawData"]): line["errorCode"] for line in map(json.loads, errors.splitlines())}
    assert codes == {b"fail": "Lambda.ProcessingFailedStatus", b"lost": "Lambda.MissingRecordId"}


def test_a_function_that_fails_is_retried_and_then_its_records_are_kept(workshop: Workshop):
    processing, right = transformed_by(workshop, retries=1)
    hose = Hose(workshop, right, ProcessingConfiguration=processing)
    hose.put(b"raise")
    [(key, body)] = hose.objects().items()
    assert key.startswith("processing-failed/")
    line = json.loads(body)
    assert (line["attemptsMade"], line["errorCode"]) == (2, "Lambda.FunctionError")
    assert base64.b64decode(line["rawData"]) == b"raise"


@pytest.mark.fidelity("firehose", "record format conversion", "near", "to Parquet alone")
def test_records_become_parquet_with_the_columns_of_a_glue_table(workshop: Workshop):
    database = workshop.cloud.database()
    columns = [("id", "bigint"), ("name", "string"), ("paid", "decimal(10,2)"), ("day", "date")]
    workshop.client("glue").create_table(
        DatabaseName=database,
        TableInput={
            "Name": "rides",
            "StorageDescriptor": {"Columns": [{"Name": name, "Type": type_} for name, type_ in columns]},
        },
    )
    account = "arn:aws:glue:us-east-1:000000000000"
    table = [f"{account}:catalog", f"{account}:database/{database}", f"{account}:table/{database}/rides"]
    hose = Hose(
        workshop,
        (["glue:GetTable", "glue:GetTableVersions"], table),
        Prefix="rides/",
        ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
        BufferingHints={"IntervalInSeconds": 1, "SizeInMBs": 64},
        DataFormatConversionConfiguration={
            "Enabled": True,
            "SchemaConfiguration": {"DatabaseName": database, "TableName": "rides", "Region": "us-east-1"},
            "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
            "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
        },
    )
    hose.put(b'{"ID": 1, "name": "ann", "paid": 9.5, "day": "2025-01-02"}', b'{"id": "x"}', b'{"id": 2, "more": true}')
    found = hose.objects(2)
    [(key, body)] = [(key, body) for key, body in found.items() if key.startswith("rides/")]
    assert key.endswith(".parquet")
    rows = pq.read_table(io.BytesIO(body)).to_pylist()
    assert [(row["id"], row["name"]) for row in rows] == [(1, "ann"), (2, None)]
    assert (str(rows[0]["paid"]), str(rows[0]["day"])) == ("9.50", "2025-01-02")
    [errors] = [body for key, body in found.items() if key.startswith("errors/format-conversion-failed/")]
    assert json.loads(errors)["lastErrorCode"] == "DataFormatConversion.MalformedData"
    assert "id: 'x' is no int64" in json.loads(errors)["lastErrorMessage"]


def test_a_kinesis_stream_as_source(workshop: Workshop):
    stream = workshop.stream(2)
    workshop.put(stream, "before the delivery stream")
    hose = Hose(workshop, (READ, stream), source=stream)
    workshop.put(stream, *range(100))
    workshop.put(stream, *range(100, 200), key="other")
    bodies = eventually(
        lambda: b"".join(workshop.objects(hose.bucket).values()),
        lambda found: b"199" in found and b"99" in found,
    )
    assert len(bodies) == len("".join(map(str, range(200))))
    with pytest.raises(ClientError) as refused:
        hose.put(b"x")
    error = refused.value.response["Error"]
    assert error["Code"] == "InvalidArgumentException"
    assert error["Message"] == "This operation is not permitted on KinesisStreamAsSource delivery stream type."


def test_the_role_is_what_writes(workshop: Workshop):
    hose = Hose(workshop)
    iam, role = workshop.client("iam"), hose.role.rpartition("/")[2]
    iam.delete_role_policy(RoleName=role, PolicyName="rights")
    hose.put(b"kept until it may be written")
    eventually(lambda: b"AccessDenied" in workshop.cloud.server.log.read_bytes())
    assert workshop.objects(hose.bucket) == {}
    allow = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName=role, PolicyName="rights", PolicyDocument=document)
    assert list(hose.objects().values()) == [b"kept until it may be written"]


def test_a_destination_is_updated_live(workshop: Workshop):
    hose = Hose(workshop, BufferingHints={"IntervalInSeconds": 900, "SizeInMBs": 5})
    hose.put(b"x")
    update = {
        "DeliveryStreamName": hose.name,
        "DestinationId": "destinationId-000000000001",
        "ExtendedS3DestinationUpdate": {"Prefix": "new/", "BufferingHints": {"IntervalInSeconds": 0, "SizeInMBs": 5}},
    }
    with pytest.raises(ClientError) as refused:
        hose.firehose.update_destination(CurrentDeliveryStreamVersionId="7", **update)
    assert refused.value.response["Error"]["Code"] == "ConcurrentModificationException"
    hose.firehose.update_destination(CurrentDeliveryStreamVersionId="1", **update)
    [key] = hose.objects()
    assert key.startswith("new/")
    described = hose.firehose.describe_delivery_stream(DeliveryStreamName=hose.name)["DeliveryStreamDescription"]
    assert described["VersionId"] == "2"
    assert described["Destinations"][0]["ExtendedS3DestinationDescription"]["Prefix"] == "new/"


def test_backup_keeps_the_records_as_they_came(workshop: Workshop):
    processing, right = transformed_by(workshop)
    backup = workshop.cloud.bucket()
    writer = workshop.role(("s3:PutObject", f"arn:aws:s3:::{backup}/*"))
    hose = Hose(
        workshop,
        right,
        ("s3:PutObject", f"arn:aws:s3:::{backup}/*"),
        ProcessingConfiguration=processing,
        S3BackupMode="Enabled",
        S3BackupConfiguration={"RoleARN": writer, "BucketARN": f"arn:aws:s3:::{backup}", "Prefix": "source/"},
    )
    hose.put(b"one")
    assert list(hose.objects().values()) == [b"ONE"]
    [(key, body)] = workshop.objects(backup).items()
    assert key.startswith("source/")
    assert body == b"one"


def test_what_is_refused(workshop: Workshop):
    hose = Hose(workshop)
    base = {"RoleARN": hose.role, "BucketARN": f"arn:aws:s3:::{hose.bucket}"}

    def refused(operation: str, **params: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as error:
            getattr(hose.firehose, operation)(**params)
        found = error.value.response["Error"]
        return found["Code"], found["Message"]

    def making(**destination: Any) -> tuple[str, str]:
        return refused(
            "create_delivery_stream",
            DeliveryStreamName=f"d-{uuid4().hex[:8]}",
            ExtendedS3DestinationConfiguration={**base, **destination},
        )

    assert refused("put_record", DeliveryStreamName="none", Record={"Data": b""}) == (
        "ResourceNotFoundException",
        "Firehose none under account 000000000000 not found.",
    )
    records = [{"Data": b"x" * 1_000_000}] * 5
    assert refused("put_record_batch", DeliveryStreamName=hose.name, Records=records) == (
        "InvalidArgumentException",
        "Records size exceeds 4 MB limit",
    )
    code, message = making(
        ProcessingConfiguration=query("{city:.city,day:.day}"), **PARTITIONED | {"BufferingHints": {"SizeInMBs": 5}}
    )
    assert (code, message) == (
        "InvalidArgumentException",
        "BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.",
    )
    assert making(Prefix="!{timestamp:yyyy}/")[1].startswith("ErrorOutputPrefix cannot be null or empty")
    role = "arn:aws:iam::000000000000:role/nobody"
    assert making(RoleARN=role) == (
        "InvalidArgumentException",
        f"Firehose is unable to assume role {role}. Please check the role provided.",
    )
    assert making(ProcessingConfiguration=query("{a:reduce .}"), **PARTITIONED)[0] == "InvalidArgumentException"
    created = refused("create_delivery_stream", DeliveryStreamName=hose.name, ExtendedS3DestinationConfiguration=base)
    assert created == ("ResourceInUseException", f"Firehose {hose.name} under accountId 000000000000 already exists")


@pytest.mark.slow
@pytest.mark.fidelity("firehose", "at-least-once delivery", "exact", "a repeated flush writes the same keys again")
def test_the_buffer_outlives_a_kill_and_is_delivered_once(tmp_path: Path):
    own: Cloud = start_cloud(tmp_path)
    with ExitStack() as cleanup:
        cleanup.callback(own.server.stop)
        workshop = Workshop(own, ExitStack())
        hose = Hose(workshop, BufferingHints={"IntervalInSeconds": 300, "SizeInMBs": 5})
        hose.put(*(f"{number} ".encode() for number in range(1000)))
        workshop.kill()
        own.server.start()
        assert workshop.objects(hose.bucket) == {}
        workshop.advance(301)
        [body] = hose.objects().values()
        assert body.decode().split() == [str(number) for number in range(1000)]
