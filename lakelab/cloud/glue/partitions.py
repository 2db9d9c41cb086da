"""Operations on partitions."""

from __future__ import annotations

from collections.abc import Sequence

from lakelab.cloud.errors import AwsError, NotImplementedHere
from lakelab.cloud.glue.errors import AlreadyExists, EntityNotFound, InvalidInput, detail
from lakelab.cloud.glue.expression import compile_expression
from lakelab.cloud.glue.model import Table
from lakelab.cloud.glue.operations import Operations
from lakelab.cloud.glue.paging import decode, page
from lakelab.cloud.wire import Call, Params


class PartitionOperations(Operations):
    def create_partition(self, call: Call, params: Params) -> Params:
        with self.file.transaction():
            _, table = self.table_of(call, params)
            self.partitions.create(table, _checked(table, params["PartitionInput"]))
        return {}

    def batch_create_partition(self, call: Call, params: Params) -> Params:
        errors = []
        with self.file.transaction():
            _, table = self.table_of(call, params)
            for document in [_checked(table, document) for document in params["PartitionInputList"]]:
                try:
                    self.partitions.create(table, document)
                except AlreadyExists as error:
                    errors.append(_failure(document["Values"], error))
        return {"Errors": errors}

    def get_partition(self, call: Call, params: Params) -> Params:
        scope, table = self.table_of(call, params)
        return {"Partition": self.partitions.get(table, params["PartitionValues"]).answer(scope, table)}

    def batch_get_partition(self, call: Call, params: Params) -> Params:
        scope, table = self.table_of(call, params)
        found = []
        for wanted in params["PartitionsToGet"]:
            try:
                found.append(self.partitions.get(table, wanted["Values"]).answer(scope, table))
            except EntityNotFound:
                continue  # AWS leaves it out, and out of UnprocessedKeys too
        return {"Partitions": found, "UnprocessedKeys": []}

    def get_partitions(self, call: Call, params: Params) -> Params:
        for member in ("QueryAsOfTime", "TransactionId"):
            if member in params:
                raise NotImplementedHere(f"{member}: the local AWS has no governed tables.")
        scope, table = self.table_of(call, params)
        expression = params.get("Expression", "").strip()
        limit = params.get("MaxResults", 1000)
        found = self.partitions.find(
            table,
            compile_expression(expression, table.keys) if expression else None,
            segment=_segment(params),
            after=decode(params.get("NextToken"), 0),
            limit=limit + 1,
        )
        partitions, token = page(found, limit, lambda partition: partition.id)
        columns = not params.get("ExcludeColumnSchema", False)
        answers = [partition.answer(scope, table, columns=columns) for partition in partitions]
        return {"Partitions": answers, "NextToken": token}

    def update_partition(self, call: Call, params: Params) -> Params:
        with self.file.transaction():
            _, table = self.table_of(call, params)
            self._update_one(table, params)
        return {}

    def batch_update_partition(self, call: Call, params: Params) -> Params:
        errors = []
        with self.file.transaction():
            _, table = self.table_of(call, params)
            for entry in params["Entries"]:
                try:
                    self._update_one(table, entry)
                except AwsError as error:
                    errors.append({"PartitionValueList": entry["PartitionValueList"], "ErrorDetail": detail(error)})
        return {"Errors": errors}

    def delete_partition(self, call: Call, params: Params) -> Params:
        with self.file.transaction():
            _, table = self.table_of(call, params)
            self.partitions.delete(table, params["PartitionValues"])
        return {}

    def batch_delete_partition(self, call: Call, params: Params) -> Params:
        errors = []
        with self.file.transaction():
            _, table = self.table_of(call, params)
            for unwanted in params["PartitionsToDelete"]:
                try:
                    self.partitions.delete(table, unwanted["Values"])
                except EntityNotFound as error:
                    errors.append(_failure(unwanted["Values"], error))
        return {"Errors": errors}

    def _update_one(self, table: Table, entry: Params) -> None:
        values, document = entry["PartitionValueList"], entry["PartitionInput"]
        self.partitions.update(table, values, _checked(table, {"Values": values, **document}))


def _checked(table: Table, document: Params) -> Params:
    if len(document.get("Values", ())) != len(table.keys):
        raise InvalidInput("The number of partition keys do not match the number of partition values")
    return document


def _segment(params: Params) -> tuple[int, int]:
    segment = params.get("Segment", {"SegmentNumber": 0, "TotalSegments": 1})
    number, total = segment["SegmentNumber"], segment["TotalSegments"]
    if number >= total:
        raise InvalidInput(f"SegmentNumber {number} is not less than TotalSegments {total}.")
    return number, total


def _failure(values: Sequence[str], error: AwsError) -> Params:
    return {"PartitionValues": list(values), "ErrorDetail": detail(error)}
