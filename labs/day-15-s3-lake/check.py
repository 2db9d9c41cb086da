"""What lab 15 asks for: rules that keep what is needed, the cheapest class, a function that an upload calls."""

from __future__ import annotations

import io
import json
import random
import time
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

from lakelab.practice import Work, Wrong

FILES = {"orders_2025-01-01.csv": 40, "orders 2025-01-02.csv": 7, "März+April.csv": 25}
LAST_FILE, LAST_ROWS = "orders_2025-12-31.csv", 3
DECOYS = ("raw/orders/README.txt", "raw/customers/customers.csv", "curated/orders/2025.csv")
FUNCTION = f"lab-day-15-count-{uuid4().hex[:8]}"  # a new one each time: the last one's events may still be on their way
SECONDS = 15
GB = 2**30

# key, days since it was written, what has become of it
CURRENT = (
    ("raw/orders/2025.csv", 29, "STANDARD"),
    ("raw/orders/2025.csv", 31, "STANDARD_IA"),
    ("raw/orders/2025.csv", 91, "GLACIER"),
    ("raw/orders/2015.csv", 4000, "GLACIER"),
    ("results/a1b2.csv", 13, "STANDARD"),
    ("results/a1b2.csv", 15, "deleted"),
    ("curated/orders/2024.parquet", 400, "STANDARD"),
    ("reports/raw/results/2024.html", 400, "STANDARD"),
)
NONCURRENT = (("curated/orders/2024.parquet", 29, False), ("curated/orders/2024.parquet", 31, True), ("x", 31, True))
UNFINISHED = (("raw/orders/big.csv", 6, False), ("raw/orders/big.csv", 8, True), ("curated/big.parquet", 8, True))

# objects, bytes each, days, reads of each
WORKLOADS = (
    (1_000_000, 4_096, 365, 0),
    (1_000_000, 4_096, 5, 3),
    (10_000, 50_000_000, 365, 0),
    (10_000, 50_000_000, 365, 12),
    (10_000, 50_000_000, 10, 1),
    (2_000, 200_000, 120, 400),
)


def prepare(work: Work) -> None:
    """Write the files that are uploaded."""
    chance = random.Random(15)  # noqa: S311
    for name, rows in {**FILES, LAST_FILE: LAST_ROWS}.items():
        lines = ["order_id,total_cents", *(f"o-{row},{chance.randrange(100, 9000)}" for row in range(rows))]
        (work.data / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def check_lifecycle(work: Work) -> str:
    """The lifecycle keeps what is needed and ends what is not."""
    rules = work.call("lifecycle.py", "rules")
    s3, bucket = work.client("s3"), work.bucket()
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    with work.running("rules() in lifecycle.py"):
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    work.cleanup.callback(s3.delete_bucket_lifecycle, Bucket=bucket)
    kept = s3.get_bucket_lifecycle_configuration(Bucket=bucket).get("Rules", [])
    for key, days, asked in CURRENT:
        found = _becomes(kept, key, days)
        if found != asked:
            raise Wrong(f"{key}, {days} days old, is {found} by your rules; asked is {asked}")
    for key, days, asked in NONCURRENT:
        ended = any(
            days > _days(rule, "NoncurrentVersionExpiration", "NoncurrentDays") for rule in _matching(kept, key)
        )
        if ended != asked:
            raise Wrong(f"a version of {key} that was replaced {days} days ago is {'deleted' if ended else 'kept'}")
    for key, days, asked in UNFINISHED:
        ended = any(
            days > _days(rule, "AbortIncompleteMultipartUpload", "DaysAfterInitiation") for rule in _matching(kept, key)
        )
        if ended != asked:
            raise Wrong(f"an upload of {key} begun {days} days ago and not finished is {'ended' if ended else 'kept'}")
    return f"{len(CURRENT) + len(NONCURRENT) + len(UNFINISHED)} objects, versions and uploads"


def check_cost(work: Work) -> str:
    """The cost of a workload, and the cheapest class for it."""
    module = work.module("storage.py")
    classes = json.loads(work.read("classes.json"))
    chance = random.Random(work.name)  # noqa: S311
    unseen = {  # prices that are nobody's, so that no class is known to be the cheapest
        name: {
            key: value * chance.uniform(0.5, 2) if key.endswith(("month", "1000", "gb")) else value
            for key, value in prices.items()
        }
        for name, prices in classes.items()
    }
    for about in WORKLOADS:
        with work.running("storage.py"):
            workload = module.Workload(*about)
        told = f"{about[0]:,} objects of {about[1]:,} bytes, kept {about[2]} days and read {about[3]} times"
        for prices in (classes, unseen):
            right = {name: _cost(*about, each) for name, each in prices.items()}
            for name, asked in right.items():
                with work.running("cost() in storage.py"):
                    found = module.cost(workload, prices[name])
                if not isinstance(found, (int, float)) or abs(found - asked) > 1e-6 * max(asked, 1):
                    raise Wrong(f"cost(): {told}: your figure for {name}, {found}, is not what is billed")
            with work.running("cheapest() in storage.py"):
                chosen = module.cheapest(workload, prices)
            if chosen != min(right, key=lambda name: right[name]):
                raise Wrong(f"cheapest(): {told}: {chosen} is not the cheapest class")
    small = {name: _cost(*WORKLOADS[0], prices) for name, prices in classes.items()}
    work.measure("a million files of 4 KB for a year: STANDARD", small["STANDARD"], "USD, by classes.json")
    work.measure("a million files of 4 KB for a year: STANDARD_IA", small["STANDARD_IA"], "USD, by classes.json")
    return f"{len(WORKLOADS)} workloads, with these prices and with others"


def check_upload_calls_the_function(work: Work) -> str:
    """An upload to raw/orders/ calls the function, and nothing else does."""
    s3, bucket = work.client("s3"), work.bucket()
    arn = _deploy(work, bucket)
    configuration = work.call("notification.py", "configuration", arn)
    with work.running("configuration() in notification.py"):
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    work.cleanup.callback(s3.put_bucket_notification_configuration, Bucket=bucket, NotificationConfiguration={})
    for key in DECOYS:
        s3.put_object(Bucket=bucket, Key=key, Body=b"a\n1\n")
    for name in FILES:
        _upload(work, name, bucket)
    _wait(work, bucket, FILES)
    began = time.perf_counter()
    _upload(work, LAST_FILE, bucket)
    counts = _wait(work, bucket, {**FILES, LAST_FILE: LAST_ROWS})
    work.measure("from the upload to its count", (time.perf_counter() - began) * 1000, "ms")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    surplus = sorted(counts - {f"counts/{name}.json" for name in (*FILES, LAST_FILE)})
    if surplus:
        raise Wrong(
            "the function was called for objects that are no CSV files under raw/orders/: it wrote "
            + ", ".join(surplus[:3])
        )
    return f"{len(FILES) + 1} files, and none of {len(DECOYS)} other objects"


def _matching(rules: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    def matches(rule: dict[str, Any]) -> bool:
        where = rule.get("Filter", {})
        prefix = where.get("Prefix", where.get("And", {}).get("Prefix", rule.get("Prefix", "")))
        return rule["Status"] == "Enabled" and key.startswith(prefix)

    return [rule for rule in rules if matches(rule)]


def _days(rule: dict[str, Any], action: str, name: str) -> float:
    return rule.get(action, {}).get(name, float("inf"))


def _becomes(rules: list[dict[str, Any]], key: str, days: int) -> str:
    """Deleted, or the storage class of the latest transition that is due."""
    latest, storage = -1, "STANDARD"
    for rule in _matching(rules, key):
        if days > _days(rule, "Expiration", "Days"):
            return "deleted"
        for move in rule.get("Transitions", []):
            if latest < move.get("Days", 0) < days:
                latest, storage = move.get("Days", 0), move["StorageClass"]
    return storage


def _cost(objects: int, size: int, days: int, reads: int, prices: dict[str, float]) -> float:
    one = max(size, prices["minimum_bytes"]) / GB * max(days, prices["minimum_days"]) / 30 * prices["gb_month"]
    one += (prices["put_1000"] + reads * prices["get_1000"]) / 1000 + reads * size / GB * prices["retrieval_gb"]
    return one * objects


def _deploy(work: Work, bucket: str) -> str:
    """The learner's handler as a function whose role may read raw/orders/ and write counts/; its ARN."""
    iam, functions = work.client("iam"), work.client("lambda")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=FUNCTION, AssumeRolePolicyDocument=_document(trust))["Role"]["Arn"]
    work.cleanup.callback(iam.delete_role, RoleName=FUNCTION)
    rights = [
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"},
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/counts/*"},
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": "*",
        },
    ]
    iam.put_role_policy(RoleName=FUNCTION, PolicyName="count", PolicyDocument=_document(*rights))
    work.cleanup.callback(iam.delete_role_policy, RoleName=FUNCTION, PolicyName="count")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("handler.py", work.read("handler.py"))
    arn = functions.create_function(
        FunctionName=FUNCTION,
        Runtime="python3.12",
        Handler="handler.handler",
        Role=role,
        Code={"ZipFile": packed.getvalue()},
        Timeout=10,
    )["FunctionArn"]
    work.cleanup.callback(functions.delete_function, FunctionName=FUNCTION)
    functions.add_permission(
        FunctionName=FUNCTION,
        StatementId="bucket",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{bucket}",
        SourceAccount=work.config.account,
    )
    return arn


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _upload(work: Work, name: str, bucket: str) -> None:
    key = work.call("upload.py", "upload", work.client("s3"), Path(work.data / name), bucket)
    if key != f"raw/orders/{name}":
        raise Wrong(f"upload() gives back {key!r} for {name}; asked is its name under raw/orders/", stop=True)


def _wait(work: Work, bucket: str, files: dict[str, int]) -> set[str]:
    """The keys of all counts, when those of the files are there and right."""
    s3, deadline = work.client("s3"), time.monotonic() + SECONDS
    while True:
        found = {each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix="counts/").get("Contents", [])}
        missing = [name for name in files if f"counts/{name}.json" not in found]
        if not missing:
            break
        trouble = _trouble(work)
        if trouble or time.monotonic() > deadline:
            s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
            raise Wrong(f"there is no counts/{missing[0]}.json. {trouble or 'The function was not called.'}", stop=True)
        time.sleep(0.05)
    for name, rows in files.items():
        with work.running(f"counts/{name}.json"):
            count = json.load(s3.get_object(Bucket=bucket, Key=f"counts/{name}.json")["Body"])
        if count != {"key": f"raw/orders/{name}", "rows": rows}:
            raise Wrong(
                f"counts/{name}.json says {json.dumps(count, ensure_ascii=False)}, which is not what the file holds"
            )
    return found


def _trouble(work: Work) -> str:
    """The function's first error, as its log has it."""
    logs, group = work.client("logs"), f"/aws/lambda/{FUNCTION}"
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        return ""
    lines = [event["message"].rstrip() for event in logs.filter_log_events(logGroupName=group)["events"]]
    starts = [number for number, line in enumerate(lines) if "Traceback" in line]
    words = [line for line in lines[starts[0] + 1 :] if not line.startswith(" ")] if starts else []
    return f"The function's log says: {words[0][:300]}" if words else ""
