"""HTTP API -> function -> stream -> Firehose -> bucket -> table."""

from __future__ import annotations

import pulumi

pulumi.export("api_id", "")
