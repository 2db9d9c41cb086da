"""Each row of the listings names operations and members that AWS has."""

from __future__ import annotations

import re

import botocore.session
import pytest
from botocore import xform_name

from lakelab.deploy.listings import LISTINGS, Listing

SESSION = botocore.session.get_session()


def operation(service: str, method: str):
    model = SESSION.get_service_model(service)
    return model.operation_model({xform_name(name): name for name in model.operation_names}[method])


@pytest.mark.parametrize("listing", [pytest.param(row, id=f"{row.service} {row.kind}") for row in LISTINGS])
def test_a_listing_is_one_of_aws(listing: Listing) -> None:
    listed = operation(listing.service, listing.operation)
    assert set(listing.parameters) <= set(listed.input_shape.members)
    assert set(listed.input_shape.required_members) <= set(listing.parameters)
    item = listed.output_shape.members[listing.items].member
    members = set(item.members) if item.type_name == "structure" else {"item"}
    assert listing.name in members | {"item"}
    assert "{" in listing.arn or listing.arn in members
    if listing.tags is not None:
        method, wanted = listing.tags
        tagged = operation(listing.service, method)
        assert set(wanted) <= set(tagged.input_shape.members)
        assert set(tagged.input_shape.required_members) <= set(wanted)
        words = {word for value in wanted.values() for word in re.findall(r"{(\w+)}", value)}
        assert words <= members | {"name", "arn", "item"}
        assert {"Tags", "tags", "TagList", "TagSet"} & set(tagged.output_shape.members)
