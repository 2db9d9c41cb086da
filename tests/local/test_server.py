"""The process of the local AWS: it proves that it is ours, refuses a taken port, keeps its data and leaks nothing."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import ClientError

from lakelab.cloud.server import CloudError, Server
from lakelab.processes import free_port
from lakelab.settings import Settings
from lakelab.testing import Cloud, start_cloud


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Cloud]:
    """A local AWS that this test may stop and kill."""
    started = start_cloud(tmp_path)
    yield started
    started.server.stop()


def test_start_is_idempotent_and_stop_ends_the_process(own: Cloud):
    first = own.server.running()
    assert first is not None
    assert own.server.start() == first
    assert own.server.stop() is True
    assert own.server.running() is None
    assert not psutil.pid_exists(first.pid)
    assert own.server.stop() is False


def test_a_taken_port_is_refused_with_the_process_that_has_it(tmp_path: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CloudError, match=rf"port {port} is taken by process {os.getpid()}") as refused:
            Server(Settings(root=tmp_path, port=port)).start()
    assert f"LAKELAB_PORT={port + 1}" in refused.value.fix


def test_another_server_on_the_port_is_not_taken_for_ours(own: Cloud, tmp_path: Path):
    other = Server(Settings(root=tmp_path / "other", port=own.settings.port))
    assert other.running() is None
    with pytest.raises(CloudError, match=f"port {own.settings.port} is taken"):
        other.start()


def test_what_was_acknowledged_a_second_ago_survives_kill(own: Cloud):
    s3, sqs = own.client("s3"), own.client("sqs")
    s3.create_bucket(Bucket="kept")
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="kept", Key="a/b", Body=b"bytes")
    queue = sqs.create_queue(QueueName="kept")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="a message")
    own.client("glue").create_database(DatabaseInput={"Name": "kept"})
    own.client("athena").create_named_query(Name="kept", Database="kept", QueryString="select 1")
    own.client("iam").create_user(UserName="kept")
    time.sleep(1)  # the promise is about what is older than a second

    killed = own.server.running()
    assert killed is not None
    os.kill(killed.pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(killed.pid)] if psutil.pid_exists(killed.pid) else [])
    own.server.start()

    assert own.client("s3").get_bucket_versioning(Bucket="kept")["Status"] == "Enabled"
    assert own.client("s3").get_object(Bucket="kept", Key="a/b")["Body"].read() == b"bytes"
    assert own.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "a message"
    assert own.client("glue").get_database(Name="kept")["Database"]["Name"] == "kept"
    assert len(own.client("athena").list_named_queries()["NamedQueryIds"]) == 1
    assert own.client("iam").get_user(UserName="kept")["User"]["UserName"] == "kept"


def test_the_hosts_environment_does_not_reach_a_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOST_SECRET", "not for functions")
    own = start_cloud(tmp_path, port=free_port())
    try:
        variables = _invoke(own, "import os\ndef handler(event, context):\n    return dict(os.environ)\n")
    finally:
        own.server.stop()
    assert "HOST_SECRET" not in variables
    assert variables["AWS_ENDPOINT_URL"] == own.endpoint


def test_a_request_without_credentials_is_refused(cloud: Cloud):
    with pytest.raises(ClientError) as refused:
        cloud.client("glue", ("AKIAUNKNOWN000000000", "secret")).get_databases()
    assert refused.value.response["Error"]["Code"] in ("UnrecognizedClientException", "InvalidClientTokenId")


def test_a_wrong_signature_is_refused(cloud: Cloud):
    iam = cloud.client("iam")
    user = f"user-{free_port()}"
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    with pytest.raises(ClientError) as refused:
        cloud.client("glue", (key, "a wrong secret")).get_databases()
    assert refused.value.response["Error"]["Code"] in ("InvalidSignatureException", "SignatureDoesNotMatch")


def test_a_user_without_policies_is_denied_by_a_lake_service(cloud: Cloud):
    iam = cloud.client("iam")
    user = f"user-{free_port()}"
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    with pytest.raises(ClientError) as denied:
        cloud.client("glue", (key["AccessKeyId"], key["SecretAccessKey"])).get_databases()
    error = denied.value.response["Error"]
    assert error["Code"] == "AccessDeniedException"
    assert f"user/{user} is not authorized to perform: glue:GetDatabases" in error["Message"]


def _invoke(own: Cloud, source: str) -> dict[str, str]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.py", source)
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = own.client("iam").create_role(
        RoleName="function", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    functions = own.client("lambda")
    functions.create_function(
        FunctionName="shows-its-environment",
        Runtime="python3.12",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    return json.loads(functions.invoke(FunctionName="shows-its-environment")["Payload"].read())
