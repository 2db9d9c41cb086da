"""The ingest role loses its right to write the lake; a file comes, and stays outside."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import uuid4

from lakelab.practice import Work, Wrong

DAY, ORDERS, SECONDS = "2025-06-01", 20, 20
WRITES = "WriteTheLake"


def break_it(work: Work) -> None:
    """Take the right away, and send a file of orders that were never seen."""
    iam, role = work.client("iam"), work.output("access", "ingest_role_name")
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    document["Statement"] = [each for each in document["Statement"] if each.get("Sid") != WRITES]
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
    token = uuid4().hex[:8]
    lines = ["order_id,customer_id,order_date,order_total_cents,currency,status,city"]
    lines += [f"drill-{token}-{row},c-1,{DAY},{100 + row},EUR,completed,Berlin" for row in range(ORDERS)]
    work.client("s3").put_object(
        Bucket=work.output("lake", "raw_bucket"),
        Key=f"raw/orders/orders_{DAY}_{token}.csv",
        Body=("\n".join(lines) + "\n").encode(),
    )
    (work.data / "token").write_text(token, encoding="utf-8")


def check_rows(work: Work) -> str:
    """The orders of the file are in the table."""
    token, deadline = (work.data / "token").read_text(encoding="utf-8"), time.monotonic() + SECONDS
    while True:
        ((count,),) = work.athena(
            f"select count(*) from orders where order_date = date '{DAY}' and order_id like 'drill-{token}-%'",
            work.output("catalog", "database"),
        ).rows
        if int(count or 0) == ORDERS:
            return f"{count} orders"
        if int(count or 0) > ORDERS:
            raise Wrong(f"the table has {count} rows of a file with {ORDERS} orders", stop=True)
        if not _may(work, "s3:PutObject", "curated/orders/x") or time.monotonic() > deadline:
            raise Wrong(f"of the {ORDERS} orders in the file {count} are in the table", stop=True)
        time.sleep(0.2)


def check_rights(work: Work) -> str:
    """The ingest role has the rights that its stack gives it, and no others."""
    asked: dict[tuple[str, str], bool] = {
        ("s3:PutObject", "curated/orders/x"): True,
        ("s3:PutObject", "ledger/orders/x"): True,
        ("s3:PutObject", "analytics/x"): False,
        ("s3:DeleteObject", "curated/orders/x"): False,
    }
    for (action, key), right in asked.items():
        if _may(work, action, key) != right:
            raise Wrong(
                f"the ingest role {'can' if not right else 'cannot'} do {action} on {key} of the curated bucket"
            )
    return f"{len(asked)} calls"


def _may(work: Work, action: str, key: str) -> bool:
    found: Any = work.client("iam").simulate_principal_policy(
        PolicySourceArn=work.output("access", "ingest_role_arn"),
        ActionNames=[action],
        ResourceArns=[f"{work.output('lake', 'curated_bucket_arn')}/{key}"],
    )
    return found["EvaluationResults"][0]["EvalDecision"] == "allowed"
