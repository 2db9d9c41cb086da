"""Workgroups: where queries run, with the settings that hold for them.

Source: https://docs.aws.amazon.com/athena/latest/ug/workgroups-manage-queries-control-costs.html
"""

from __future__ import annotations

from typing import Any

from lakelab.cloud.athena.exceptions import InvalidRequest
from lakelab.cloud.athena.paging import page
from lakelab.cloud.athena.store import Document, Scope, dump, load, moment, now
from lakelab.cloud.athena.tags import Tags
from lakelab.cloud.database import Database
from lakelab.cloud.errors import NotImplementedHere
from lakelab.cloud.objects import split_uri

PRIMARY = "primary"
ENGINE = "Athena engine version 3"
ENGINE_VERSIONS = [
    {"SelectedEngineVersion": selected, "EffectiveEngineVersion": ENGINE} for selected in ("AUTO", ENGINE)
]
# what CreateWorkGroup and the account's own `primary` begin with
_DEFAULTS: Document = {
    "PublishCloudWatchMetricsEnabled": False,
    "RequesterPaysEnabled": False,
    "EnableMinimumEncryptionConfiguration": False,
    "ResultConfiguration": {},
}
# what a ConfigurationUpdates flag takes away
_REMOVALS = {
    "RemoveBytesScannedCutoffPerQuery": "BytesScannedCutoffPerQuery",
    "RemoveCustomerContentEncryptionConfiguration": "CustomerContentEncryptionConfiguration",
}
_RESULT_REMOVALS = {
    "RemoveOutputLocation": "OutputLocation",
    "RemoveEncryptionConfiguration": "EncryptionConfiguration",
    "RemoveExpectedBucketOwner": "ExpectedBucketOwner",
    "RemoveAclConfiguration": "AclConfiguration",
}


class WorkGroups:
    """The workgroups of every account and region; `primary` is there from the start and stays."""

    def __init__(self, database: Database, tags: Tags):
        self._database = database
        self._tags = tags

    def create(self, scope: Scope, params: dict[str, Any]) -> None:
        name = params["Name"]
        given = params.get("Configuration", {})
        configuration = _DEFAULTS | {"EnforceWorkGroupConfiguration": True} | given
        configuration["EngineVersion"] = _engine(given)
        _check(configuration)
        document = {"Name": name, "State": "ENABLED", "Configuration": configuration}
        if params.get("Description"):
            document["Description"] = params["Description"]
        with self._database.transaction() as connection:
            if self._find(scope, name):
                raise InvalidRequest("WorkGroup is already created")
            connection.execute("insert into workgroups values (?,?,?,?,?)", (*scope, name, now(), dump(document)))
            self._tags.set(scope, f"workgroup/{name}", params.get("Tags", []))

    def get(self, scope: Scope, name: str) -> Document:
        """The workgroup as GetWorkGroup shows it.

        Raises:
            InvalidRequest: there is none of that name.
        """
        found = self._find(scope, name)
        if found is None:
            raise InvalidRequest("WorkGroup is not found.")
        return found

    def usable(self, scope: Scope, name: str) -> Document:
        """The workgroup, for new work in it.

        Raises:
            InvalidRequest: there is none of that name, or it is disabled.
        """
        found = self.get(scope, name)
        if found["State"] == "DISABLED":
            raise InvalidRequest(f"WorkGroup {name} is disabled.")
        return found

    def list(self, scope: Scope, params: dict[str, Any]) -> Document:
        self._find(scope, PRIMARY)
        rows = self._database.rows(
            "select name, created, document from workgroups where account=? and region=? order by name", *scope
        )
        shown, token = page(rows, params, key=lambda row: row["name"])
        return {"WorkGroups": [_summary(load(row["document"]), row["created"]) for row in shown], "NextToken": token}

    def update(self, scope: Scope, params: dict[str, Any]) -> None:
        name = params["WorkGroup"]
        with self._database.transaction() as connection:
            document = self.get(scope, name)
            document.pop("CreationTime")
            document["State"] = params.get("State", document["State"])
            if "Description" in params:
                document["Description"] = params["Description"]
            if "ConfigurationUpdates" in params:
                document["Configuration"] = _updated(document["Configuration"], params["ConfigurationUpdates"])
            connection.execute(
                "update workgroups set document=? where account=? and region=? and name=?",
                (dump(document), *scope, name),
            )

    def delete(self, scope: Scope, name: str, recursive: bool) -> None:
        if name == PRIMARY:
            raise InvalidRequest("The primary workgroup cannot be deleted.")
        contents = ("executions", "named_queries", "prepared_statements")
        with self._database.transaction() as connection:
            self.get(scope, name)
            for table in contents:
                where = f"from {table} where account=? and region=? and workgroup=?"
                if recursive:
                    connection.execute(f"delete {where}", (*scope, name))
                elif self._database.row(f"select 1 {where}", *scope, name):
                    raise InvalidRequest(f"WorkGroup {name} is not empty")
            connection.execute("delete from workgroups where account=? and region=? and name=?", (*scope, name))
            self._tags.clear(scope, f"workgroup/{name}")

    def _find(self, scope: Scope, name: str) -> Document | None:
        row = self._database.row(
            "select created, document from workgroups where account=? and region=? and name=?", *scope, name
        )
        if row is None and name == PRIMARY:
            self._make_primary(scope)
            return self._find(scope, name)
        return load(row["document"]) | {"CreationTime": moment(row["created"])} if row else None

    def _make_primary(self, scope: Scope) -> None:
        configuration = _DEFAULTS | {"EnforceWorkGroupConfiguration": False, "EngineVersion": ENGINE_VERSIONS[0]}
        document = {"Name": PRIMARY, "State": "ENABLED", "Configuration": configuration}
        with self._database.transaction() as connection:
            connection.execute(
                "insert or ignore into workgroups values (?,?,?,?,?)", (*scope, PRIMARY, now(), dump(document))
            )


def _summary(document: Document, created: float) -> Document:
    return {
        "Name": document["Name"],
        "State": document["State"],
        "Description": document.get("Description", ""),
        "CreationTime": moment(created),
        "EngineVersion": document["Configuration"]["EngineVersion"],
    }


def _updated(configuration: Document, updates: Document) -> Document:
    updates = dict(updates)
    changed = dict(configuration)
    results = updates.pop("ResultConfigurationUpdates", {})
    managed = updates.pop("ManagedQueryResultsConfigurationUpdates", {})
    changed["ResultConfiguration"] = _merged(configuration["ResultConfiguration"], results, _RESULT_REMOVALS)
    if managed:
        changed["ManagedQueryResultsConfiguration"] = _merged(
            configuration.get("ManagedQueryResultsConfiguration", {"Enabled": False}), managed, _RESULT_REMOVALS
        )
    changed = _merged(changed, updates, _REMOVALS)
    if "EngineVersion" in updates:
        changed["EngineVersion"] = _engine(updates)
    _check(changed)
    return changed


def _merged(current: Document, updates: Document, removals: dict[str, str]) -> Document:
    merged = current | {name: value for name, value in updates.items() if name not in removals}
    for flag, name in removals.items():
        if updates.get(flag):
            merged.pop(name, None)
    return merged


def _engine(configuration: Document) -> Document:
    selected = configuration.get("EngineVersion", {}).get("SelectedEngineVersion", "AUTO")
    if selected.startswith("PySpark"):
        raise NotImplementedHere("Workgroups for Apache Spark are not implemented by the local AWS.")
    for version in ENGINE_VERSIONS:
        if version["SelectedEngineVersion"] == selected:
            return version
    raise InvalidRequest(f"Invalid engine version: {selected}")


def _check(configuration: Document) -> None:
    location = configuration["ResultConfiguration"].get("OutputLocation")
    if location is not None:
        check_output_location(location)
    if location and configuration.get("ManagedQueryResultsConfiguration", {}).get("Enabled"):
        raise InvalidRequest("An output location cannot be set for a workgroup with managed query results enabled.")


def check_output_location(location: str) -> None:
    """Raise InvalidRequest unless the location is `s3://bucket[/prefix]`."""
    try:
        split_uri(location)
    except ValueError as error:
        raise InvalidRequest("outputLocation is not a valid S3 path.") from error
    if not location.startswith("s3://"):
        raise InvalidRequest("outputLocation is not a valid S3 path.")
