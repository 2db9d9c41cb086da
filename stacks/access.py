"""The layer access: who may do what, with the rights that policies/iam gives and no more."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws
from components.documents import document
from target import Target


def deploy(target: Target) -> None:
    """The roles of ingest function, crawler, jobs, transforms and analysts, all within one boundary.

    Beside them a user who may only become an analyst, and the role of CI, which deploys the other layers: this one,
    with the boundary and the deployer's own rights, is deployed by a person.

    Exports `<role>_role_arn` and `<role>_role_name` for ingest, crawler, jobs, transform, analyst and deployer;
    `learner`.
    """
    raw = target.output("lake", "raw_bucket_arn")
    curated = target.output("lake", "curated_bucket_arn")
    results = target.output("lake", "results_bucket_arn")
    catalog = {
        "catalog_arn": target.arn("glue", "catalog"),
        "database_arn": target.arn("glue", f"database/{target.database}"),
        "tables_arn": target.arn("glue", f"table/{target.database}"),
    }
    analytics = {
        "databases_arn": target.arn("glue", "database"),
        "analytics_database_arn": target.arn("glue", f"database/{target.analytics_database}"),
        "analytics_tables_arn": target.arn("glue", f"table/{target.analytics_database}"),
    }
    roles: dict[str, tuple[str, dict[str, pulumi.Input[str]]]] = {
        "ingest": (
            "lambda",
            {
                "raw_bucket_arn": raw,
                "curated_bucket_arn": curated,
                **catalog,
                "log_group_arn": target.arn("logs", f"log-group:/aws/lambda/{target.named('orders-ingest')}"),
                "failed_queue_arn": target.arn("sqs", target.named("orders-ingest-failed")),
            },
        ),
        "crawler": (
            "glue",
            {"raw_bucket_arn": raw, **catalog, "log_groups_arn": target.arn("logs", "log-group:/aws-glue/crawlers*")},
        ),
        "jobs": (
            "glue",
            {
                "artifacts_bucket_arn": target.output("lake", "artifacts_bucket_arn"),
                "curated_bucket_arn": curated,
                **catalog,
                "log_groups_arn": target.arn("logs", "log-group:/aws-glue/python-jobs*"),
            },
        ),
        "transform": (
            "account",
            {
                "curated_bucket_arn": curated,
                "results_bucket_arn": results,
                **catalog,
                **analytics,
                "workgroup_arn": target.arn("athena", f"workgroup/{target.named('transform')}"),
            },
        ),
        "analyst": (
            "account",
            {
                "curated_bucket_arn": curated,
                "results_bucket_arn": results,
                **catalog,
                **analytics,
                "data_catalog_arn": target.arn("athena", "datacatalog/AwsDataCatalog"),
                "workgroup_arn": target.arn("athena", f"workgroup/{target.named('analyst')}"),
            },
        ),
    }
    boundary = aws.iam.Policy(
        "boundary",
        name=target.named("boundary"),
        description="The most that any role of this lake can be given.",
        policy=document(
            "iam/boundary", bucket_arns=f"arn:{target.partition}:s3:::{target.prefix}-*", region=target.region
        ),
    )
    made = {name: _role(target, name, trusted, values, boundary.arn) for name, (trusted, values) in roles.items()}
    _learner(target, made["analyst"])
    deployed_by_ci = {
        "partition": target.partition,
        "region": target.region,
        "account": target.account,
        "prefix": target.prefix,
        "database": target.database,
        "boundary_arn": boundary.arn,
    }
    # outside of the boundary, which keeps whoever is within it from making roles
    _role(target, "deployer", "account", deployed_by_ci, None)


def _role(
    target: Target,
    name: str,
    trusted: str,
    values: Mapping[str, pulumi.Input[str]],
    boundary: pulumi.Output[str] | None,
) -> aws.iam.Role:
    role = aws.iam.Role(
        name, name=target.named(name), assume_role_policy=_trust(target, trusted), permissions_boundary=boundary
    )
    aws.iam.RolePolicy(name, name=name, role=role.name, policy=document(f"iam/{name}", **values))
    pulumi.export(f"{name}_role_arn", role.arn)
    pulumi.export(f"{name}_role_name", role.name)
    return role


def _learner(target: Target, analyst: aws.iam.Role) -> None:
    """A person. Keys are made by hand, so that no secret is kept in a state file."""
    user = aws.iam.User("learner", name=target.named("learner"))
    aws.iam.UserPolicy(
        "learner", name="learner", user=user.name, policy=document("iam/learner", analyst_role_arn=analyst.arn)
    )
    pulumi.export("learner", user.name)


def _trust(target: Target, who: str) -> pulumi.Output[str]:
    if who == "account":
        return document("trust/account", account_arn=f"arn:{target.partition}:iam::{target.account}:root")
    return document("trust/service", service=f"{who}.amazonaws.com")
