"""What lab 16 asks for: a database, a crawler and its role, made by Pulumi and by Terraform."""

from __future__ import annotations

import json
import random
import time
from typing import Any

from lakelab.practice import Work, Wrong
from lakelab.practice.deployment import Deployment
from lakelab.practice.terraform import Terraform

BUCKET, PREFIX = "lab-day-16-lake", "raw/orders/"
DATABASE, ROLE, CRAWLER = "lab_day_16", "lab-day-16-crawler", "lab-day-16-orders"
TABLE = "raw_orders"
COLUMNS = {"order_id": "string", "city": "string", "total_cents": "bigint"}
DAYS = ("2025-01-01", "2025-01-02", "2025-01-03")
ROWS = 40
SECONDS = 30
# action, resource, whether the crawler's role must be allowed it
GLUE = "arn:aws:glue:us-east-1:000000000000"
RIGHTS = (
    ("s3:GetObject", f"arn:aws:s3:::{BUCKET}/{PREFIX}order_date=2025-01-01/orders.csv", True),
    ("s3:GetObject", f"arn:aws:s3:::{BUCKET}/raw/payroll/salaries.csv", False),
    ("s3:PutObject", f"arn:aws:s3:::{BUCKET}/{PREFIX}order_date=2025-01-01/orders.csv", False),
    ("glue:CreateTable", f"{GLUE}:table/{DATABASE}/{TABLE}", True),
    ("glue:CreateTable", f"{GLUE}:table/finance/{TABLE}", False),
    ("glue:DeleteDatabase", f"{GLUE}:database/{DATABASE}", False),
    ("logs:PutLogEvents", "arn:aws:logs:us-east-1:000000000000:log-group:/aws-glue/crawlers:log-stream:x", True),
)


def prepare(work: Work) -> None:
    """Fill the bucket."""
    chance, s3, bucket = random.Random(16), work.client("s3"), work.bucket()  # noqa: S311
    for day in DAYS:
        lines = ["order_id,city,total_cents"]
        lines += [f"o-{day}-{row},{chance.choice(('Berlin', 'Leeds'))},{chance.randrange(9000)}" for row in range(ROWS)]
        key = f"{PREFIX}order_date={day}/orders.csv"
        s3.put_object(Bucket=bucket, Key=key, Body=("\n".join(lines) + "\n").encode())
    s3.put_object(Bucket=bucket, Key="raw/payroll/salaries.csv", Body=b"name,salary\nAda,90000\nGrace,91000\n")


def check_pulumi(work: Work) -> str:
    """The Pulumi program makes a crawler that makes one table, with no more rights than that takes."""
    stack = Deployment(work, "pulumi")
    done = stack.up()
    told = _crawl(work)
    _ask(work, "the role of pulumi/", _role_policies(work))
    again = stack.up()
    if again.changed:
        raise Wrong(f"a second up changes {', '.join(step.name for step in again.steps if step.op != 'same')}")
    work.measure("the deployment", done.seconds, "s")
    stack.destroy()
    return told


def check_terraform(work: Work) -> str:
    """The Terraform says the same."""
    files = Terraform(work, "terraform")
    (_, _), database = files.one("aws_glue_catalog_database")
    if files.value(database.get("name")) != DATABASE:
        raise Wrong(f"aws_glue_catalog_database makes {files.value(database.get('name'))!r}")
    role_name, role = files.one("aws_iam_role")
    if files.value(role.get("name")) != ROLE:
        raise Wrong(f"aws_iam_role makes {files.value(role.get('name'))!r}")
    trusted = [_services(each) for each in _listed(files.policy(role.get("assume_role_policy"))["Statement"])]
    if trusted != [["glue.amazonaws.com"]]:
        raise Wrong(f"{role_name[0]}.{role_name[1]} trusts {trusted}; only Glue is to take it")
    documents = []
    for (kind, name), block in files.resources("aws_iam_role_policy").items():
        if role_name not in files.references(block.get("role")):
            raise Wrong(f"{kind}.{name} does not refer to the role's resource")
        documents.append(_account(files.policy(block.get("policy")), work.config.account))
    _ask(work, "the role of terraform/", documents)
    (kind, name), crawler = files.one("aws_glue_crawler")
    if files.value(crawler.get("name")) != CRAWLER:
        raise Wrong(f"aws_glue_crawler makes {files.value(crawler.get('name'))!r}")
    if role_name not in files.references(crawler.get("role")):
        raise Wrong(f"{kind}.{name} does not refer to the role's resource")
    if files.one("aws_glue_catalog_database")[0] not in files.references(crawler.get("database_name")):
        raise Wrong(f"{kind}.{name} does not refer to the database's resource")
    targets = [files.value(each.get("path")) for each in crawler.get("s3_target", [])]
    if [str(path).rstrip("/") for path in targets] != [f"s3://{BUCKET}/{PREFIX}".rstrip("/")]:
        raise Wrong(f"{kind}.{name} crawls {', '.join(map(str, targets)) or 'nothing'}")
    if files.value(crawler.get("table_prefix")) != "raw_":
        raise Wrong(f"{kind}.{name} gives its tables the prefix {crawler.get('table_prefix')!r}")
    with files.applied() as why:
        if why:
            return f"read, not applied: {why}"
        return f"read, and applied to the local AWS: {_crawl(work)}"


def _crawl(work: Work) -> str:
    """Start the crawler and look at what it makes."""
    glue = work.client("glue")
    if CRAWLER not in glue.list_crawlers()["CrawlerNames"]:
        raise Wrong(f"there is no crawler {CRAWLER}")
    if DATABASE not in (each["Name"] for each in glue.get_databases()["DatabaseList"]):
        raise Wrong(f"there is no database {DATABASE}")
    began, deadline = time.perf_counter(), time.monotonic() + SECONDS
    with work.running(f"the crawler {CRAWLER}"):
        glue.start_crawler(Name=CRAWLER)
    while (found := glue.get_crawler(Name=CRAWLER)["Crawler"])["State"] != "READY":
        if time.monotonic() > deadline:
            raise Wrong(f"the crawl did not end within {SECONDS} s")
        time.sleep(0.05)
    work.measure("the crawl", time.perf_counter() - began, "s")
    last = found.get("LastCrawl", {})
    said = f": {last['ErrorMessage']}" if last.get("ErrorMessage") else ""
    tables = {each["Name"]: each for each in glue.get_tables(DatabaseName=DATABASE)["TableList"]}
    if not tables:
        raise Wrong(f"the crawl made no table; it ended {last.get('Status')}{said}")
    if set(tables) != {TABLE}:
        raise Wrong(f"the crawl made {', '.join(sorted(tables))}; asked is {TABLE} alone")
    if last.get("Status") != "SUCCEEDED":
        raise Wrong(f"the crawl ended {last.get('Status')}{said}")
    columns = {column["Name"]: column["Type"] for column in tables[TABLE]["StorageDescriptor"]["Columns"]}
    if columns != COLUMNS:
        raise Wrong(f"{TABLE} has the columns {', '.join(columns)}")
    with work.running(TABLE):
        rows = work.athena(f"select count(*), count(distinct order_date) from {TABLE}", DATABASE).rows
    if rows != [[str(ROWS * len(DAYS)), str(len(DAYS))]]:
        raise Wrong(f"{TABLE} has {rows[0][0]} rows in {rows[0][1]} partitions")
    return f"{rows[0][0]} rows in {rows[0][1]} partitions"


def _role_policies(work: Work) -> list[dict[str, Any]]:
    iam = work.client("iam")
    attached = iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    if attached:
        raise Wrong(f"{ROLE} has the policy {attached[0]['PolicyName']} attached; asked is an inline policy of its own")
    names = iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
    return [iam.get_role_policy(RoleName=ROLE, PolicyName=name)["PolicyDocument"] for name in names]


def _ask(work: Work, whose: str, documents: list[dict[str, Any]]) -> None:
    """What IAM says of the role's policies."""
    if not documents:
        raise Wrong(f"{whose} has no policy")
    for action, resource, asked in RIGHTS:
        with work.running(f"the policy of {whose}"):
            found = work.client("iam").simulate_custom_policy(
                PolicyInputList=[json.dumps(each) for each in documents], ActionNames=[action], ResourceArns=[resource]
            )["EvaluationResults"][0]["EvalDecision"]
        if (found == "allowed") != asked:
            raise Wrong(f"{whose}: {action} on {resource} is {found}")


def _account(document: dict[str, Any], account: str) -> dict[str, Any]:
    """The document with the account that Terraform would ask AWS for."""
    return json.loads(json.dumps(document).replace("${data.aws_caller_identity.current.account_id}", account))


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def _services(statement: dict[str, Any]) -> list[str]:
    return _listed(statement.get("Principal", {}).get("Service", []))
