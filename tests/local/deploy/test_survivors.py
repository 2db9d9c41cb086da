"""What a destroy leaves behind is listed, and nothing is when nothing is left."""

from __future__ import annotations

import json
from typing import Any

PROGRAM = """
    tags = {"project": UNIQUE, "layer": "ingest"}
    queue = aws.sqs.Queue("jobs", name=f"{UNIQUE}-jobs", tags=tags)
    role = aws.iam.Role("role", name=f"{UNIQUE}-role", tags=tags, assume_role_policy=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
         "Principal": {"Service": "lambda.amazonaws.com"}}]}))
    aws.lambda_.Function("load", name=f"{UNIQUE}-load", role=role.arn, runtime="python3.11", handler="h.h", tags=tags,
                         code=pulumi.AssetArchive({"h.py": pulumi.StringAsset("x = 1")}))
    aws.athena.Workgroup("people", name=f"{UNIQUE}-people", force_destroy=True, tags=tags,
                         configuration={"result_configuration": {"output_location": f"s3://{BUCKET}/people/"}})
"""


def test_what_is_left_is_listed_service_by_service(program: Any, run: Any) -> None:
    client, unique = program.cloud.client, program.unique
    bucket = program.cloud.bucket()
    client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    program.write(PROGRAM, BUCKET=bucket).up()
    client("s3").put_object(Bucket=bucket, Key="people/1.csv", Body=b"a")
    client("s3").delete_object(Bucket=bucket, Key="people/1.csv")
    client("logs").create_log_group(logGroupName=f"/aws/lambda/{unique}-load")
    made = client("sqs").create_queue(QueueName=f"by-hand-{unique}", tags={"project": unique, "layer": "ingest"})
    client("secretsmanager").create_secret(Name=f"{unique}-password", SecretString="x")
    told = json.loads(run("destroy", "--yes", "--json", code=1))
    assert told["counts"] == {"delete": 5}
    assert told["survivors"] == [
        {"service": "logs", "kind": "log group", "name": f"/aws/lambda/{unique}-load", "detail": ""},
        {"service": "sqs", "kind": "queue", "name": f"by-hand-{unique}", "detail": ""},
        {"service": "secretsmanager", "kind": "secret", "name": f"{unique}-password", "detail": ""},
        {
            "service": "athena",
            "kind": "query results",
            "name": f"s3://{bucket}/people/",
            "detail": "2 object versions",
        },
    ]
    client("logs").delete_log_group(logGroupName=f"/aws/lambda/{unique}-load")
    client("sqs").delete_queue(QueueUrl=made["QueueUrl"])
    client("secretsmanager").delete_secret(SecretId=f"{unique}-password", ForceDeleteWithoutRecovery=True)
    assert "Still there" not in run("destroy", "--yes")


def test_what_another_stack_manages_is_not_left_over(program: Any, run: Any) -> None:
    text = 'aws.sqs.Queue("jobs", name=f"{UNIQUE}-{NAME}", tags={"project": UNIQUE})'
    program.write(text, NAME="other").up("other")
    program.write(text, NAME="mine").up()
    assert "Still there" not in run("destroy", "--yes")
    by_hand = program.cloud.client("sqs").create_queue(QueueName=f"{program.unique}-by-hand")
    program.destroy("other")
    told = run("destroy", "--yes", code=1)
    assert f"sqs      queue  {program.unique}-by-hand" in told
    program.cloud.client("sqs").delete_queue(QueueUrl=by_hand["QueueUrl"])
