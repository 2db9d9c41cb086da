"""The Pulumi program: a stack named `lake-sandbox` deploys the layer `lake` to the target `sandbox`."""

from __future__ import annotations

import importlib

import pulumi
from components.tags import tag_everything
from layers import LAYERS
from target import Target

layer, _, name = pulumi.get_stack().partition("-")
if layer not in LAYERS or not name:
    raise ValueError(
        f"the stack {pulumi.get_stack()!r} is not named <layer>-<target>, with a layer of: {', '.join(LAYERS)}"
    )
target = Target.current(layer, name)
tag_everything(target.tags)
importlib.import_module(layer).deploy(target)
