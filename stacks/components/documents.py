"""Policy documents from policies/*.json, with their placeholders filled in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pulumi

POLICIES = Path(__file__).resolve().parents[2] / "policies"
# a name alone: IAM's own variables (${aws:username}) have a colon and stay
PLACEHOLDER = re.compile(r"\$\{([a-z_]+)\}")


def document(path: str, **values: pulumi.Input[str]) -> pulumi.Output[str]:
    """The policy document of a file below policies/, as the JSON that AWS takes.

    Args:
        path: `iam/ingest`, for policies/iam/ingest.json.
        values: one for each placeholder `${name}` of the file.

    Raises:
        ValueError: a placeholder has no value, or a value no placeholder.
    """
    text = (POLICIES / f"{path}.json").read_text()
    wanted = set(PLACEHOLDER.findall(text))
    if wanted != set(values):
        problems = [f"no value for {name}" for name in sorted(wanted - set(values))]
        problems += [f"no placeholder {name}" for name in sorted(set(values) - wanted)]
        raise ValueError(f"policies/{path}.json: {', '.join(problems)}")

    def fill(known: dict[str, str]) -> str:
        return json.dumps(_filled(json.loads(text), known))

    return pulumi.Output.all(**values).apply(fill)


def _filled(value: Any, known: dict[str, str]) -> Any:
    match value:
        case dict():
            return {key: _filled(item, known) for key, item in value.items()}
        case list():
            return [_filled(item, known) for item in value]
        case str():
            return PLACEHOLDER.sub(lambda found: known[found[1]], value)
    return value
