"""What is true of every resource type, found without a server."""

from __future__ import annotations

import json

import pytest

from lakelab.deploy.provider import schema, shapes
from lakelab.deploy.provider.resource import Resource, automatic_name, shape_of
from lakelab.deploy.provider.services import MODULES, all_types, resource

TYPES = [pytest.param(kind, id=token) for token, kind in all_types().items()]


@pytest.mark.parametrize("kind", TYPES)
def test_each_property_is_the_sdks_and_has_a_place(kind: Resource) -> None:
    assert [name for name in kind.properties if name not in kind.schema.inputs] == []
    members = [shape_of(kind.service, shape).members for shape in kind.shapes]
    lost = [
        name
        for name, known in kind.properties.items()
        if not known.local
        and not known.custom
        and not any(shapes.member_of(name, place, kind.renames) for place in members)
    ]
    assert lost == [], "these would be dropped without a word"


@pytest.mark.parametrize("kind", TYPES)
def test_each_required_property_of_the_sdk_is_known(kind: Resource) -> None:
    assert kind.schema.required <= set(kind.properties)
    assert kind.name is None or kind.name in kind.properties


@pytest.mark.filterwarnings("ignore")  # the SDK warns of its own deprecated modules
def test_schema_json_is_what_the_installed_sdk_says() -> None:
    from lakelab.deploy.provider import schema_source

    assert schema_source.text(schema_source.current()) == schema.FILE.read_text(), (
        "run python -m lakelab.deploy.provider.schema_source"
    )


def test_types_are_found_by_token() -> None:
    assert resource("aws:sqs/queue:Queue") is resource("aws:sqs/queue:Queue")
    assert resource("aws:sqs/queue:Cue") is None
    assert resource("aws:ec2/vpc:Vpc") is None
    assert resource("nonsense") is None
    assert {token.split(":")[1].split("/")[0] for token in all_types()} == set(MODULES)


@pytest.mark.parametrize(
    ("token", "inputs", "pattern"),
    [
        pytest.param("aws:s3/bucket:Bucket", {}, r"raw-zone-[0-9a-f]{7}", id="bucket-in-lower-case"),
        pytest.param("aws:sqs/queue:Queue", {"fifoQueue": True}, r"Raw-Zone-[0-9a-f]{7}\.fifo", id="fifo"),
        pytest.param("aws:kms/alias:Alias", {}, r"alias/Raw-Zone-[0-9a-f]{7}", id="prefix-that-AWS-wants"),
    ],
)
def test_automatic_names(token: str, inputs: dict[str, object], pattern: str) -> None:
    import re

    kind = all_types()[token]
    made = automatic_name(kind, "Raw-Zone", b"seed", inputs)
    assert re.fullmatch(pattern, made)
    assert automatic_name(kind, "Raw-Zone", b"seed", inputs) == made
    assert automatic_name(kind, "Raw-Zone", b"other", inputs) != made
    assert len(automatic_name(kind, "x" * 2000, b"seed", inputs)) == kind.name_limit


def test_schema_json_is_read_in_a_moment() -> None:
    assert len(json.loads(schema.FILE.read_text())["types"]) == len(all_types())
