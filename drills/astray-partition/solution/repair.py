"""Gives every partition of `orders` the location that its value says."""

from __future__ import annotations

from typing import Any

import boto3

DATABASE, TABLE = "lakelab_local", "orders"

glue: Any = boto3.client("glue")
home = glue.get_table(DatabaseName=DATABASE, Name=TABLE)["Table"]["StorageDescriptor"]["Location"].rstrip("/")
for page in glue.get_paginator("get_partitions").paginate(DatabaseName=DATABASE, TableName=TABLE):
    for partition in page["Partitions"]:
        (value,) = partition["Values"]
        right = f"{home}/order_date={value}/"
        storage = partition["StorageDescriptor"]
        if storage["Location"].rstrip("/") != right.rstrip("/"):
            glue.update_partition(
                DatabaseName=DATABASE,
                TableName=TABLE,
                PartitionValueList=[value],
                PartitionInput={"Values": [value], "StorageDescriptor": {**storage, "Location": right}},
            )
