"""What the samples are made of: a sample, the things that it may refer to, policies and archives."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lakelab.deploy.engine.state import ResourceState

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def policy(action: str, resource: str = "*") -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def resource_policy(action: str, resource: str, service: str = "s3.amazonaws.com") -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def key_policy(sid: str) -> str:
    who = {"AWS": "arn:aws:iam::000000000000:root"}
    statement = {"Sid": sid, "Effect": "Allow", "Principal": who, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass
class World:
    """Things that resources refer to; all are there before the tests begin."""

    name: str
    role: str
    role_name: str
    bucket: str
    key: str
    other_key: str
    other_queue_url: str
    queue: str
    topic: str
    other_topic: str
    function: str
    function_name: str
    stream: str
    api: str
    user: str
    group: str
    policy: str
    other_policy: str
    database: str
    workgroup: str
    secret: str
    log_group: str


@dataclass
class Sample:
    """One resource of a type, and other values for its properties.

    Attributes:
        inputs: the smallest useful resource.
        change: another value for each property that can change in place.
        replace: another value for each property whose change makes a new resource.
        apart: properties of `change` that cannot be added to `inputs` alone: what must be there with them.
        unseen: properties whose drift the local AWS does not let us see, with the reason.
        kept: properties that the local AWS does not let go of once they are set, with the reason.
        untested: properties left out, with the reason.
        import_id: what names the resource in an import, when its id does not.
    """

    inputs: dict[str, Any]
    change: dict[str, Any] = field(default_factory=dict)
    replace: dict[str, Any] = field(default_factory=dict)
    apart: dict[str, dict[str, Any]] = field(default_factory=dict)
    unseen: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    untested: dict[str, str] = field(default_factory=dict)
    import_id: Callable[[ResourceState], str] | None = None
    import_differs: bool = False


ARCHIVE = {
    "4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7",
    "assets": {
        "h.py": {
            "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17",
            "text": "def handler(event, context): return 1",
        }
    },
}
OTHER_ARCHIVE = json.loads(json.dumps(ARCHIVE).replace("return 1", "return 2"))
TAGS = {"tags": {"a": "1", "b": "2"}}
COLUMNS = [{"name": "id", "type": "bigint"}, {"name": "at", "type": "timestamp", "comment": "UTC"}]
STORAGE = {
    "location": "s3://x/y/",
    "columns": COLUMNS,
    "inputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "outputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    "serDeInfo": {"serializationLibrary": "org.openx.data.jsonserde.JsonSerDe", "parameters": {"k": "v"}},
}
