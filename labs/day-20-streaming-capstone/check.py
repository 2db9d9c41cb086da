"""What lab 20 asks for: a path from an HTTP request to a row in Athena, drawn from the stack and run."""

from __future__ import annotations

import json
import random
import time
import urllib.error
import urllib.request
from collections import Counter
from itertools import pairwise
from typing import Any

from lakelab.practice import Work, Wrong
from lakelab.practice.deployment import Deployment

BUCKET, STREAM, DATABASE, FUNCTION = "lab-day-20-lake", "lab-day-20-rides", "lab_day_20", "lab-day-20-api"
RIDES = {"small": 60, "full": 300}
PATH = ("HTTP API", "Lambda function", "Kinesis stream", "Firehose", "S3")
BAD = (
    (b"not json", "a body that is no JSON"),
    (b"[1]", "a JSON list"),
    (b'{"driver_id": "d-1", "city": "Leeds", "fare_cents": 1}', "no ride_id"),
    (b'{"ride_id": "r-x", "driver_id": "d-1", "city": "Leeds", "fare_cents": -1}', "a negative fare"),
    (b'{"ride_id": "r-y", "driver_id": "d-1", "city": "Leeds", "fare_cents": "12"}', "a fare in quotes"),
)
SECONDS = 25


def check_stack(work: Work) -> str:
    """The stack is deployed, and the path from the API to the bucket can be drawn from it."""
    _api.clear()
    stack = Deployment(work, ".")
    done = stack.up()
    work.measure("the deployment", done.seconds, "s")
    flow = stack.flow()
    (work.workspace / "diagram.mmd").write_text(flow.mermaid(), encoding="utf-8")
    reached = {key for key, (kind, _) in flow.nodes.items() if kind == PATH[0]}
    for one, other in pairwise(PATH):
        reached = {end for start, end, *_ in flow.arrows if start in reached and flow.nodes[end][0] == other}
        if not reached and one == PATH[1]:
            # a role without the right is no arrow: the requests will tell
            reached = {key for key, (kind, _) in flow.nodes.items() if kind == other}
        if not reached:
            raise Wrong(f"in what is deployed no data flow from {_a(one)} to {_a(other)}; see diagram.mmd", stop=True)
    api = done.outputs.get("api_id")
    if not api:
        raise Wrong("the stack exports no api_id", stop=True)
    _api.append(api)
    return "drawn in diagram.mmd"


def check_requests(work: Work) -> str:
    """Good events are accepted, and others refused."""
    took = 0.0
    for ride in _rides(work):
        began = time.perf_counter()
        status, body = _post(work, json.dumps(ride).encode())
        took += time.perf_counter() - began
        if status != 202 or body.get("id") != ride["ride_id"]:
            raise Wrong(f"ride {ride['ride_id']} is answered with {status} and {body}{_trouble(work)}", stop=True)
    for event, told in BAD:
        status, body = _post(work, event)
        if status != 400:
            raise Wrong(f"{told} is answered with {status} and {body}; asked is 400")
    _accepted.append(time.perf_counter())
    work.measure("a request", took / len(_rides(work)) * 1000, "ms")
    return f"{len(_rides(work))} accepted, {len(BAD)} refused"


def check_shards(work: Work) -> str:
    """The rides are spread over the shards, each driver's in one, in order."""
    kinesis, by_shard = work.client("kinesis"), {}
    for shard in kinesis.list_shards(StreamName=STREAM)["Shards"]:
        place = kinesis.get_shard_iterator(
            StreamName=STREAM, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        with work.running("a record in the stream"):
            by_shard[shard["ShardId"]] = [
                json.loads(each["Data"]) for each in kinesis.get_records(ShardIterator=place)["Records"]
            ]
    if len(by_shard) != 2:
        raise Wrong(f"the stream {STREAM} has {len(by_shard)} shards; asked are 2")
    for shard, rides in by_shard.items():
        work.measure(f"records in {shard}", len(rides), "records")
    if not all(by_shard.values()):
        raise Wrong(f"all {sum(map(len, by_shard.values()))} records are in one shard, and the other is empty")
    found: dict[str, list[str]] = {}
    for shard, rides in by_shard.items():
        for ride in rides:
            found.setdefault(ride["driver_id"], []).append(f"{shard} {ride['ride_id']}")
    for driver, places in found.items():
        asked = [ride["ride_id"] for ride in _rides(work) if ride["driver_id"] == driver]
        if len({place.split()[0] for place in places}) > 1 or [place.split()[1] for place in places] != asked:
            raise Wrong(f"the rides of driver {driver} are not in their order in one shard")
    return f"{len(found)} drivers"


def check_table(work: Work) -> str:
    """Athena finds every ride once, and the question has its answer."""
    rides, deadline = _rides(work), time.monotonic() + SECONDS
    while True:
        _look_at_objects(work)
        with work.running("the table rides"):
            ((count,),) = work.athena("select count(*) from rides", DATABASE).rows
        if int(count or 0) >= len(rides) or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    if int(count or 0) != len(rides):
        raise Wrong(f"{SECONDS} s after the last request Athena finds {count} of {len(rides)} rides")
    work.measure("from the last request to Athena's row", time.perf_counter() - _accepted[-1], "s")
    with work.running("question.sql"):
        answer = work.athena(work.read("question.sql"), DATABASE).rows
    counts = Counter(ride["city"] for ride in rides)
    cents: Counter[str] = Counter()
    for ride in rides:
        cents[ride["city"]] += ride["fare_cents"]
    if answer != [[city, str(counts[city]), str(cents[city])] for city in sorted(counts)]:
        raise Wrong(f"question.sql answers {answer[:2]}, which is not what was posted")
    return f"{count} rides"


_api: list[str] = []
_accepted: list[float] = []


def _rides(work: Work) -> list[dict[str, Any]]:
    chance = random.Random(20)  # noqa: S311
    return [
        {
            "ride_id": f"r-{number:05}",
            "driver_id": f"d-{chance.randrange(12):02}",
            "city": chance.choice(("Berlin", "Leeds", "São Paulo")),
            "fare_cents": chance.randrange(300, 9000),
        }
        for number in range(RIDES[work.size])
    ]


def _post(work: Work, body: bytes) -> tuple[int, dict[str, Any]]:
    url = f"{work.config.endpoint}/_aws/execute-api/{_api[-1]}/$default/rides"
    request = urllib.request.Request(  # noqa: S310
        url, data=body, headers={"content-type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return answer.status, _json(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, _json(error.read())


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = {"body": body[:100].decode(errors="replace")}
    return found if isinstance(found, dict) else {"body": found}


def _look_at_objects(work: Work) -> None:
    """Whether an object that was delivered is lines of JSON."""
    s3 = work.client("s3")
    for each in s3.list_objects_v2(Bucket=BUCKET, Prefix="rides/").get("Contents", []):
        text = s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read()
        if b"}{" in text:
            raise Wrong(f"{each['Key']} holds {text.count(b'}{') + 1} rides with no newline between them")


def _trouble(work: Work) -> str:
    """The function's first error, as its log has it."""
    logs, group = work.client("logs"), f"/aws/lambda/{FUNCTION}"
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        return "; the function was not called, or may not write its log"
    lines = [event["message"].rstrip() for event in logs.filter_log_events(logGroupName=group)["events"]]
    starts = [number for number, line in enumerate(lines) if "Traceback" in line]
    words = [line for line in lines[starts[-1] + 1 :] if not line.startswith(" ")] if starts else []
    return f". The function's log says: {words[0][:300]}" if words else ""


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "HS" else f"a {kind}"
