"""A versioned, private bucket and a user who reads it."""

from __future__ import annotations

import pulumi

pulumi.export("bucket", "")
pulumi.export("user", "")
