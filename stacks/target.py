"""What all layers know about where they are deployed: the account, the names, the settings, the layers below."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pulumi
import pulumi_aws as aws
from layers import LAYERS

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Target:
    """One deployment of one layer. `name` tells the deployments of an account apart: `local`, `sandbox`."""

    layer: str
    name: str
    account: str
    region: str
    partition: str
    config: pulumi.Config

    @classmethod
    def current(cls, layer: str, name: str) -> Target:
        """The target that the environment's credentials and region stand for."""
        return cls(
            layer=layer,
            name=name,
            account=aws.get_caller_identity().account_id,
            region=aws.get_region().region,
            partition=aws.get_partition().partition,
            config=pulumi.Config(),
        )

    @property
    def prefix(self) -> str:
        """Begins every name: `lakelab-sandbox`."""
        return f"{self.config.require('namePrefix')}-{self.name}"

    @property
    def tags(self) -> dict[str, str]:
        return {"project": pulumi.get_project(), "target": self.name, "layer": self.layer, "managed-by": "pulumi"}

    def named(self, thing: str) -> str:
        """`lakelab-sandbox-<thing>`: names are explicit where another layer or a person refers to them."""
        return f"{self.prefix}-{thing}"

    def bucket(self, zone: str) -> str:
        """The name of a bucket; bucket names are shared by all of AWS, so it ends in the account's id."""
        return f"{self.named(zone)}-{self.account}"

    @property
    def database(self) -> str:
        """The Glue database of the contracts' tables. Athena wants names without hyphens."""
        return self.prefix.replace("-", "_")

    @property
    def analytics_database(self) -> str:
        """The Glue database that the transforms write."""
        return f"{self.database}_analytics"

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def output(self, layer: str, name: str) -> pulumi.Output[str]:
        """An output of a layer below. Raises ValueError for a layer that this one does not declare to need."""
        if layer not in LAYERS[self.layer]:
            raise ValueError(f"the layer {self.layer} does not declare in layers.py that it needs {layer}")
        return self._below[layer].require_output(name)

    @cached_property
    def _below(self) -> dict[str, pulumi.StackReference]:
        project = pulumi.get_project()
        return {
            layer: pulumi.StackReference(f"organization/{project}/{layer}-{self.name}") for layer in LAYERS[self.layer]
        }
