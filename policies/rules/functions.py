"""Every function has a place for what fails, a timeout, logs that end, a concurrency cap, and no secret in sight."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from resources import Rule, referring, resources, value

FUNCTION = ("aws_lambda_function",)
SECRET_NAME = re.compile(r"passw(or)?d|secret|token|api_?key|access_?key|credential|private_?key", re.IGNORECASE)
# the name says that the variable tells where the secret is, not what it is
REFERENCE_NAME = re.compile(r"_(arn|name|id|path|parameter|url|seconds|ttl)$", re.IGNORECASE)
SECRET_VALUE = re.compile(
    r"^(AKIA|ASIA)[A-Z0-9]{16}$|-----BEGIN|^gh[pousr]_\w{36}|^xox[abpr]-|://[^/\s:]+:[^/\s@]+@|^\[secret\]$"
)


class DeadLetters(Rule):
    id = "LAKE_LAMBDA_DEAD_LETTERS"
    says = "A function has a place for what it cannot handle: a dead-letter queue or an on-failure destination"
    about = FUNCTION

    def problem(self, conf: dict[str, Any]) -> str:
        places = list(filter(None, self._places(conf)))
        # an ARN that stands for a resource of the stacks is a reference in the plan; one that does not stays as it is
        missing = [place for place in places if str(place).startswith("arn:")]
        if missing:
            return f"{missing[0]} is in no stack"
        return "" if places or self._answers(conf) else "what it fails to handle is lost"

    def _answers(self, conf: dict[str, Any]) -> bool:
        """Whether only an API invokes it: that waits for the answer, so an error goes to the caller and is not lost."""
        kind = "aws_lambda_permission"
        invokers = {value(node, "principal") for node in referring(self, conf, kind, "function_name")}
        return invokers == {"apigateway.amazonaws.com"}

    def _places(self, conf: dict[str, Any]) -> Iterator[Any]:
        yield value(conf, "dead_letter_config", "target_arn")
        for node in referring(self, conf, "aws_lambda_function_event_invoke_config", "function_name"):
            yield value(node, "destination_config", "on_failure", "destination")
        for node in referring(self, conf, "aws_lambda_event_source_mapping", "function_name"):
            yield value(node, "destination_config", "on_failure", "destination_arn")


class Timeout(Rule):
    id = "LAKE_LAMBDA_TIMEOUT"
    says = "A function says how long it may take; Lambda's own 3 seconds are nobody's choice"
    about = FUNCTION

    def problem(self, conf: dict[str, Any]) -> str:
        seconds = value(conf, "timeout")
        if seconds is None:
            return "it has no timeout"
        return "" if 1 <= int(seconds) <= 900 else f"its timeout is {seconds} s, Lambda takes 1 to 900"


class LogRetention(Rule):
    id = "LAKE_LAMBDA_LOG_RETENTION"
    says = "A function's log group is in the stack, with a retention; one that Lambda makes keeps logs for ever"
    about = FUNCTION

    def problem(self, conf: dict[str, Any]) -> str:
        name = value(conf, "logging_config", "log_group") or f"/aws/lambda/{value(conf, 'function_name')}"
        for group in resources(self, "aws_cloudwatch_log_group"):
            if value(group, "name") == name:
                return "" if value(group, "retention_in_days") else f"the log group {name} keeps logs for ever"
        return f"there is no log group {name}"


class Concurrency(Rule):
    id = "LAKE_LAMBDA_CONCURRENCY"
    says = "A function has a cap on how many of it run at once"
    about = FUNCTION

    def problem(self, conf: dict[str, Any]) -> str:
        cap = value(conf, "reserved_concurrent_executions")
        return "" if cap is not None and int(cap) >= 0 else "it can take the whole account's concurrency"


class SecretInEnvironment(Rule):
    id = "LAKE_LAMBDA_SECRET"
    says = "No secret is in a function's environment, where all who may list functions can read it"
    about = FUNCTION

    def problem(self, conf: dict[str, Any]) -> str:
        variables = value(conf, "environment", "variables") or {}
        found = [name for name, text in variables.items() if _secret(name, str(value(variables, name)))]
        return f"{', '.join(sorted(found))}: keep it in Secrets Manager and give the function its ARN" if found else ""


def _secret(name: str, text: str) -> bool:
    named = bool(SECRET_NAME.search(name)) and not REFERENCE_NAME.search(name) and not text.startswith("arn:")
    return bool(text) and (named or bool(SECRET_VALUE.search(text)))


for rule in (DeadLetters, Timeout, LogRetention, Concurrency, SecretInEnvironment):
    rule()
