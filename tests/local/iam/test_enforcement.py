"""What is denied, where AWS checks more than the right for the action itself."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from lakelab.cloud.iam import totp
from lakelab.cloud.iam.record import FILE, Recorded, read
from lakelab.pipeline import athena
from lakelab.testing import Cloud

ACCOUNT = "000000000000"
LAMBDA, GLUE = ({"Service": f"{name}.amazonaws.com"} for name in ("lambda", "glue"))


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def function_of(role: str) -> dict[str, Any]:
    """The parameters of CreateFunction for a function that does nothing."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context):\n    return 1\n")
    return {
        "FunctionName": f"f-{uuid4().hex[:8]}",
        "Runtime": "python3.12",
        "Handler": "handler.handler",
        "Code": {"ZipFile": packed.getvalue()},
        "Role": role,
    }


def refused(code: str, text: str, call: Callable[..., Any], **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    assert error["Code"] == code
    assert text in error["Message"]
    return error["Message"]


def wait_for(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 10
    while not (result := found()):
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.1)
    return result


# ---- passing roles


def test_creating_a_function_needs_the_right_to_pass_its_role(cloud: Cloud, people: Any):
    role = people.role(LAMBDA)
    name, keys = people.user()
    params = function_of(role)
    functions = cloud.client("lambda", keys)
    refused("AccessDeniedException", "lambda:CreateFunction", functions.create_function, **params)
    people.grant(name, allow("lambda:*", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{params['FunctionName']}"))
    said = refused("AccessDeniedException", "iam:PassRole", functions.create_function, **params)
    assert said == (
        f"User: arn:aws:iam::{ACCOUNT}:user/{name} is not authorized to perform: iam:PassRole on resource: {role}"
        " because no identity-based policy allows the iam:PassRole action"
    )
    passing = allow("iam:PassRole", role, Condition={"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}})
    people.grant(name, allow("lambda:*"), passing)
    refused("AccessDeniedException", "iam:PassRole", functions.create_function, **params)
    passing["Condition"] = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    people.grant(name, allow("lambda:*"), passing)
    assert functions.create_function(**params)["Role"] == role
    cloud.client("lambda").delete_function(FunctionName=params["FunctionName"])


def test_changing_the_role_of_a_function_needs_the_right_to_pass_it(cloud: Cloud, people: Any):
    params = function_of(people.role(LAMBDA))
    cloud.client("lambda").create_function(**params)
    _, keys = people.user(allow("lambda:*"))
    change = cloud.client("lambda", keys).update_function_configuration
    name = params["FunctionName"]
    refused("AccessDeniedException", "iam:PassRole", change, FunctionName=name, Role=people.role(LAMBDA))
    assert change(FunctionName=name, Timeout=9)["Timeout"] == 9
    cloud.client("lambda").delete_function(FunctionName=name)


@pytest.mark.parametrize("service", ["glue", "events"])
def test_passing_a_role_to_another_service_is_checked_there(cloud: Cloud, people: Any, service: str):
    role = people.role({"Service": f"{service}.amazonaws.com"})
    _, keys = people.user(allow([f"{service}:*"]))
    client = cloud.client(service, keys)
    if service == "glue":
        call, params = client.create_job, {"Name": "j", "Role": role, "Command": {"Name": "pythonshell"}}
    else:
        call, params = client.put_rule, {"Name": "r", "ScheduleExpression": "rate(1 day)", "RoleArn": role}
    with pytest.raises(ClientError, match="iam:PassRole"):
        call(**params)


def test_lambda_has_to_be_trusted_by_the_role(cloud: Cloud, people: Any):
    refused(
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
        cloud.client("lambda").create_function,
        **function_of(people.role(GLUE)),
    )


def test_a_crawler_needs_a_role_that_trusts_glue(cloud: Cloud, people: Any):
    crawler = {"Name": f"c-{uuid4().hex[:8]}", "DatabaseName": cloud.database(), "Targets": {"S3Targets": []}}
    crawler["Targets"]["S3Targets"].append({"Path": f"s3://{cloud.bucket()}/x/"})
    refused(
        "InvalidInputException",
        "Service is unable to assume provided role",
        cloud.client("glue").create_crawler,
        **crawler,
        Role=people.role(LAMBDA),
    )


# ---- S3 and Lambda


@pytest.fixture
def notified(cloud: Cloud, people: Any):
    """A bucket, and a function with its ARN, that are not connected yet."""
    params = function_of(people.role(LAMBDA, allow("logs:*")))
    arn = cloud.client("lambda").create_function(**params)["FunctionArn"]
    yield cloud.bucket(), params["FunctionName"], arn
    cloud.client("lambda").delete_function(FunctionName=params["FunctionName"])


def permit(cloud: Cloud, bucket: str, function: str) -> None:
    cloud.client("lambda").add_permission(
        FunctionName=function,
        StatementId="bucket",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{bucket}",
        SourceAccount=ACCOUNT,
    )


def notify(arn: str) -> dict[str, Any]:
    return {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]}


def logged(cloud: Cloud, function: str) -> bool:
    groups = cloud.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{function}")["logGroups"]
    return bool(groups)


def test_s3_is_told_to_invoke_only_what_lets_it(cloud: Cloud, notified: tuple[str, str, str]):
    bucket, function, arn = notified
    put = cloud.client("s3").put_bucket_notification_configuration
    text = "Unable to validate the following destination configurations"
    refused("InvalidArgument", text, put, Bucket=bucket, NotificationConfiguration=notify(arn))
    permit(cloud, cloud.bucket(), function)  # another bucket's permission does not do
    refused("InvalidArgument", text, put, Bucket=bucket, NotificationConfiguration=notify(arn))
    cloud.client("lambda").remove_permission(FunctionName=function, StatementId="bucket")
    permit(cloud, bucket, function)
    put(Bucket=bucket, NotificationConfiguration=notify(arn))
    cloud.client("s3").put_object(Bucket=bucket, Key="a", Body=b"1")
    assert wait_for(lambda: logged(cloud, function))


def test_a_notification_without_permission_is_lost_and_recorded(
    cloud: Cloud, notified: tuple[str, str, str], denials: Callable[[str], list[Recorded]]
):
    bucket, function, arn = notified
    permit(cloud, bucket, function)
    cloud.client("s3").put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=notify(arn))
    cloud.client("lambda").remove_permission(FunctionName=function, StatementId="bucket")
    cloud.client("s3").put_object(Bucket=bucket, Key="a", Body=b"1")
    [denial] = wait_for(lambda: [each for each in denials("s3.amazonaws.com") if each.resource == arn])
    assert denial.action == "lambda:InvokeFunction"
    assert denial.keys["aws:sourcearn"] == f"arn:aws:s3:::{bucket}"
    assert denial.missing == {
        "Sid": "LambdaInvokeFunction",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": arn,
    }
    assert not logged(cloud, function)


@pytest.fixture
def api(cloud: Cloud, people: Any) -> Iterator[tuple[str, str]]:
    """The URL of POST /rides of an HTTP API, and the ARN of the function behind it, which lets nobody invoke it."""
    function = cloud.client("lambda").create_function(**function_of(people.role(LAMBDA)))["FunctionArn"]
    apis = cloud.client("apigatewayv2")
    made = apis.create_api(Name=f"api-{uuid4().hex[:8]}", ProtocolType="HTTP")["ApiId"]
    integration = apis.create_integration(
        ApiId=made, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    apis.create_route(ApiId=made, RouteKey="POST /rides", Target=f"integrations/{integration}")
    apis.create_stage(ApiId=made, StageName="$default", AutoDeploy=True)
    yield f"{cloud.endpoint}/_aws/execute-api/{made}/$default/rides", function
    apis.delete_api(ApiId=made)
    cloud.client("lambda").delete_function(FunctionName=function)


@pytest.mark.parametrize(
    ("source", "status"),
    [
        pytest.param(None, 500, id="no permission"),
        pytest.param("*/GET/rides", 500, id="for another route"),
        pytest.param("*/POST/rides", 200, id="for this route"),
    ],
)
def test_an_api_reaches_a_function_that_lets_it(
    cloud: Cloud,
    api: tuple[str, str],
    denials: Callable[[str], list[Recorded]],
    source: str | None,
    status: int,
):
    url, function = api
    if source:
        cloud.client("lambda").add_permission(
            FunctionName=function,
            StatementId="api",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{url.split('/')[-3]}/{source}",
        )
    answer = requests.post(url, json={}, timeout=20)
    assert answer.status_code == status, answer.text
    if status == 500:
        assert answer.json() == {"message": "Internal Server Error"}
        denied = wait_for(lambda: [each for each in denials("apigateway.amazonaws.com") if each.resource == function])
        assert denied[0].action == "lambda:InvokeFunction"
        assert denied[0].keys["aws:sourcearn"].endswith("/$default/POST/rides")


def test_only_who_may_list_a_bucket_learns_that_an_object_is_not_there(cloud: Cloud, people: Any):
    bucket = cloud.bucket()
    name, keys = people.user(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    read_object = cloud.client("s3", keys).get_object
    refused("AccessDenied", "s3:ListBucket", read_object, Bucket=bucket, Key="absent")
    people.grant(name, allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"), allow("s3:ListBucket"))
    refused("NoSuchKey", "", read_object, Bucket=bucket, Key="absent")


# ---- the lake's services


@pytest.fixture
def table(cloud: Cloud) -> tuple[str, str]:
    """A database, and the bucket with its tables `open` and `secret`."""
    bucket, database = cloud.bucket(), cloud.database()
    for name in ("open", "secret"):
        cloud.client("s3").put_object(Bucket=bucket, Key=f"{name}/a.csv", Body=b"1\n2\n")
        cloud.client("glue").create_table(
            DatabaseName=database,
            TableInput={
                "Name": name,
                "TableType": "EXTERNAL_TABLE",
                "StorageDescriptor": {
                    "Columns": [{"Name": "a", "Type": "int"}],
                    "Location": f"s3://{bucket}/{name}/",
                    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
                    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                    "SerdeInfo": {
                        "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                        "Parameters": {"field.delim": ","},
                    },
                },
            },
        )
    return database, bucket


def query(cloud: Cloud, keys: tuple[str, ...], bucket: str, database: str, table: str) -> list[Any]:
    group = f"w-{uuid4().hex[:8]}"
    cloud.client("athena").create_work_group(
        Name=group, Configuration={"ResultConfiguration": {"OutputLocation": f"s3://{bucket}/results/"}}
    )
    sql = f"select sum(a) from {table}"
    return athena.run(cloud.client("athena", keys), sql, database=database, workgroup=group).rows


def test_athena_rights_alone_read_no_table(cloud: Cloud, people: Any, table: tuple[str, str]):
    database, bucket = table
    name, keys = people.user(allow("athena:*"))
    with pytest.raises((athena.QueryFailed, ClientError), match=r"(?i)glue:Get|not authorized"):
        query(cloud, keys, bucket, database, "open")
    people.grant(name, allow(["athena:*", "glue:*"]))
    with pytest.raises((athena.QueryFailed, ClientError), match=r"(?i)s3|access denied"):
        query(cloud, keys, bucket, database, "open")
    people.grant(name, allow(["athena:*", "glue:*"]), allow("s3:*", f"arn:aws:s3:::{bucket}*"))
    assert query(cloud, keys, bucket, database, "open") == [["3"]]


def test_a_reader_of_one_prefix_sees_no_other_through_any_service(cloud: Cloud, people: Any, table: tuple[str, str]):
    database, bucket = table
    arn = f"arn:aws:s3:::{bucket}"
    listing = {"StringLike": {"s3:prefix": ["open/*", "results/*"]}}
    rights = (
        allow(["athena:*", "glue:*"]),
        allow(["s3:GetObject", "s3:PutObject"], [f"{arn}/open/*", f"{arn}/results/*"]),
        allow("s3:ListBucket", arn, Condition=listing),
        allow("s3:GetBucketLocation", arn),
    )
    _, keys = people.user(*rights)
    assert query(cloud, keys, bucket, database, "open") == [["3"]]
    with pytest.raises((athena.QueryFailed, ClientError), match=r"(?i)denied|not authorized"):
        query(cloud, keys, bucket, database, "secret")
    s3 = cloud.client("s3", keys)
    refused("AccessDenied", "s3:GetObject", s3.get_object, Bucket=bucket, Key="secret/a.csv")
    refused("AccessDenied", "s3:ListBucket", s3.list_objects_v2, Bucket=bucket, Prefix="secret/")
    refused("AccessDenied", "s3:ListBucket", s3.list_objects_v2, Bucket=bucket)
    copy = {"Bucket": bucket, "Key": "secret/a.csv"}
    refused("AccessDenied", "s3:GetObject", s3.copy_object, Bucket=bucket, Key="results/copy", CopySource=copy)
    crawler_role = people.role(GLUE, *rights[1:], allow(["glue:*", "logs:*"]))
    glue, name = cloud.client("glue"), f"c-{uuid4().hex[:8]}"
    targets = {"S3Targets": [{"Path": f"s3://{bucket}/secret/"}]}
    glue.create_crawler(Name=name, Role=crawler_role, DatabaseName=database, TablePrefix="x_", Targets=targets)
    glue.start_crawler(Name=name)
    last = wait_for(lambda: glue.get_crawler(Name=name)["Crawler"].get("LastCrawl"))
    assert last["Status"] == "FAILED"
    assert glue.get_tables(DatabaseName=database, Expression="x_.*")["TableList"] == []
    glue.delete_crawler(Name=name)
    script = f"import boto3\nboto3.client('s3').get_object(Bucket='{bucket}', Key='secret/a.csv')\n"
    cloud.client("s3").put_object(Bucket=bucket, Key="open/script.py", Body=script.encode())
    command = {"Name": "pythonshell", "ScriptLocation": f"s3://{bucket}/open/script.py", "PythonVersion": "3.9"}
    glue.create_job(Name=name, Role=crawler_role, Command=command)
    run_id = glue.start_job_run(JobName=name)["JobRunId"]
    wait_for(lambda: glue.get_job_run(JobName=name, RunId=run_id)["JobRun"].get("CompletedOn"))
    run = glue.get_job_run(JobName=name, RunId=run_id)["JobRun"]
    assert run["JobRunState"] == "FAILED"
    assert f's3:GetObject on resource: "{arn}/secret/a.csv"' in run["ErrorMessage"]
    glue.delete_job(JobName=name)


# ---- what else


def test_a_request_without_a_known_action_is_denied(cloud: Cloud, people: Any):
    _, keys = people.user(allow("*"))
    client = boto3.client(
        "lambda",
        endpoint_url=cloud.endpoint,
        region_name="us-east-1",
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
        config=Config(retries={"max_attempts": 1}),
    )
    client.meta.events.register(
        "before-sign.lambda.*", lambda request, **_: setattr(request, "url", f"{cloud.endpoint}/2015-03-31/nonsense")
    )
    with pytest.raises(ClientError) as caught:
        client.list_functions()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert "knows no action for this request" in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    ("document", "text"),
    [
        pytest.param("{}", "Missing required field Statement", id="no statement"),
        pytest.param(
            '{"Statement": {"Effect": "Allow", "Action": "s3:*"}}', "must contain resources", id="no resource"
        ),
        pytest.param(
            json.dumps({"Statement": allow("*", Condition={"StringLikes": {"a": "b"}})}),
            "Invalid Condition type : StringLikes",
            id="an operator that AWS does not have",
        ),
    ],
)
def test_a_malformed_policy_is_refused(cloud: Cloud, people: Any, document: str, text: str):
    name, _ = people.user()
    put = cloud.client("iam").put_user_policy
    refused("MalformedPolicyDocument", text, put, UserName=name, PolicyName="x", PolicyDocument=document)


# ---- assuming roles


def test_a_user_who_may_only_become_a_role(cloud: Cloud, people: Any):
    name, keys = people.user()
    bucket = cloud.bucket()
    role = people.role({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, allow("s3:ListBucket", f"arn:aws:s3:::{bucket}"))
    people.grant(name, allow("sts:AssumeRole", role))
    refused("AccessDenied", "s3:ListBucket", cloud.client("s3", keys).list_objects_v2, Bucket=bucket)
    other = people.role({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, allow("*"))
    become = cloud.client("sts", keys).assume_role
    refused("AccessDenied", "sts:AssumeRole", become, RoleArn=other, RoleSessionName="lab")
    found = become(RoleArn=role, RoleSessionName="lab")["Credentials"]
    session = (found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
    assert cloud.client("s3", session).list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_role_that_asks_for_mfa(cloud: Cloud, people: Any):
    name, keys = people.user()
    iam, sts = cloud.client("iam"), cloud.client("sts", keys)
    arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    role = people.role({"AWS": arn}, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
    refused("AccessDenied", "no role trust policy allows", sts.assume_role, RoleArn=role, RoleSessionName="lab")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    seed, serial = device["Base32StringSeed"].decode(), device["SerialNumber"]
    enable = {"UserName": name, "SerialNumber": serial}
    codes = {"AuthenticationCode1": "000000", "AuthenticationCode2": "000000"}
    refused("InvalidAuthenticationCode", "not valid", iam.enable_mfa_device, **enable, **codes)
    codes = {"AuthenticationCode1": totp.password(seed), "AuthenticationCode2": totp.password(seed, time.time() + 30)}
    iam.enable_mfa_device(**enable, **codes)
    become = {"RoleArn": role, "RoleSessionName": "lab", "SerialNumber": serial}
    refused("AccessDenied", "MultiFactorAuthentication failed", sts.assume_role, **become, TokenCode="000000")
    assert sts.assume_role(**become, TokenCode=totp.password(seed))["Credentials"]["AccessKeyId"]


def test_assumed_credentials_expire(cloud: Cloud, people: Any):
    """For boto3 and for the aws CLI. A session of one second is the local AWS's own leniency."""
    role = people.role({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, allow("s3:*"))
    sts = boto3.client(
        "sts",
        endpoint_url=cloud.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(parameter_validation=False),
    )
    found = sts.assume_role(RoleArn=role, RoleSessionName="lab", DurationSeconds=2)["Credentials"]
    keys = (found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
    assert "Buckets" in cloud.client("s3", keys).list_buckets()

    def code() -> str | None:
        try:
            cloud.client("s3", keys).list_buckets()
        except ClientError as error:
            return error.response["Error"]["Code"]
        return None

    assert wait_for(code) in ("ExpiredToken", "ExpiredTokenException")
    variables = {**cloud.environment(), "PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    variables |= {"AWS_ACCESS_KEY_ID": keys[0], "AWS_SECRET_ACCESS_KEY": keys[1], "AWS_SESSION_TOKEN": keys[2]}
    aws = subprocess.run(
        [str(Path(sys.executable).parent / "aws"), "s3", "ls"],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert aws.returncode != 0
    assert "ExpiredToken" in aws.stderr


# ---- the record


def test_decisions_survive_a_restart(own_cloud: Cloud):
    iam = own_cloud.client("iam")
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    refused(
        "AccessDenied",
        "s3:ListAllMyBuckets",
        own_cloud.client("s3", (key["AccessKeyId"], key["SecretAccessKey"])).list_buckets,
    )
    own_cloud.server.stop()
    own_cloud.server.start()
    [denial] = read(own_cloud.settings.state / FILE, allowed=False)
    assert (denial.action, denial.resource) == ("s3:ListAllMyBuckets", "*")
    assert denial.missing == {
        "Sid": "S3ListAllMyBuckets",
        "Effect": "Allow",
        "Action": "s3:ListAllMyBuckets",
        "Resource": "*",
    }
    assert json.dumps(denial.missing)
