"""Query executions over real HTTP: the wait, cancelling, many clients, permissions, and a killed process."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from lakelab.testing import Cloud, start_cloud

ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
NUMBERS = "unnest(sequence(1, 10000))"
FOREVER = f"select count(*) from {NUMBERS} a(x), {NUMBERS} b(y), {NUMBERS} c(z) where x * y + z > 7"


class Client:
    """Athena with an output location of its own."""

    def __init__(self, cloud: Cloud, bucket: str, keys: tuple[str, ...] = ("test", "test")):
        self.athena = cloud.client("athena", keys)
        self.output = f"s3://{bucket}/out/"

    def start(self, sql: str, **more: Any) -> str:
        given = {"ResultConfiguration": {"OutputLocation": self.output}} | more
        return self.athena.start_query_execution(QueryString=sql, **given)["QueryExecutionId"]

    def execution(self, execution_id: str) -> dict[str, Any]:
        return self.athena.get_query_execution(QueryExecutionId=execution_id)["QueryExecution"]

    def run(self, sql: str, seconds: float = 30, **more: Any) -> dict[str, Any]:
        execution_id = self.start(sql, **more)
        deadline = time.monotonic() + seconds
        while (execution := self.execution(execution_id))["Status"]["State"] not in ENDED:
            assert time.monotonic() < deadline, f"{sql} did not end in {seconds} s"
            threading.Event().wait(0.05)
        return execution

    def rows(self, execution_id: str, size: int = 1000) -> list[list[str | None]]:
        pages = self.athena.get_paginator("get_query_results").paginate(
            QueryExecutionId=execution_id, PaginationConfig={"PageSize": size}
        )
        return [
            [datum.get("VarCharValue") for datum in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]
        ]


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.05)


def refusal(call: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response.get("Error", {})
    return error.get("Code", ""), error.get("Message", "")


@pytest.fixture(scope="module")
def bucket(cloud: Cloud) -> str:
    return cloud.bucket()


@pytest.fixture
def client(cloud: Cloud, bucket: str) -> Client:
    return Client(cloud, bucket)


@pytest.mark.fidelity(
    "athena", "StartQueryExecution", "near", "the answer waits up to 0.8 s for the end of a short query"
)
def test_the_first_poll_of_a_short_query_sees_its_end(client: Client) -> None:
    execution_id = client.start("select 1 as a, cast(null as varchar) as b, '' as c")
    execution = client.execution(execution_id)
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    assert client.rows(execution_id) == [["a", "b", "c"], ["1", None, ""]]


def test_a_large_result_is_paged_without_loss(client: Client) -> None:
    execution = client.run(
        "select a * 1000 + b as n from unnest(sequence(0, 49)) t(a), unnest(sequence(0, 999)) u(b) order by 1"
    )
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    rows = client.rows(execution["QueryExecutionId"])
    assert rows[0] == ["n"]
    assert [int(row[0] or -1) for row in rows[1:]] == list(range(50_000))


@pytest.mark.fidelity("athena", "StopQueryExecution", "exact")
def test_a_running_query_is_stopped_at_once(client: Client) -> None:
    execution_id = client.start(FOREVER)
    assert client.execution(execution_id)["Status"]["State"] == "RUNNING"
    began = time.monotonic()
    client.athena.stop_query_execution(QueryExecutionId=execution_id)
    until(lambda: client.execution(execution_id)["Status"]["State"] == "CANCELLED", seconds=3)
    assert time.monotonic() - began < 3
    assert client.execution(execution_id)["Status"]["StateChangeReason"] == "Query cancelled by user"


def test_eight_clients_at_once(cloud: Cloud, bucket: str) -> None:
    answers: list[list[list[str | None]]] = []

    def work(number: int) -> None:
        own = Client(cloud, bucket)
        for turn in range(3):
            execution = own.run(f"select {number} as client, {turn} as turn")
            answers.append(own.rows(execution["QueryExecutionId"]))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = [[["client", "turn"], [str(number), str(turn)]] for number in range(8) for turn in range(3)]
    assert sorted(answers) == sorted(expected)  # type: ignore[type-var]


@pytest.mark.fidelity("athena", "ClientRequestToken", "exact")
def test_a_token_starts_one_execution(client: Client) -> None:
    token = str(uuid4())
    first = client.start("select 1", ClientRequestToken=token)
    assert client.start("select 1", ClientRequestToken=token) == first
    assert refusal(lambda: client.start("select 2", ClientRequestToken=token)) == (
        "InvalidRequestException",
        "Idempotent parameters do not match",
    )


@pytest.mark.parametrize(
    ("call", "code", "text"),
    [
        pytest.param(
            lambda athena: athena.start_query_execution(
                QueryString="selec 1", ResultConfiguration={"OutputLocation": "s3://x/"}
            ),
            "InvalidRequestException",
            "line 1:1: mismatched input 'selec'",
            id="no statement",
        ),
        pytest.param(
            lambda athena: athena.start_query_execution(QueryString="select 1"),
            "InvalidRequestException",
            "No output location provided.",
            id="no output location",
        ),
        pytest.param(
            lambda athena: athena.get_query_execution(QueryExecutionId="nothing"),
            "InvalidRequestException",
            "QueryExecution nothing was not found",
            id="no such execution",
        ),
        pytest.param(
            lambda athena: athena.start_session(WorkGroup="primary", EngineConfiguration={}),
            "NotImplementedException",
            "athena:StartSession is not implemented by the local AWS",
            id="Spark sessions",
        ),
    ],
)
def test_refusals(cloud: Cloud, call: Callable[[Any], object], code: str, text: str) -> None:
    refused = refusal(lambda: call(cloud.client("athena")))
    assert refused[0] == code
    assert refused[1].startswith(text)


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        pytest.param({"QueryExecutionId": "x" * 200}, "INVALID_INPUT", id="longer than the model allows"),
        pytest.param({"QueryExecutionId": "nothing"}, "QUERY_EXECUTION_NOT_FOUND", id="no such execution"),
    ],
)
def test_an_invalid_request_carries_athenas_code(cloud: Cloud, params: dict[str, str], reason: str) -> None:
    with pytest.raises(ClientError) as refused:
        cloud.client("athena").get_query_execution(**params)
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"
    assert refused.value.response["AthenaErrorCode"] == reason


def test_a_result_has_its_metadata_beside_it(cloud: Cloud, client: Client) -> None:
    for sql, end in (("select 1 as one", ".csv"), ("show databases", ".txt")):
        location = client.run(sql)["ResultConfiguration"]["OutputLocation"]
        assert location.endswith(end)
        bucket, _, key = location.removeprefix("s3://").partition("/")
        body = cloud.client("s3").get_object(Bucket=bucket, Key=f"{key}.metadata")["Body"].read()
        assert b'"' in body
        assert (b"one" in body) == (end == ".csv")


def test_a_statement_that_writes_data_leaves_a_manifest_and_metadata(cloud: Cloud, client: Client) -> None:
    folder = f"{client.output}unloaded-{uuid4().hex[:8]}/"
    execution = client.run(f"unload (select 1 as one) to '{folder}' with (format = 'JSON')")
    manifest = execution["Statistics"]["DataManifestLocation"]
    assert manifest == execution["ResultConfiguration"]["OutputLocation"] + "-manifest.csv"
    bucket, _, key = manifest.removeprefix("s3://").removesuffix("-manifest.csv").partition("/")
    found = cloud.client("s3").list_objects_v2(Bucket=bucket, Prefix=key)["Contents"]
    assert [item["Key"] for item in found] == [f"{key}-manifest.csv", f"{key}.metadata"]


# ---- permissions ----------------------------------------------------------------------------------------------------

ATHENA = {"Action": "athena:*", "Resource": "*"}
GLUE = {"Action": "glue:*", "Resource": "*"}


@pytest.fixture
def user(cloud: Cloud) -> Iterator[Callable[[list[dict]], tuple[str, str]]]:
    """Makes a user that is allowed these statements, and gives its keys."""
    iam = cloud.client("iam")
    made: list[tuple[str, str]] = []

    def make(statements: list[dict]) -> tuple[str, str]:
        name = f"user-{uuid4().hex[:8]}"
        iam.create_user(UserName=name)
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | each for each in statements]}
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        made.append((name, key["AccessKeyId"]))
        return key["AccessKeyId"], key["SecretAccessKey"]

    yield make
    for name, key_id in made:
        iam.delete_access_key(UserName=name, AccessKeyId=key_id)
        iam.delete_user_policy(UserName=name, PolicyName="p")
        iam.delete_user(UserName=name)


def test_a_user_without_athena(cloud: Cloud, bucket: str, user: Callable[[list[dict]], tuple[str, str]]) -> None:
    stranger = Client(cloud, bucket, user([{"Action": "s3:*", "Resource": "*"}]))
    code, text = refusal(lambda: stranger.start("select 1"))
    assert code == "AccessDeniedException"
    assert "athena:StartQueryExecution" in text


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("select 1", id="a small result, sent in one request"),
        pytest.param("select lpad('', 1000, 'x') from unnest(sequence(1, 9000))", id="a large result, sent in parts"),
    ],
)
def test_a_user_who_may_not_write_the_result(
    cloud: Cloud, bucket: str, user: Callable[[list[dict]], tuple[str, str]], sql: str
) -> None:
    reader = Client(cloud, bucket, user([ATHENA, GLUE, {"Action": "s3:Get*", "Resource": "*"}]))
    execution = reader.run(sql)
    status = execution["Status"]
    assert status["State"] == "FAILED"
    location = execution["ResultConfiguration"]["OutputLocation"]
    assert status["StateChangeReason"].startswith(f"Access denied when writing output to url: {location} .")
    assert status["AthenaError"]["ErrorCategory"] == 2


def test_a_user_who_may_not_read_the_result(
    cloud: Cloud, bucket: str, client: Client, user: Callable[[list[dict]], tuple[str, str]]
) -> None:
    execution_id = client.start("select 1")
    writer = Client(cloud, bucket, user([ATHENA, GLUE, {"Action": "s3:PutObject", "Resource": "*"}]))
    code, text = refusal(lambda: writer.rows(execution_id))
    assert code == "InvalidRequestException"
    assert text.startswith("You do not seem to have access to the S3 location of your query results.")


def test_a_user_of_one_workgroup(cloud: Cloud, bucket: str, user: Callable[[list[dict]], tuple[str, str]]) -> None:
    athena = cloud.client("athena")
    name = f"wg-{uuid4().hex[:8]}"
    athena.create_work_group(Name=name, Configuration={"EnforceWorkGroupConfiguration": False})
    arn = f"arn:aws:athena:{cloud.settings.region}:{cloud.settings.account}:workgroup/{name}"
    member = Client(
        cloud, bucket, user([{"Action": "athena:*", "Resource": arn}, GLUE, {"Action": "s3:*", "Resource": "*"}])
    )
    execution = member.run("select 1", WorkGroup=name)
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    assert refusal(lambda: member.start("select 1"))[0] == "AccessDeniedException"
    athena.delete_work_group(WorkGroup=name, RecursiveDeleteOption=True)


# ---- a killed process -----------------------------------------------------------------------------------------------


@pytest.mark.fidelity("athena", "query history", "near", "kept for 45 days in the data folder, through kill -9")
def test_what_a_killed_process_knew_is_there_again(tmp_path: Path) -> None:
    first = start_cloud(tmp_path)
    bucket = first.bucket()
    client = Client(first, bucket)
    client.athena.create_work_group(Name="team")
    query_id = client.athena.create_named_query(Name="q", Database="d", QueryString="select 1")["NamedQueryId"]
    done = client.run("select 42 as answer")
    running = client.start(FOREVER)
    until(lambda: client.execution(running)["Status"]["State"] == "RUNNING")
    threading.Event().wait(1.1)  # the core's own checkpoint: the bucket and the result object

    process = first.server.running()
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    second = start_cloud(tmp_path, port=first.settings.port)
    try:
        client = Client(second, bucket)
        assert client.execution(done["QueryExecutionId"]) == done
        assert client.rows(done["QueryExecutionId"]) == [["answer"], ["42"]]
        status = client.execution(running)["Status"]
        assert status["State"] == "FAILED"
        assert status["StateChangeReason"] == (
            "The local AWS was stopped while this query was queued or running. Run the query again."
        )
        assert client.athena.get_work_group(WorkGroup="team")["WorkGroup"]["State"] == "ENABLED"
        assert client.athena.get_named_query(NamedQueryId=query_id)["NamedQuery"]["QueryString"] == "select 1"
        assert list((tmp_path / ".lakelab" / "athena" / "scratch").glob("*")) == []
    finally:
        second.server.stop()
