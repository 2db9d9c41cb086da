"""The page of types and properties."""

from __future__ import annotations

from lakelab.deploy.provider.reference import PAGE, page
from lakelab.deploy.provider.services import all_types


def test_every_type_and_property_is_on_the_page() -> None:
    text = page()
    for token, kind in all_types().items():
        part = text.split(f"## `{token}`\n", 1)[1].split("\n## ", 1)[0]
        assert all(f"| `{name}` |" in part for name in kind.properties)
    assert "| `visibilityTimeoutSeconds` | integer | default `30`, from 0 to 43200 |" in text
    assert "Not known: `accelerationStatus`, `acl`" in text


def test_the_page_is_as_make_docs_writes_it() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run make docs"


def test_drift_that_cannot_be_seen_is_listed() -> None:
    part = page().split("## Drift that cannot be seen\n", 1)[1].split("\n## ", 1)[0]
    assert "- `aws:apigatewayv2/api:Api`: `credentialsArn`, `routeKey`, `target`" in part
    blind = sum(known.blind for kind in all_types().values() for known in kind.properties.values())
    assert part.count("`") // 2 == blind + part.count("\n- ") + 1
