from __future__ import annotations

from typing import Any

import pytest

from lakelab.cloud.glue.authorization import catalog_resources


@pytest.mark.parametrize(
    ("operation", "params", "resources"),
    [
        pytest.param("GetDatabase", {"Name": "Sales"}, ["catalog", "database/sales"], id="database"),
        pytest.param("CreateDatabase", {"DatabaseInput": {"Name": "d"}}, ["catalog", "database/d"], id="new-database"),
        pytest.param("GetDatabases", {}, ["catalog", "database/*"], id="databases"),
        pytest.param(
            "DeleteDatabase",
            {"Name": "d"},
            ["catalog", "database/d", "table/d/*", "userDefinedFunction/d/*"],
            id="delete-needs-the-children",
        ),
        pytest.param(
            "GetTable", {"DatabaseName": "D", "Name": "T"}, ["catalog", "database/d", "table/d/t"], id="table"
        ),
        pytest.param("GetTables", {"DatabaseName": "d"}, ["catalog", "database/d", "table/d/*"], id="tables"),
        pytest.param(
            "UpdateTable",
            {"DatabaseName": "d", "TableInput": {"Name": "T"}},
            ["catalog", "database/d", "table/d/t"],
            id="update-table",
        ),
        pytest.param(
            "BatchDeleteTable",
            {"DatabaseName": "d", "TablesToDelete": ["a", "B"]},
            ["catalog", "database/d", "table/d/a", "table/d/b"],
            id="several-tables",
        ),
        pytest.param(
            "BatchCreatePartition",
            {"DatabaseName": "d", "TableName": "t"},
            ["catalog", "database/d", "table/d/t"],
            id="partitions",
        ),
        pytest.param("SearchTables", {}, ["catalog", "database/*", "table/*/*"], id="search"),
        pytest.param(
            "DeleteUserDefinedFunction",
            {"DatabaseName": "d", "FunctionName": "f"},
            ["catalog", "database/d", "userDefinedFunction/d/f"],
            id="function",
        ),
    ],
)
def test_resources(operation: str, params: dict[str, Any], resources: list[str]) -> None:
    assert list(catalog_resources(operation, params)) == resources
