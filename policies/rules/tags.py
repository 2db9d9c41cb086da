"""What can be tagged says whose it is: the project, the layer, the target, and that Pulumi made it."""

from __future__ import annotations

from typing import Any

from resources import Rule, value

REQUIRED = ("project", "layer", "target", "managed-by")


class Tags(Rule):
    id = "LAKE_TAGS"
    says = "What can be tagged has the tags by which it is found, paid for and cleaned up"
    about = (
        "aws_apigatewayv2_api",
        "aws_athena_workgroup",
        "aws_cloudwatch_log_group",
        "aws_cloudwatch_metric_alarm",
        "aws_glue_crawler",
        "aws_glue_job",
        "aws_iam_policy",
        "aws_iam_role",
        "aws_iam_user",
        "aws_kinesis_firehose_delivery_stream",
        "aws_kinesis_stream",
        "aws_kms_key",
        "aws_lambda_function",
        "aws_s3_bucket",
        "aws_secretsmanager_secret",
        "aws_sns_topic",
        "aws_sqs_queue",
    )

    def problem(self, conf: dict[str, Any]) -> str:
        tags = value(conf, "tags") or {}
        missing = [name for name in REQUIRED if not tags.get(name)]
        return f"it has no tag {', '.join(missing)}" if missing else ""


Tags()
