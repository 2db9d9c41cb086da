"""The matrix of decisions: requests and policies as matrix.yaml lists them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakelab.cloud.iam.evaluate import Kind, Policies, Request
from lakelab.cloud.iam.policy import Principal, Statement, parse

ACCOUNT = "000000000000"
USER = f"arn:aws:iam::{ACCOUNT}:user/ann"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/lab"


@dataclass(frozen=True)
class Case:
    """One case of the matrix: `given` is its entry."""

    name: str
    page: str
    given: dict[str, Any]

    @property
    def decision(self) -> str:
        return self.given["decision"]

    @property
    def request(self) -> Request:
        given = self.given
        tags = {f"aws:principaltag/{name.lower()}": value for name, value in given.get("principal_tags", {}).items()}
        match given.get("principal", "user"):
            case "user":
                principal = Principal(USER, ACCOUNT, "User", keys={"aws:username": "ann", **tags})
            case "session":
                principal = Principal(SESSION, ACCOUNT, "AssumedRole", ROLE, tags)
            case service:
                principal = Principal(service, "", "Service")
        return Request(
            principal,
            given.get("action", "s3:GetObject"),
            given.get("resource", "arn:aws:s3:::lake/raw/a.csv"),
            {name.lower(): value for name, value in given.get("keys", {}).items()},
            tags=lambda: given.get("tags", {}),
        )

    @property
    def policies(self) -> Policies:
        trust = "trust" in self.given
        return Policies(
            self._statements("identity") or (),
            self._statements("boundary"),
            self._statements("session"),
            self._statements("trust") if trust else self._statements("bucket"),
            self.given.get("owner"),
            Kind.TRUST if trust else Kind.RESOURCE,
            resource_must_allow=trust,
        )

    def documents(self) -> dict[str, dict[str, Any]]:
        """The policy documents by kind: identity, boundary, session, bucket, trust."""
        given = dict(self.given)
        if "condition" in given:
            given["identity"] = [
                {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": given["condition"]},
            ]
        kinds = ("identity", "boundary", "session", "bucket", "trust")
        version = given.get("version", "2012-10-17")
        return {kind: {"Version": version, "Statement": given[kind]} for kind in kinds if kind in given}

    def _statements(self, kind: str) -> tuple[Statement, ...] | None:
        document = self.documents().get(kind)
        return None if document is None else parse(document, kind)


def read_matrix() -> list[Case]:
    groups = yaml.safe_load((Path(__file__).parent / "matrix.yaml").read_text())
    return [Case(name, group["page"], given) for group in groups for name, given in group["cases"].items()]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", [pytest.param(case, id=case.name) for case in read_matrix()])
