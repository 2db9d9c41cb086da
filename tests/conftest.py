"""Fixtures for all tests, and which of them take too long for `make test`."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
pytest_plugins = ["lakelab.testing"]

# `make test-slow` runs these, and what is marked slow where it stands
SLOW = (
    "conformance/dbt/",  # dbt's own suites: a dbt start for each command
    "local/core/",  # LocalStack, and the same lake over every core: `make test-core`
    "local/glue/test_compact_orders.py",  # a job run for each thing that may go wrong
    "local/deploy/test_exports.py",  # whole programs, for Pulumi's form of a state and for secrets in clear
    "local/deploy/test_foreign.py",  # a project with a virtual environment of its own
    "local/deploy/test_kills.py",  # 50 engines that are killed
    "local/deploy/test_types.py",  # every resource type, property by property
    "local/lint/",  # whole lints, with checkov
    "local/stacks/",  # every role against what is outside its work
    "local/streams/test_rides.py",
    "local/transforms/",
    "local/iam/test_roles.py",  # every role with each of its statements taken away
    "local/test_docs.py",  # the commands of the docs
    "local/test_recovery.py",  # labs that are killed on their way
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(HERE).as_posix().startswith(SLOW):
            item.add_marker(pytest.mark.slow)
