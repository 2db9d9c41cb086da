"""CI's role deploys, changes and destroys every layer but the one that holds the rules."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lakelab import deploy
from lakelab.cloud.iam.granted import granted
from lakelab.cloud.iam.record import FILE, read
from lakelab.cloud.iam.usage import difference, read_kept
from lakelab.pipeline.deployment import Stacks
from lakelab.processes import free_port
from lakelab.testing import Cloud, start_cloud

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
ROLE = "arn:aws:iam::000000000000:role/lakelab-local-deployer"
BY_CI = ("catalog", "ingest", "query", "stream")


@dataclass
class Account:
    """A local AWS with the layers lake and access, which a person has deployed."""

    cloud: Cloud
    keys: tuple[str, str, str]

    def run(self, verb: str, layer: str) -> Any:
        """A verb of the deploy engine on a layer, as the deployer."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAKELAB_"))}
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        credentials = dict(zip(names, self.keys, strict=True))
        with deploy.Session(kept | self.cloud.environment() | credentials) as session:
            backend = self.cloud.settings.state / "pulumi"
            return getattr(session, verb)(deploy.Project.load(ROOT), f"{layer}-local", backend=backend)

    def denied(self) -> list[tuple[str, str]]:
        found = read(self.cloud.settings.state / FILE, role=ROLE, allowed=False)
        return [(denial.action, denial.resource) for denial in found]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    cloud = start_cloud(ROOT, port=free_port(), state=tmp_path_factory.mktemp("ci") / "state")
    Stacks(cloud.settings, "local").up(["lake", "access"], lambda progress: None)
    found = cloud.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="ci")["Credentials"]
    yield Account(cloud, (found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]))
    cloud.server.stop()


def test_ci_deploys_refreshes_and_destroys_the_other_layers(account: Account):
    for layer in BY_CI:
        assert account.run("up", layer).counts["create"] > 0
    for layer in BY_CI:
        assert set(account.run("refresh", layer).counts) <= {"same"}
    for layer in reversed(BY_CI):
        assert account.run("destroy", layer).counts["delete"] > 0
    assert account.denied() == []


def test_ci_makes_no_role_outside_of_the_boundary(account: Account):
    iam = account.cloud.client("iam", account.keys)
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Statement": statement})
    role = {"RoleName": "lakelab-local-sly", "AssumeRolePolicyDocument": trust}
    with pytest.raises(ClientError, match="iam:CreateRole"):
        iam.create_role(**role)
    boundary = "arn:aws:iam::000000000000:policy/lakelab-local-boundary"
    assert iam.create_role(**role, PermissionsBoundary=boundary)["Role"]["Arn"].endswith("lakelab-local-sly")
    iam.delete_role(RoleName="lakelab-local-sly")
    with pytest.raises(ClientError, match="iam:DeleteRolePermissionsBoundary"):
        iam.delete_role_permissions_boundary(RoleName="lakelab-local-ingest")


def test_ci_changes_neither_its_own_rights_nor_the_boundary(account: Account):
    iam = account.cloud.client("iam", account.keys)
    everything = '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
    with pytest.raises(ClientError, match="iam:PutRolePolicy"):
        iam.put_role_policy(RoleName="lakelab-local-deployer", PolicyName="deployer", PolicyDocument=everything)
    boundary = "arn:aws:iam::000000000000:policy/lakelab-local-boundary"
    with pytest.raises(ClientError, match="iam:CreatePolicyVersion"):
        iam.create_policy_version(PolicyArn=boundary, PolicyDocument=everything, SetAsDefault=True)


def test_nothing_of_the_deployers_is_unused_after_all_layers_were_made_and_destroyed(account: Account):
    account.run("destroy", "lake")
    for layer in ("lake", *BY_CI):
        account.run("up", layer)
    for layer in reversed(("lake", *BY_CI)):
        account.run("destroy", layer)
    found = granted(account.cloud.client, "lakelab-local-deployer")
    recorded = read(account.cloud.settings.state / FILE, role=ROLE)
    assert difference(found, recorded, read_kept(ROOT / "policies/iam/kept.yaml")).unused == []
