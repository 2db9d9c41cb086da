"""What becomes of a batch, with a function and a clock that are plain Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from lakelab.cloud.streams.mappings.batches import Batch, Outcome, deliver
from lakelab.cloud.streams.mappings.model import Mapping
from lakelab.cloud.streams.model import Record

MAPPING = Mapping(
    "uuid", "000000000000", "us-east-1", "arn:aws:kinesis:::stream/s", "arn:aws:lambda:::function:f", "role", "LATEST"
)
Function = Callable[[list[str]], Outcome]


def records(text: str, arrived: float = 1000.0) -> list[Record]:
    """A record a letter; its sequence is its place, from 1."""
    return [Record(place, arrived, "k", letter.encode()) for place, letter in enumerate(text, 1)]


@dataclass
class Place:
    """Remembers what was invoked, given up and done."""

    function: Function
    stop_after: int = 1000
    moment: float = 1000.0
    invoked: list[str] = field(default_factory=list)
    parked: list[tuple[str, str, int]] = field(default_factory=list)
    done: int = 0
    pauses: list[float] = field(default_factory=list)

    def invoke(self, records: Sequence[Record]) -> Outcome:
        letters = [record.data.decode() for record in records]
        self.invoked.append("".join(letters))
        return self.function(letters)

    def give_up(self, batch: Batch, condition: str) -> None:
        self.parked.append(("".join(record.data.decode() for record in batch.records), condition, batch.failures))

    def advance(self, sequence: int) -> None:
        assert sequence >= self.done
        self.done = sequence

    def pause(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        self.moment += seconds
        return len(self.pauses) < self.stop_after

    def now(self) -> float:
        return self.moment


def raises_on(poison: str) -> Function:
    """A function that fails as a whole when a record is in `poison`."""
    return lambda letters: Outcome(failed=0 if set(letters) & set(poison) else None)


def reports(poison: str) -> Function:
    """A function that reports the first record that is in `poison`."""
    return lambda letters: Outcome(failed=next((n for n, letter in enumerate(letters) if letter in poison), None))


def run(place: Place, text: str, **settings: object) -> bool:
    mapping = replace(MAPPING, **settings)  # type: ignore[arg-type]
    return deliver(records(text), lambda: mapping, place)


def test_a_batch_that_succeeds_is_invoked_once():
    place = Place(raises_on(""))
    assert run(place, "abcd")
    assert (place.invoked, place.parked, place.done) == (["abcd"], [], 4)


def test_retries_are_counted_and_then_the_whole_batch_is_given_up():
    place = Place(raises_on("c"))
    assert run(place, "abcd", maximum_retries=2)
    assert place.invoked == ["abcd"] * 3
    assert (place.parked, place.done) == ([("abcd", "RetryAttemptsExhausted", 3)], 4)


def test_without_a_limit_it_goes_on_until_the_mapping_stops():
    place = Place(raises_on("c"), stop_after=50)
    assert not run(place, "abcd")
    assert len(place.invoked) == 50
    assert (place.parked, place.done) == ([], 0)
    assert place.pauses[0] < place.pauses[5] <= 60 == max(place.pauses)


@pytest.mark.fidelity("lambda", "BisectBatchOnFunctionError", "exact", "splitting costs no retry")
def test_a_poison_record_is_bisected_out_within_its_retry_budget():
    place = Place(raises_on("f"))
    assert run(place, "abcdefgh", maximum_retries=1, bisect=True)
    assert place.parked == [("f", "RetryAttemptsExhausted", 2)]
    assert place.invoked == ["abcdefgh", "abcd", "efgh", "ef", "e", "f", "f", "gh"]
    assert place.done == 8


@pytest.mark.fidelity("lambda", "ReportBatchItemFailures", "exact", "retries from the lowest reported record on")
def test_a_reported_failure_is_where_the_retry_begins():
    place = Place(reports("c"))
    assert run(place, "abcd", maximum_retries=1)
    assert place.invoked == ["abcd", "cd"]
    assert place.parked == [("cd", "RetryAttemptsExhausted", 2)]


def test_reported_and_bisected_only_the_poison_is_given_up():
    place = Place(reports("cg"))
    assert run(place, "abcdefgh", maximum_retries=0, bisect=True)
    assert [parked[0] for parked in place.parked] == ["c", "g"]
    assert place.done == 8
    assert place.invoked[:2] == ["abcdefgh", "cdefgh"]


def test_a_throttled_invocation_costs_no_retry():
    answers = iter([Outcome(failed=0, not_invoked=True)] * 5 + [Outcome()])
    place = Place(lambda letters: next(answers))
    assert run(place, "ab", maximum_retries=0)
    assert (len(place.invoked), place.parked, place.done) == (6, [], 2)
    assert place.pauses == sorted(place.pauses)


def test_records_over_the_maximum_age_are_given_up_and_the_others_flow():
    place = Place(raises_on("a"))
    batch = [*records("ab", arrived=1000), Record(3, 1100.0, "k", b"c")]
    mapping = replace(MAPPING, maximum_age=60)
    assert deliver(batch, lambda: mapping, place)
    [(letters, condition, failures)] = place.parked
    assert (letters, condition) == ("ab", "RecordAgeExceeded")
    assert failures > 1
    assert place.invoked[-1] == "c"
    assert place.done == 3


def test_a_change_of_the_mapping_counts_from_the_next_attempt_on():
    settings = {"now": replace(MAPPING, maximum_retries=-1)}
    place = Place(raises_on("a"))

    def function(letters: list[str]) -> Outcome:
        if len(place.invoked) == 3:
            settings["now"] = replace(MAPPING, maximum_retries=0)
        return Outcome(failed=0)

    place.function = function
    assert deliver(records("a"), lambda: settings["now"], place)
    assert len(place.invoked) == 4
    assert place.parked == [("a", "RetryAttemptsExhausted", 4)]
