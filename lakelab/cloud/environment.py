"""The environment variables that point AWS programs at the local AWS."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError

from lakelab.errors import LakelabError
from lakelab.settings import Settings

ROOT_KEY, ROOT_SECRET = "test", "test"  # the account's root user, in every AWS emulator


def environment(config: Settings) -> dict[str, str]:
    """The variables of the local AWS's root user; boto3 reads one name of the region, the aws CLI another."""
    return {
        "AWS_ENDPOINT_URL": config.endpoint,
        "AWS_ACCESS_KEY_ID": ROOT_KEY,
        "AWS_SECRET_ACCESS_KEY": ROOT_SECRET,
        "AWS_REGION": config.region,
        "AWS_DEFAULT_REGION": config.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        # where the deployments' state is, for `lakelab deploy` and for the pulumi CLI
        "PULUMI_BACKEND_URL": f"file://{config.deployed / 'pulumi'}",
        "PULUMI_CONFIG_PASSPHRASE": "",
    }


def role_credentials(config: Settings, role: str) -> dict[str, str]:
    """The AWS_* variables with temporary credentials of a role, given by name or ARN.

    Raises:
        LakelabError: there is no such role, or the local AWS does not answer.
    """
    sts, arn = client(config, "sts"), role
    try:
        if not role.startswith("arn:"):
            arn = f"arn:aws:iam::{sts.get_caller_identity()['Account']}:role/{role}"
        answer = sts.assume_role(RoleArn=arn, RoleSessionName="lakelab")
    except EndpointConnectionError as error:
        raise LakelabError("the local AWS does not answer", fix="lakelab cloud start") from error
    except ClientError as error:
        known = [found["RoleName"] for found in client(config, "iam").list_roles()["Roles"]]
        fix = f"choose one of: {', '.join(known)}" if known else "deploy the roles: make up-local STACK=access"
        raise LakelabError(f"cannot assume {arn}: {error}", fix=fix) from error
    credentials = answer["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }


def client(config: Settings, service: str) -> Any:
    """A boto3 client of the local AWS as its root user, whatever this process's own AWS_* variables say."""
    return _client(config.endpoint, config.region, service)


@cache
def _client(endpoint: str, region: str, service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=ROOT_KEY,
        aws_secret_access_key=ROOT_SECRET,
        config=Config(s3={"addressing_style": "path"}, max_pool_connections=32),
    )
