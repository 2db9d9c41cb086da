"""Defects planted in the deployed stacks: the rule that each names catches it, at the line of the program.

Every defect is a change of a copy of the stacks' state. The copies have names of their own and are linted in one run of
each tool, as if they were so many deployments; so the whole suite takes about as long as two lints.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lakelab.lint import cfnlint, checkov, deployment, exceptions, iam
from lakelab.lint.findings import Finding, merge
from lakelab.lint.graph import load
from lakelab.settings import Settings, find_root

URL_WITH_A_PASSWORD = "postgres://l:hunter2@db"  # lint: not a secret

ROOT = find_root(Path(__file__).parent)

BUCKET = "made = aws.s3.Bucket("
ROLE = "role = aws.iam.Role("
ROLE_POLICY = "aws.iam.RolePolicy("
FUNCTION = "function = aws.lambda_.Function("
DEPRECATED = "[WE]253[13]"  # cfn-lint has three rules: no more patches, no more new functions, no more updates
ANYONE = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}


class Stack:
    """The state of one layer, to be changed."""

    def __init__(self, document: dict[str, Any]):
        self.document = document
        self.resources: list[dict[str, Any]] = document["checkpoint"]["latest"]["resources"]

    def __getitem__(self, key: tuple[str, str]) -> dict[str, Any]:
        """The resource of a type (`Bucket`) and a name."""
        kind, name = key
        found = [
            item for item in self.resources if item["type"].endswith(f":{kind}") and item["urn"].endswith(f"::{name}")
        ]
        assert len(found) == 1, f"{len(found)} resources are {kind} {name}"
        return found[0]

    def keep(self, name: str) -> None:
        """Drops the AWS resources of all other names."""
        self.resources[:] = [
            item for item in self.resources if not item["type"].startswith("aws:") or item["urn"].endswith(f"::{name}")
        ]

    def remove(self, kind: str, name: str) -> None:
        self.resources.remove(self[kind, name])

    def set(self, kind: str, name: str, path: str, value: Any) -> None:
        """Sets an input, `rules.0.status`; None removes it."""
        *keys, last = [int(key) if key.isdigit() else key for key in path.split(".")]
        place = self[kind, name]["inputs"]
        for key in keys:
            place = place[key]
        if value is None:
            del place[last]
        else:
            place[last] = value

    def policy(self, kind: str, name: str, change: Callable[[dict[str, Any]], None], key: str = "policy") -> None:
        """Changes a policy document."""
        inputs = self[kind, name]["inputs"]
        document = json.loads(inputs[key])
        change(document)
        inputs[key] = json.dumps(document)

    def add(self, like: tuple[str, str], token: str, name: str, inputs: dict[str, Any]) -> None:
        """A further resource, made on the line that made another."""
        new = deepcopy(self[like])
        stack = new["urn"].split("::", 2)[:2]
        new |= {"urn": "::".join([*stack, token, name]), "type": token, "id": name, "inputs": inputs, "outputs": inputs}
        self.resources.append(new | {"propertyDependencies": {}})


Change = Callable[[Stack], None]


@dataclass(frozen=True)
class Defect:
    """One defect.

    Attributes:
        rule: the rule's id, or a pattern of ids where the day decides which of them it is.
        at: a file below stacks/, and text that begins on the line that must be named.
    """

    name: str
    layer: str
    rule: str
    resource: str
    at: tuple[str, str]
    change: Change

    @property
    def line(self) -> str:
        text = (ROOT / "stacks" / self.at[0]).read_text()
        assert text.count(self.at[1]) == 1, f"{text.count(self.at[1])} places in {self.at[0]} are {self.at[1]!r}"
        return f"stacks/{self.at[0]}:{text[: text.index(self.at[1])].count(chr(10)) + 1}"


def lake(name: str, rule: str, resource: str, change: Change, at: str = BUCKET) -> Defect:
    return Defect(name, "lake", rule, resource, ("components/bucket.py", at), change)


def access(
    name: str, rule: str, change: Change, resource: str = "aws:iam/rolePolicy:RolePolicy::ingest", at: str = ROLE_POLICY
) -> Defect:
    return Defect(name, "access", rule, resource, ("access.py", at), change)


def ingest(
    name: str,
    rule: str,
    change: Change,
    resource: str = "aws:lambda/function:Function::orders-ingest",
    at: str = FUNCTION,
) -> Defect:
    return Defect(name, "ingest", rule, resource, ("ingest.py", at), change)


def query(name: str, rule: str, change: Change) -> Defect:
    at = "return aws.athena.Workgroup("
    return Defect(name, "query", rule, "aws:athena/workgroup:Workgroup::analyst", ("query.py", at), change)


def removed(kind: str, name: str) -> Change:
    return lambda stack: stack.remove(kind, name)


def changed(kind: str, name: str, path: str, value: Any) -> Change:
    return lambda stack: stack.set(kind, name, path, value)


def statement(**parts: Any) -> Change:
    """Adds a statement to what the ingest role may do."""
    added = {"Sid": "Planted", "Effect": "Allow", **parts}
    return lambda stack: stack.policy("RolePolicy", "ingest", lambda document: document["Statement"].append(added))


def unbounded(*changes: Change) -> Change:
    """The changes, and the ingest role without its boundary, which would keep it from what they allow."""

    def change(stack: Stack) -> None:
        stack.set("Role", "ingest", "permissionsBoundary", None)
        for part in changes:
            part(stack)

    return change


def trust(principal: Any) -> Change:
    def change(document: dict[str, Any]) -> None:
        document["Statement"][0]["Principal"] = principal

    return lambda stack: stack.policy("Role", "ingest", change, "assumeRolePolicy")


def only_reading_needs_tls(stack: Stack) -> None:
    stack.policy("BucketPolicy", "raw", lambda document: document["Statement"][0].update(Action="s3:GetObject"))


def uploads_stay(stack: Stack) -> None:
    for rule in stack["BucketLifecycleConfiguration", "raw"]["inputs"]["rules"]:
        rule.pop("abortIncompleteMultipartUpload", None)


def no_rule_is_enabled(stack: Stack) -> None:
    for rule in stack["BucketLifecycleConfiguration", "raw"]["inputs"]["rules"]:
        rule["status"] = "Disabled"


def administrator(stack: Stack) -> None:
    role = stack["Role", "ingest"]["inputs"]["name"]
    inputs = {"role": role, "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    stack.add(("Role", "ingest"), "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "admin", inputs)


def no_timeout(stack: Stack) -> None:
    stack["Function", "orders-ingest"]["inputs"].pop("timeout", None)


def logs_for_ever(stack: Stack) -> None:
    stack["LogGroup", "orders-ingest"]["inputs"].pop("retentionInDays", None)


RAW = "aws:s3/bucket:Bucket::raw"
ENCRYPTION = "BucketServerSideEncryptionConfiguration"
LIFECYCLE = "BucketLifecycleConfiguration"
DESTINATION = "destinationConfig.onFailure.destination"
QUEUE = "aws:sqs/queue:Queue::orders-ingest-failed"
MADE_QUEUE = "queue = aws.sqs.Queue("
PERMISSION = "aws:lambda/permission:Permission::orders-ingest"
GRANTED = "permission = aws.lambda_.Permission("

DEFECTS = [
    # buckets
    lake("no versioning", "LAKE_S3_VERSIONING", RAW, removed("BucketVersioning", "raw")),
    lake(
        "versioning suspended",
        "LAKE_S3_VERSIONING",
        RAW,
        changed("BucketVersioning", "raw", "versioningConfiguration.status", "Suspended"),
    ),
    lake("no encryption", "LAKE_S3_ENCRYPTION", RAW, removed(ENCRYPTION, "raw")),
    lake(
        "no such algorithm",
        "E3030",
        f"aws:s3/bucketServerSideEncryptionConfiguration:{ENCRYPTION}::raw",
        changed(ENCRYPTION, "raw", "rules.0.applyServerSideEncryptionByDefault.sseAlgorithm", "AES512"),
        at="aws.s3.BucketServerSideEncryptionConfiguration(",
    ),
    lake("no public access block", "LAKE_S3_PUBLIC_ACCESS", RAW, removed("BucketPublicAccessBlock", "raw")),
    lake(
        "public ACLs honoured",
        "LAKE_S3_PUBLIC_ACCESS",
        RAW,
        changed("BucketPublicAccessBlock", "raw", "ignorePublicAcls", False),
    ),
    lake(
        "public policies allowed",
        "LAKE_S3_PUBLIC_ACCESS",
        RAW,
        changed("BucketPublicAccessBlock", "raw", "blockPublicPolicy", False),
    ),
    lake("public by ACL", "CKV_AWS_20", RAW, changed("Bucket", "raw", "acl", "public-read")),
    lake("no TLS-only policy", "LAKE_S3_TLS_ONLY", RAW, removed("BucketPolicy", "raw")),
    lake("TLS for reading only", "LAKE_S3_TLS_ONLY", RAW, only_reading_needs_tls),
    lake(
        "public by policy",
        "IAM_PUBLIC_PRINCIPAL",
        "aws:s3/bucketPolicy:BucketPolicy::raw",
        lambda stack: stack.policy("BucketPolicy", "raw", lambda document: document["Statement"].append(ANYONE)),
        at="aws.s3.BucketPolicy(",
    ),
    lake("no lifecycle", "LAKE_S3_LIFECYCLE", RAW, removed(LIFECYCLE, "raw")),
    lake("lifecycle switched off", "LAKE_S3_LIFECYCLE", RAW, no_rule_is_enabled),
    lake("uploads never abandoned", "LAKE_S3_LIFECYCLE", RAW, uploads_stay),
    lake(
        "no such storage class",
        "E3030",
        f"aws:s3/bucketLifecycleConfiguration:{LIFECYCLE}::raw",
        changed(LIFECYCLE, "raw", "rules.1.transitions.0.storageClass", "GLACIER_DEEP"),
        at="aws.s3.BucketLifecycleConfiguration(",
    ),
    lake("no tags", "LAKE_TAGS", RAW, changed("Bucket", "raw", "tags", None)),
    lake("one tag missing", "LAKE_TAGS", RAW, changed("Bucket", "raw", "tags.layer", None)),
    # rights
    access("every action", "IAM_WILDCARD_ACTION", statement(Action="*", Resource="arn:aws:s3:::a/*")),
    access("every action of S3", "IAM_WILDCARD_ACTION", statement(Action="s3:*", Resource="arn:aws:s3:::a/*")),
    access("every bucket", "IAM_WILDCARD_RESOURCE", statement(Action="s3:GetObject", Resource="*")),
    access("all but some actions", "IAM_ALLOW_NOT", statement(NotAction="iam:*", Resource="arn:aws:s3:::a/*")),
    access("no such action", "W3037", statement(Action="s3:GetObjects", Resource="arn:aws:s3:::a/*")),
    access("no such effect", "E3510", statement(Effect="Alow", Action="s3:GetObject", Resource="arn:aws:s3:::a/*")),
    access("any role passed on", "IAM_PASS_ROLE", statement(Action="iam:PassRole", Resource="*")),
    access(
        "a role passed to any service",
        "IAM_PASS_ROLE",
        statement(Action="iam:PassRole", Resource="arn:aws:iam::000000000000:role/lakelab-local-crawler"),
    ),
    access(
        "rewrites policies",
        "IAM_PRIVILEGE_ESCALATION",
        unbounded(statement(Action="iam:CreatePolicyVersion", Resource="arn:aws:iam::000000000000:policy/a")),
    ),
    access(
        "runs a function as any role by two statements",
        "IAM_PRIVILEGE_ESCALATION",
        unbounded(
            statement(Action="iam:PassRole", Resource="*"),
            statement(Action=["lambda:CreateFunction", "lambda:Invoke*"], Resource="*"),
        ),
    ),
    access(
        "administrator",
        "IAM_PRIVILEGE_ESCALATION",
        administrator,
        resource="aws:iam/rolePolicyAttachment:RolePolicyAttachment::admin",
        at=ROLE,
    ),
    access("anyone takes the role", "IAM_PUBLIC_PRINCIPAL", trust({"AWS": "*"}), "aws:iam/role:Role::ingest", ROLE),
    access(
        "a foreign account takes the role",
        "IAM_FOREIGN_PRINCIPAL",
        trust({"AWS": "arn:aws:iam::123456789012:root"}),
        "aws:iam/role:Role::ingest",
        ROLE,
    ),
    # functions
    ingest("runtime of the past", DEPRECATED, changed("Function", "orders-ingest", "runtime", "python3.6")),
    ingest("runtime that ended", DEPRECATED, changed("Function", "orders-ingest", "runtime", "python3.8")),
    ingest("no such runtime", "E3030", changed("Function", "orders-ingest", "runtime", "python4.0")),
    ingest("timeout 0", "LAKE_LAMBDA_TIMEOUT", changed("Function", "orders-ingest", "timeout", 0)),
    ingest("timeout of an hour", "E3717", changed("Function", "orders-ingest", "timeout", 3600)),
    ingest("no timeout", "LAKE_LAMBDA_TIMEOUT", no_timeout),
    ingest("64 MB of memory", "E3034", changed("Function", "orders-ingest", "memorySize", 64)),
    ingest("nothing for failures", "LAKE_LAMBDA_DEAD_LETTERS", removed("FunctionEventInvokeConfig", "orders-ingest")),
    ingest(
        "missing queue",
        "LAKE_LAMBDA_DEAD_LETTERS",
        changed("FunctionEventInvokeConfig", "orders-ingest", DESTINATION, "arn:aws:sqs:us-east-1:000000000000:gone"),
    ),
    ingest("no log group", "LAKE_LAMBDA_LOG_RETENTION", removed("LogGroup", "orders-ingest")),
    ingest("logs for ever", "LAKE_LAMBDA_LOG_RETENTION", logs_for_ever),
    ingest(
        "no such retention",
        "E3030",
        changed("LogGroup", "orders-ingest", "retentionInDays", 15),
        "aws:cloudwatch/logGroup:LogGroup::orders-ingest",
        "logs = aws.cloudwatch.LogGroup(",
    ),
    ingest(
        "plaintext secret",
        "LAKE_LAMBDA_SECRET",
        changed("Function", "orders-ingest", "environment.variables.DB_PASSWORD", "hunter2hunter2"),
    ),
    ingest(
        "key under a harmless name",
        "LAKE_LAMBDA_SECRET",
        changed("Function", "orders-ingest", "environment.variables.SOURCE", URL_WITH_A_PASSWORD),
    ),
    ingest(
        "anyone invokes",
        "IAM_PUBLIC_PRINCIPAL",
        lambda stack: stack["Permission", "orders-ingest"]["inputs"].update(
            principal="*", sourceArn="", sourceAccount=""
        ),
        PERMISSION,
        GRANTED,
    ),
    ingest(
        "any account's bucket invokes",
        "IAM_CONFUSED_DEPUTY",
        changed("Permission", "orders-ingest", "sourceAccount", None),
        PERMISSION,
        GRANTED,
    ),
    # queues, workgroups, crawlers, alarms
    ingest(
        "queue unencrypted",
        "CKV_AWS_27",
        changed("Queue", "orders-ingest-failed", "sqsManagedSseEnabled", False),
        QUEUE,
        MADE_QUEUE,
    ),
    ingest("queue without TLS", "LAKE_SQS_TLS_ONLY", removed("QueuePolicy", "orders-ingest-failed"), QUEUE, MADE_QUEUE),
    ingest(
        "messages for a month",
        "E3034",
        changed("Queue", "orders-ingest-failed", "messageRetentionSeconds", 30 * 24 * 3600),
        QUEUE,
        MADE_QUEUE,
    ),
    ingest(
        "no such comparison",
        "E3030",
        changed("MetricAlarm", "orders-ingest-errors", "comparisonOperator", "GreaterThan"),
        "aws:cloudwatch/metricAlarm:MetricAlarm::orders-ingest-errors",
        'aws.cloudwatch.MetricAlarm(\n        "orders-ingest-errors"',
    ),
    query(
        "results go anywhere",
        "LAKE_ATHENA_OUTPUT",
        changed("Workgroup", "analyst", "configuration.enforceWorkgroupConfiguration", False),
    ),
    query(
        "no output",
        "LAKE_ATHENA_OUTPUT",
        changed("Workgroup", "analyst", "configuration.resultConfiguration.outputLocation", None),
    ),
    query(
        "no cut-off",
        "LAKE_ATHENA_CUTOFF",
        changed("Workgroup", "analyst", "configuration.bytesScannedCutoffPerQuery", None),
    ),
    query(
        "cut-off of a kilobyte",
        "E3034",
        changed("Workgroup", "analyst", "configuration.bytesScannedCutoffPerQuery", 1000),
    ),
    query(
        "results unencrypted",
        "CKV_AWS_159",
        changed("Workgroup", "analyst", "configuration.resultConfiguration.encryptionConfiguration", None),
    ),
    Defect(
        "no such crawler behaviour",
        "catalog",
        "E3030",
        "aws:glue/crawler:Crawler::raw_orders",
        ("catalog.py", "return aws.glue.Crawler("),
        changed("Crawler", "raw_orders", "schemaChangePolicy.updateBehavior", "UPDATE"),
    ),
]


def copies(states: list[Path], folder: Path) -> Iterator[Path]:
    """State files of the clean stacks and of a copy for each defect, whose target is called `d0`, `d1`, ..."""
    texts = {state.stem.removesuffix("-local"): state.read_text() for state in states}
    yield from states
    for number, defect in enumerate(DEFECTS):
        stack = Stack(json.loads(re.sub(r"(?<=[a-z])([-_])local\b", rf"\1d{number}", texts[defect.layer])))
        if defect.layer == "lake":
            stack.keep("raw")
        defect.change(stack)
        file = folder / f"{defect.layer}-d{number}.json"
        file.write_text(json.dumps(stack.document))
        yield file


@pytest.fixture(scope="module")
def found(once, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Finding]]:
    """What the policy tools say, all copies linted together: findings by the name of the target."""
    return once("seeded-defects", lambda: lint_copies(tmp_path_factory.mktemp("states")))


def lint_copies(folder: Path) -> dict[str, list[Finding]]:
    config = Settings(root=ROOT)  # type: ignore[call-arg]  # the rest have defaults
    files = list(copies(deployment.states(config), folder))
    graph = load(files, ROOT)
    runs = [checkov.run(graph, ROOT, config.state), cfnlint.run(graph, files, ROOT), iam.run(graph, ROOT)]
    for run in runs:
        assert not run.failure, run.failure
    merged = merge(finding for run in runs for finding in run.findings)
    stay, _ = exceptions.apply(merged, exceptions.read(ROOT), datetime.now(UTC).date(), complete=False)
    by_target: dict[str, list[Finding]] = {}
    for finding in stay:
        by_target.setdefault(finding.stack.rpartition("-")[2], []).append(finding)
    return by_target


def is_caught(defect: Defect, findings: list[Finding]) -> bool:
    return any(
        any(re.fullmatch(defect.rule, rule) for rule in (finding.rule, *finding.also))
        and finding.resource == defect.resource
        and str(finding.location) == defect.line
        for finding in findings
    )


def said(findings: list[Finding]) -> str:
    return "\n".join(f"{item.location} {item.rule} {item.resource}: {item.message}" for item in findings) or "nothing"


CASES = [pytest.param(number, defect, id=defect.name.replace(" ", "-")) for number, defect in enumerate(DEFECTS)]


@pytest.mark.parametrize(("number", "defect"), CASES)
def test_defect_is_caught_by_its_rule_at_its_line(number: int, defect: Defect, found: dict[str, list[Finding]]):
    findings = found.get(f"d{number}", [])
    assert is_caught(defect, findings), f"{defect.rule} at {defect.line} was expected, found:\n{said(findings)}"


def test_clean_stacks_have_no_findings(found: dict[str, list[Finding]]):
    assert "local" not in found, said(found["local"])


def test_catch_rate(found: dict[str, list[Finding]], capsys: pytest.CaptureFixture[str]):
    caught = sum(is_caught(defect, found.get(f"d{number}", [])) for number, defect in enumerate(DEFECTS))
    alarms = len(found.get("local", []))
    with capsys.disabled():
        print(f"\nseeded defects: {caught} of {len(DEFECTS)} caught; false alarms on the clean stacks: {alarms}")
    assert caught == len(DEFECTS) >= 40
