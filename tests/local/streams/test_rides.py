"""Ride events from POST to Athena: every good one is in the table, every other one where its reason is."""

from __future__ import annotations

import gzip
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from lakelab.cloud.clock import ask_clock
from lakelab.cloud.environment import client
from lakelab.cloud.server import Server
from lakelab.pipeline import athena, load, rides
from lakelab.pipeline.deployment import Stacks
from lakelab.pipeline.ride_feed import RideFeed
from lakelab.workshop import eventually

MALFORMED = 0.01


class Deployed:
    """The layer stream on a local AWS of its own."""

    def __init__(self, lab: Any):
        for layer in ("stream", "query"):
            lab.run("up", layer)
        self.lab = lab
        self.config = lab.config
        self.stacks = Stacks(lab.config, "local")
        self.feed = RideFeed(lab.config)

    def query(self, sql: str, database: str = "database") -> list[list[str | None]]:
        output = self.stacks.output
        found = output("catalog", database)
        return athena.run(
            client(self.config, "athena"), sql, database=found, workgroup=output("query", "workgroup")
        ).rows

    def check_facts(self, seed: int, good: dict[str, rides.Ride]) -> None:
        """Build the models: each good ride is in `fct_rides` once, its driver is as the event says, and sums agree."""
        self.lab.run("transform")
        events = {ride_id: json.loads(ride.body) for ride_id, ride in good.items()}
        facts = self.query(
            "select ride_id, fare_cents, driver_city, f.driver_id, vehicle from fct_rides as f"
            f" join dim_driver as d on f.driver_key = d.driver_key where ride_id like 'r-{seed}-%'",
            "analytics_database",
        )
        assert Counter(row[0] for row in facts) == Counter(list(events))
        for ride_id, cents, city, driver, vehicle in facts:
            event = events[str(ride_id)]
            told = (event["fare_cents"], event["driver_city"], event["driver_id"], event["vehicle"])
            assert (int(cents or 0), city, driver, vehicle) == told
        [[count, total]] = self.query(
            f"select count(*), sum(fare_cents) from fct_rides where ride_id like 'r-{seed}-%'", "analytics_database"
        )
        fares = sum(event["fare_cents"] for event in events.values())
        assert (int(count or 0), int(total or 0)) == (len(events), fares)

    def parked(self, seed: int) -> dict[str, dict[str, Any]]:
        """The envelopes of the on-failure queue by the id of the ride that each is about, read from the stream."""
        sqs, kinesis = client(self.config, "sqs"), client(self.config, "kinesis")
        url, found = self.stacks.output("stream", "failed_queue_url"), {}
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                envelope = json.loads(message["Body"])
                info = envelope["KinesisBatchInfo"]
                at = kinesis.get_shard_iterator(
                    StreamARN=info["streamArn"],
                    ShardId=info["shardId"],
                    ShardIteratorType="AT_SEQUENCE_NUMBER",
                    StartingSequenceNumber=info["startSequenceNumber"],
                )["ShardIterator"]
                records = eventually(lambda at=at: self._read(kinesis, at))
                assert info["batchSize"] == 1
                found[json.loads(records[0]["Data"])["ride_id"]] = envelope
        return {ride_id: envelope for ride_id, envelope in found.items() if ride_id.startswith(f"r-{seed}-")}

    @staticmethod
    def _read(kinesis: Any, iterator: str) -> list[dict[str, Any]]:
        try:
            return kinesis.get_records(ShardIterator=iterator, Limit=1)["Records"]
        except kinesis.exceptions.ProvisionedThroughputExceededException:
            return []

    def raw(self, seed: int) -> set[str]:
        """The ids of the rides of a seed that Firehose has delivered to the raw zone, each in its day's place."""
        s3, bucket = client(self.config, "s3"), self.stacks.output("lake", "raw_bucket")
        found = []
        for item in s3.list_objects_v2(Bucket=bucket, Prefix="raw/rides/").get("Contents", []):
            body = gzip.decompress(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
            events = [json.loads(line) for line in body.splitlines()]
            assert {event["requested_at"][:10] for event in events} == {item["Key"].split("ride_date=")[1][:10]}
            found += events
        return {event["ride_id"] for event in found if event["ride_id"].startswith(f"r-{seed}-")}


@pytest.fixture(scope="module")
def deployed(new_lab: Callable[[], Any]) -> Deployed:
    return Deployed(new_lab())


def expected(count: int, seed: int, poison: float) -> dict[str, dict[str, rides.Ride]]:
    """The rides of each kind, by id."""
    found: dict[str, dict[str, rides.Ride]] = {"good": {}, "malformed": {}, "poison": {}}
    for ride in rides.generate(count, seed=seed, malformed=MALFORMED, poison=poison):
        found[ride.kind][ride.id] = ride
    return found


def test_the_picture_in_the_docs_is_of_what_is_deployed(deployed: Deployed):
    page = (deployed.config.root / "docs/streams.md").read_text()
    assert f"```mermaid\n{deployed.lab.run('diagram')}```" in page


def test_every_event_ends_where_it_belongs(deployed: Deployed):
    count, seed, poison = 400, 1, 0.005
    truth = expected(count, seed, poison)
    outcome = deployed.feed.send(count, seed=seed, malformed=MALFORMED, poison=poison)
    assert outcome.sent.failed == {}
    assert set(outcome.sent.refused) == set(truth["malformed"])
    assert all("reason" in json.loads(text) for text in outcome.sent.refused.values())
    once = Counter(row[0] for row in deployed.query(f"select ride_id from rides where ride_id like 'r-{seed}-%'"))
    assert set(once) == set(truth["good"])
    if not outcome.sent.again:
        assert set(once.values()) == {1}
    parked = deployed.parked(seed)
    assert set(parked) == set(truth["poison"])
    assert {each["requestContext"]["condition"] for each in parked.values()} == {"RetryAttemptsExhausted"}
    deployed.check_facts(seed, truth["good"])
    assert deployed.raw(seed) == set()
    ask_clock(deployed.config, advance=301)
    # an object a day, one after the other
    eventually(
        lambda: deployed.raw(seed),
        lambda found: found == {*truth["good"], *truth["poison"]},
    )


def test_the_reason_of_a_refusal_is_in_the_functions_log(deployed: Deployed):
    logs = client(deployed.config, "logs")
    group = f"/aws/lambda/{deployed.stacks.output('stream', 'lake_function')}"

    def reasons() -> list[str]:
        events = logs.filter_log_events(logGroupName=group)["events"]
        found = [json.loads(event["message"]) for event in events if '"rejected"' in event["message"]]
        return [each["reason"] for each in found]

    deployed.feed.send(60, seed=2, poison=0.02)
    assert "the ride ended before it was requested" in eventually(reasons)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_event_ends_where_it_belongs_though_the_server_is_killed_twice(new_lab: Callable[[], Any]):
    deployed = Deployed(new_lab())
    count, seed, poison = 10_000, 3, 0.001
    truth = expected(count, seed, poison)
    done = threading.Event()
    killed: list[int] = []

    def kill_and_start_again() -> None:
        chance = random.Random(seed)
        for _ in range(2):
            if done.wait(chance.uniform(10, 25)):
                return
            server = Server(deployed.config)
            running = server.running()
            assert running is not None
            process = psutil.Process(running.pid)
            process.kill()
            process.wait(10)
            killed.append(running.pid)
            server.start()

    killer = threading.Thread(target=kill_and_start_again)
    killer.start()
    try:
        events = rides.generate(count, seed=seed, malformed=MALFORMED, poison=poison)
        outcome = load.send(deployed.feed.url, events, senders=4)
    finally:
        done.set()
        killer.join()
    assert len(killed) == 2
    assert outcome.failed == {}
    assert set(outcome.refused) == set(truth["malformed"])
    deadline = time.monotonic() + 180
    while True:
        landed = Counter(row[0] for row in deployed.query(f"select ride_id from rides where ride_id like 'r-{seed}-%'"))
        if set(landed) == set(truth["good"]) or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    assert set(landed) == set(truth["good"])
    parked: dict[str, Any] = {}
    eventually(lambda: parked.update(deployed.parked(seed)) or parked, lambda found: set(found) >= set(truth["poison"]))
    assert set(parked) == set(truth["poison"])
    # the same place in the stream is the same event, whichever file it is in
    [[places, values]] = deployed.query(
        "select count(distinct (shard_id, sequence_number)), count(distinct (shard_id, sequence_number, ride_id,"
        f" fare_cents)) from rides where ride_id like 'r-{seed}-%'"
    )
    assert places == values
    deployed.check_facts(seed, truth["good"])
    ask_clock(deployed.config, advance=301)
    eventually(
        lambda: deployed.raw(seed),
        lambda found: found == {*truth["good"], *truth["poison"]},
    )
