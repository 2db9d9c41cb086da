"""The page of types and properties."""

from __future__ import annotations

from lakelab.deploy.provider.reference import page
from lakelab.deploy.provider.services import all_types


def test_every_type_and_property_is_on_the_page() -> None:
    text = page()
    for token, kind in all_types().items():
        part = text.split(f"## `{token}`\n", 1)[1].split("\n## ", 1)[0]
        assert all(f"| `{name}` |" in part for name in kind.properties)
    assert "| `visibilityTimeoutSeconds` | integer | default `30`, from 0 to 43200 |" in text
    assert "Not known: `accelerationStatus`, `acl`" in text
