"""Pages of lists."""

from __future__ import annotations

import pytest

from lakelab.cloud.athena.exceptions import InvalidRequest
from lakelab.cloud.athena.paging import decode, encode, page


def test_pages_follow_each_other_even_when_items_come_and_go() -> None:
    first, token = page(["a", "b", "d", "e"], {"MaxResults": 2}, key=str)
    assert first == ["a", "b"]
    second, token = page(["a", "c", "d", "e"], {"MaxResults": 2, "NextToken": token}, key=str)
    assert second == ["c", "d"]
    third, token = page(["e"], {"MaxResults": 2, "NextToken": token}, key=str)
    assert (third, token) == (["e"], None)


def test_a_full_last_page_has_no_token() -> None:
    assert page(["a", "b"], {"MaxResults": 2}, key=str) == (["a", "b"], None)


@pytest.mark.parametrize("token", ["x", "e30=", encode(["a", "b"]), "ü"])
def test_a_token_that_is_none(token: str) -> None:
    with pytest.raises(InvalidRequest, match="The nextPageToken is malformed: "):
        page(["a"], {"NextToken": token}, key=str)


def test_a_position_survives_the_token() -> None:
    assert decode(encode(["id", 12.5]), 2) == ["id", 12.5]
