"""A lake for each file of tests, and an S3 for the cursors that read it by pyarrow."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq
import pytest
from pyathena_lake import MANY, PEOPLE, Lake

from lakelab.testing import Cloud


@pytest.fixture(scope="module")
def lake(cloud: Cloud) -> Iterator[Lake]:
    made = Lake(cloud.bucket(), cloud.database(), cloud.settings.region)
    schema = pa.schema(
        [
            ("id", pa.int64()),
            ("name", pa.string()),
            ("born", pa.date32()),
            ("wage", pa.decimal128(10, 2)),
            ("active", pa.bool_()),
        ]
    )
    hive = {"int64": "bigint", "string": "string", "date32[day]": "date", "bool": "boolean"}
    tables = {
        "people": pa.Table.from_pylist(PEOPLE, schema),
        "numbers": pa.table({"n": pa.array(range(1, MANY + 1), pa.int64())}),
    }
    for name, data in tables.items():
        buffer = io.BytesIO()
        pq.write_table(data, buffer)
        cloud.client("s3").put_object(Bucket=made.bucket, Key=f"{name}/0.parquet", Body=buffer.getvalue())
        columns = [
            {"Name": field.name, "Type": hive.get(str(field.type), "decimal(10,2)"), "Comment": f"the {field.name}"}
            for field in data.schema
        ]
        cloud.client("glue").create_table(
            DatabaseName=made.database,
            TableInput={
                "Name": name,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
                "StorageDescriptor": {
                    "Columns": columns,
                    "Location": made.location(name),
                    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                    "SerdeInfo": {
                        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
                    },
                },
            },
        )
    yield made
    cloud.client("glue").delete_database(Name=made.database)


@pytest.fixture
def arrow_s3(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint for the S3FileSystem that ArrowCursor makes without one; pyarrow reads none from the environment."""

    class LocalS3(pyarrow.fs.S3FileSystem):
        def __init__(self, **options: Any):
            super().__init__(**options, endpoint_override=cloud.endpoint)

    monkeypatch.setattr(pyarrow.fs, "S3FileSystem", LocalS3)
