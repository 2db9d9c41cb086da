"""What StartQueryExecution does: which statement, in which workgroup, with its result where.

Sources: https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html and
https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from lakelab.cloud.athena import sql, statements
from lakelab.cloud.athena.catalog import CATALOG
from lakelab.cloud.athena.catalogs import DataCatalogs
from lakelab.cloud.athena.errors import MalformedQuery, QueryError
from lakelab.cloud.athena.exceptions import InvalidRequest
from lakelab.cloud.athena.executions import Executions
from lakelab.cloud.athena.grammar import parse_statement
from lakelab.cloud.athena.model import Engine, Outcome, Session
from lakelab.cloud.athena.prepared import PreparedStatements
from lakelab.cloud.athena.results import Results, Target
from lakelab.cloud.athena.reuse import reusable
from lakelab.cloud.athena.scheduler import Job, Scheduler
from lakelab.cloud.athena.statements import Kind
from lakelab.cloud.athena.store import Document, Scope, now
from lakelab.cloud.athena.workgroups import PRIMARY, WorkGroups, check_output_location
from lakelab.cloud.caller import Caller
from lakelab.cloud.errors import NotImplementedHere

NO_OUTPUT = (
    "No output location provided. You did not provide an output location for  your query results. Either specify an S3 "
    "bucket location or enable Athena managed query results in your workgroup settings."
)


@dataclass(frozen=True)
class Destination:
    """Where results go: `folder` is an S3 URI with its trailing slash, None for managed results.

    `configuration` is the ResultConfiguration in force, and `enforced` says that the client's own does not count.
    """

    folder: str | None
    configuration: Document
    enforced: bool


@dataclass(frozen=True)
class Submitter:
    """Starts executions."""

    engine: Engine
    scheduler: Scheduler
    executions: Executions
    results: Results
    workgroups: WorkGroups
    prepared: PreparedStatements
    catalogs: DataCatalogs
    scratch: Path

    def start(self, caller: Caller, params: dict[str, Any]) -> str:
        """Start the execution that the request asks for, and answer its id.

        Raises:
            InvalidRequest: the request's token, workgroup, output location or catalog is not usable.
            MalformedQuery: the SQL is no statement of Athena.
            TooManyRequests: too many executions are queued or running.
        """
        scope = Scope(caller.account, caller.region)
        token = params.get("ClientRequestToken")
        if not token:
            raise InvalidRequest("clientRequestToken is null or empty")
        if "EngineConfiguration" in params:
            raise NotImplementedHere("EngineConfiguration is not implemented by the local AWS.")
        name = params.get("WorkGroup", PRIMARY)
        workgroup = self.workgroups.usable(scope, name)
        destination = destination_of(workgroup["Configuration"], params.get("ResultConfiguration", {}))
        statement = parse_statement(params["QueryString"])
        check_syntax(statement)
        context = dict(params.get("QueryExecutionContext", {}))
        self.catalogs.require_glue(scope, context.get("Catalog", CATALOG))
        fingerprint = json.dumps(
            [params["QueryString"], context.get("Catalog"), context.get("Database"), destination.folder]
        )
        kind = self._kind(scope, name, statement)
        execution_id = str(uuid4())
        target = Target(execution_id, kind, destination.folder)
        execution = _document(execution_id, params, workgroup, kind, destination, target)
        found = reusable(execution, destination.folder, scope, caller, self.executions, self.results)
        earlier_id = self.executions.add(scope, execution, token, fingerprint)
        if earlier_id is not None:
            return earlier_id
        if found is not None:
            earlier, result = found
            self.executions.reuse(execution_id, earlier["ResultConfiguration"]["OutputLocation"], result)
            return execution_id
        session = Session(
            execution_id=execution_id,
            caller=caller,
            catalog=CATALOG,
            database=database_name(context.get("Database", "default")),
            output=destination.folder or "",
            scratch=self.scratch / execution_id,
            enforced_output=destination.enforced and destination.folder is not None,
            bytes_scanned_cutoff=workgroup["Configuration"].get("BytesScannedCutoffPerQuery"),
            parameters=params.get("ExecutionParameters", []),
        )
        self.scheduler.submit(Job(session, target, self._work(scope, name, params["QueryString"], statement)))
        return execution_id

    def _kind(self, scope: Scope, workgroup: str, statement: statements.Statement) -> Kind:
        if isinstance(statement, statements.Execute):
            stored = self.prepared.find(scope, workgroup, statement.name)
            if stored is not None:
                return parse_statement(stored["QueryStatement"]).kind
        return statement.kind

    def _work(
        self, scope: Scope, workgroup: str, text: str, statement: statements.Statement
    ) -> Callable[[Session], Outcome]:
        match statement:
            case statements.Prepare():
                return lambda session: self._prepare(scope, workgroup, statement, session)
            case statements.Execute():
                return lambda session: self._execute(scope, workgroup, statement, session)
            case statements.Deallocate():
                return lambda session: self._deallocate(scope, workgroup, statement, session)
        return lambda session: self.engine.run(session, text)

    def _prepare(self, scope: Scope, workgroup: str, statement: statements.Prepare, session: Session) -> Outcome:
        _require(session, "CreatePreparedStatement", workgroup)
        check_syntax(parse_statement(statement.sql))
        try:
            self.prepared.create(scope, workgroup, statement.name, statement.sql)
        except InvalidRequest as error:
            raise QueryError("", error.message) from error
        return Outcome(statement.kind.statement_type, statement.kind.substatement_type)

    def _execute(self, scope: Scope, workgroup: str, statement: statements.Execute, session: Session) -> Outcome:
        _require(session, "GetPreparedStatement", workgroup)
        stored = self._stored(scope, workgroup, statement.name)
        session.parameters = list(statement.values) or session.parameters
        return self.engine.run(session, stored["QueryStatement"])

    def _deallocate(self, scope: Scope, workgroup: str, statement: statements.Deallocate, session: Session) -> Outcome:
        _require(session, "DeletePreparedStatement", workgroup)
        self._stored(scope, workgroup, statement.name)
        self.prepared.delete(scope, workgroup, statement.name)
        return Outcome(statement.kind.statement_type, statement.kind.substatement_type)

    def _stored(self, scope: Scope, workgroup: str, name: str) -> Document:
        stored = self.prepared.find(scope, workgroup, name)
        if stored is None:
            raise QueryError("", f"PreparedStatement {name} was not found in workGroup {workgroup}")
        return stored


def check_syntax(statement: statements.Statement) -> None:
    """Raise MalformedQuery unless the query in a statement can be read; whether its names exist shows when it runs."""
    match statement:
        case statements.Explain():
            return check_syntax(statement.statement)
        case statements.CreateTableAs() | statements.Insert() | statements.Unload() | statements.CreateView():
            query = statement.query
        case statements.Query() | statements.Update() | statements.Delete() | statements.Merge():
            query = statement.sql
        case _:
            return None
    try:
        sql.parse(query)
    except sql.SqlError as error:
        if error.name == "SYNTAX_ERROR":
            raise MalformedQuery(error.message) from error
    return None


def destination_of(workgroup: Document, request: Document) -> Destination:
    """Where the results of a request go, given the configuration of its workgroup.

    Raises:
        InvalidRequest: a location is no S3 path, or there is none.
    """
    if "OutputLocation" in request:
        check_output_location(request["OutputLocation"])
    enforced = bool(workgroup.get("EnforceWorkGroupConfiguration"))
    own = workgroup["ResultConfiguration"]
    configuration = own if enforced and own else own | request
    if workgroup.get("ManagedQueryResultsConfiguration", {}).get("Enabled"):
        return Destination(None, {}, enforced=True)
    location = configuration.get("OutputLocation")
    if not location:
        raise InvalidRequest(NO_OUTPUT)
    return Destination(location.rstrip("/") + "/", configuration, enforced and "OutputLocation" in own)


def database_name(name: str) -> str:
    """The database of a QueryExecutionContext, which some clients send quoted."""
    return name.strip('`"').lower()


def _document(
    execution_id: str,
    params: dict[str, Any],
    workgroup: Document,
    kind: Kind,
    destination: Destination,
    target: Target,
) -> Document:
    context = dict(params.get("QueryExecutionContext", {}))
    if "Catalog" in context:
        context["Catalog"] = context["Catalog"].lower()
    document = {
        "QueryExecutionId": execution_id,
        "Query": params["QueryString"],
        "StatementType": kind.statement_type,
        "SubstatementType": kind.substatement_type,
        "ResultConfiguration": destination.configuration | {"OutputLocation": target.location},
        "ResultReuseConfiguration": params.get(
            "ResultReuseConfiguration", {"ResultReuseByAgeConfiguration": {"Enabled": False}}
        ),
        "QueryExecutionContext": context,
        "Status": {"State": "QUEUED", "SubmissionDateTime": now()},
        "Statistics": {
            "DataScannedInBytes": 0,
            "ResultReuseInformation": {"ReusedPreviousResult": False},
        },
        "WorkGroup": workgroup["Name"],
        "EngineVersion": workgroup["Configuration"]["EngineVersion"],
    }
    if target.location is None:
        del document["ResultConfiguration"]
        document["ManagedQueryResultsConfiguration"] = workgroup["Configuration"]["ManagedQueryResultsConfiguration"]
    if params.get("ExecutionParameters"):
        document["ExecutionParameters"] = params["ExecutionParameters"]
    return document


def _require(session: Session, action: str, workgroup: str) -> None:
    session.caller.require(f"athena:{action}", session.caller.arn_of("athena", f"workgroup/{workgroup}"))
