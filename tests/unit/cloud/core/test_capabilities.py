"""What an outside core can do: as measured against moto, and as a deployment is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from lakelab.cloud.core.capabilities import LAKE, PROBES, By, Capabilities, measure
from lakelab.deploy.capabilities import Lacks


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def found(moto: str) -> Capabilities:
    return measure(moto, "us-east-1")


@pytest.mark.parametrize(
    ("service", "by"),
    [
        pytest.param("s3", By.CORE, id="what it answers"),
        pytest.param("glue", By.LAKELAB, id="what lakelab answers in front of it"),
        pytest.param("functions", By.NOBODY, id="functions that never run"),
    ],
)
def test_who_answers(found: Capabilities, service: str, by: By):
    capability = found.of(service)
    assert capability is not None
    assert capability.by is by
    assert bool(capability.reason) == (by is By.NOBODY)


def test_every_service_is_known_and_travels_as_json(found: Capabilities):
    given = found.as_json()
    assert set(given) == {*PROBES, *LAKE}
    assert Capabilities.from_json(given).as_json() == given


def test_nothing_answers_where_there_is_nothing():
    found = measure("http://127.0.0.1:9", "us-east-1")
    assert {found.of(name).by for name in ("s3", "sts", "functions")} == {By.NOBODY}  # type: ignore[union-attr]
    assert set(found.embedded) == {"cloudwatch", "secretsmanager", "ssm"}  # HTTP APIs need functions


@pytest.mark.parametrize(
    ("token", "service"),
    [
        pytest.param("aws:lambda/function:Function", "functions", id="function"),
        pytest.param("aws:lambda/permission:Permission", "functions", id="permission"),
        pytest.param("aws:cloudwatch/logGroup:LogGroup", "logs", id="log group"),
        pytest.param("aws:cloudwatch/metricAlarm:MetricAlarm", "cloudwatch", id="alarm"),
        pytest.param("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", "firehose", id="delivery stream"),
        pytest.param("aws:apigatewayv2/api:Api", "apigatewayv2", id="API"),
    ],
)
def test_a_resource_type_needs_its_service(token: str, service: str):
    assert Lacks("a core", {service: "for a reason"}).reason(token) == (
        f"needs {service}, which a core does not have: for a reason"
    )
    assert Lacks("a core", {"other": "for a reason"}).reason(token) is None


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("pulumi:providers:aws", id="provider"),
        pytest.param("pulumi:pulumi:Stack", id="stack"),
        pytest.param("lakelab:lake:HardenedBucket", id="component"),
        pytest.param("lambda/function", id="no token"),
    ],
)
def test_what_is_no_aws_resource_needs_nothing(token: str):
    assert Lacks("a core", {"functions": "", "lake": "", "aws": "", "pulumi": ""}).reason(token) is None
