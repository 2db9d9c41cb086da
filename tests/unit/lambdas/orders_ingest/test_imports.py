"""The start of the function: what a cold start costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]
MEASURE = """
import json, sys, time
began = time.process_time()
import lambdas.orders_ingest.handler
print(json.dumps({"seconds": time.process_time() - began, "modules": sorted(sys.modules)}))
"""


def test_a_cold_start_is_short_and_imports_no_data_frames():
    command = [sys.executable, "-c", MEASURE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    measured = json.loads(done.stdout)
    assert measured["seconds"] < 1.5  # of processor time; 0.42 on the machine that this was written on
    assert not {"pandas", "yaml", "pulumi", "lakelab"} & set(measured["modules"])
