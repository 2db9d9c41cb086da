"""What AWS checks of a request beside the right for its action, for the services that the core answers.

Passing a role to a service needs iam:PassRole on it, and the service has to be trusted by the role
(https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html); S3 may only be told to invoke a function
that lets it (https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html); a policy
document has to be one. A check is one function and one line in CHECKS.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

from lakelab.cloud import rest, wire
from lakelab.cloud.core import Core, Request
from lakelab.cloud.errors import AwsError, InvalidSignature
from lakelab.cloud.iam import totp
from lakelab.cloud.iam.context import NOTHING, Right, Seen
from lakelab.cloud.iam.policy import MalformedPolicy, Statement, parse

DOCUMENTS = ("PolicyDocument", "AssumeRolePolicyDocument")


class RoleNotAssumable(AwsError):
    """The service is not trusted by the role that it is given."""

    code = "InvalidParameterValueException"


class DestinationRefuses(AwsError):
    """S3 may not invoke the function of a notification."""

    code = "InvalidArgument"


class MalformedPolicyDocument(AwsError):
    """The text is no policy document."""

    code = "MalformedPolicyDocument"


@dataclass(frozen=True)
class Found:
    """A request that is checked: its parameters as the caller gave them, and the caller's account."""

    params: Mapping[str, Any]
    account: str


Check = Callable[[Core, Found], Seen]


class Checks:
    """Finds the check of a request, and runs it."""

    def __init__(self, core: Core):
        self._core = core

    def concern(self, scope: Mapping[str, Any]) -> str | None:
        """How a request that has to be looked into says its operation; a quick look, since all requests pass by."""
        if scope["method"] not in ("POST", "PUT"):
            return None
        headers = dict(scope["headers"])
        target = headers.get(b"x-amz-target")
        if target:
            return "target" if target.decode("latin-1") in _TARGETS else None
        if headers.get(b"content-type", b"").startswith(b"application/x-www-form-urlencoded"):
            return "query"
        if scope["method"] == "PUT" and b"notification" in scope["query_string"]:
            return "notification"
        return "path" if _by_path(scope["method"], scope["path"]) else None

    def run(self, concern: str, request: Request) -> Seen:
        """What a request needs beside its own right. Raises AwsError for what its service would refuse."""
        try:
            named = _PARSERS[concern](request)
            if named is None:
                return NOTHING
            account = self._core.authenticate(request).account
        except (ValueError, KeyError, InvalidSignature):
            return NOTHING  # the core says what is wrong with it
        service, operation, params = named
        return CHECKS[service, operation](self._core, Found(params, account))


def serialise(concern: str, error: AwsError) -> tuple[bytes, str]:
    """The body and content type of an error in the protocol that the request came in."""
    if concern == "query":
        return _xml_error("ErrorResponse", error, nested=True), "text/xml"
    if concern == "notification":
        return _xml_error("Error", error, nested=False), "application/xml"
    return json.dumps({"__type": error.code, "Type": "User", "message": error.message}).encode(), rest.JSON


def _xml_error(name: str, error: AwsError, *, nested: bool) -> bytes:
    root = ElementTree.Element(name)
    inner = ElementTree.SubElement(root, "Error") if nested else root
    if nested:
        ElementTree.SubElement(inner, "Type").text = "Sender"
    ElementTree.SubElement(inner, "Code").text = error.code
    ElementTree.SubElement(inner, "Message").text = error.message
    return ElementTree.tostring(root)


# ---- which operation a request is, and its parameters

Named = tuple[str, str, Mapping[str, Any]]
_FUNCTION = re.compile(rb"<(?:Cloud)?Function>\s*([^<\s]+)\s*<")


def _parse_target(request: Request) -> Named:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers}
    return (*_TARGETS[headers["x-amz-target"]], json.loads(request.body or b"{}"))


def _parse_query(request: Request) -> Named | None:
    given = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    operation = given.get("Action", "")
    return (*_ACTIONS[operation], given) if operation in _ACTIONS else None


def _parse_notification(request: Request) -> Named:
    functions = [arn.decode() for arn in _FUNCTION.findall(request.body)]
    bucket = request.path.strip("/").partition("/")[0]
    return "s3", "PutBucketNotificationConfiguration", {"Bucket": bucket, "Functions": functions}


def _parse_path(request: Request) -> Named | None:
    found = _by_path(request.method, request.path)
    return None if found is None else (*found, json.loads(request.body or b"{}"))


def _by_path(method: str, path: str) -> tuple[str, str] | None:
    for prefix, service in _PATHS.items():
        if path.startswith(prefix):
            route = rest.route(wire.service_model(service), method, path)
            if route is not None and (service, route[0].name) in CHECKS:
                return service, route[0].name
    return None


_PARSERS: dict[str, Callable[[Request], Named | None]] = {
    "target": _parse_target,
    "query": _parse_query,
    "notification": _parse_notification,
    "path": _parse_path,
}


# ---- the checks


def _passing(*places: str, service: str, trusted: Callable[[str], AwsError] | None = None) -> Check:
    """A check of the roles at `places` (`Targets[].RoleArn`) of the parameters, which go to `service`."""

    def check(core: Core, found: Found) -> Seen:
        rights = []
        for place in places:
            for role in _at(found.params, place.split(".")):
                rights.append(Right("iam:PassRole", role, {"iam:passedtoservice": service}))
                if trusted is not None and core.service_denial(service, "sts:AssumeRole", role, {}) is not None:
                    raise trusted(role)
        return Seen(rights=tuple(rights))

    return check


def _at(value: Any, place: list[str]) -> Iterator[str]:
    if not place:
        if isinstance(value, str) and value.startswith("arn:"):
            yield value
        return
    name, *rest_ = place
    inner = value.get(name.removesuffix("[]")) if isinstance(value, Mapping) else None
    for item in inner if name.endswith("[]") and isinstance(inner, list) else [inner]:
        if item is not None:
            yield from _at(item, rest_)


def _not_assumable_by_lambda(role: str) -> AwsError:
    return RoleNotAssumable("The role defined for the function cannot be assumed by Lambda.")


def _notification(core: Core, found: Found) -> Seen:
    keys = {"aws:sourcearn": f"arn:aws:s3:::{found.params['Bucket']}", "aws:sourceaccount": found.account}
    for function in found.params["Functions"]:
        if core.service_denial("s3.amazonaws.com", "lambda:InvokeFunction", function, keys) is not None:
            raise DestinationRefuses("Unable to validate the following destination configurations")
    return NOTHING


def _statements(found: Found, name: str) -> tuple[Statement, ...]:
    try:
        return parse(found.params[name], name)
    except MalformedPolicy as error:
        raise MalformedPolicyDocument(str(error.__cause__ or error)) from error


def _trust_policy(core: Core, found: Found) -> Seen:
    """The document of UpdateAssumeRolePolicy says who, not on what."""
    if "PolicyDocument" in found.params:
        _statements(found, "PolicyDocument")
    return NOTHING


def _policy(core: Core, found: Found) -> Seen:
    for name in DOCUMENTS:
        if name in found.params:
            statements = _statements(found, name)
            if name == "PolicyDocument" and not all(each.resources or each.not_resources for each in statements):
                raise MalformedPolicyDocument("Policy statement must contain resources.")
    boundary = found.params.get("PermissionsBoundary")
    return Seen({"iam:permissionsboundary": boundary}) if boundary else NOTHING


def _assume_role(core: Core, found: Found) -> Seen:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html"""
    keys: dict[str, Any] = {}
    for parameter, key in (("ExternalId", "sts:externalid"), ("RoleSessionName", "sts:rolesessionname")):
        if parameter in found.params:
            keys[key] = found.params[parameter]
    if "TokenCode" in found.params:
        seed = core.mfa_seed(found.params.get("SerialNumber", ""))
        if seed is None or not totp.is_right(seed, found.params["TokenCode"]):
            text = "MultiFactorAuthentication failed with invalid MFA one time pass code."
            raise AwsError(text, code="AccessDenied", status=403)
        keys["aws:multifactorauthpresent"] = True
    return Seen(keys)


def _enable_mfa(core: Core, found: Found) -> Seen:
    """Two passwords in a row show that the device has the seed."""
    seed = core.mfa_seed(found.params.get("SerialNumber", ""))
    codes = [found.params.get(f"AuthenticationCode{number}", "") for number in (1, 2)]
    if seed is not None and not all(totp.is_right(seed, code, later_steps=1) for code in codes):
        raise AwsError("Authentication code for device is not valid.", code="InvalidAuthenticationCode", status=403)
    return NOTHING


CHECKS: dict[tuple[str, str], Check] = {
    ("lambda", "CreateFunction"): _passing("Role", service="lambda.amazonaws.com", trusted=_not_assumable_by_lambda),
    ("lambda", "UpdateFunctionConfiguration"): _passing(
        "Role", service="lambda.amazonaws.com", trusted=_not_assumable_by_lambda
    ),
    ("events", "PutRule"): _passing("RoleArn", service="events.amazonaws.com"),
    ("events", "PutTargets"): _passing("Targets[].RoleArn", service="events.amazonaws.com"),
    ("stepfunctions", "CreateStateMachine"): _passing("roleArn", service="states.amazonaws.com"),
    ("stepfunctions", "UpdateStateMachine"): _passing("roleArn", service="states.amazonaws.com"),
    ("scheduler", "CreateSchedule"): _passing("Target.RoleArn", service="scheduler.amazonaws.com"),
    ("scheduler", "UpdateSchedule"): _passing("Target.RoleArn", service="scheduler.amazonaws.com"),
    ("pipes", "CreatePipe"): _passing("RoleArn", service="pipes.amazonaws.com"),
    ("pipes", "UpdatePipe"): _passing("RoleArn", service="pipes.amazonaws.com"),
    ("apigatewayv2", "CreateApi"): _passing("credentialsArn", service="apigateway.amazonaws.com"),
    ("apigatewayv2", "CreateIntegration"): _passing("credentialsArn", service="apigateway.amazonaws.com"),
    ("apigatewayv2", "UpdateIntegration"): _passing("credentialsArn", service="apigateway.amazonaws.com"),
    ("logs", "PutSubscriptionFilter"): _passing("roleArn", service="logs.amazonaws.com"),
    ("cloudformation", "CreateStack"): _passing("RoleARN", service="cloudformation.amazonaws.com"),
    ("cloudformation", "UpdateStack"): _passing("RoleARN", service="cloudformation.amazonaws.com"),
    ("s3", "PutBucketNotificationConfiguration"): _notification,
    ("sts", "AssumeRole"): _assume_role,
    ("iam", "EnableMFADevice"): _enable_mfa,
    ("iam", "UpdateAssumeRolePolicy"): _trust_policy,
    **{
        ("iam", operation): _policy
        for operation in (
            "CreatePolicy",
            "CreatePolicyVersion",
            "CreateRole",
            "PutGroupPolicy",
            "PutRolePermissionsBoundary",
            "PutRolePolicy",
            "PutUserPolicy",
        )
    },
}
# how requests of the services that say their operation in a header, or in the path, are recognised
_ACTIONS = {
    operation: (service, operation) for service, operation in CHECKS if service in ("sts", "iam", "cloudformation")
}
_TARGETS = {
    f"{wire.service_model(service).metadata['targetPrefix']}.{operation}": (service, operation)
    for service, operation in CHECKS
    if service in ("events", "stepfunctions", "logs")
}
_PATHS = {
    "/2015-03-31/functions": "lambda",
    "/schedules/": "scheduler",
    "/v1/pipes/": "pipes",
    "/v2/apis": "apigatewayv2",
}
