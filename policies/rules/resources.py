"""What the rules ask of a plan: values of a resource, and the resources that refer to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checkov.common.checks.base_check import BaseCheck
from checkov.common.graph.graph_builder import CustomAttributes
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck


class Rule(BaseResourceCheck):
    """A rule about resources of some types. Subclasses give the attributes and `problem`."""

    id = ""
    says = ""  # what must be so
    about: tuple[str, ...] = ()  # Terraform types

    def __init__(self) -> None:
        super().__init__(self.says, self.id, [CheckCategories.GENERAL_SECURITY], self.about)

    def problem(self, conf: dict[str, Any]) -> str:
        """What is wrong with the resource; empty when nothing is."""
        raise NotImplementedError

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        found = self.problem(conf)
        self.details = [found] if found else []
        return CheckResult.FAILED if found else CheckResult.PASSED


def plain(value: Any) -> Any:
    """A value of checkov's without the lists of one that it puts around values and blocks."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value


def value(conf: dict[str, Any], *keys: str) -> Any:
    """The value at these keys, or None."""
    found: Any = conf
    for key in keys:
        found = plain(found)
        if not isinstance(found, dict):
            return None
        found = found.get(key)
    return plain(found)


def blocks(conf: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The blocks of a name, none, one or more."""
    found = plain(conf.get(key))
    return [plain(item) for item in (found if isinstance(found, list) else [found]) if plain(item)]


def referring(check: BaseCheck, conf: dict[str, Any], kind: str, key: str) -> Iterator[dict[str, Any]]:
    """The resources of a type whose attribute `key` refers to this resource."""
    address = plain(conf.get(CustomAttributes.TF_RESOURCE_ADDRESS))
    for _, node in check.graph.nodes():
        if node.get(CustomAttributes.RESOURCE_TYPE) == kind and str(value(node, key)).startswith(f"{address}."):
            yield node


def resources(check: BaseCheck, kind: str) -> Iterator[dict[str, Any]]:
    """All resources of a type."""
    return (node for _, node in check.graph.nodes() if node.get(CustomAttributes.RESOURCE_TYPE) == kind)
