"""Paths by which who holds some permissions can give themselves all others.

The paths are those of Rhino Security Labs' list and of BishopFox's iam-vulnerable, as far as they need IAM, STS,
Lambda, Glue, CloudFormation and EC2: https://github.com/BishopFox/iam-vulnerable
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lakelab.lint.graph import Graph, Resource
from lakelab.lint.policy import Document, Kind, Statement


@dataclass(frozen=True)
class Path:
    """Actions that together lead to more permissions.

    `anywhere`: it takes them on any resource; on named ones they are an ordinary grant.
    """

    actions: tuple[str, ...]
    how: str
    anywhere: bool = False


PATHS = (
    Path(("iam:CreatePolicyVersion",), "writes a new version of a policy"),
    Path(("iam:SetDefaultPolicyVersion",), "goes back to a wider version of a policy"),
    Path(("iam:CreateAccessKey",), "makes access keys for other users"),
    Path(("iam:CreateLoginProfile",), "gives other users a password"),
    Path(("iam:UpdateLoginProfile",), "changes other users' passwords"),
    Path(("iam:AttachUserPolicy",), "attaches any policy to a user"),
    Path(("iam:AttachGroupPolicy",), "attaches any policy to a group"),
    Path(("iam:AttachRolePolicy",), "attaches any policy to a role"),
    Path(("iam:PutUserPolicy",), "writes any policy into a user"),
    Path(("iam:PutGroupPolicy",), "writes any policy into a group"),
    Path(("iam:PutRolePolicy",), "writes any policy into a role"),
    Path(("iam:AddUserToGroup",), "joins a group with more rights"),
    Path(("iam:UpdateAssumeRolePolicy",), "lets itself take a role with more rights"),
    Path(("iam:DeleteRolePermissionsBoundary",), "removes the boundary of a role"),
    Path(("iam:DeleteUserPermissionsBoundary",), "removes the boundary of a user"),
    Path(("iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"), "runs a function as any role", True),
    Path(("iam:PassRole", "lambda:CreateFunction", "lambda:AddPermission"), "runs a function as any role", True),
    Path(
        ("iam:PassRole", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
        "runs a function as any role",
        True,
    ),
    Path(("lambda:UpdateFunctionCode",), "runs its own code as the role of any function", True),
    Path(("lambda:UpdateFunctionConfiguration",), "puts a layer with its own code into any function", True),
    Path(("iam:PassRole", "glue:CreateDevEndpoint"), "opens a development endpoint as any role", True),
    Path(("glue:UpdateDevEndpoint",), "opens any development endpoint with its own key", True),
    Path(("iam:PassRole", "glue:CreateJob", "glue:StartJobRun"), "runs a job as any role", True),
    Path(("iam:PassRole", "glue:CreateJob", "glue:CreateTrigger"), "runs a job as any role", True),
    Path(("iam:PassRole", "glue:UpdateJob", "glue:StartJobRun"), "runs a job as any role", True),
    Path(("iam:PassRole", "cloudformation:CreateStack"), "deploys a stack as any role", True),
    Path(("iam:PassRole", "ec2:RunInstances"), "starts a machine as any role", True),
    Path(("sts:AssumeRole",), "takes any role that trusts the account", True),
)

ADMINISTRATION = {"AdministratorAccess", "IAMFullAccess", "PowerUserAccess"}  # AWS's own policies that hold such paths


@dataclass(frozen=True)
class Escalation:
    """A path that a principal has, and the document that completes it."""

    principal: Resource
    document: Document
    path: Path


def escalations(graph: Graph, found: Iterable[Document]) -> Iterator[Escalation]:
    """The paths that roles, users and groups have, by all documents together and within their boundaries."""
    documents = list(found)
    boundaries = {
        document.resource.outputs["arn"]: document for document in documents if document.kind is Kind.BOUNDARY
    }
    for principal in graph.of_type("aws:iam/role:Role", "aws:iam/user:User", "aws:iam/group:Group"):
        held = list(_held(graph, principal, documents))
        boundary = boundaries.get(principal.inputs.get("permissionsBoundary", ""))
        for path in PATHS:
            grants = [_grant(action, path, held, boundary) for action in path.actions]
            granted = [document for document in grants if document is not None]
            if len(granted) == len(path.actions):
                yield Escalation(principal, granted[0], path)


def _held(graph: Graph, principal: Resource, documents: list[Document]) -> Iterator[Document]:
    key = principal.type.rsplit(":", 1)[1].lower()
    arns = {
        attachment.inputs.get("policyArn")
        for attachment in graph.of_type(f"aws:iam/{key}PolicyAttachment:{key.capitalize()}PolicyAttachment")
        if attachment.inputs.get(key) in principal.identities
    } | set(principal.inputs.get("managedPolicyArns") or ())
    for document in documents:
        if document.kind is not Kind.IDENTITY:
            continue
        own = document.resource.urn == principal.urn or document.resource.inputs.get(key) in principal.identities
        if own or document.resource.outputs.get("arn") in arns:
            yield document


def _grant(action: str, path: Path, held: list[Document], boundary: Document | None) -> Document | None:
    """The document that grants an action of a path, if one does and nothing denies it."""

    def allows(statement: Statement) -> bool:
        if action.startswith("iam:") and "iam:permissionsboundary" in statement.condition_keys:
            return False  # only roles and users within that boundary: AWS's own way to delegate
        return statement.allows and statement.reaches(action) and (statement.everywhere or not path.anywhere)

    def denies(statement: Statement) -> bool:
        return (
            statement.effect == "Deny" and statement.covers(action) and not statement.condition and statement.everywhere
        )

    limits = [*held, boundary] if boundary else held
    if any(denies(statement) for document in limits for statement in document.statements):
        return None
    if boundary and not any(allows(statement) for statement in boundary.statements):
        return None
    return next((document for document in held if any(map(allows, document.statements))), None)
