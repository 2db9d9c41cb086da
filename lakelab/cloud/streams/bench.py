"""The speed of the streaming half: `python -m lakelab.cloud.streams.bench [records] [events]`.

Records through Kinesis -> Lambda -> Parquet on the local AWS and, on the same load, on MiniStack alone with its own
mapping; then events over HTTP with the time from POST to visible in Athena. Memory and the processor time of each part
are measured on the way. Everything runs on this machine, producer included, in folders and on ports of its own, and is
removed afterwards.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from botocore.config import Config
from rich.console import Console
from rich.table import Table

from lakelab.pipeline import load, rides
from lakelab.pipeline.athena import run as run_query
from lakelab.processes import free_port
from lakelab.testing import start_cloud

ROOT = Path(__file__).resolve().parents[3]
RECORDS, EVENTS = 100_000, 500
SHARDS, BATCH, A_PUT = 4, 500, 500
SENDERS, WARM_EVENTS = 4, 200
WATCHED, WATCHED_RATE = 200, 20.0
DEADLINE_SECONDS = 300.0
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass(frozen=True)
class Cpu:
    """Processor seconds of the server, of the functions that it runs, and of the producer, which is this process."""

    server: float
    functions: float
    producer: float

    def __sub__(self, other: Cpu) -> Cpu:
        return Cpu(self.server - other.server, self.functions - other.functions, self.producer - other.producer)

    def __str__(self) -> str:
        return f"server {self.server:.1f}, functions {self.functions:.1f}, producer {self.producer:.1f}"


@dataclass
class Site:
    """A server under measurement: its endpoint, its process, and the folder in which it keeps its data."""

    name: str
    endpoint: str
    process: psutil.Process
    folder: Path

    def client(self, service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106
            # the producer is to be no heavier than it must: it shares the processors with what it measures
            config=Config(s3={"addressing_style": "path"}, max_pool_connections=32, parameter_validation=False),
        )

    def memory(self) -> int:
        """The resident bytes of the server and of the functions that it runs."""
        return sum(self._of_all(lambda process: process.memory_info().rss))

    def seconds(self) -> Cpu:
        """The processor seconds that each part has used so far."""
        server, *functions = self._of_all(_seconds)
        return Cpu(server, sum(functions), _seconds(psutil.Process()))

    def _of_all(self, ask: Callable[[psutil.Process], float]) -> list[Any]:
        found = [ask(self.process)]
        for process in self.process.children(recursive=True):
            try:
                found.append(ask(process))
            except psutil.NoSuchProcess:
                continue
        return found


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


@contextmanager
def lakelab_site() -> Iterator[Site]:
    """The local AWS, fresh."""
    with tempfile.TemporaryDirectory() as folder:
        cloud = start_cloud(Path(folder))
        running = cloud.server.running()
        assert running is not None
        try:
            yield Site("lakelab", cloud.endpoint, psutil.Process(running.pid), Path(folder))
        finally:
            cloud.server.stop()


@contextmanager
def ministack_site() -> Iterator[Site]:
    """MiniStack as it is, with as many functions at a time as lakelab allows, and its objects on disk likewise."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        variables = {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "LAMBDA_ACCOUNT_CONCURRENCY": "4",
            "S3_PERSIST": "1",
            "S3_DATA_DIR": f"{folder}/s3",
            "TMPDIR": folder,
            "LOG_LEVEL": "ERROR",
            "IOT_MTLS_ENABLED": "0",
        }
        command = str(Path(sys.executable).parent / "ministack")
        with Path(f"{folder}/log").open("wb") as log:
            process = subprocess.Popen([command], env={**os.environ, **variables}, stdout=log, stderr=log)
        site = Site("MiniStack alone", f"http://127.0.0.1:{port}", psutil.Process(process.pid), Path(folder))
        try:
            _until(lambda: _answers(site.endpoint), 30)
            yield site
        finally:
            children = site.process.children(recursive=True)
            process.terminate()
            process.wait(20)
            for child in children:
                if child.is_running():
                    child.kill()


def _answers(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=2) as answer:  # noqa: S310
            return answer.status == 200
    except OSError:
        return False


def _until(holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so after {seconds} s")
        time.sleep(0.05)


class Bench:
    """The parts that both loads run through, made by plain API calls: bucket, table, stream, functions."""

    def __init__(self, site: Site):
        self.site = site
        self.bucket, self.stream = "bench", "bench"
        self._rows: dict[Path, int] = {}
        self._mapping = ""
        contract = yaml.safe_load((ROOT / "glue/tables/rides.yaml").read_text())
        site.client("s3").create_bucket(Bucket=self.bucket)
        site.client("kinesis").create_stream(StreamName=self.stream, **self._capacity())
        glue = site.client("glue")
        glue.create_database(DatabaseInput={"Name": "bench"})
        glue.create_table(DatabaseName="bench", TableInput=_table(contract, self.bucket))
        iam = site.client("iam")
        self.role = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        iam.put_role_policy(RoleName="bench", PolicyName="all", PolicyDocument=json.dumps(ALLOW))
        self._archive = _archive(contract)

    def _capacity(self) -> dict[str, Any]:
        # lakelab keeps to a shard's limits, MiniStack has none: without them, both get the same load
        if self.site.name == "lakelab":
            return {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}
        return {"ShardCount": SHARDS}

    def function(self, name: str) -> str:
        """The ARN of a new function of lambdas/."""
        functions = self.site.client("lambda")
        functions.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=self.role,
            Handler=f"lambdas.{name}.handler.handler",
            Timeout=120,
            MemorySize=512,
            Code={"ZipFile": self._archive},
            Environment={
                "Variables": {"LAKE_BUCKET": self.bucket, "GLUE_DATABASE": "bench", "STREAM_NAME": self.stream}
            },
        )
        return functions.get_function_configuration(FunctionName=name)["FunctionArn"]

    def map(self, window: int) -> None:
        """rides_to_lake gets the stream's records, from the first on, gathered for at most `window` seconds."""
        self.function("rides_to_lake")
        stream = self.site.client("kinesis").describe_stream_summary(StreamName=self.stream)
        self._mapping = self.site.client("lambda").create_event_source_mapping(
            EventSourceArn=stream["StreamDescriptionSummary"]["StreamARN"],
            FunctionName="rides_to_lake",
            StartingPosition="TRIM_HORIZON",
            BatchSize=BATCH,
            MaximumBatchingWindowInSeconds=window,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )["UUID"]

    def gather(self, window: int) -> None:
        """Have the mapping gather records for so many seconds from now on."""
        functions = self.site.client("lambda")
        functions.update_event_source_mapping(UUID=self._mapping, MaximumBatchingWindowInSeconds=window)

    def batches(self, count: int) -> list[list[dict[str, Any]]]:
        """Requests of PutRecords with `count` records in all."""
        batches: list[list[dict[str, Any]]] = [[]]
        for ride in rides.generate(count, seed=1):
            if len(batches[-1]) == A_PUT:
                batches.append([])
            batches[-1].append({"Data": ride.body, "PartitionKey": ride.id})
        return batches

    def put(self, batches: list[list[dict[str, Any]]]) -> float:
        """Put records into the stream as fast as it takes them; the seconds that this took."""
        kinesis = self.site.client("kinesis")
        began = time.monotonic()
        with ThreadPoolExecutor(2) as pool:
            for answer in pool.map(lambda batch: kinesis.put_records(StreamName=self.stream, Records=batch), batches):
                assert answer["FailedRecordCount"] == 0
        return time.monotonic() - began

    def rows(self) -> int:
        """The rows in the Parquet files so far, read from the server's disk: asking the server would slow it down."""
        for path in self.site.folder.rglob("curated/rides/**/*.parquet"):
            if path not in self._rows and ".versions" not in path.parts:
                try:
                    self._rows[path] = pq.ParquetFile(path).metadata.num_rows
                except (pa.ArrowInvalid, OSError):  # it is being written
                    continue
        return sum(self._rows.values())

    def api(self) -> str:
        """The URL of an HTTP API in front of rides_api."""
        function = self.function("rides_api")
        gateway = self.site.client("apigatewayv2")
        api = gateway.create_api(Name="bench", ProtocolType="HTTP")["ApiId"]
        integration = gateway.create_integration(
            ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
        )["IntegrationId"]
        gateway.create_route(ApiId=api, RouteKey="POST /rides", Target=f"integrations/{integration}")
        gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
        self.site.client("lambda").add_permission(
            FunctionName="rides_api",
            StatementId="api",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
        )
        return f"{self.site.endpoint}/_aws/execute-api/{api}/$default/rides"


def _table(contract: dict[str, Any], bucket: str) -> dict[str, Any]:
    columns = [{"Name": column["name"], "Type": column["type"]} for column in contract["columns"]]
    [key] = contract["partition_keys"]
    return {
        "Name": "rides",
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [{"Name": key["name"], "Type": key["type"]}],
        "StorageDescriptor": {
            "Location": f"s3://{bucket}/curated/rides/",
            "Columns": columns,
            "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
        },
    }


def _archive(contract: dict[str, Any]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for folder in ("rides_api", "rides_to_lake"):
            for path in (ROOT / "lambdas" / folder).glob("*.py"):
                file.write(path, f"lambdas/{folder}/{path.name}")
        file.writestr("lambdas/rides_api/contract.json", json.dumps(contract, default=str))
    return archive.getvalue()


@dataclass
class Measured:
    """Records a second into the stream, and from the stream to Parquet; the largest memory on the way in bytes."""

    site: str
    put_rate: float
    land_rate: float
    landed: int
    files: int
    memory: int
    cpu: Cpu


def through_the_stream(site: Site, count: int) -> Measured:
    """Put `count` records, which the mapping brings to Parquet meanwhile; functions are warm when the clock starts."""
    bench = Bench(site)
    bench.map(window=1)
    warm = 4 * SHARDS * BATCH
    bench.put(bench.batches(warm))
    _until(lambda: bench.rows() >= warm, DEADLINE_SECONDS)
    batches, files = bench.batches(count), len(bench._rows)
    with _peak_memory(site) as peak:
        before, began = site.seconds(), time.monotonic()
        put = bench.put(batches)
        while bench.rows() < warm + count and time.monotonic() - began < DEADLINE_SECONDS:
            time.sleep(0.1)
        seconds, cpu = time.monotonic() - began, site.seconds() - before
    landed = bench.rows() - warm
    return Measured(site.name, count / put, landed / seconds, landed, len(bench._rows) - files, max(peak), cpu)


@contextmanager
def _peak_memory(site: Site) -> Iterator[list[int]]:
    """Looks at the memory twice a second; the list has what was seen."""
    seen, done = [site.memory()], threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            seen.append(site.memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


@dataclass
class Http:
    """Events a second over HTTP; the seconds from POST to visible in Athena at WATCHED_RATE; the largest memory."""

    rate: float
    p50: float
    p99: float
    memory: int
    cpu: Cpu


def over_http(site: Site, count: int) -> Http:
    """Send `count` events as fast as they are taken; then WATCHED at a steady rate, and ask Athena which are there.

    Events are gathered for a second in the first part, and passed on at once in the second.
    """
    bench = Bench(site)
    bench.map(window=1)
    url = bench.api()
    load.send(url, rides.generate(WARM_EVENTS, seed=7), senders=SENDERS)
    _until(lambda: bench.rows() >= WARM_EVENTS, DEADLINE_SECONDS)  # each function of each shard has run
    with _peak_memory(site) as peak:
        before = site.seconds()
        sent = load.send(url, rides.generate(count, seed=9), senders=SENDERS)
        cpu = site.seconds() - before
        assert not sent.failed, sent.failed
        _until(lambda: bench.rows() >= WARM_EVENTS + count, DEADLINE_SECONDS)
        bench.gather(window=0)
        waits = _until_visible(bench, url)
    return Http(count / sent.seconds, waits[len(waits) // 2], waits[int(len(waits) * 0.99)], max(peak), cpu)


def _until_visible(bench: Bench, url: str) -> list[float]:
    """The seconds from POST until a query of Athena has each event, sorted; Athena is asked over and over."""
    athena, sql = bench.site.client("athena"), "select ride_id from rides where ride_id like 'r-8-%'"
    output = {"OutputLocation": f"s3://{bench.bucket}/results/"}
    athena.create_work_group(Name="bench", Configuration={"ResultConfiguration": output})
    seen: dict[str, float] = {}
    posted: dict[str, float] = {}
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            for row in run_query(athena, sql, database="bench", workgroup="bench").rows:
                seen.setdefault(str(row[0]), time.monotonic())

    def noted() -> Iterator[rides.Ride]:
        began = time.monotonic()
        for number, ride in enumerate(rides.generate(WATCHED, seed=8)):
            time.sleep(max(0.0, began + number / WATCHED_RATE - time.monotonic()))
            posted[ride.id] = time.monotonic()
            yield ride

    looker = threading.Thread(target=look)
    looker.start()
    try:
        load.send(url, noted(), senders=SENDERS)
        _until(lambda: len(seen) >= WATCHED, DEADLINE_SECONDS)
    finally:
        done.set()
        looker.join()
    return sorted(seen[ride] - posted[ride] for ride in posted)


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS
    events = int(sys.argv[2]) if len(sys.argv) > 2 else EVENTS
    console = Console(width=140)
    table = Table(title=f"{count:,} records, {SHARDS} shards, batches of {BATCH}, {os.cpu_count()} cores")
    for name in ("", "into Kinesis /s", "Kinesis to Parquet /s", "landed", "files", "memory MB", "processor seconds"):
        table.add_column(name, justify="right")
    for open_site in (lakelab_site, ministack_site):
        with open_site() as site:
            found = through_the_stream(site, count)
        table.add_row(
            found.site,
            f"{found.put_rate:,.0f}",
            f"{found.land_rate:,.0f}",
            f"{found.landed:,}",
            f"{found.files:,}",
            f"{found.memory >> 20}",
            str(found.cpu),
        )
    console.print(table)
    with lakelab_site() as site:
        http = over_http(site, events)
    console.print(f"{events:,} events over HTTP: {http.rate:.0f} a second; processor seconds: {http.cpu}")
    console.print(
        f"POST to visible in Athena at {WATCHED_RATE:.0f} a second: p50 {http.p50:.2f} s, p99 {http.p99:.2f} s;"
        f" memory {http.memory >> 20} MB; load average {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
