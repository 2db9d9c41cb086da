"""Tags for every resource that can have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi


def tag_everything(tags: Mapping[str, str]) -> None:
    """Give the tags to every resource registered from now on that has tags; a resource's own tags win."""

    def add(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not isinstance(args.resource, pulumi.CustomResource) or not hasattr(type(args.resource), "tags"):
            return None
        props: dict[str, Any] = dict(args.props)
        props["tags"] = {**tags, **(props.get("tags") or {})}
        return pulumi.ResourceTransformationResult(props, args.opts)

    pulumi.runtime.register_stack_transformation(add)
