"""JSON and YAML documents of the project against their schemas: policies, data contracts, exceptions."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import relevance

from lakelab.lint.findings import Finding, Location, Run
from lakelab.lint.sources import below
from lakelab.lint.yaml_lines import keys_of, line_of

TOOL = "documents"
SCHEMAS = Path(__file__).with_name("schemas")
# Which documents have which schema. All other JSON and YAML files only have to be JSON and YAML.
KINDS = {
    "glue/tables/*.yaml": "contract",
    "policies/iam/*.json": "policy",
    "policies/resource/*.json": "policy",
    "policies/trust/*.json": "policy",
    "policies/exceptions.yaml": "exceptions",
}
FOLDERS = ("glue", "policies", "lambdas", "stacks", "localstack", "transforms", ".github", ".devcontainer")


def run(root: Path, files: Iterable[Path]) -> Run:
    """The documents that cannot be read, and the places where one is not what its schema says."""
    begin = time.perf_counter()
    known = [file for file in files if file.suffix in (".json", ".yaml", ".yml")]
    chosen = [file for file in known if file.parent == Path() or below([file], *FOLDERS)]
    findings = [finding for file in chosen for finding in _check(root, file)]
    return Run(TOOL, tuple(findings), len(chosen), "documents", time.perf_counter() - begin)


def _check(root: Path, file: Path) -> Iterator[Finding]:
    text = (root / file).read_text(encoding="utf-8")
    try:
        document = json.loads(text) if file.suffix == ".json" else yaml.load(text, Loader=_Loader)  # noqa: S506
    except json.JSONDecodeError as error:
        yield Finding(TOOL, "json", error.msg, Location(file.as_posix(), error.lineno, error.colno))
        return
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        yield Finding(TOOL, "yaml", str(error).split("\n")[0], Location(file.as_posix(), mark.line + 1 if mark else 0))
        return
    kind = next((schema for pattern, schema in KINDS.items() if file.match(pattern)), None)
    if kind is None:
        return
    mistakes: dict[tuple[str | int, ...], Any] = {}
    for error in _validator(kind).iter_errors(document):
        deepest = _deepest(error)
        mistakes.setdefault(tuple(deepest.absolute_path), deepest)
    for keys, deepest in mistakes.items():
        where = ".".join(map(str, keys))
        message = f"{where}: {deepest.message}" if where else deepest.message
        yield Finding(
            TOOL, f"schema-{kind}", message, Location(file.as_posix(), line_of(text, keys_of(keys, deepest.message)))
        )


def _deepest(error: Any) -> Any:
    """The most telling of the mistakes below one; jsonschema gives the outermost."""
    while error.context:
        error = max(error.context, key=lambda item: (len(item.path), item.validator != "type", relevance(item)))
    return error


@cache
def _validator(kind: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


class _Loader(yaml.SafeLoader):
    """YAML as JSON has it: dates are texts, and a key that stands twice is a mistake, not the last one's win."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:  # before the merge: a key may well override one that `<<` brings in
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", key_node.start_mark)
        seen.add(key)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


def _date(loader: _Loader, node: yaml.ScalarNode) -> str:
    value = loader.construct_yaml_timestamp(node)
    return value.isoformat() if isinstance(value, date) else str(value)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _date)
