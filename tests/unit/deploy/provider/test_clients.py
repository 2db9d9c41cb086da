"""Only endpoints on this machine."""

from __future__ import annotations

import pytest

from lakelab.deploy.provider.clients import NotLocal, require_loopback

HERE = "http://127.0.0.1:4566"


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://localhost:4566", id="name"),
        pytest.param("http://127.0.0.9", id="any-loopback-address"),
        pytest.param("http://[::1]:4566", id="v6"),
        pytest.param("http://s3.localhost:4566", id="below-localhost"),
    ],
)
def test_loopback(url: str) -> None:
    assert require_loopback({"AWS_ENDPOINT_URL": url}) == url


@pytest.mark.parametrize(
    ("environment", "endpoints", "message"),
    [
        pytest.param({}, {}, "AWS_ENDPOINT_URL is not set", id="none"),
        pytest.param({"AWS_ENDPOINT_URL": ""}, {}, "AWS_ENDPOINT_URL is not set", id="empty"),
        pytest.param(
            {"AWS_ENDPOINT_URL": "http://10.0.0.1"}, {}, "http://10.0.0.1 is not on this machine", id="other-host"
        ),
        pytest.param(
            {"AWS_ENDPOINT_URL": "http://localhost.evil.com"}, {}, "is not on this machine", id="name-that-begins-so"
        ),
        pytest.param(
            {"AWS_ENDPOINT_URL": HERE, "AWS_ENDPOINT_URL_SQS": "https://sqs.aws"},
            {},
            "AWS_ENDPOINT_URL_SQS",
            id="one-service",
        ),
        pytest.param({"AWS_ENDPOINT_URL": HERE}, {"s3": "https://s3.aws"}, "aws:endpoints s3", id="of-a-provider"),
        pytest.param({"AWS_ENDPOINT_URL": "127.0.0.1:4566"}, {}, "is not on this machine", id="no-url"),
    ],
)
def test_elsewhere(environment: dict[str, str], endpoints: dict[str, str], message: str) -> None:
    with pytest.raises(NotLocal, match=message) as raised:
        require_loopback(environment, endpoints)
    assert "pulumi CLI" in raised.value.fix
