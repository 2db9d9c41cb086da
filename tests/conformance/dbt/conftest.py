"""dbt-tests-adapter on the local Athena: dbt's own suites, with a profile of the dbt-athena adapter.

Source: https://docs.getdbt.com/guides/adapter-creation?step=5
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from dbt.tests.fixtures.project import (  # noqa: F401  # fixtures: pytest finds them by name
    adapter,
    analyses,
    clean_up_logging,
    dbt_profile_data,
    dbt_project_yml,
    dependencies,
    dependencies_yml,
    environment,
    functions,
    initialization,
    logs_dir,
    macros,
    models,
    packages,
    packages_yml,
    prefix,
    profile_user,
    profiles_config_update,
    profiles_root,
    profiles_yml,
    project,
    project_config_update,
    project_files,
    project_root,
    project_setup,
    properties,
    seeds,
    selectors,
    selectors_yml,
    shared_data_dir,
    snapshots,
    test_config,
    test_data_dir,
    tests,
    unique_schema,
)

from lakelab.testing import Cloud

WORKGROUP = "dbt-conformance"


@pytest.fixture(scope="session")
def bucket(cloud: Cloud) -> str:
    """A bucket for data and results, and a workgroup without an enforced output, as dbt-athena's own tests have."""
    name = cloud.bucket()
    cloud.client("athena").create_work_group(
        Name=WORKGROUP,
        Configuration={
            "EnforceWorkGroupConfiguration": False,
            "ResultConfiguration": {"OutputLocation": f"s3://{name}/results/"},
        },
    )
    return name


@pytest.fixture(scope="class", autouse=True)
def aws_variables(cloud: Cloud) -> Iterator[None]:
    """The AWS_* variables of this process, for the clients that dbt-athena makes; put back after each class."""
    before = dict(os.environ)
    for name in [name for name in before if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(cloud.environment(), DBT_SEND_ANONYMOUS_USAGE_STATS="false")
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="class")
def dbt_profile_target(cloud: Cloud, bucket: str) -> dict[str, object]:
    """The target of the profile that dbt's fixtures write."""
    return {
        "type": "athena",
        "region_name": cloud.settings.region,
        "database": "awsdatacatalog",
        "schema": "set-by-the-fixtures",
        "work_group": WORKGROUP,
        "s3_staging_dir": f"s3://{bucket}/results/",
        "s3_data_dir": f"s3://{bucket}/tables/",
        "poll_interval": 0.05,
        "num_retries": 1,
        "threads": 2,
    }
