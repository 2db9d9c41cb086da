"""A database, a crawler, and the role that it works as."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

BUCKET = "lab-day-16-lake"
PREFIX = "raw/orders/"
HERE = "us-east-1:000000000000"

database = aws.glue.CatalogDatabase("lake", name="lab_day_16")
role = aws.iam.Role(
    "crawler",
    name="lab-day-16-crawler",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    ),
)
rights = aws.iam.RolePolicy(
    "crawler",
    name="crawl-orders",
    role=role.name,
    policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "s3:ListBucket",
                    "Resource": f"arn:aws:s3:::{BUCKET}",
                    "Condition": {"StringLike": {"s3:prefix": f"{PREFIX}*"}},
                },
                {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/{PREFIX}*"},
                {
                    "Effect": "Allow",
                    "Action": [
                        "glue:GetDatabase",
                        "glue:GetTable",
                        "glue:GetTables",
                        "glue:CreateTable",
                        "glue:UpdateTable",
                        "glue:GetPartition",
                        "glue:GetPartitions",
                        "glue:BatchGetPartition",
                        "glue:BatchCreatePartition",
                        "glue:BatchUpdatePartition",
                    ],
                    "Resource": [
                        f"arn:aws:glue:{HERE}:catalog",
                        database.arn,
                        pulumi.Output.concat(f"arn:aws:glue:{HERE}:table/", database.name, "/*"),
                    ],
                },
                {
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": f"arn:aws:logs:{HERE}:log-group:/aws-glue/crawlers*",
                },
            ],
        }
    ),
)
crawler = aws.glue.Crawler(
    "orders",
    name="lab-day-16-orders",
    database_name=database.name,
    role=role.arn,
    table_prefix="raw_",
    s3_targets=[aws.glue.CrawlerS3TargetArgs(path=f"s3://{BUCKET}/{PREFIX}")],
    opts=pulumi.ResourceOptions(depends_on=[rights]),
)

pulumi.export("crawler", crawler.name)
