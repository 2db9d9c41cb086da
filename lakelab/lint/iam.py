"""IAM: wildcards, public and foreign principals, confused deputies, passed roles, and ways to give oneself more rights.

checkov looks at one document at a time; here all documents of a principal count together, within its boundary.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

from lakelab.lint.escalation import ADMINISTRATION, escalations
from lakelab.lint.findings import Finding, Run
from lakelab.lint.graph import Graph
from lakelab.lint.policy import Document, Kind, Statement, can_be_limited, documents, place_of, statement_places

TOOL = "iam"
# Condition keys that narrow down who a principal `*` is: S3's meaning of "public".
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
NARROWING = {
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceowner",
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:userid",
    "kms:calleraccount",
    "kms:viaservice",
    "s3:dataaccesspointarn",
}
SOURCES = {"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"}
# Services act for anyone who asks them in these places; a role's trust in Lambda or Glue is not one: they act for the
# account whose role it is.
DEPUTIES = {
    "s3.amazonaws.com",
    "sns.amazonaws.com",
    "events.amazonaws.com",
    "apigateway.amazonaws.com",
    "logs.amazonaws.com",
}

Problem = tuple[str, str]


def run(graph: Graph, root: Path) -> Run:
    """The findings about all policy documents of the graph."""
    begin = time.perf_counter()
    places = statement_places(root)
    found = list(documents(graph))
    findings: list[Finding] = []
    for document in found:
        for statement in document.statements:
            place = place_of(statement, document.resource, places)
            for rule, message in _problems(document, statement):
                text = f"{statement.sid}: {message}" if statement.sid else message
                findings.append(_finding(graph, document, rule, text, place))
    for escalation in escalations(graph, found):
        actions = " + ".join(escalation.path.actions)
        message = f"{escalation.principal.name} with {actions} {escalation.path.how}"
        findings.append(_finding(graph, escalation.document, "IAM_PRIVILEGE_ESCALATION", message, None))
    findings += _administration(graph)
    return Run(TOOL, tuple(findings), len(found), "policy documents", time.perf_counter() - begin)


def _finding(graph: Graph, document: Document, rule: str, message: str, place: object) -> Finding:
    related = (place,) if place else ()
    return graph.finding(document.resource, tool=TOOL, rule=rule, message=message, related=related)


def _problems(document: Document, statement: Statement) -> Iterator[Problem]:
    if not statement.allows or document.kind is Kind.BOUNDARY:
        return
    if document.kind is Kind.IDENTITY:
        yield from _wildcards(statement)
        yield from _passed_roles(statement)
    else:
        yield from _principals(document, statement)
        if document.kind is Kind.RESOURCE and document.resource.type != "aws:kms/key:Key":
            yield from _wide_actions(statement)
    if statement.not_actions or statement.not_resources or statement.not_principals:
        yield "IAM_ALLOW_NOT", "Allow with NotAction, NotResource or NotPrincipal grants what does not exist yet, too"


def _wide_actions(statement: Statement) -> Iterator[Problem]:
    wide = [action for action in statement.actions if action == "*" or re.fullmatch(r"[\w*-]+:\*+", action)]
    if wide:
        yield "IAM_WILDCARD_ACTION", f"allows {', '.join(wide)}"


def _wildcards(statement: Statement) -> Iterator[Problem]:
    yield from _wide_actions(statement)
    if "*" in statement.resources:
        limitable = [action for action in statement.actions if can_be_limited(action)]
        if limitable:
            yield "IAM_WILDCARD_RESOURCE", f"allows {', '.join(limitable)} on every resource"


def _passed_roles(statement: Statement) -> Iterator[Problem]:
    if statement.not_actions or not statement.reaches("iam:PassRole"):
        return
    if statement.everywhere:
        yield "IAM_PASS_ROLE", "iam:PassRole on any role hands over rights that nobody chose"
    elif "iam:passedtoservice" not in statement.condition_keys:
        yield "IAM_PASS_ROLE", "iam:PassRole without a condition on iam:PassedToService"


def _principals(document: Document, statement: Statement) -> Iterator[Problem]:
    names = [name for kind, name in statement.principals if kind == "AWS"]
    if "*" in names and not statement.condition_keys & NARROWING:
        yield "IAM_PUBLIC_PRINCIPAL", f"lets anyone {', '.join(statement.actions) or 'in'}"
    own = _account(document)
    for name in names:
        account = name if re.fullmatch(r"\d{12}", name) else (name.split(":") + [""] * 5)[4]
        foreign = own and account and account != own
        if foreign and not statement.condition_keys & {"sts:externalid", "aws:principalorgid"}:
            yield "IAM_FOREIGN_PRINCIPAL", f"trusts the account {account}, without an external id"
    services = {name for kind, name in statement.principals if kind == "Service"}
    deputies = sorted(services & DEPUTIES) if document.kind is Kind.RESOURCE else []
    if deputies and not statement.condition_keys & SOURCES:
        yield (
            "IAM_CONFUSED_DEPUTY",
            f"{', '.join(deputies)} may be acting for anyone: no aws:SourceArn or aws:SourceAccount",
        )
    elif "s3.amazonaws.com" in deputies and "aws:sourceaccount" not in statement.condition_keys:
        yield (
            "IAM_CONFUSED_DEPUTY",
            "a bucket's ARN names no account: without aws:SourceAccount a new owner of the name is let in",
        )


def _account(document: Document) -> str:
    """The account that a document's resource is in, as far as its ARN says."""
    parts = str(document.resource.outputs.get("arn", "")).split(":")
    return parts[4] if len(parts) > 4 else ""


def _administration(graph: Graph) -> Iterator[Finding]:
    kinds = [
        f"aws:iam/{kind}PolicyAttachment:{kind.capitalize()}PolicyAttachment" for kind in ("role", "user", "group")
    ]
    for resource in graph.resources:
        arns = (
            [resource.inputs.get("policyArn")]
            if resource.type in kinds
            else resource.inputs.get("managedPolicyArns") or []
        )
        for arn in arns:
            if str(arn).rsplit("/", 1)[-1] in ADMINISTRATION and ":aws:policy/" in str(arn):
                message = f"attaches {arn}, with which any right can be had"
                yield graph.finding(resource, tool=TOOL, rule="IAM_PRIVILEGE_ESCALATION", message=message)
