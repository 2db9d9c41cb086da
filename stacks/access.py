"""The layer access: one role for each kind of work, with the rights that policies/iam gives it and no more."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
from components.documents import document
from target import Target


def deploy(target: Target) -> None:
    """The roles of the ingest function, the crawler, the transforms and the analysts, all within one boundary.

    Exports `<role>_role_arn` and `<role>_role_name` for ingest, crawler, transform and analyst.
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
        "data_catalog_arn": target.arn("athena", "datacatalog/AwsDataCatalog"),
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
    for name, (trusted, values) in roles.items():
        role = aws.iam.Role(
            name,
            name=target.named(name),
            assume_role_policy=_trust(target, trusted),
            permissions_boundary=boundary.arn,
        )
        aws.iam.RolePolicy(name, name=name, role=role.name, policy=document(f"iam/{name}", **values))
        pulumi.export(f"{name}_role_arn", role.arn)
        pulumi.export(f"{name}_role_name", role.name)


def _trust(target: Target, who: str) -> pulumi.Output[str]:
    if who == "account":
        return document("trust/account", account_arn=f"arn:{target.partition}:iam::{target.account}:root")
    return document("trust/service", service=f"{who}.amazonaws.com")
