"""cfn-lint on the graph as a CloudFormation template: enumerations, ranges, formats, deprecated runtimes, IAM actions.

It runs as a process of its own, `python -m lakelab.lint.cfnlint`, because it needs two seconds of a processor: the
state files come in as arguments, matches go out as JSON.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lakelab.lint.findings import Finding, Run, Severity
from lakelab.lint.graph import Graph, Resource, load
from lakelab.lint.process import Result, finish, python
from lakelab.lint.template import Template, render

TOOL = "cfn-lint"
SEVERITIES = {"E": Severity.ERROR, "W": Severity.WARNING, "I": Severity.NOTE}
# About templates as such: needless DependsOn, literal partitions, more resources than one template may have.
NOT_FOR_RENDERED = ["W3005", "I3042", "E3010"]
MESSAGE = 240  # characters; some messages list all values that are allowed


def run(graph: Graph, states: list[Path], root: Path) -> Run:
    """cfn-lint's findings about the resources of these state files."""
    by_urn = {resource.urn: resource for resource in graph.resources}

    def parse(result: Result) -> Run:
        answer = json.loads(result.stdout)
        findings = tuple(_finding(graph, by_urn, match) for match in answer["matches"])
        return Run(TOOL, findings, answer["resources"], "resources", notes=tuple(answer["notes"]))

    return finish(TOOL, python("lakelab.lint.cfnlint", str(root), *map(str, states), root=root), parse)


def _finding(graph: Graph, by_urn: dict[str, Resource], match: dict[str, Any]) -> Finding:
    return graph.finding(
        by_urn[match["urn"]],
        tool=TOOL,
        rule=match["rule"],
        message=textwrap.shorten(match["message"], MESSAGE, placeholder=" ..."),
        severity=SEVERITIES[match["rule"][0]],
        url=match["url"],
    )


def main(root: str, *states: str) -> None:
    """Lint the resources of state files; print matches, the number of resources and what had no place, as JSON."""
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    graph = load(map(Path, states), Path(root))
    template = render(graph, lambda kind: PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema)
    notes = [f"CloudFormation has no place for {name}" for name in sorted(set(template.unplaced))]
    resources = len(template.made_from) + len({part.urn for part in template.parts.values()})
    print(json.dumps({"matches": list(_matches(template)), "resources": resources, "notes": notes}))


def _matches(template: Template) -> Iterator[dict[str, Any]]:
    from cfnlint.api import lint
    from cfnlint.config import ManualArgs

    config = ManualArgs(regions=["us-east-1"], ignore_checks=NOT_FOR_RENDERED)
    for match in lint(json.dumps(template.body, indent=1), config=config):
        path = [str(part) for part in getattr(match, "path", None) or []]
        logical = path[1] if len(path) > 1 and path[0] == "Resources" else ""
        if logical not in template.made_from:
            raise ValueError(f"cfn-lint {match.rule.id} is about no resource: {match.message}")
        yield {
            "rule": match.rule.id,
            "message": f"{'.'.join(path[3:])}: {match.message}" if path[3:] else match.message,
            "urn": template.parts.get((logical, "".join(path[3:4])), template.made_from[logical]).urn,
            "url": match.rule.source_url or "",
        }


if __name__ == "__main__":
    main(*sys.argv[1:])
