"""Wait until every file of the raw zone has been ingested, and hand in again what got lost on the way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from lakelab.errors import LakelabError
from lakelab.pipeline.feed import PREFIX

REPORTS = "reports/orders/"
POLL_SECONDS = 0.25
QUIET_SECONDS = 8.0  # longer than Lambda's own retries are apart
REDRIVES = 3
ROWS = ("rows_in", "clean", "quarantined", "duplicate")


class IngestStuck(LakelabError):
    """Files of the raw zone that nothing ingests, however often they are handed in."""


@dataclass(frozen=True)
class Counts:
    """What became of the rows of all files: rows_in = clean + quarantined + duplicate. `unreadable` counts files."""

    files: int
    unreadable: int
    rows_in: int
    clean: int
    quarantined: int
    duplicate: int

    @property
    def reconciled(self) -> bool:
        return self.rows_in == self.clean + self.quarantined + self.duplicate


@dataclass(frozen=True)
class Ingest:
    """The parts that the order files run through: the raw bucket, the bucket of the reports, and the function."""

    s3: Any
    functions: Any
    raw: str
    curated: str
    function: str

    def wait(self, progress: Callable[[str], None]) -> Counts:
        """Wait until each file in the raw zone has its report.

        An S3 event that was lost, because the server was killed before the function ran, is sent again.

        Raises:
            IngestStuck: files have no report after all attempts.
        """
        files = self._files()
        reports = _Reports(self.s3, self.curated)
        for attempt in range(REDRIVES + 1):
            missing = self._wait_while_it_moves(files, reports, progress)
            if not missing:
                return self._counts(files, reports)
            if attempt < REDRIVES:
                self._redrive(missing)
        raise IngestStuck(
            f"{len(missing)} of {len(files)} files were not ingested, for example {min(missing)[0]}",
            fix=f"aws logs filter-log-events --log-group-name /aws/lambda/{self.function}",
        )

    def _files(self) -> dict[tuple[str, str], int]:
        """(key, ETag) -> size of the files of the raw zone; directory markers and other names are none."""
        return {
            (item["Key"], item["ETag"].strip('"')): item["Size"]
            for item in _objects(self.s3, self.raw, PREFIX)
            if item["Key"].endswith(".csv")
        }

    def _wait_while_it_moves(
        self, files: dict[tuple[str, str], int], reports: _Reports, progress: Callable[[str], None]
    ) -> set[tuple[str, str]]:
        """Poll until all files are reported, or nothing more happens; gives the files that are missing."""
        last_change = time.monotonic()
        while missing := files.keys() - reports.seen.keys():
            if reports.refresh():
                last_change = time.monotonic()
            elif time.monotonic() - last_change > QUIET_SECONDS:
                break
            else:
                time.sleep(POLL_SECONDS)
            progress(f"{len(files) - len(missing)} of {len(files)} files")
        return missing

    def _redrive(self, missing: set[tuple[str, str]]) -> None:
        for key, etag in sorted(missing):
            record = {
                "eventSource": "aws:s3",
                "eventName": "ObjectCreated:Put",
                "s3": {"bucket": {"name": self.raw}, "object": {"key": quote_plus(key), "eTag": etag}},
            }
            self.functions.invoke(
                FunctionName=self.function, InvocationType="Event", Payload=json.dumps({"Records": [record]})
            )

    @staticmethod
    def _counts(files: dict[tuple[str, str], int], reports: _Reports) -> Counts:
        found = [reports.seen[file] for file in files]
        return Counts(
            files=len(found),
            unreadable=sum(report["status"] == "unreadable" for report in found),
            **{name: sum(report[name] for report in found) for name in ROWS},
        )


class _Reports:
    """The reports of the ingest function, each read once: (source_key, source_etag) -> report."""

    def __init__(self, s3: Any, bucket: str):
        self._s3 = s3
        self._bucket = bucket
        self._read: dict[str, str] = {}  # the report's key -> its ETag
        self.seen: dict[tuple[str, str], dict[str, Any]] = {}

    def refresh(self) -> bool:
        """Read the reports that are new; says whether there were any."""
        new = False
        for item in _objects(self._s3, self._bucket, REPORTS):
            if self._read.get(item["Key"]) != item["ETag"]:
                report = json.loads(self._s3.get_object(Bucket=self._bucket, Key=item["Key"])["Body"].read())
                self.seen[report["source_key"], report["source_etag"]] = report
                self._read[item["Key"]] = item["ETag"]
                new = True
        return new


def _objects(s3: Any, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from page.get("Contents", ())
