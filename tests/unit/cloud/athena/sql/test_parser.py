"""What the parser takes, what it refuses, and where it says the mistake is."""

from __future__ import annotations

import pytest
from sqlglot import exp

from lakelab.cloud.athena.sql import SqlError, parse
from lakelab.cloud.athena.sql.parser import position


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        pytest.param("-- /* {} */\nselect 1;", exp.Select, id="comment-and-semicolon"),
        pytest.param("/* a */ /* b */ with t as (select 1) select * from t", exp.Select, id="two-comments"),
        pytest.param("values 1, 2", exp.Values, id="values"),
        pytest.param("(select 1) union all (select 2)", exp.Union, id="union"),
        pytest.param("insert into t select 1", exp.Insert, id="insert"),
        pytest.param("create table t as select 1", exp.Create, id="ctas"),
        pytest.param("create or replace view v as select 1", exp.Create, id="view"),
        pytest.param("delete from t where a = 1", exp.Delete, id="delete"),
        pytest.param("merge into t using s on t.a = s.a when matched then delete", exp.Merge, id="merge"),
        pytest.param("create external table `t` (`a` string) location 's3://b/k/'", exp.Create, id="hive-table"),
        pytest.param("alter table t add columns (c int)", exp.Alter, id="hive-alter"),
    ],
)
def test_reads(sql: str, kind: type[exp.Expr]) -> None:
    assert isinstance(parse(sql), kind)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        pytest.param("selec 1", "line 1:1: mismatched input 'selec'", id="typo"),
        pytest.param("select\n  1::int", "line 2:4: mismatched input ':'", id="double-colon-on-line-2"),
        pytest.param("select * from t qualify x = 1", "line 1:25: mismatched input 'x'", id="qualify"),
        pytest.param("from t", "line 1:1: mismatched input 'from'", id="from-first"),
        pytest.param("select [1]", "line 1:8: mismatched input '['", id="list-literal"),
        pytest.param("select {'a': 1}", "line 1:8: mismatched input '{'", id="struct-literal"),
        pytest.param("select `a` from t", "line 1:10: mismatched input '`'", id="backquote"),
        pytest.param("pivot t on x using sum(y)", "line 1:1: mismatched input 'pivot'", id="pivot"),
        pytest.param("attach 'x.db'", "line 1:1: mismatched input 'attach'", id="attach"),
        pytest.param("copy t to 'f.csv'", "line 1:1: mismatched input 'copy'", id="copy"),
        pytest.param("install httpfs", "line 1:1: mismatched input 'install'", id="install"),
        pytest.param("set threads = 1", "line 1:1: mismatched input 'set'", id="set"),
        pytest.param("", "line 1:1: mismatched input '<EOF>'", id="empty"),
        pytest.param("select 1; select 2", "Only one sql statement is allowed. Got: select 1; select 2", id="two"),
    ],
)
def test_refuses(sql: str, message: str) -> None:
    with pytest.raises(SqlError) as caught:
        parse(sql)
    assert (caught.value.name, caught.value.message) == ("SYNTAX_ERROR", message)


def test_functions_keep_the_name_that_the_statement_gives() -> None:
    call = parse("select Date_Diff('day', a, b)").expressions[0]
    assert isinstance(call, exp.Anonymous)
    assert call.this == "Date_Diff"


@pytest.mark.parametrize(
    ("sql", "kind", "expected"),
    [
        pytest.param("select 1 +\n (x)", exp.Add, (1, 10), id="operator"),
        pytest.param("select a in (1)", exp.In, (1, 10), id="in"),
        pytest.param("select\n  upper(x)", exp.Anonymous, (2, 3), id="call"),
        pytest.param("select date '2024-01-01'", exp.Cast, (1, 8), id="typed-literal"),
        pytest.param("select cast(x as date)", exp.Cast, (1, 8), id="cast"),
    ],
)
def test_position(sql: str, kind: type[exp.Expr], expected: tuple[int, int]) -> None:
    node = parse(sql).find(kind)
    assert node is not None
    assert position(node, sql) == expected


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    with pytest.raises(SqlError) as caught:
        parse("select " + "(" * 5000 + "1" + ")" * 5000)
    assert caught.value.name == "STACK_OVERFLOW"
