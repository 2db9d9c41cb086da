"""The layer catalog: the databases, a table for each data contract, the crawlers and the jobs."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws
import yaml
from components.contract import Column, Contract, contracts
from target import ROOT, Target

# https://docs.aws.amazon.com/athena/latest/ug/supported-serdes.html
FORMATS: dict[str, dict[str, str]] = {
    "parquet": {
        "input_format": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "output_format": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        "serde": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    },
    "json": {
        "input_format": "org.apache.hadoop.mapred.TextInputFormat",
        "output_format": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "serde": "org.openx.data.jsonserde.JsonSerDe",
    },
}


def deploy(target: Target) -> None:
    """The contracts' tables over the curated bucket, an empty database for the transforms, the crawlers and the jobs.

    Exports `database`, `analytics_database`, `<crawler>_crawler` and `<job>_job`.
    """
    database = aws.glue.CatalogDatabase(
        "lake", name=target.database, description="The lake's own tables, made from their data contracts."
    )
    analytics = aws.glue.CatalogDatabase(
        "analytics", name=target.analytics_database, description="What the transforms make of the lake."
    )
    curated = target.output("lake", "curated_bucket")
    for contract in contracts():
        _table(contract, database.name, curated)
        if contract.compacted:
            _table(contract.compacted, database.name, curated)
    pulumi.export("database", database.name)
    pulumi.export("analytics_database", analytics.name)
    for name, settings in yaml.safe_load((ROOT / "glue/crawlers.yaml").read_text()).items():
        crawler = _crawler(target, name, settings, database.name)
        pulumi.export(f"{name}_crawler", crawler.name)
    for name, settings in yaml.safe_load((ROOT / "glue/jobs.yaml").read_text()).items():
        job = _job(target, name, settings, database.name)
        pulumi.export(f"{name}_job", job.name)


def _table(contract: Contract, database: pulumi.Output[str], bucket: pulumi.Output[str]) -> aws.glue.CatalogTable:
    storage = FORMATS[contract.format]
    return aws.glue.CatalogTable(
        contract.name,
        name=contract.name,
        database_name=database,
        description=f"{contract.description} Grain: {contract.grain}.",
        table_type="EXTERNAL_TABLE",
        parameters={"EXTERNAL": "TRUE", "classification": contract.format},
        partition_keys=[
            aws.glue.CatalogTablePartitionKeyArgs(name=key.name, type=key.type, comment=key.meaning)
            for key in contract.partition_keys
        ],
        storage_descriptor=aws.glue.CatalogTableStorageDescriptorArgs(
            location=bucket.apply(lambda name: f"s3://{name}/{contract.location}"),
            input_format=storage["input_format"],
            output_format=storage["output_format"],
            ser_de_info=aws.glue.CatalogTableStorageDescriptorSerDeInfoArgs(
                serialization_library=storage["serde"], parameters={"serialization.format": "1"}
            ),
            columns=[_column(column) for column in contract.columns],
        ),
    )


def _column(column: Column) -> aws.glue.CatalogTableStorageDescriptorColumnArgs:
    return aws.glue.CatalogTableStorageDescriptorColumnArgs(name=column.name, type=column.type, comment=column.meaning)


def _crawler(target: Target, name: str, settings: dict[str, Any], database: pulumi.Output[str]) -> aws.glue.Crawler:
    bucket = target.output("lake", f"{settings['zone']}_bucket")
    return aws.glue.Crawler(
        name,
        name=target.named(name.replace("_", "-")),
        description=settings["description"],
        database_name=database,
        role=target.output("access", "crawler_role_arn"),
        table_prefix=settings["table_prefix"],
        s3_targets=[
            aws.glue.CrawlerS3TargetArgs(path=bucket.apply(lambda found: f"s3://{found}/{settings['prefix']}"))
        ],
        configuration=json.dumps({"Version": 1.0, "Grouping": {"TableGroupingPolicy": settings["grouping"]}}),
        schema_change_policy=aws.glue.CrawlerSchemaChangePolicyArgs(
            update_behavior="UPDATE_IN_DATABASE", delete_behavior="LOG"
        ),
    )


def _job(target: Target, name: str, settings: dict[str, Any], database: pulumi.Output[str]) -> aws.glue.Job:
    script = aws.s3.BucketObject(
        name,
        bucket=target.output("lake", "artifacts_bucket"),
        key=f"glue/{name}.py",
        source=pulumi.FileAsset(str(ROOT / f"glue/jobs/{name}.py")),
        content_type="text/x-python",
    )
    return aws.glue.Job(
        name,
        name=target.named(name.replace("_", "-")),
        description=settings["description"],
        role_arn=target.output("access", "jobs_role_arn"),
        command=aws.glue.JobCommandArgs(
            name="pythonshell",
            python_version="3.9",
            script_location=pulumi.Output.concat("s3://", script.bucket, "/", script.key),
        ),
        default_arguments={"--library-set": "analytics", "--database": database, **settings["arguments"]},
        max_capacity=settings["max_capacity"],
        timeout=settings["timeout"],
        execution_property=aws.glue.JobExecutionPropertyArgs(max_concurrent_runs=1),
    )
