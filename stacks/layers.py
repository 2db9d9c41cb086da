"""The layers in order of deployment, and what each needs: plain data, read by the stacks and by what deploys them."""

from __future__ import annotations

# a layer's stack reads the outputs of the stacks that it needs, so those are deployed before it and destroyed after it
LAYERS: dict[str, tuple[str, ...]] = {
    "lake": (),
    "access": ("lake",),
    "catalog": ("lake", "access"),
    "ingest": ("lake", "access", "catalog"),
    "query": ("lake", "catalog"),
    "stream": ("lake", "access", "catalog"),
}
