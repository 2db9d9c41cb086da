"""Each of our own rules passes its passing example and fails its failing one: policies/rules/examples/<rule>.yaml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakelab.lint import checkov
from lakelab.lint.graph import Graph, read
from lakelab.settings import Settings, find_root

ROOT = find_root(Path(__file__).parent)
RULES = ROOT / "policies/rules"
EXAMPLES = {file.stem: yaml.safe_load(file.read_text()) for file in sorted((RULES / "examples").glob("*.yaml"))}
DECLARED = {
    rule for file in RULES.glob("*.py") for rule in re.findall(r'^    id = "(\w+)"', file.read_text(), re.MULTILINE)
}


def state(rule: str, part: str, resources: list[dict[str, Any]]) -> dict[str, Any]:
    """The resources of an example as the state of a stack `<rule>-<part>`."""
    found = []
    for item in resources:
        physical = item["inputs"].get("bucket") or item["inputs"].get("name") or item["name"]
        found.append(
            {
                "urn": f"urn:pulumi:{rule}-{part}::lakelab::{item['type']}::{item['name']}",
                "type": item["type"],
                "id": physical,
                "inputs": item["inputs"],
                "outputs": item["inputs"] | item.get("outputs", {}),
                "sourcePosition": f"project:///{rule}.py#1",
            }
        )
    return {"version": 3, "deployment": {"resources": found}}


@pytest.fixture(scope="module")
def failed(once) -> set[tuple[str, str]]:
    """The rules that failed, each with the stack of the example that they failed."""
    return once("rule-examples", check_examples)


def check_examples() -> set[tuple[str, str]]:
    documents = [
        state(rule, part, example[part]) for rule, example in EXAMPLES.items() for part in ("passing", "failing")
    ]
    graph = Graph(resource for document in documents for resource in read(document, ROOT))
    run = checkov.run(graph, ROOT, Settings(root=ROOT).state)  # type: ignore[call-arg]  # the rest have defaults
    assert not run.failure, run.failure
    return {(finding.rule, finding.stack) for finding in run.findings}


def test_every_rule_has_examples():
    assert set(EXAMPLES) == DECLARED
    assert all(example["rule"] == name for name, example in EXAMPLES.items())


@pytest.mark.parametrize("rule", sorted(EXAMPLES))
def test_examples(rule: str, failed: set[tuple[str, str]]):
    assert (rule, f"{rule}-passing") not in failed
    assert (rule, f"{rule}-failing") in failed
