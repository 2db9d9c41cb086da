"""Operations on triggers, and what makes them fire.

https://docs.aws.amazon.com/glue/latest/dg/about-triggers.html
"""

from __future__ import annotations

import logging
from typing import Any

from lakelab.cloud.core import Core
from lakelab.cloud.errors import AwsError, NotImplementedHere
from lakelab.cloud.glue.crawler.runner import CrawlRunner
from lakelab.cloud.glue.entities import Entity
from lakelab.cloud.glue.errors import EntityNotFound, InvalidInput
from lakelab.cloud.glue.job.runner import JobRunner
from lakelab.cloud.glue.model import Scope
from lakelab.cloud.glue.operations import Operations
from lakelab.cloud.glue.paging import decode, page
from lakelab.cloud.glue.schedule import check_cron
from lakelab.cloud.wire import Call, Params

log = logging.getLogger(__name__)


class TriggerOperations(Operations):
    job_runner: JobRunner
    crawl_runner: CrawlRunner

    def create_trigger(self, call: Call, params: Params) -> Params:
        scope, name = Scope.of(call.caller, {}), params["Name"]
        kept = ("Name", "Tags", "StartOnCreation")
        definition = {key: value for key, value in params.items() if key not in kept}
        self._check_trigger(scope, definition)
        active = params.get("StartOnCreation", False) and params["Type"] != "ON_DEMAND"
        definition["State"] = "ACTIVATED" if active else "CREATED"
        with self.file.transaction():
            self.entities.create(scope, "Trigger", name, definition)
            self.tag(scope, f"trigger/{name}", params.get("Tags", {}))
        return {"Name": name}

    def update_trigger(self, call: Call, params: Params) -> Params:
        scope, name = Scope.of(call.caller, {}), params["Name"]
        changes = {key: value for key, value in params["TriggerUpdate"].items() if key != "Name"}
        with self.file.transaction():
            definition = {**self.entities.get(scope, "Trigger", name).document, **changes}
            self._check_trigger(scope, definition)
            self.entities.update(scope, "Trigger", name, definition)
        return {"Trigger": _answer(self.entities.get(scope, "Trigger", name))}

    def get_trigger(self, call: Call, params: Params) -> Params:
        return {"Trigger": _answer(self.entities.get(Scope.of(call.caller, {}), "Trigger", params["Name"]))}

    def get_triggers(self, call: Call, params: Params) -> Params:
        triggers, token = self._trigger_page(call, params)
        return {"Triggers": [_answer(trigger) for trigger in triggers], "NextToken": token}

    def list_triggers(self, call: Call, params: Params) -> Params:
        triggers, token = self._trigger_page(call, params)
        scope, wanted = Scope.of(call.caller, {}), params.get("Tags", {})
        names = [
            trigger.name
            for trigger in triggers
            if wanted.items() <= self.tags_of(scope, f"trigger/{trigger.name}").items()
        ]
        return {"TriggerNames": names, "NextToken": token}

    def batch_get_triggers(self, call: Call, params: Params) -> Params:
        scope = Scope.of(call.caller, {})
        found = {name: self.entities.find(scope, "Trigger", name) for name in params["TriggerNames"]}
        return {
            "Triggers": [_answer(trigger) for trigger in found.values() if trigger],
            "TriggersNotFound": [name for name, trigger in found.items() if not trigger],
        }

    def delete_trigger(self, call: Call, params: Params) -> Params:
        scope, name = Scope.of(call.caller, {}), params["Name"]
        with self.file.transaction():
            if self.entities.find(scope, "Trigger", name) is not None:  # AWS: no error for one that does not exist
                self.entities.delete(scope, "Trigger", name)
                self.untag(scope, f"trigger/{name}")
        return {"Name": name}

    def start_trigger(self, call: Call, params: Params) -> Params:
        scope = Scope.of(call.caller, {})
        trigger = self.entities.get(scope, "Trigger", params["Name"])
        if trigger.document["Type"] == "ON_DEMAND":
            self.fire(trigger, call.caller.core)
        else:
            self.entities.update(scope, "Trigger", trigger.name, {**trigger.document, "State": "ACTIVATED"})
        return {"Name": trigger.name}

    def stop_trigger(self, call: Call, params: Params) -> Params:
        scope = Scope.of(call.caller, {})
        trigger = self.entities.get(scope, "Trigger", params["Name"])
        if trigger.document["State"] != "ACTIVATED":
            raise InvalidInput(f"Trigger {trigger.name} is not active.")
        self.entities.update(scope, "Trigger", trigger.name, {**trigger.document, "State": "DEACTIVATED"})
        return {"Name": trigger.name}

    def fire(self, trigger: Entity, core: Core) -> None:
        """Start the jobs and crawlers of a trigger. Raises what the first that cannot start raises."""
        for action in trigger.document["Actions"]:
            if "CrawlerName" in action:
                crawler = self.entities.get(trigger.scope, "Crawler", action["CrawlerName"])
                self.crawl_runner.start(crawler, core, trigger=trigger.name)
            else:
                job = self.entities.get(trigger.scope, "Job", action["JobName"])
                self.job_runner.start(job, core, action, trigger=trigger.name)

    def note_end(self, kind: str, entity: Entity, state: str, starter: str, core: Core) -> None:
        """Fire the conditional triggers that the end of a job run or a crawl completes.

        As on AWS, only a run that a trigger has started counts.
        """
        if not starter:
            return
        event = (kind, entity.name)
        for trigger in self.entities.list(entity.scope, "Trigger"):
            definition = trigger.document
            if definition["Type"] != "CONDITIONAL" or definition["State"] != "ACTIVATED":
                continue
            conditions = [_condition(condition) for condition in definition["Predicate"]["Conditions"]]
            watched = [(condition_kind, name) for condition_kind, name, _ in conditions]
            if event not in watched:
                continue
            seen = self._seen(trigger) | {f"{kind}/{entity.name}": state}
            met = [seen.get(f"{condition_kind}/{name}") == wanted for condition_kind, name, wanted in conditions]
            met_now = any((*event, state) == condition for condition in conditions)
            everything = definition["Predicate"].get("Logical", "AND") == "AND"
            fires = all(met) if everything else met_now
            self._remember(trigger, {} if fires else seen)
            if fires:
                try:
                    self.fire(trigger, core)
                except AwsError as error:
                    log.warning("trigger %s could not start its actions: %s", trigger.name, error)

    def _seen(self, trigger: Entity) -> dict[str, str]:
        found = self.entities.find(trigger.scope, "TriggerState", trigger.name)
        return {} if found is None else found.document

    def _remember(self, trigger: Entity, seen: dict[str, str]) -> None:
        self.entities.put(trigger.scope, "TriggerState", trigger.name, seen)

    def _check_trigger(self, scope: Scope, definition: Params) -> None:
        if definition["Type"] == "EVENT" or "WorkflowName" in definition:
            raise NotImplementedHere("Workflows and their event triggers are not implemented by the local AWS.")
        if definition["Type"] == "SCHEDULED":
            check_cron(definition.get("Schedule", ""))
        if definition["Type"] == "CONDITIONAL":
            _check_predicate(definition.get("Predicate", {}))
            watched = {condition.get("JobName") for condition in definition["Predicate"]["Conditions"]} - {None}
            if watched & {action.get("JobName") for action in definition["Actions"]}:
                # https://github.com/hashicorp/terraform-provider-aws/issues/39571
                raise InvalidInput("Job cannot be a Predicate and Action for Conditional Trigger.")
        for action in definition["Actions"]:
            if ("JobName" in action) == ("CrawlerName" in action):
                raise InvalidInput("Both JobName and CrawlerName cannot be set together in an action")
            kind, name = ("Job", action["JobName"]) if "JobName" in action else ("Crawler", action["CrawlerName"])
            if self.entities.find(scope, kind, name) is None:
                raise EntityNotFound(f"{kind} {name} not found.")

    def _trigger_page(self, call: Call, params: Params) -> tuple[Any, str | None]:
        limit, after = params.get("MaxResults", 100), decode(params.get("NextToken"), "")
        job = params.get("DependentJobName")
        found = [
            trigger
            for trigger in self.entities.list(Scope.of(call.caller, {}), "Trigger", after=after)
            if job is None or any(action.get("JobName") == job for action in trigger.document["Actions"])
        ]
        return page(found, limit, lambda trigger: trigger.name)


def _check_predicate(predicate: Params) -> None:
    conditions = predicate.get("Conditions", ())
    if not conditions:
        raise InvalidInput("A conditional trigger needs a predicate with conditions.")
    if len(conditions) > 1 and "Logical" not in predicate:
        raise InvalidInput("Logical operator cannot be null or empty when there are several conditions.")
    for condition in conditions:
        _condition(condition)


def _condition(condition: Params) -> tuple[str, str, str]:
    """The (kind, name, state) that a condition waits for. Raises InvalidInput."""
    if condition.get("JobName"):
        if condition.get("State") not in ("SUCCEEDED", "STOPPED", "FAILED", "TIMEOUT"):
            raise InvalidInput(
                "State cannot be null or empty, choose from one of the following job state: "
                "[SUCCEEDED, STOPPED, FAILED, TIMEOUT]"
            )
        return "Job", condition["JobName"], condition["State"]
    if condition.get("CrawlerName"):
        if condition.get("CrawlState") not in ("SUCCEEDED", "FAILED", "CANCELLED"):
            raise InvalidInput(
                "State cannot be null or empty, choose from one of the following crawler state: "
                "[SUCCEEDED, FAILED, CANCELLED]"
            )
        return "Crawler", condition["CrawlerName"], condition["CrawlState"]
    raise InvalidInput("JobName or CrawlerName in condition cannot be null or empty")


def _answer(trigger: Entity) -> Params:
    return {**trigger.document, "Name": trigger.name}
