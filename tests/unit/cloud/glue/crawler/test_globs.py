from __future__ import annotations

import pytest

from lakelab.cloud.errors import AwsError
from lakelab.cloud.glue.crawler.globs import matcher


@pytest.mark.fidelity("glue", "crawlers: exclude patterns", "exact")
@pytest.mark.parametrize(
    ("pattern", "path", "excluded"),
    [
        pytest.param("*.csv", "a.csv", True, id="star"),
        pytest.param("*.csv", "x/a.csv", False, id="star-stays-in-its-folder"),
        pytest.param("*.*", "a.b", True, id="dot"),
        pytest.param("*.{csv,avro}", "a.avro", True, id="braces"),
        pytest.param("*.{csv,avro}", "a.orc", False, id="braces-other"),
        pytest.param("foo.?", "foo.x", True, id="question-mark"),
        pytest.param("foo.?", "foo.xy", False, id="question-mark-is-one"),
        pytest.param("myfolder/*", "myfolder/mysource", True, id="one-level"),
        pytest.param("myfolder/*", "myfolder/mysource/data", False, id="one-level-only"),
        pytest.param("myfolder/*/*", "myfolder/mysource/data", True, id="two-levels"),
        pytest.param("myfolder/**", "myfolder/mysource/data", True, id="all-levels"),
        pytest.param("myfolder**", "myfolder/mydata.txt", True, id="folder-and-below"),
        pytest.param("*", ".hidden", True, id="leading-dot"),
        pytest.param("[a-c]x", "bx", True, id="range"),
        pytest.param("[!a-c]x", "bx", False, id="negated"),
        pytest.param("[!a-c]x", "dx", True, id="negated-other"),
        pytest.param("a[!b]c", "a/c", False, id="negated-is-no-slash"),
        pytest.param("[-a]x", "-x", True, id="hyphen-first"),
        pytest.param("[*?]x", "*x", True, id="star-in-brackets"),
        pytest.param(r"\{x\}", "{x}", True, id="escaped"),
        pytest.param("a+b.c", "a+bxc", False, id="regex-characters-are-plain"),
    ],
)
def test_matches(pattern: str, path: str, excluded: bool) -> None:
    assert matcher([pattern])(path) is excluded


@pytest.mark.parametrize("pattern", ["[a", "{a"])
def test_refuses(pattern: str) -> None:
    with pytest.raises(AwsError) as error:
        matcher([pattern])
    assert error.value.message == f"The exclude pattern {pattern} is not valid."
