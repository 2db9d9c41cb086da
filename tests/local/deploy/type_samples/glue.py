"""Samples of the types of Glue."""

from __future__ import annotations

import json

from type_samples.parts import COLUMNS, STORAGE, TAGS, Sample, World


def samples(w: World, n: str) -> dict[str, Sample]:
    """A sample of each type; `n` begins the names of what they make."""
    return {
        "aws:glue/catalogDatabase:CatalogDatabase": Sample(
            {"name": n.replace("-", "_"), "locationUri": "s3://y/"},
            {"description": "other", "locationUri": "s3://x/", "parameters": {"a": "1"}, **TAGS},
            {"name": n.replace("-", "_") + "_2"},
            untested=dict.fromkeys(
                ("catalogId", "createTableDefaultPermissions", "targetDatabase"), "one catalog, no Lake Formation here"
            ),
        ),
        "aws:glue/catalogTable:CatalogTable": Sample(
            {
                "name": n.replace("-", "_"),
                "databaseName": w.database,
                "tableType": "EXTERNAL_TABLE",
                "owner": "you",
                "storageDescriptor": STORAGE,
            },
            {
                "storageDescriptor": {**STORAGE, "columns": [*COLUMNS, {"name": "more", "type": "string"}]},
                "description": "other",
                "owner": "me",
                "parameters": {"classification": "json"},
                "partitionKeys": [{"name": "d", "type": "date", "comment": "day"}],
                "retention": 5,
                "tableType": "VIRTUAL_VIEW",
                "viewOriginalText": "a",
                "viewExpandedText": "b",
            },
            {"name": n.replace("-", "_") + "_2"},
            untested=dict.fromkeys(("catalogId", "targetTable", "databaseName"), "one catalog and database here"),
        ),
        "aws:glue/crawler:Crawler": Sample(
            {
                "name": n,
                "role": w.role,
                "databaseName": w.database,
                "s3Targets": [{"path": "s3://x/y"}],
                "schemaChangePolicy": {
                    "deleteBehavior": "DEPRECATE_IN_DATABASE",
                    "updateBehavior": "UPDATE_IN_DATABASE",
                },
                "recrawlPolicy": {"recrawlBehavior": "CRAWL_EVERYTHING"},
            },
            {
                "s3Targets": [{"path": "s3://x/z", "exclusions": ["*.tmp"]}],
                "description": "other",
                "schedule": "cron(0 1 * * ? *)",
                "tablePrefix": "t_",
                "schemaChangePolicy": {"deleteBehavior": "LOG", "updateBehavior": "LOG"},
                "recrawlPolicy": {"recrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"},
                "configuration": json.dumps({"Version": 1.0, "Grouping": {"TableLevelConfiguration": 2}}),
                **TAGS,
            },
            {"name": f"{n}-2"},
            untested={
                **dict.fromkeys(
                    ("catalogTargets", "deltaTargets", "icebergTargets", "dynamodbTargets", "classifiers"),
                    "S3 only here",
                ),
                **dict.fromkeys(
                    ("lineageConfiguration", "lakeFormationConfiguration", "securityConfiguration"),
                    "not in the local AWS",
                ),
                "role": "one role here",
                "databaseName": "one database here",
            },
        ),
        "aws:glue/job:Job": Sample(
            {
                "name": n,
                "roleArn": w.role,
                "command": {"name": "pythonshell", "scriptLocation": "s3://x/j.py"},
                "executionProperty": {"maxConcurrentRuns": 1},
                "maxCapacity": 1,
                "timeout": 5,
                "glueVersion": "4.0",
            },
            {
                "command": {"name": "pythonshell", "scriptLocation": "s3://x/k.py", "pythonVersion": "3.9"},
                "description": "other",
                "defaultArguments": {"--a": "1"},
                "nonOverridableArguments": {"--b": "2"},
                "executionProperty": {"maxConcurrentRuns": 2},
                "maxCapacity": 0.0625,
                "maxRetries": 1,
                "timeout": 10,
                "glueVersion": "3.0",
                **TAGS,
            },
            {"name": f"{n}-2"},
            untested={
                **dict.fromkeys(("numberOfWorkers", "workerType", "executionClass"), "excludes maxCapacity"),
                **dict.fromkeys(
                    ("connections", "securityConfiguration", "notificationProperty"), "not in the local AWS"
                ),
                "roleArn": "one role here",
            },
        ),
        "aws:glue/trigger:Trigger": Sample(
            {
                "name": n,
                "type": "SCHEDULED",
                "schedule": "cron(0 1 * * ? *)",
                "actions": [{"jobName": f"{w.name}-job"}],
            },
            {
                "schedule": "cron(0 2 * * ? *)",
                "actions": [{"jobName": f"{w.name}-job", "arguments": {"--a": "1"}}],
                "description": "other",
                "enabled": False,
                **TAGS,
            },
            {"name": f"{n}-2"},
            untested=dict.fromkeys(("type", "predicate", "eventBatchingConditions", "workflowName"), "of other types"),
        ),
        "aws:glue/classifier:Classifier": Sample(
            {"name": n, "csvClassifier": {"delimiter": ";", "containsHeader": "PRESENT", "headers": ["a", "b"]}},
            {
                "csvClassifier": {"delimiter": ",", "containsHeader": "ABSENT", "headers": ["a"], "quoteSymbol": "'"},
            },
            {"name": f"{n}-2"},
            untested=dict.fromkeys(
                ("grokClassifier", "jsonClassifier", "xmlClassifier"), "one kind here; see test_services.py"
            ),
        ),
    }
