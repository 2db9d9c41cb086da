"""What lab 24 asks for: a bucket and a user, made by Pulumi and by Terraform."""

from __future__ import annotations

import json
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from lakelab.practice import Work, Wrong
from lakelab.practice.deployment import Deployment
from lakelab.practice.terraform import Terraform

BUCKET, USER = "lab-day-24-lake", "lab-day-24-reader"
KEY = "reports/2025.csv"
PUBLIC = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
# https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/version-4-upgrade
MOVED = ("acl", "versioning", "server_side_encryption_configuration", "lifecycle_rule", "policy", "logging")


def check_pulumi(work: Work) -> str:
    """The Pulumi program makes the bucket and its reader, and a second up changes nothing."""
    stack = Deployment(work, "pulumi")
    first = stack.up()
    if any(step.type == "aws:iam/accessKey:AccessKey" for step in first.steps):
        raise Wrong("pulumi/ makes an access key: its secret is in the state as long as the stack lives")
    _look(work, f"the stack made {', '.join(_made(first.steps)) or 'nothing'}")
    for name, asked in (("bucket", BUCKET), ("user", USER)):
        if first.outputs.get(name) != asked:
            raise Wrong(
                f"the output {name} of the stack is {first.outputs.get(name)!r}; asked is the name of the {name}"
            )
    again = stack.up()
    if again.changed:
        raise Wrong(f"a second up changes {', '.join(step.name for step in again.steps if step.op != 'same')}")
    work.measure("the first up", first.seconds, "s")
    work.measure("up without changes", again.seconds, "s")
    _repair(work, stack)
    stack.destroy()
    return f"{len(first.steps) - 1} resources, made, unchanged, repaired, destroyed"


def check_terraform(work: Work) -> str:
    """The Terraform says the same."""
    files = Terraform(work, "terraform")
    if not files.provider().get("region") or not files.version():
        raise Wrong("terraform/ leaves open which version of the provider is used, or in which region")
    (kind, name), bucket = files.one("aws_s3_bucket")
    moved = [argument for argument in MOVED if argument in bucket]
    if moved:
        raise Wrong(f"{kind}.{name} has the argument {moved[0]}, which the provider has as a resource of its own")
    if files.value(bucket.get("bucket")) != BUCKET:
        raise Wrong(f"{kind}.{name} makes the bucket {files.value(bucket.get('bucket'))!r}")
    beside = {each: files.one(each)[1] for each in ("aws_s3_bucket_versioning", "aws_s3_bucket_public_access_block")}
    for other, block in beside.items():
        if (kind, name) not in files.references(block.get("bucket")):
            raise Wrong(f"{other} does not refer to {kind}.{name}, so that nothing says which of them is made first")
    statuses = [each.get("status") for each in beside["aws_s3_bucket_versioning"].get("versioning_configuration", [])]
    if statuses != ["Enabled"]:
        raise Wrong("aws_s3_bucket_versioning does not enable the versioning")
    public = [flag for flag in PUBLIC if beside["aws_s3_bucket_public_access_block"].get(flag) is not True]
    if public:
        raise Wrong(f"aws_s3_bucket_public_access_block leaves {', '.join(public)} as it is")
    _, user = files.one("aws_iam_user")
    if files.value(user.get("name")) != USER:
        raise Wrong(f"aws_iam_user makes the user {files.value(user.get('name'))!r}")
    _, policy = files.one("aws_iam_user_policy")
    if files.one("aws_iam_user")[0] not in files.references(policy.get("user")):
        raise Wrong("aws_iam_user_policy does not refer to the user's resource")
    if (kind, name) not in files.references(policy.get("policy")):
        raise Wrong(f"the user's policy does not refer to {kind}.{name}: a new name of the bucket would not reach it")
    if files.resources("aws_iam_access_key"):
        raise Wrong("terraform/ makes an access key: its secret is in the state, in clear")
    _simulate(work, files.policy(policy.get("policy")))
    with files.applied() as why:
        if why:
            return f"read, not applied: {why}"
        _look(work, "terraform apply was done")
        return "read, and applied to the local AWS"


def _made(steps: Any) -> list[str]:
    return [f"{step.type.split(':')[-1]} {step.name}" for step in steps if not step.type.startswith("pulumi:")]


def _look(work: Work, told: str) -> None:
    """Whether the bucket and the user are as asked."""
    s3, iam = work.client("s3"), work.client("iam")
    buckets = {each["Name"] for each in s3.list_buckets()["Buckets"]}
    if BUCKET not in buckets:
        raise Wrong(f"there is no bucket {BUCKET}; {told}")
    if s3.get_bucket_versioning(Bucket=BUCKET).get("Status") != "Enabled":
        raise Wrong(f"the bucket {BUCKET} is not versioned")
    try:
        blocked = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    except ClientError:
        blocked = {}
    if len(blocked) != 4 or not all(blocked.values()):
        raise Wrong(
            f"the bucket {BUCKET} blocks of public access: {', '.join(blocked) or 'nothing'}; asked are all four"
        )
    if USER not in (each["UserName"] for each in iam.list_users()["Users"]):
        raise Wrong(f"there is no user {USER}; {told}")
    _act(work)


def _act(work: Work) -> None:
    """Try the user's rights with a key that is deleted at once."""
    s3, iam = work.client("s3"), work.client("iam")
    other = work.bucket("other")
    for bucket in (BUCKET, other):
        s3.put_object(Bucket=bucket, Key=KEY, Body=b"a\n")
    if iam.list_access_keys(UserName=USER)["AccessKeyMetadata"]:
        raise Wrong(f"the user {USER} has an access key")
    key = iam.create_access_key(UserName=USER)["AccessKey"]
    reader: Any = boto3.client(
        "s3",
        endpoint_url=work.config.endpoint,
        region_name=work.config.region,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        config=Config(s3={"addressing_style": "path"}),
    )
    try:
        for told, asked, call in (
            ("list the bucket", True, lambda: reader.list_objects_v2(Bucket=BUCKET)),
            ("read an object of it", True, lambda: reader.get_object(Bucket=BUCKET, Key=KEY)),
            ("write an object", False, lambda: reader.put_object(Bucket=BUCKET, Key="mine", Body=b"")),
            ("read an object of another bucket", False, lambda: reader.get_object(Bucket=other, Key=KEY)),
            ("list the account's buckets", False, lambda: reader.list_buckets()),
        ):
            if _allowed(call) != asked:
                raise Wrong(f"the user {USER} {'cannot' if asked else 'can'} {told}")
    finally:
        iam.delete_access_key(UserName=USER, AccessKeyId=key["AccessKeyId"])
        work.empty(BUCKET)


def _allowed(call: Any) -> bool:
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True


def _repair(work: Work, stack: Deployment) -> None:
    s3 = work.client("s3")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    if not stack.refresh().changed:
        raise Wrong("someone suspended the versioning by hand, and refresh sees no drift")
    again = stack.up()
    if s3.get_bucket_versioning(Bucket=BUCKET).get("Status") != "Enabled":
        raise Wrong("someone suspended the versioning by hand, and up leaves it so")
    work.measure("up that repairs drift", again.seconds, "s")


def _simulate(work: Work, document: dict[str, Any]) -> None:
    """What IAM says of the policy in the files."""
    iam, arn = work.client("iam"), f"arn:aws:s3:::{BUCKET}"
    for action, resource, asked in (
        ("s3:ListBucket", arn, True),
        ("s3:GetObject", f"{arn}/{KEY}", True),
        ("s3:PutObject", f"{arn}/{KEY}", False),
        ("s3:GetObject", f"arn:aws:s3:::lab-day-24-other/{KEY}", False),
    ):
        with work.running("the user's policy in terraform/"):
            found = iam.simulate_custom_policy(
                PolicyInputList=[json.dumps(document)], ActionNames=[action], ResourceArns=[resource]
            )["EvaluationResults"][0]["EvalDecision"]
        if (found == "allowed") != asked:
            raise Wrong(f"by the policy in terraform/, {action} on {resource} is {found}")
