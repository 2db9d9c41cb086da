"""The layer query: Athena workgroups that keep their results in one place and stop what scans too much."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
from components.named_query import named_queries
from target import Target


def deploy(target: Target) -> None:
    """A workgroup for people, one for the transforms, and the named queries.

    Exports `workgroup` and `transform_workgroup`.
    """
    people = _workgroup(
        target, "analyst", "Queries of people: results go to one place, whatever the client asks for.", enforce=True
    )
    # an enforced workgroup puts the tables that dbt makes beside its results, where they expire with them; here the
    # transform role's policy is what says where data may go
    transforms = _workgroup(
        target, "transform", "The transforms' statements, whose tables go where dbt says.", enforce=False
    )
    databases = {
        "lake": target.output("catalog", "database"),
        "analytics": target.output("catalog", "analytics_database"),
    }
    for query in named_queries():
        aws.athena.NamedQuery(
            query.name,
            name=query.name,
            description=query.description,
            workgroup=people.name,
            database=databases[query.database],
            query=query.sql,
        )
    pulumi.export("workgroup", people.name)
    pulumi.export("transform_workgroup", transforms.name)


def _workgroup(target: Target, name: str, description: str, *, enforce: bool) -> aws.athena.Workgroup:
    output = target.output("lake", "results_bucket").apply(lambda bucket: f"s3://{bucket}/{name}/")
    return aws.athena.Workgroup(
        name,
        name=target.named(name),
        description=description,
        force_destroy=target.config.require_bool("forceDestroy"),
        configuration=aws.athena.WorkgroupConfigurationArgs(
            enforce_workgroup_configuration=enforce,
            publish_cloudwatch_metrics_enabled=True,
            bytes_scanned_cutoff_per_query=target.config.require_int("scanLimitBytes"),
            result_configuration=aws.athena.WorkgroupConfigurationResultConfigurationArgs(
                output_location=output,
                encryption_configuration=aws.athena.WorkgroupConfigurationResultConfigurationEncryptionConfigurationArgs(
                    encryption_option="SSE_S3"
                ),
            ),
        ),
    )
