"""A database, a crawler, and the role that it works as."""

from __future__ import annotations

BUCKET = "lab-day-16-lake"
PREFIX = "raw/orders/"
