"""The layer lake: the buckets."""

from __future__ import annotations

import pulumi
from components.bucket import HardenedBucket, archive, expire
from target import Target


def deploy(target: Target) -> None:
    """Raw files as they came, curated data, results of queries, and artifacts.

    Exports `raw_bucket`, `curated_bucket`, `results_bucket`, `artifacts_bucket` and, with `_arn` added, their ARNs.
    """
    zones = {
        # GLACIER_IR is read at once, by Athena too; DEEP_ARCHIVE has to be restored first
        "raw": [archive("raw/", {"GLACIER_IR": 90, "DEEP_ARCHIVE": 365})],
        "curated": [archive("quarantine/", {"GLACIER_IR": 90}), archive("reports/", {"GLACIER_IR": 90})],
        "results": [expire(target.config.require_int("resultDays"))],
        "artifacts": [archive("releases/", {"GLACIER": 180})],
    }
    for zone, rules in zones.items():
        made = HardenedBucket(
            zone,
            bucket=target.bucket(zone),
            noncurrent_days=target.config.require_int("noncurrentDays"),
            rules=rules,
            force_destroy=target.config.require_bool("forceDestroy"),
        )
        pulumi.export(f"{zone}_bucket", made.bucket)
        pulumi.export(f"{zone}_bucket_arn", made.arn)
