"""The memory that a large file takes: a 200 MB file has to fit into a function of 1 GB."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]

# a process of its own, since the peak of this one has other causes; the lake takes what it is given and forgets it
MEASURE = """
import io, json, resource, sys
import yaml
from lambdas.orders_ingest.contract import Contract
from lambdas.orders_ingest.ingest import Source, ingest
from lambdas.orders_ingest.lake import Lake

class Feed(io.RawIOBase):
    def __init__(self, size, order):
        self.rows, self.size, self.order = 0, size, order
        self.left = b"order_id,customer_id,order_date,order_total_cents,currency,status,city\\n"
    def readable(self):
        return True
    def readinto(self, buffer):
        while len(self.left) < len(buffer) and self.size > 0:
            chunk = "".join(self.order.format(n) for n in range(self.rows, self.rows + 1000)).encode()
            self.rows, self.size, self.left = self.rows + 1000, self.size - len(chunk), self.left + chunk
        count = min(len(buffer), len(self.left))
        buffer[:count], self.left = self.left[:count], self.left[count:]
        return count

class NoWhere(Lake):
    def claim(self, day, source_id, order_ids):
        import pyarrow as pa
        return pa.repeat(True, len(order_ids))
    def register(self, days):
        pass

class S3:
    def put_object(self, **request):
        pass

document = yaml.safe_load(open("glue/tables/orders.yaml"))
contract = Contract.of(json.loads(json.dumps(document, default=str)))
feed = Feed(int(sys.argv[1]) << 20, sys.argv[2])
report = ingest(Source("b", "k", "e"), feed, contract, NoWhere(S3(), None, "b", "d"))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"rows": report.rows_in, "clean": report.clean, "mb": peak}))
"""


@pytest.mark.parametrize(
    ("order", "clean"),
    [
        pytest.param("o-{0:08},c-1,2025-01-01,100,EUR,completed,Berlin\n", True, id="all clean, of one day"),
        pytest.param("o-{0:08},c-1,2025-01-01,none,EUR,completed,Berlin\n", False, id="all bad"),
    ],
)
def test_memory_grows_by_less_than_four_bytes_a_byte(order: str, clean: bool):
    def measure(megabytes: int) -> dict:
        command = [sys.executable, "-c", MEASURE, str(megabytes), order]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    small, large = measure(2), measure(12)
    assert large["rows"] > 4 * small["rows"]
    assert large["clean"] == (large["rows"] if clean else 0)
    assert large["mb"] - small["mb"] < 4 * 10
