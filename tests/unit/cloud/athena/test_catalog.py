"""Names, partition folders and pages of the catalog."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import pytest

from lakelab.cloud.athena.catalog import Catalog, Storage, TableRef, partition_folder, partition_values
from lakelab.cloud.athena.errors import QueryError
from lakelab.cloud.athena.model import Session
from lakelab.cloud.athena.statements import Name


def catalog(root, answers=None, database="db") -> Catalog:
    session = Session("id", root, "AwsDataCatalog", database, "s3://out/", Path())
    answered = iter(answers or [])
    return Catalog(lambda service, operation, params, caller: next(answered), session)


@pytest.mark.parametrize(
    ("values", "folder"),
    [
        pytest.param(("2024", "1"), "y=2024/m=1", id="plain"),
        pytest.param(("a/b", "c d"), "y=a%2Fb/m=c d", id="a slash is escaped, a space is not"),
        pytest.param(("50%", "ü:1"), "y=50%25/m=ü%3A1", id="percent and colon"),
    ],
)
def test_partition_folders_and_back(values, folder):
    assert partition_folder(["y", "m"], values) == folder
    assert partition_values(folder, ["y", "m"], unquote) == values


@pytest.mark.parametrize("path", ["y=1", "m=1/y=2", "y=1/x", ""])
def test_other_folders_are_no_partitions(path):
    assert partition_values(path, ["y", "m"], unquote) is None


@pytest.mark.parametrize(
    ("name", "ref"),
    [
        pytest.param("t", TableRef("db", "t"), id="one part"),
        pytest.param("d.t", TableRef("d", "t"), id="two parts"),
        pytest.param("awsdatacatalog.d.t", TableRef("d", "t"), id="three parts"),
        pytest.param("d.t$files", TableRef("d", "t", "files"), id="suffix"),
    ],
)
def test_resolve(root, name, ref):
    assert catalog(root).resolve(Name(tuple(name.split(".")))) == ref


def test_names_that_do_not_resolve(root):
    with pytest.raises(QueryError, match="CATALOG_NOT_FOUND: line 1:1: Catalog 'x' does not exist"):
        catalog(root).resolve(Name(("x", "d", "t")))
    with pytest.raises(QueryError, match="MISSING_SCHEMA_NAME"):
        catalog(root, database="").resolve(Name(("t",)))


def test_partitions_of_all_pages_fall_back_on_the_tables_serde(root):
    raw = {
        "Name": "t",
        "DatabaseName": "db",
        "StorageDescriptor": {
            "Columns": [
                {"Name": "A", "Type": "int"},
                {"Name": "b", "Type": "int", "Parameters": {"iceberg.field.current": "false"}},
            ],
            "Location": "s3://b/t/",
            "SerdeInfo": {"SerializationLibrary": "S", "Parameters": {"p": "1"}},
        },
        "PartitionKeys": [{"Name": "k", "Type": "string"}],
    }
    pages = [
        {"Partitions": [{"Values": ["1"], "StorageDescriptor": {"Location": "s3://b/one/"}}], "NextToken": "x"},
        {
            "Partitions": [
                {
                    "Values": ["2"],
                    "StorageDescriptor": {"Location": "s3://b/two", "SerdeInfo": {"SerializationLibrary": "O"}},
                }
            ]
        },
    ]
    found = catalog(root, [{"Table": raw}, *pages])
    table = found.find(TableRef("db", "t"))
    assert table is not None
    assert [column.name for column in table.columns] == ["a"]
    assert [(partition.values, partition.storage) for partition in found.partitions(table)] == [
        (("1",), Storage("s3://b/one", "", "S", {"p": "1"})),
        (("2",), Storage("s3://b/two", "", "O", {})),
    ]
