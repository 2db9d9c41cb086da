"""boto3 clients of the provider: made once for each service and region, loopback endpoints only."""

from __future__ import annotations

import ipaddress
import os
import re
import threading
from collections.abc import Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lakelab.errors import LakelabError

if TYPE_CHECKING:
    import boto3

_ABSENT = re.compile(r"NotFound|NoSuch|NonExist|DoesNotExist|^404$|NotExist", re.IGNORECASE)

# with this AWS's SDKs, and so Pulumi's provider, do not look at AWS_ENDPOINT_URL
_IGNORES_ENDPOINTS = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"


class NotLocal(LakelabError):
    """The endpoint is not on this machine: the embedded engine does not touch it."""


class Failed(Exception):
    """An AWS operation was refused; the text names service, operation and AWS's own code."""


def require_loopback(environment: Mapping[str, str], endpoints: Mapping[str, str] | None = None) -> str:
    """The endpoint that the environment names, when it is on this machine.

    Raises:
        NotLocal: AWS_ENDPOINT_URL is missing, or it or one for a single service points elsewhere.
    """
    why = elsewhere(environment, endpoints)
    if why:
        raise NotLocal(
            f"{why}: the embedded engine deploys to a local AWS only",
            fix="start the local AWS and export AWS_ENDPOINT_URL (lakelab env); real AWS is deployed to with the "
            "pulumi CLI",
        )
    return environment["AWS_ENDPOINT_URL"]


def elsewhere(environment: Mapping[str, str], endpoints: Mapping[str, str] | None = None) -> str:
    """Why this environment does not lead to a local AWS; nothing when it does.

    Args:
        endpoints: those of the provider's own settings, by service.
    """
    named = {name: url for name, url in environment.items() if name.startswith("AWS_ENDPOINT_URL") and url}
    named |= {f"aws:endpoints {service}": url for service, url in (endpoints or {}).items()}
    if "AWS_ENDPOINT_URL" not in named:
        return "AWS_ENDPOINT_URL is not set"
    if environment.get(_IGNORES_ENDPOINTS, "").lower() == "true":
        return f"{_IGNORES_ENDPOINTS} is set"
    for name, url in named.items():
        if not _is_loopback(urlsplit(url).hostname or ""):
            return f"{name}={url} is not on this machine"
    return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@cache
def loader() -> Any:
    """What reads botocore's service models; one, so that each model is read once (0.1 s for that of S3)."""
    from botocore.loaders import create_loader

    return create_loader()


class Aws:
    """The AWS account that a provider is configured for.

    Args:
        environment: where endpoint, region and credentials are read, as boto3 would.
        config: the provider's own settings (`region`, `accessKey`, `secretKey`, `token`, `endpoints`), which win.
    """

    def __init__(self, environment: Mapping[str, str], config: Mapping[str, Any]):
        self.config = config
        self.endpoints: dict[str, str] = {}
        for entry in config.get("endpoints") or []:
            self.endpoints |= {name: url for name, url in entry.items() if url}
        self.endpoint = require_loopback(environment, self.endpoints)
        self.region: str = (
            config.get("region")
            or environment.get("AWS_REGION")
            or environment.get("AWS_DEFAULT_REGION")
            or "us-east-1"
        )
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    @cached_property
    def session(self) -> boto3.session.Session:
        import boto3
        import botocore.session

        base = botocore.session.Session()
        base.register_component("data_loader", loader())
        return boto3.session.Session(
            botocore_session=base,
            aws_access_key_id=self.config.get("accessKey"),
            aws_secret_access_key=self.config.get("secretKey"),
            aws_session_token=self.config.get("token"),
            region_name=self.region,
        )

    def client(self, service: str, region: str | None = None) -> Any:
        """The client of a service; `region` other than the provider's own for resources that name theirs."""
        key = (service, region or self.region)
        with self._lock:
            if key not in self._clients:
                from botocore.config import Config

                style: Any = {"addressing_style": "path"} if service in ("s3", "s3control") else None
                self._clients[key] = self.session.client(
                    service,  # type: ignore[call-overload]
                    region_name=key[1],
                    endpoint_url=self.endpoints.get(service)
                    or os.environ.get(_service_variable(service))
                    or self.endpoint,
                    config=Config(retries={"max_attempts": 2, "mode": "standard"}, s3=style, max_pool_connections=32),
                )
            return self._clients[key]

    @cached_property
    def identity(self) -> dict[str, str]:
        """Account, ARN and user id of the caller."""
        return self.client("sts").get_caller_identity()

    @property
    def account(self) -> str:
        return self.identity["Account"]

    @property
    def partition(self) -> str:
        return self.session.get_partition_for_region(self.region)


def _service_variable(service: str) -> str:
    return f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}"


def is_absent(error: Exception, *texts: str) -> bool:
    """Whether an AWS error says that the thing does not exist; `texts` are messages that say so for this service."""
    details = getattr(error, "response", {}).get("Error", {})
    if _ABSENT.search(str(details.get("Code", ""))):
        return True
    return any(text in str(details.get("Message", "")) for text in texts)


def unless_absent(call: Any, *texts: str, **parameters: Any) -> Any:
    """The answer of an AWS operation, or None when what it names does not exist."""
    from botocore.exceptions import ClientError

    try:
        return call(**parameters)
    except ClientError as error:
        if is_absent(error, *texts):
            return None
        raise
