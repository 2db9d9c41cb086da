"""Property values on the wire."""

from __future__ import annotations

import pytest

from lakelab.deploy import values
from lakelab.deploy.values import SECRET, SIGNATURE, UNKNOWN, Secret


def test_values_survive_the_wire() -> None:
    properties = {
        "text": "a",
        "whole": 3,
        "part": 0.5,
        "no": None,
        "yes": True,
        "list": [1, {"a": []}],
        "empty": {},
        "secret": Secret({"p": "x"}),
    }
    assert values.from_struct(values.to_struct(properties)) == properties


def test_secrets_go_out_in_clear_only_when_asked() -> None:
    sealed = values.to_struct({"p": Secret("x")}).fields["p"].struct_value
    assert sealed.fields[SIGNATURE].string_value == SECRET
    assert values.to_struct({"p": Secret("x")}, secrets=False)["p"] == "x"


def test_what_people_see() -> None:
    asset = {SIGNATURE: values.ASSET, "path": "a.py", "hash": "0123456789abcdef"}
    shown = values.mask({"s": Secret("x"), "u": UNKNOWN, "l": [Secret(1)], "a": asset})
    assert shown == {"s": "[secret]", "u": "[unknown]", "l": ["[secret]"], "a": "asset a.py (0123456789ab)"}
    assert "x" not in repr(Secret("x")).replace("[secret]", "")


@pytest.mark.parametrize(
    ("value", "unknown", "secret"),
    [
        pytest.param({"a": [1]}, False, False, id="plain"),
        pytest.param({"a": [UNKNOWN]}, True, False, id="unknown-inside"),
        pytest.param([Secret(UNKNOWN)], True, True, id="unknown-in-a-secret"),
    ],
)
def test_looking_inside(value: object, unknown: bool, secret: bool) -> None:
    assert values.has_unknown(value) is unknown
    assert values.has_secret(value) is secret


def test_the_protocol_is_loaded_without_the_sdk_and_the_sdk_still_loads() -> None:
    import subprocess
    import sys

    script = (
        "import sys; import lakelab.deploy; assert 'pulumi' not in sys.modules and 'boto3' not in sys.modules; "
        "import pulumi; from pulumi.runtime.proto import resource_pb2; import lakelab.deploy.protocol as p; "
        "assert resource_pb2.RegisterResourceRequest.DESCRIPTOR is p.resource_pb2.RegisterResourceRequest.DESCRIPTOR"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    ("text", "tree", "shown"),
    [
        pytest.param("value hunter2!", {"a": Secret("hunter2")}, "value [secret]!", id="text"),
        pytest.param("xhunter2y", {"a": [Secret({"b": "hunter2"})]}, "x[secret]y", id="nested-and-inside-a-word"),
        pytest.param('got "a\\nb c"', {"a": Secret("a\nb c")}, 'got "[secret]"', id="escaped"),
        pytest.param(
            "must be at most 900, not 12345", {"a": Secret(12345)}, "must be at most 900, not [secret]", id="number"
        ),
        pytest.param("port 80 of 8080", {"a": Secret(80)}, "port [secret] of 8080", id="short"),
        pytest.param("value hunter2", {"a": "hunter2"}, "value hunter2", id="no-secret"),
    ],
)
def test_a_message_does_not_repeat_secrets(text: str, tree: dict[str, object], shown: str) -> None:
    assert values.hide_secrets(text, tree) == shown
