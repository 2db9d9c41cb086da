"""What the AWS that is deployed to cannot do: known before the deployment, from the local AWS's own measurement."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field

SECONDS = 5
# what a resource needs, where its package in Pulumi is not the service's own name
SERVICES = {
    "lambda": "functions",
    "cloudwatch/logGroup": "logs",
    "cloudwatch/eventRule": "events",
    "cloudwatch/eventTarget": "events",
    "kinesis/firehoseDeliveryStream": "firehose",
}


@dataclass(frozen=True)
class Lacks:
    """The services that a core has not: name -> reason. `core` is what it is called."""

    core: str = ""
    services: Mapping[str, str] = field(default_factory=dict)

    def reason(self, token: str) -> str | None:
        """Why a resource type (`aws:lambda/function:Function`) cannot be deployed; None when it can."""
        package, module, _ = (*token.split(":"), "", "")[:3]
        service = SERVICES.get(module) or SERVICES.get(module.partition("/")[0]) or module.partition("/")[0]
        if package != "aws" or service not in self.services:
            return None
        return f"needs {service}, which {self.core} does not have: {self.services[service]}"


def lacks(endpoint: str) -> Lacks:
    """What the local AWS at an endpoint says of its core; nothing is known of any other AWS."""
    try:
        with urllib.request.urlopen(f"{endpoint}/_lakelab/health", timeout=SECONDS) as answer:  # noqa: S310
            core = json.load(answer).get("core", {})
    except (OSError, urllib.error.URLError, ValueError, AttributeError):
        return Lacks()
    services = core.get("services", {})
    absent = {name: found["reason"] for name, found in services.items() if found["by"] == "absent"}
    return Lacks(f"{core.get('name', 'the core')} at {core.get('url')}", absent)
