"""Samples of the types of CloudWatch and EventBridge."""

from __future__ import annotations

import json

from type_samples.parts import TAGS, Sample, World, resource_policy


def samples(w: World, n: str) -> dict[str, Sample]:
    """A sample of each type; `n` begins the names of what they make."""
    return {
        "aws:cloudwatch/logGroup:LogGroup": Sample(
            {"name": n},
            {"retentionInDays": 7, **TAGS},
            {"name": f"{n}-2"},
            untested={"logGroupClass": "not kept by the local AWS", "kmsKeyId": "no AssociateKmsKey in the local AWS"},
        ),
        "aws:cloudwatch/metricAlarm:MetricAlarm": Sample(
            {
                "name": n,
                "comparisonOperator": "GreaterThanThreshold",
                "evaluationPeriods": 1,
                "metricName": "Errors",
                "namespace": "AWS/Lambda",
                "period": 60,
                "statistic": "Sum",
                "threshold": 1,
            },
            {
                "comparisonOperator": "LessThanThreshold",
                "evaluationPeriods": 2,
                "metricName": "Throttles",
                "namespace": "AWS/SQS",
                "period": 300,
                "statistic": "Average",
                "threshold": 5.5,
                "actionsEnabled": False,
                "alarmActions": [w.topic],
                "okActions": [w.topic],
                "insufficientDataActions": [w.topic],
                "alarmDescription": "other",
                "datapointsToAlarm": 1,
                "dimensions": {"FunctionName": "f"},
                "treatMissingData": "breaching",
                "unit": "Count",
                **TAGS,
            },
            {"name": f"{n}-2"},
            untested=dict.fromkeys(
                ("extendedStatistic", "thresholdMetricId", "evaluateLowSampleCountPercentiles"), "excludes statistic"
            ),
        ),
        "aws:cloudwatch/eventRule:EventRule": Sample(
            {"name": n, "scheduleExpression": "rate(1 day)"},
            {
                "scheduleExpression": "rate(2 days)",
                "description": "other",
                "eventPattern": json.dumps({"source": ["aws.s3"]}),
                "roleArn": w.role,
                "state": "DISABLED",
                **TAGS,
            },
            {"name": f"{n}-2"},
            kept={"roleArn": "PutRule without a role keeps the old one"},
            untested={"eventBusName": "one bus here"},
        ),
        "aws:cloudwatch/eventTarget:EventTarget": Sample(
            {"rule": f"{w.name}-rule", "targetId": n, "arn": w.queue},
            {
                "arn": w.function,
                "input": '{"a": 1}',
                "inputPath": "$.detail",
                "roleArn": w.role,
                "deadLetterConfig": {"arn": w.queue},
                "retryPolicy": {"maximumEventAgeInSeconds": 60, "maximumRetryAttempts": 2},
                "inputTransformer": {"inputPaths": {"a": "$.detail.a"}, "inputTemplate": '"<a>"'},
                "sqsTarget": {"messageGroupId": "g"},
                "kinesisTarget": {"partitionKeyPath": "$.id"},
            },
            {"targetId": f"{n}-2"},
            untested={"rule": "one rule here", "eventBusName": "one bus here"},
        ),
        "aws:cloudwatch/logStream:LogStream": Sample(
            {"name": n, "logGroupName": w.log_group},
            {},
            {"name": f"{n}-2"},
            untested={"logGroupName": "one log group here"},
            import_id=lambda state: f"{w.log_group}:{state.id}",
        ),
        "aws:cloudwatch/logMetricFilter:LogMetricFilter": Sample(
            {
                "name": n,
                "logGroupName": w.log_group,
                "pattern": "ERROR",
                "metricTransformation": {"name": "errors", "namespace": "lake", "value": "1"},
            },
            {
                "pattern": "WARN",
                "metricTransformation": {"name": "all", "namespace": "lake", "value": "2", "defaultValue": "0"},
            },
            {"name": f"{n}-2"},
            untested={"logGroupName": "one log group here"},
            import_id=lambda state: f"{w.log_group}:{state.id}",
        ),
        "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": Sample(
            {"name": n, "logGroup": w.log_group, "destinationArn": w.function, "filterPattern": "ERROR"},
            {"filterPattern": "WARN", "distribution": "Random"},
            {"name": f"{n}-2"},
            untested={
                "logGroup": "one log group here",
                "destinationArn": "one function here",
                "roleArn": "for destinations other than functions",
            },
            import_id=lambda state: f"{w.log_group}:{state.id}",
        ),
        "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": Sample(
            {"policyName": n, "policyDocument": resource_policy("logs:PutLogEvents", "*", "events.amazonaws.com")},
            {"policyDocument": resource_policy("logs:CreateLogStream", "*", "events.amazonaws.com")},
            {"policyName": f"{n}-2"},
        ),
        "aws:cloudwatch/dashboard:Dashboard": Sample(
            {"dashboardName": n, "dashboardBody": json.dumps({"widgets": []})},
            {"dashboardBody": json.dumps({"widgets": [], "start": "-PT3H"})},
            {"dashboardName": f"{n}-2"},
        ),
        "aws:cloudwatch/eventBus:EventBus": Sample(
            {"name": n},
            {
                "description": "other",
                "kmsKeyIdentifier": w.key,
                "deadLetterConfig": {"arn": w.queue},
                **TAGS,
            },
            {"name": f"{n}-2"},
        ),
    }
