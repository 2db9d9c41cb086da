from __future__ import annotations

from typing import Any

import pytest

ACTIONS = [{"JobName": "compact"}]


@pytest.fixture
def started(glue: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A job, and a list of the (job, trigger) that triggers have started."""
    for job in ("compact", "other", "after"):
        glue("CreateJob", Name=job, Role="job", Command={"Name": "pythonshell", "ScriptLocation": "s3://b/s.py"})
    starts: list[tuple[str, str]] = []
    monkeypatch.setattr(
        glue.service.job_runner, "start", lambda job, core, params, trigger: starts.append((job.name, trigger))
    )
    glue.starts = starts
    return glue


def conditional(glue: Any, logical: str | None, **states: str) -> None:
    conditions = [
        {"LogicalOperator": "EQUALS", "JobName": job, "State": state.upper()} for job, state in states.items()
    ]
    predicate = {"Conditions": conditions, **({"Logical": logical} if logical else {})}
    actions = [{"JobName": "after"}]
    glue("CreateTrigger", Name="t", Type="CONDITIONAL", Predicate=predicate, Actions=actions, StartOnCreation=True)


def end(glue: Any, job: str, state: str, starter: str = "some-trigger") -> None:
    entity = glue.service.entities.get(glue.service.entities.everywhere("Job")[0].scope, "Job", job)
    glue.service.note_end("Job", entity, state, starter, glue.caller.core)


def test_a_trigger_comes_back_as_it_was_made(started: Any) -> None:
    started("CreateTrigger", Name="t", Type="SCHEDULED", Schedule="cron(0 1 * * ? *)", Actions=ACTIONS)
    found = started("GetTrigger", Name="t")["Trigger"]
    assert found == {
        "Name": "t",
        "Type": "SCHEDULED",
        "Schedule": "cron(0 1 * * ? *)",
        "Actions": ACTIONS,
        "State": "CREATED",
    }
    started("StartTrigger", Name="t")
    assert started("GetTrigger", Name="t")["Trigger"]["State"] == "ACTIVATED"
    started("StopTrigger", Name="t")
    assert started("GetTrigger", Name="t")["Trigger"]["State"] == "DEACTIVATED"
    changed = started("UpdateTrigger", Name="t", TriggerUpdate={"Description": "d"})["Trigger"]
    assert changed["Description"] == "d"
    for _ in range(2):  # deleting what has gone is no error
        assert started("DeleteTrigger", Name="t") == {"Name": "t"}
    assert started("ListTriggers")["TriggerNames"] == []


def test_listings(started: Any) -> None:
    started("CreateTrigger", Name="a", Type="ON_DEMAND", Actions=ACTIONS, Tags={"team": "x"})
    started("CreateTrigger", Name="b", Type="ON_DEMAND", Actions=[{"JobName": "other"}])
    assert started("ListTriggers")["TriggerNames"] == ["a", "b"]
    assert started("ListTriggers", DependentJobName="other")["TriggerNames"] == ["b"]
    assert started("ListTriggers", Tags={"team": "x"})["TriggerNames"] == ["a"]
    assert [found["Name"] for found in started("GetTriggers", MaxResults=1)["Triggers"]] == ["a"]
    answer = started("BatchGetTriggers", TriggerNames=["b", "none"])
    assert ([found["Name"] for found in answer["Triggers"]], answer["TriggersNotFound"]) == (["b"], ["none"])


def test_on_demand(started: Any) -> None:
    started("CreateTrigger", Name="t", Type="ON_DEMAND", Actions=[*ACTIONS, {"JobName": "other"}])
    started("StartTrigger", Name="t")
    assert started.starts == [("compact", "t"), ("other", "t")]
    assert started("GetTrigger", Name="t")["Trigger"]["State"] == "CREATED"


def test_a_schedule_fires_while_it_is_active(started: Any) -> None:
    from lakelab.cloud.clock import Clock
    from lakelab.cloud.glue.schedule import Scheduler

    started("CreateTrigger", Name="off", Type="SCHEDULED", Schedule="cron(* * * * ? *)", Actions=ACTIONS)
    started(
        "CreateTrigger",
        Name="on",
        Type="SCHEDULED",
        Schedule="cron(* * * * ? *)",
        Actions=ACTIONS,
        StartOnCreation=True,
    )
    clock = Clock()
    scheduler = Scheduler(clock, started.service._due)
    scheduler.start(started.caller.core)
    clock.advance(120)
    while not started.starts:
        clock.advance(1)
    scheduler.close()
    assert set(started.starts) == {("compact", "on")}


@pytest.mark.fidelity(
    "glue", "triggers", "near", "on demand, by schedule, by condition; no workflows and event triggers"
)
@pytest.mark.parametrize(
    ("logical", "wanted", "ends", "fires"),
    [
        pytest.param(None, {"compact": "succeeded"}, ["compact SUCCEEDED"], 1, id="one"),
        pytest.param(None, {"compact": "succeeded"}, ["compact FAILED"], 0, id="another-state"),
        pytest.param(None, {"compact": "succeeded"}, ["other SUCCEEDED"], 0, id="another-job"),
        pytest.param(
            "AND", {"compact": "succeeded", "other": "failed"}, ["compact SUCCEEDED", "other FAILED"], 1, id="and"
        ),
        pytest.param("AND", {"compact": "succeeded", "other": "failed"}, ["compact SUCCEEDED"], 0, id="and-half"),
        pytest.param(
            "AND",
            {"compact": "succeeded", "other": "failed"},
            ["compact SUCCEEDED", "other FAILED", "other FAILED"],
            1,
            id="and-begins-anew",
        ),
        pytest.param(
            "ANY",
            {"compact": "succeeded", "other": "failed"},
            ["compact SUCCEEDED", "other SUCCEEDED", "other FAILED"],
            2,
            id="any",
        ),
    ],
)
def test_conditions(started: Any, logical: str | None, wanted: dict[str, str], ends: list[str], fires: int) -> None:
    conditional(started, logical, **wanted)
    for ended in ends:
        end(started, *ended.split())
    assert started.starts == [("after", "t")] * fires


def test_only_runs_that_a_trigger_has_started_count(started: Any) -> None:
    conditional(started, None, compact="succeeded")
    end(started, "compact", "SUCCEEDED", starter="")
    assert started.starts == []


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        pytest.param(
            "CreateTrigger",
            {
                "Type": "CONDITIONAL",
                "Predicate": {
                    "Conditions": [{"LogicalOperator": "EQUALS", "JobName": "compact", "State": "SUCCEEDED"}]
                },
            },
            "InvalidInputException",
            "Job cannot be a Predicate and Action for Conditional Trigger.",
            id="waits-for-itself",
        ),
        pytest.param(
            "CreateTrigger",
            {"Type": "EVENT"},
            "NotImplementedException",
            "Workflows and their event triggers are not implemented by the local AWS.",
            id="event",
        ),
        pytest.param(
            "CreateTrigger",
            {"Type": "SCHEDULED"},
            "InvalidInputException",
            "Invalid schedule cron expression: ",
            id="no-schedule",
        ),
        pytest.param(
            "CreateTrigger",
            {"Type": "CONDITIONAL"},
            "InvalidInputException",
            "A conditional trigger needs a predicate with conditions.",
            id="no-predicate",
        ),
        pytest.param(
            "CreateTrigger",
            {"Type": "CONDITIONAL", "Predicate": {"Conditions": [{"JobName": "compact"}]}},
            "InvalidInputException",
            "State cannot be null or empty, choose from one of the following job state: "
            "[SUCCEEDED, STOPPED, FAILED, TIMEOUT]",
            id="no-state",
        ),
        pytest.param(
            "CreateTrigger",
            {"Actions": [{"JobName": "none"}]},
            "EntityNotFoundException",
            "Job none not found.",
            id="missing-job",
        ),
        pytest.param(
            "CreateTrigger",
            {"Actions": [{"JobName": "compact", "CrawlerName": "c"}]},
            "InvalidInputException",
            "Both JobName and CrawlerName cannot be set together in an action",
            id="job-and-crawler",
        ),
        pytest.param("GetTrigger", {}, "EntityNotFoundException", "Trigger t not found.", id="get"),
        pytest.param("StartTrigger", {}, "EntityNotFoundException", "Trigger t not found.", id="start"),
    ],
)
def test_errors(started: Any, operation: str, params: dict[str, Any], code: str, message: str) -> None:
    create = {"Type": "ON_DEMAND", "Actions": ACTIONS} if operation == "CreateTrigger" else {}
    with started.fails(code, message):
        started(operation, Name="t", **{**create, **params})
