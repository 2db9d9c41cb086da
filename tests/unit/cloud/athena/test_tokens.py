"""The words of a statement, several statements in one text, and the binding of parameters."""

from __future__ import annotations

import pytest

from lakelab.cloud.athena.errors import MalformedQuery
from lakelab.cloud.athena.tokens import bind, one_statement, tokens


def test_tokens_have_kinds_and_offsets():
    text = """select "a""b", `c`, 'it''s', 1.5 <> x -- note\n/* more; */"""
    found = [(token.kind, token.value) for token in tokens(text)]
    assert found == [
        ("word", "select"),
        ("dquote", 'a"b'),
        ("symbol", ","),
        ("backtick", "c"),
        ("symbol", ","),
        ("string", "it's"),
        ("symbol", ","),
        ("number", "1.5"),
        ("symbol", "<>"),
        ("word", "x"),
        ("end", "<EOF>"),
    ]
    token = list(tokens(text))[5]
    assert text[token.start : token.end] == "'it''s'"


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        pytest.param("select 1", "select 1", id="none"),
        pytest.param("select 1;", "select 1", id="a last semicolon"),
        pytest.param("select 1 ; -- end", "select 1 ", id="a comment behind it"),
        pytest.param("select ';'", "select ';'", id="a semicolon in a string"),
    ],
)
def test_one_statement(text, statement):
    assert one_statement(text) == statement


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("select 1; select 2", "Only one sql statement is allowed. Got: select 1; select 2", id="two"),
        pytest.param(" -- nothing", "Query string is empty", id="empty"),
        pytest.param("select\n 'a", "line 2:2: unexpected ''': it is not closed", id="open string"),
        pytest.param("select /* a", "line 1:8: unexpected '/': it is not closed", id="open comment"),
    ],
)
def test_refused_texts(text, message):
    with pytest.raises(MalformedQuery) as caught:
        one_statement(text)
    assert caught.value.message == message
    assert caught.value.members == {"AthenaErrorCode": "MALFORMED_QUERY"}


@pytest.mark.parametrize(
    ("values", "bound"),
    [
        pytest.param(["1", "'a'"], "select 1, 'a', '?'", id="literals"),
        pytest.param(["-1.5e3", "NULL"], "select -1.5e3, NULL, '?'", id="sign and null"),
        pytest.param(["date '2024-01-01'", "true"], "select date '2024-01-01', true, '?'", id="typed"),
        pytest.param(["it's", "2024-01-01"], "select 'it''s', '2024-01-01', '?'", id="an unquoted text is a string"),
        pytest.param(["array[1]", "cast('1' as int)"], "select array[1], cast('1' as int), '?'", id="expressions"),
    ],
)
def test_bind(values, bound):
    assert bind("select ?, ?, '?'", values) == bound


def test_bind_counts_the_values():
    with pytest.raises(MalformedQuery, match="Incorrect number of parameters: expected 1 but found 2"):
        bind("select ?", ["1", "2"])
