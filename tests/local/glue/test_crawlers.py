from __future__ import annotations

import io
import json
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from botocore.exceptions import ClientError

CSV = b"id,name,amount\n1,ann,1.5\n2,bob,2.5\n"


def parquet(**columns: list[Any]) -> bytes:
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("body", "columns", "classification"),
    [
        pytest.param(CSV, {"id": "bigint", "name": "string", "amount": "double"}, "csv", id="csv-with-header"),
        pytest.param(
            b'{"id": 1, "tags": ["a"]}\n{"id": 2.5, "at": {"City": "x"}}\n',
            {"id": "double", "tags": "array<string>", "at": "struct<City:string>"},
            "json",
            id="json-lines",
        ),
        pytest.param(parquet(id=[1], ok=[True]), {"id": "bigint", "ok": "boolean"}, "parquet", id="parquet"),
    ],
)
def test_a_crawl_makes_the_table(
    cloud: Any, crawl: Any, body: bytes, columns: dict[str, str], classification: str
) -> None:
    bucket, database = cloud.bucket(), cloud.database()
    s3, glue = cloud.client("s3"), cloud.client("glue")
    for day in ("2024-01-01", "2024-01-02"):
        s3.put_object(Bucket=bucket, Key=f"raw/orders/day={day}/part", Body=body)
    crawler = crawl(f"s3://{bucket}/raw/orders/", database, TablePrefix="raw_")
    assert crawler["LastCrawl"]["Status"] == "SUCCEEDED", crawler["LastCrawl"]
    table = glue.get_table(DatabaseName=database, Name="raw_orders")["Table"]
    assert {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]} == columns
    assert table["Parameters"]["classification"] == classification
    assert [key["Name"] for key in table["PartitionKeys"]] == ["day"]
    assert table["StorageDescriptor"]["Location"] == f"s3://{bucket}/raw/orders/"
    partitions = glue.get_partitions(DatabaseName=database, TableName="raw_orders")["Partitions"]
    found = {partition["Values"][0]: partition["StorageDescriptor"]["Location"] for partition in partitions}
    assert found == {day: f"s3://{bucket}/raw/orders/day={day}/" for day in ("2024-01-01", "2024-01-02")}
    metrics = glue.get_crawler_metrics(CrawlerNameList=[crawler["Name"]])["CrawlerMetricsList"][0]
    assert (metrics["TablesCreated"], metrics["TablesUpdated"]) == (1, 0)


@pytest.mark.parametrize(
    ("classifier", "body", "columns", "classification"),
    [
        pytest.param(
            {"CsvClassifier": {"Delimiter": ";", "ContainsHeader": "ABSENT", "Header": ["id", "name"]}},
            b"1;ann\n2;bob\n",
            {"id": "bigint", "name": "string"},
            "csv",
            id="csv",
        ),
        pytest.param(
            {"JsonClassifier": {"JsonPath": "$.orders[*]"}},
            b'{"orders": [{"id": 1}, {"id": 2, "city": "x"}]}',
            {"id": "int", "city": "string"},
            "json",
            id="json",
        ),
        pytest.param(
            {
                "GrokClassifier": {
                    "Classification": "app",
                    "GrokPattern": "%{STAMP:at} %{LOGLEVEL:level} %{GREEDYDATA:said}",
                    "CustomPatterns": "STAMP %{YEAR}-%{MONTHNUM}-%{MONTHDAY}",
                }
            },
            b"2025-01-01 INFO all is well\n2025-01-02 WARN less so\n",
            {"at": "string", "level": "string", "said": "string"},
            "app",
            id="grok",
        ),
    ],
)
def test_a_crawl_asks_the_crawlers_own_classifiers_first(
    cloud: Any, crawl: Any, classifier: dict[str, Any], body: bytes, columns: dict[str, str], classification: str
) -> None:
    bucket, database, glue = cloud.bucket(), cloud.database(), cloud.client("glue")
    ((kind, definition),) = classifier.items()
    glue.create_classifier(**{kind: {"Name": database, **definition}})
    cloud.client("s3").put_object(Bucket=bucket, Key="t/a", Body=body)
    assert crawl(f"s3://{bucket}/t/", database, Classifiers=[database])["LastCrawl"]["Status"] == "SUCCEEDED"
    table = glue.get_table(DatabaseName=database, Name="t")["Table"]
    assert {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]} == columns
    assert table["Parameters"]["classification"] == classification
    glue.delete_classifier(Name=database)


@pytest.mark.fidelity("glue", "crawlers: the role's rights", "exact")
@pytest.mark.parametrize(
    ("actions", "message"),
    [
        pytest.param(("s3:ListBucket", "glue:*"), "retrieving file at s3://", id="no-get-object"),
        pytest.param(("glue:*",), "s3:ListBucket", id="no-list-bucket"),
        pytest.param(("s3:*", "glue:Get*"), "glue:CreateTable", id="no-create-table"),
    ],
)
def test_a_crawl_has_only_the_rights_of_its_role(
    cloud: Any, crawl: Any, actions: tuple[str, ...], message: str
) -> None:
    bucket, database = cloud.bucket(), cloud.database()
    cloud.client("s3").put_object(Bucket=bucket, Key="orders/a.csv", Body=CSV)
    crawler = crawl(f"s3://{bucket}/orders/", database, actions=actions)
    assert crawler["LastCrawl"]["Status"] == "FAILED"
    assert message in crawler["LastCrawl"]["ErrorMessage"]
    assert cloud.client("glue").get_tables(DatabaseName=database)["TableList"] == []


def test_a_crawl_of_a_missing_bucket_fails(cloud: Any, crawl: Any) -> None:
    crawler = crawl("s3://no-such-bucket-anywhere/", cloud.database())
    assert crawler["LastCrawl"]["Status"] == "FAILED"
    assert "bucket does not exist" in crawler["LastCrawl"]["ErrorMessage"]


def test_a_crawl_writes_its_log(cloud: Any, crawl: Any) -> None:
    bucket = cloud.bucket()
    cloud.client("s3").put_object(Bucket=bucket, Key="orders/a.csv", Body=CSV)
    last = crawl(f"s3://{bucket}/orders/", cloud.database())
    where = {"logGroupName": last["LastCrawl"]["LogGroup"], "logStreamName": last["LastCrawl"]["LogStream"]}
    events = cloud.client("logs").get_log_events(**where)["events"]
    assert any("finished running: COMPLETED" in event["message"] for event in events)


def test_a_crawler_needs_a_role_that_glue_can_assume(cloud: Any) -> None:
    with pytest.raises(ClientError) as error:
        cloud.client("glue").create_crawler(
            Name="none", Role="no-such-role", DatabaseName="d", Targets={"S3Targets": [{"Path": "s3://b/"}]}
        )
    found = error.value.response.get("Error", {})
    assert found.get("Code") == "InvalidInputException"
    assert found.get("Message") == "Service is unable to assume provided role. Please verify role's TrustPolicy"


def test_an_incremental_crawl_adds_only_new_folders(cloud: Any, crawl: Any) -> None:
    bucket, database = cloud.bucket(), cloud.database()
    s3, glue = cloud.client("s3"), cloud.client("glue")
    s3.put_object(Bucket=bucket, Key="orders/day=1/a.csv", Body=CSV)
    policy = {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}
    recrawl = {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"}
    crawler = crawl(f"s3://{bucket}/orders/", database, SchemaChangePolicy=policy, RecrawlPolicy=recrawl)
    s3.put_object(Bucket=bucket, Key="orders/day=2/a.csv", Body=CSV)
    s3.put_object(Bucket=bucket, Key="orders/day=3/a.json", Body=b'{"quite": "other"}')
    crawl(name=crawler["Name"])
    partitions = glue.get_partitions(DatabaseName=database, TableName="orders")["Partitions"]
    assert sorted(partition["Values"] for partition in partitions) == [["1"], ["2"]]
    newest = glue.list_crawls(CrawlerName=crawler["Name"])["Crawls"][0]
    assert json.loads(newest["Summary"]) == {"PARTITION": {"ADD": {"Count": 1, "Details": {"names": ["orders/2"]}}}}


def test_an_event_crawl_reads_only_where_the_bucket_says(cloud: Any, crawl: Any) -> None:
    bucket, database = cloud.bucket(), cloud.database()
    s3, sqs, glue = cloud.client("s3"), cloud.client("sqs"), cloud.client("glue")
    url = sqs.create_queue(QueueName=f"events-{bucket}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    s3.put_object(Bucket=bucket, Key="orders/day=1/a.csv", Body=CSV)
    crawler = crawl(
        database=database,
        Targets={"S3Targets": [{"Path": f"s3://{bucket}/orders/", "EventQueueArn": arn}]},
        RecrawlPolicy={"RecrawlBehavior": "CRAWL_EVENT_MODE"},
    )
    s3.put_object(Bucket=bucket, Key="orders/day=unseen/a.csv", Body=CSV)  # before the bucket tells the queue
    notify = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=notify)
    s3.put_object(Bucket=bucket, Key="orders/day=2 b/a.csv", Body=CSV)
    last = crawl(name=crawler["Name"])["LastCrawl"]
    assert last["Status"] == "SUCCEEDED", last
    partitions = glue.get_partitions(DatabaseName=database, TableName="orders")["Partitions"]
    assert sorted(partition["Values"] for partition in partitions) == [["1"], ["2 b"]]
    left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    assert left["ApproximateNumberOfMessages"] == "0"


def test_states_of_a_crawler(cloud: Any, crawl: Any, wait_until: Any) -> None:
    bucket, glue = cloud.bucket(), cloud.client("glue")
    s3 = cloud.client("s3")
    for number in range(600):  # so many that it still runs when it is told to stop
        s3.put_object(Bucket=bucket, Key=f"t/f{number}.csv", Body=CSV)
    crawler = crawl(f"s3://{bucket}/t/", cloud.database())
    name = crawler["Name"]
    with pytest.raises(glue.exceptions.CrawlerNotRunningException, match="isn't running"):
        glue.stop_crawler(Name=name)
    glue.start_crawler(Name=name)
    with pytest.raises(glue.exceptions.CrawlerRunningException, match="has already started"):
        glue.start_crawler(Name=name)
    with pytest.raises(glue.exceptions.CrawlerRunningException, match="is running"):
        glue.delete_crawler(Name=name)
    glue.stop_crawler(Name=name)
    wait_until(lambda: glue.get_crawler(Name=name)["Crawler"]["State"] == "READY")
    assert glue.get_crawler(Name=name)["Crawler"]["LastCrawl"]["Status"] == "CANCELLED"
    assert [crawl["State"] for crawl in glue.list_crawls(CrawlerName=name)["Crawls"]] == ["STOPPED", "COMPLETED"]


def test_many_folders_by_a_role_that_may_read_one_bucket(cloud: Any, crawl: Any) -> None:
    """Folders of different schemas become many tables: the trap that AWS documents."""
    bucket, database = cloud.bucket(), cloud.database()
    s3 = cloud.client("s3")
    s3.put_object(Bucket=bucket, Key="lake/orders/a.csv", Body=CSV)
    s3.put_object(Bucket=bucket, Key="lake/people/a.csv", Body=b"person,age\nann,3\nbob,4\n")
    crawl(f"s3://{bucket}/lake/", database)
    tables = cloud.client("glue").get_tables(DatabaseName=database)["TableList"]
    assert [table["Name"] for table in tables] == ["orders", "people"]
