"""The operations of Athena's API.

Source: https://docs.aws.amazon.com/athena/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from lakelab.cloud.athena.catalog import Invoke
from lakelab.cloud.athena.catalogs import DataCatalogs
from lakelab.cloud.athena.engine import Engine as DuckDbEngine
from lakelab.cloud.athena.exceptions import InvalidRequest
from lakelab.cloud.athena.executions import Executions
from lakelab.cloud.athena.metadata import Metadata
from lakelab.cloud.athena.model import Engine
from lakelab.cloud.athena.named_queries import NamedQueries
from lakelab.cloud.athena.paging import page
from lakelab.cloud.athena.prepared import PreparedStatements
from lakelab.cloud.athena.results import LARGEST_PAGE, Results
from lakelab.cloud.athena.scheduler import Scheduler
from lakelab.cloud.athena.store import SCHEMA, Document, Scope
from lakelab.cloud.athena.submission import Submitter, database_name
from lakelab.cloud.athena.tags import Tags
from lakelab.cloud.athena.workgroups import ENGINE_VERSIONS, PRIMARY, WorkGroups
from lakelab.cloud.database import Database
from lakelab.cloud.errors import NotImplementedHere
from lakelab.cloud.wire import Call, Params, Service

HOLD_SECONDS = 0.8
HOLDS = 16
_BY_EXECUTION = {"GetQueryExecution", "GetQueryResults", "GetQueryRuntimeStatistics", "StopQueryExecution"}
_BY_NAMED_QUERY = {"GetNamedQuery", "UpdateNamedQuery", "DeleteNamedQuery"}
_BY_CATALOG = {"GetDatabase", "ListDatabases", "GetTableMetadata", "ListTableMetadata"}
_BY_CATALOG_NAME = {"CreateDataCatalog", "GetDataCatalog", "UpdateDataCatalog", "DeleteDataCatalog"}
_BY_RESOURCE = {"TagResource", "UntagResource", "ListTagsForResource"}
_BY_NOTHING = {"ListWorkGroups", "ListDataCatalogs", "ListEngineVersions"}


class AthenaService(Service):
    """Athena, over the Glue catalog and S3.

    Args:
        state: the folder for the database, managed results and scratch files.
        invoke: runs an operation of another lake service with a caller's permissions.
        engine: what runs the statements, if not this package's own.
    """

    name = "athena"
    iam_prefix = "athena"
    validation_error = "InvalidRequestException"
    error_members = {"InvalidRequestException": {"AthenaErrorCode": "INVALID_INPUT"}}

    def __init__(self, state: Path, invoke: Invoke, engine: Engine | None = None):
        scratch = state / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)  # of statements that a killed process was running
        database = Database(state / "athena.sqlite", SCHEMA)
        self._tags = Tags(database)
        self._workgroups = WorkGroups(database, self._tags)
        self._catalogs = DataCatalogs(database, self._tags)
        self._named_queries = NamedQueries(database)
        self._prepared = PreparedStatements(database)
        self._metadata = Metadata(invoke)
        self._executions = Executions(database)
        self._results = Results(state)
        self._results.sweep(self._executions.known)
        self._scheduler = Scheduler(self._executions, self._results)
        self._engine = engine or DuckDbEngine(invoke)
        self._submitter = Submitter(
            self._engine,
            self._scheduler,
            self._executions,
            self._results,
            self._workgroups,
            self._prepared,
            self._catalogs,
            scratch,
        )
        self._holds = threading.BoundedSemaphore(HOLDS)

    def close(self) -> None:
        """Stop the statements that run, and wait for their end."""
        self._scheduler.close()
        self._engine.close()

    # ---- authorisation

    def resources(self, call: Call, params: Params) -> Iterator[tuple[str, str]]:
        """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonathena.html"""
        for resource in self._resources(call, params):
            arn = resource if resource == "*" or resource.startswith("arn:") else call.caller.arn_of("athena", resource)
            yield f"athena:{call.operation}", arn

    def _resources(self, call: Call, params: Params) -> Iterable[str]:
        operation, scope = call.operation, _scope(call)
        if operation in _BY_NOTHING:
            return ["*"]
        if operation in _BY_RESOURCE:
            return [params["ResourceARN"]]
        if operation in _BY_CATALOG:
            return [f"datacatalog/{params['CatalogName']}"]
        if operation in _BY_CATALOG_NAME:
            return [f"datacatalog/{params['Name']}"]
        if operation in _BY_EXECUTION:
            return self._workgroups_of_executions(scope, [params["QueryExecutionId"]])
        if operation == "BatchGetQueryExecution":
            return self._workgroups_of_executions(scope, params["QueryExecutionIds"])
        if operation in _BY_NAMED_QUERY:
            return self._workgroups_of_named_queries(scope, [params["NamedQueryId"]])
        if operation == "BatchGetNamedQuery":
            return self._workgroups_of_named_queries(scope, params["NamedQueryIds"])
        if operation == "CreateWorkGroup":
            return [f"workgroup/{params['Name']}"]
        return [f"workgroup/{params.get('WorkGroup', PRIMARY)}"]

    def _workgroups_of_executions(self, scope: Scope, ids: list[str]) -> set[str]:
        # of an id that does not exist nothing is told but that, whatever workgroups the caller may use
        return {f"workgroup/{self._executions.workgroup_of(scope, each) or '*'}" for each in ids}

    def _workgroups_of_named_queries(self, scope: Scope, ids: list[str]) -> set[str]:
        found = [self._named_queries.find(scope, each) for each in ids]
        return {f"workgroup/{query['WorkGroup'] if query else '*'}" for query in found}

    # ---- query executions

    def start_query_execution(self, call: Call, params: Params) -> Params:
        execution_id = self._submitter.start(call.caller, params)
        # Clients poll once at once and then every second: an answer that waits for a short query saves that second.
        # Only so many answers wait, so that the gateway always has workers for other requests.
        if self._holds.acquire(blocking=False):
            try:
                self._scheduler.wait(execution_id, HOLD_SECONDS)
            finally:
                self._holds.release()
        return {"QueryExecutionId": execution_id}

    def get_query_execution(self, call: Call, params: Params) -> Params:
        return {"QueryExecution": self._executions.get(_scope(call), params["QueryExecutionId"])}

    def batch_get_query_execution(self, call: Call, params: Params) -> Params:
        return self._executions.batch_get(_scope(call), params["QueryExecutionIds"])

    def list_query_executions(self, call: Call, params: Params) -> Params:
        workgroup = self._workgroups.get(_scope(call), params.get("WorkGroup", PRIMARY))
        return self._executions.list(_scope(call), workgroup["Name"], params)

    def stop_query_execution(self, call: Call, params: Params) -> Params:
        self._executions.get(_scope(call), params["QueryExecutionId"])
        self._scheduler.stop(params["QueryExecutionId"])
        return {}

    def get_query_results(self, call: Call, params: Params) -> Params:
        if params.get("QueryResultType") == "DATA_MANIFEST":
            raise NotImplementedHere("QueryResultType DATA_MANIFEST is not implemented by the local AWS.")
        execution = self._executions.get(_scope(call), params["QueryExecutionId"])
        match execution["Status"]["State"]:
            case "QUEUED" | "RUNNING" as state:
                raise InvalidRequest(
                    f"Query has not yet finished. Current state: {state}", "INVALID_QUERY_EXECUTION_STATE"
                )
            case "FAILED":
                raise InvalidRequest(
                    "Query did not finish successfully. Final query state: FAILED", "INVALID_QUERY_EXECUTION_STATE"
                )
            case "CANCELLED":
                raise InvalidRequest("Could not find results", "RESULT_NOT_FOUND")
        result = self._executions.result(params["QueryExecutionId"])
        limit = params.get("MaxResults", LARGEST_PAGE)
        return self._results.page(call.caller, execution, result, params.get("NextToken"), limit)

    def get_query_runtime_statistics(self, call: Call, params: Params) -> Params:
        execution = self._executions.get(_scope(call), params["QueryExecutionId"])
        statistics = execution["Statistics"]
        result = self._executions.result(params["QueryExecutionId"])
        names = (
            "QueryQueueTimeInMillis",
            "EngineExecutionTimeInMillis",
            "ServiceProcessingTimeInMillis",
            "TotalExecutionTimeInMillis",
        )
        return {
            "QueryRuntimeStatistics": {
                "Timeline": {name: statistics.get(name) for name in names},
                "Rows": {
                    "InputBytes": statistics["DataScannedInBytes"],
                    "OutputBytes": result.get("bytes", 0),
                    "OutputRows": result.get("rows", 0),
                },
            }
        }

    # ---- workgroups

    def create_work_group(self, call: Call, params: Params) -> Params:
        self._workgroups.create(_scope(call), params)
        return {}

    def get_work_group(self, call: Call, params: Params) -> Params:
        return {"WorkGroup": self._workgroups.get(_scope(call), params["WorkGroup"])}

    def list_work_groups(self, call: Call, params: Params) -> Params:
        return self._workgroups.list(_scope(call), params)

    def update_work_group(self, call: Call, params: Params) -> Params:
        self._workgroups.update(_scope(call), params)
        return {}

    def delete_work_group(self, call: Call, params: Params) -> Params:
        self._workgroups.delete(_scope(call), params["WorkGroup"], params.get("RecursiveDeleteOption", False))
        return {}

    def list_engine_versions(self, call: Call, params: Params) -> Params:
        shown, token = page(ENGINE_VERSIONS, params, key=lambda version: version["SelectedEngineVersion"], size=10)
        return {"EngineVersions": shown, "NextToken": token}

    # ---- named queries

    def create_named_query(self, call: Call, params: Params) -> Params:
        workgroup = self._workgroups.usable(_scope(call), params.get("WorkGroup", PRIMARY))
        return {"NamedQueryId": self._named_queries.create(_scope(call), workgroup["Name"], params)}

    def get_named_query(self, call: Call, params: Params) -> Params:
        return {"NamedQuery": self._named_queries.get(_scope(call), params["NamedQueryId"])}

    def batch_get_named_query(self, call: Call, params: Params) -> Params:
        return self._named_queries.batch_get(_scope(call), params["NamedQueryIds"])

    def list_named_queries(self, call: Call, params: Params) -> Params:
        workgroup = self._workgroups.get(_scope(call), params.get("WorkGroup", PRIMARY))
        return self._named_queries.list(_scope(call), workgroup["Name"], params)

    def update_named_query(self, call: Call, params: Params) -> Params:
        self._named_queries.update(_scope(call), params)
        return {}

    def delete_named_query(self, call: Call, params: Params) -> Params:
        self._named_queries.delete(_scope(call), params["NamedQueryId"])
        return {}

    # ---- prepared statements

    def create_prepared_statement(self, call: Call, params: Params) -> Params:
        workgroup = self._workgroups.get(_scope(call), params["WorkGroup"])["Name"]
        self._prepared.create(
            _scope(call), workgroup, params["StatementName"], params["QueryStatement"], params.get("Description")
        )
        return {}

    def get_prepared_statement(self, call: Call, params: Params) -> Params:
        self._workgroups.get(_scope(call), params["WorkGroup"])
        return {"PreparedStatement": self._prepared.get(_scope(call), params["WorkGroup"], params["StatementName"])}

    def batch_get_prepared_statement(self, call: Call, params: Params) -> Params:
        self._workgroups.get(_scope(call), params["WorkGroup"])
        return self._prepared.batch_get(_scope(call), params["WorkGroup"], params["PreparedStatementNames"])

    def list_prepared_statements(self, call: Call, params: Params) -> Params:
        self._workgroups.get(_scope(call), params["WorkGroup"])
        return self._prepared.list(_scope(call), params["WorkGroup"], params)

    def update_prepared_statement(self, call: Call, params: Params) -> Params:
        self._workgroups.get(_scope(call), params["WorkGroup"])
        self._prepared.update(
            _scope(call),
            params["WorkGroup"],
            params["StatementName"],
            params["QueryStatement"],
            params.get("Description"),
        )
        return {}

    def delete_prepared_statement(self, call: Call, params: Params) -> Params:
        self._workgroups.get(_scope(call), params["WorkGroup"])
        self._prepared.delete(_scope(call), params["WorkGroup"], params["StatementName"])
        return {}

    # ---- data catalogs

    def create_data_catalog(self, call: Call, params: Params) -> Params:
        return {"DataCatalog": self._catalogs.create(_scope(call), params)}

    def get_data_catalog(self, call: Call, params: Params) -> Params:
        return {"DataCatalog": self._catalogs.get(_scope(call), params["Name"])}

    def list_data_catalogs(self, call: Call, params: Params) -> Params:
        return self._catalogs.list(_scope(call), params)

    def update_data_catalog(self, call: Call, params: Params) -> Params:
        self._catalogs.update(_scope(call), params)
        return {}

    def delete_data_catalog(self, call: Call, params: Params) -> Params:
        return {"DataCatalog": self._catalogs.delete(_scope(call), params["Name"])}

    # ---- databases and tables

    def get_database(self, call: Call, params: Params) -> Params:
        self._glue_only(call, params)
        return {"Database": self._metadata.database(call, database_name(params["DatabaseName"]))}

    def list_databases(self, call: Call, params: Params) -> Params:
        self._glue_only(call, params)
        return self._metadata.databases(call, params)

    def get_table_metadata(self, call: Call, params: Params) -> Params:
        self._glue_only(call, params)
        database = database_name(params["DatabaseName"])
        return {"TableMetadata": self._metadata.table(call, database, params["TableName"])}

    def list_table_metadata(self, call: Call, params: Params) -> Params:
        self._glue_only(call, params)
        return self._metadata.tables(call, params | {"DatabaseName": database_name(params["DatabaseName"])})

    def _glue_only(self, call: Call, params: Params) -> None:
        self._catalogs.get(_scope(call), params["CatalogName"])
        self._catalogs.require_glue(_scope(call), params["CatalogName"])

    # ---- tags

    def tag_resource(self, call: Call, params: Params) -> Params:
        self._tags.set(_scope(call), self._tags.resource(_scope(call), params["ResourceARN"]), params["Tags"])
        return {}

    def untag_resource(self, call: Call, params: Params) -> Params:
        self._tags.clear(_scope(call), self._tags.resource(_scope(call), params["ResourceARN"]), params["TagKeys"])
        return {}

    def list_tags_for_resource(self, call: Call, params: Params) -> Document:
        return self._tags.list(_scope(call), self._tags.resource(_scope(call), params["ResourceARN"]), params)


def _scope(call: Call) -> Scope:
    return Scope(call.caller.account, call.caller.region)
