"""Statements as clients send them, read into their classes; the forms of dbt-athena come from its macros."""

from __future__ import annotations

import pytest

from lakelab.cloud.athena import statements as s
from lakelab.cloud.athena.engine import classify
from lakelab.cloud.athena.errors import MalformedQuery
from lakelab.cloud.athena.grammar import parse_statement


def name(text: str) -> s.Name:
    return s.Name(tuple(text.split(".")))


@pytest.mark.parametrize(
    ("sql", "statement"),
    [
        pytest.param(
            "-- /* {} */\ncreate schema if not exists `db`", s.CreateDatabase(name("db"), True), id="create schema"
        ),
        pytest.param("drop schema if exists `db` cascade;", s.DropDatabase(name("db"), True, True), id="drop schema"),
        pytest.param(
            "alter database d set dbproperties ('a'='b')", s.AlterDatabase(name("d"), {"a": "b"}), id="alter database"
        ),
        pytest.param("drop table if exists `d`.`T`", s.DropTable(name("d.t"), True), id="drop table"),
        pytest.param("drop table `d.t`", s.DropTable(name("d.t")), id="both parts in one pair of backticks"),
        pytest.param('drop view "d"."v"', s.DropView(name("d.v")), id="drop view"),
        pytest.param(
            "create external table `d`.`t` (`a` string comment 'x', b struct<c:array<int>,d:decimal(10, 2)>) "
            "partitioned by (p date) clustered by (a) into 4 buckets row format serde 'S' "
            "with serdeproperties ('k'='v') location 's3://b/t' tblproperties (\"h\"=\"1\")",
            s.CreateTable(
                name("d.t"),
                (s.ColumnDef("a", "string", "x"), s.ColumnDef("b", "struct<c:array<int>,d:decimal(10,2)>")),
                external=True,
                partitioned_by=(s.ColumnDef("p", "date"),),
                clustered_by=("a",),
                buckets=4,
                serde="S",
                serde_properties={"k": "v"},
                location="s3://b/t",
                properties={"h": "1"},
            ),
            id="create external table",
        ),
        pytest.param(
            "create external table t (a int) row format delimited fields terminated by '\\t' escaped by '\\\\' "
            "collection items terminated by '\\002' null defined as 'x' stored as textfile location 's3://b/'",
            s.CreateTable(
                name("t"),
                (s.ColumnDef("a", "int"),),
                external=True,
                serde_properties={
                    "field.delim": "\t",
                    "serialization.format": "\t",
                    "escape.delim": "\\",
                    "collection.delim": "\x02",
                    "serialization.null.format": "x",
                },
                stored_as="TEXTFILE",
                location="s3://b/",
            ),
            id="row format delimited",
        ),
        pytest.param(
            "create table d.t (id bigint, ts timestamp) partitioned by (day(ts), bucket(4, id), id) location 's3://b/'",
            s.CreateTable(
                name("d.t"),
                (s.ColumnDef("id", "bigint"), s.ColumnDef("ts", "timestamp")),
                partition_transforms=("day(ts)", "bucket(4, id)", "id"),
                location="s3://b/",
            ),
            id="iceberg partition transforms",
        ),
        pytest.param(
            'create or replace view "awsdatacatalog"."db"."v" as\nselect 1',
            s.CreateView(name("awsdatacatalog.db.v"), " " * 51 + "\nselect 1", or_replace=True),
            id="create view keeps lines",
        ),
        pytest.param(
            "create table t as select 1 as a with no data",
            s.CreateTableAs(name("t"), " " * 18 + "select 1 as a ", with_data=False),
            id="with no data",
        ),
        pytest.param(
            "insert into d.t (a, b) (select 1, 2)",
            s.Insert(name("d.t"), " " * 23 + "(select 1, 2)", ("a", "b")),
            id="insert with columns",
        ),
        pytest.param("insert into t (select 1)", s.Insert(name("t"), " " * 14 + "(select 1)"), id="insert of a query"),
        pytest.param(
            "unload (select ')' from (select 1)) to 's3://b/x/' with (format='PARQUET')",
            s.Unload(" " * 8 + "select ')' from (select 1)", "s3://b/x/", {"format": "PARQUET"}),
            id="unload",
        ),
        pytest.param(
            "merge into d.t as x using y on (1=1) when matched then delete",
            s.Merge(name("d.t"), "merge into d.t as x using y on (1=1) when matched then delete"),
            id="merge",
        ),
        pytest.param(
            "alter table `d`.`t` set tblproperties ('classification' = 'parquet')",
            s.SetProperties(name("d.t"), {"classification": "parquet"}),
            id="set tblproperties",
        ),
        pytest.param(
            "alter table c.d.t add columns(x__dbt_alter varchar(3))",
            s.AddColumns(name("c.d.t"), (s.ColumnDef("x__dbt_alter", "varchar(3)"),)),
            id="add columns",
        ),
        pytest.param(
            "alter table c.d.t change column x__dbt_alter x bigint first",
            s.ChangeColumn(name("c.d.t"), "x__dbt_alter", s.ColumnDef("x", "bigint"), first=True),
            id="change column",
        ),
        pytest.param("alter table t drop column `c`", s.DropColumn(name("t"), "c"), id="drop column"),
        pytest.param("alter table `d`.`t` rename to `d`.`u`", s.RenameTable(name("d.t"), name("d.u")), id="rename"),
        pytest.param(
            "alter table t add if not exists partition (a='x', b=1) location 's3://b/' partition (a='y', b=-2)",
            s.AddPartitions(name("t"), (({"a": "x", "b": "1"}, "s3://b/"), ({"a": "y", "b": "-2"}, None)), True),
            id="add partitions",
        ),
        pytest.param(
            "alter table t drop if exists partition (a >= 'x'), partition (b = 1)",
            s.DropPartitions(name("t"), ((("a", ">=", "x"),), (("b", "=", "1"),)), True),
            id="drop partitions",
        ),
        pytest.param(
            "alter table t partition (a='x') rename to partition (a='y')",
            s.RenamePartition(name("t"), {"a": "x"}, {"a": "y"}),
            id="rename partition",
        ),
        pytest.param("msck repair table `d`.t", s.RepairTable(name("d.t")), id="msck"),
        pytest.param("show tables in `d` 'x%'", s.ShowTables(name("d"), "x%"), id="show tables"),
        pytest.param("show columns from t in d", s.ShowColumns(name("d.t")), id="show columns"),
        pytest.param("show partitions d.t", s.ShowPartitions(name("d.t")), id="show partitions"),
        pytest.param("show tblproperties t('a')", s.ShowProperties(name("t"), "a"), id="show tblproperties"),
        pytest.param("describe formatted `d`.`t`", s.Describe(name("d.t"), "FORMATTED"), id="describe"),
        pytest.param(
            "explain (format json) select 1",
            s.Explain(s.Query(" " * 22 + "select 1"), format="JSON"),
            id="explain",
        ),
        pytest.param("prepare p from select ?", s.Prepare("p", "select ?"), id="prepare"),
        pytest.param(
            "execute p using 1, 'a,b', array[1, 2]", s.Execute("p", ("1", "'a,b'", "array[1, 2]")), id="execute"
        ),
        pytest.param("deallocate prepare p", s.Deallocate("p"), id="deallocate"),
        pytest.param(
            "optimize t rewrite data using bin_pack where a = 1",
            s.Optimize(name("t"), " " * 45 + "a = 1"),
            id="optimize",
        ),
        pytest.param("vacuum d.t", s.Vacuum(name("d.t")), id="vacuum"),
    ],
)
def test_statements(sql, statement):
    assert parse_statement(sql) == statement


def test_create_table_as_with_properties():
    sql = (
        'create table "d"."t" with (format=\'parquet\', bucket_count=4, is_external=true, '
        "partitioned_by=ARRAY['a','b']) as select 1 as a"
    )
    query = sql.index("select")
    properties = {"format": "parquet", "bucket_count": 4, "is_external": True, "partitioned_by": ["a", "b"]}
    assert parse_statement(sql) == s.CreateTableAs(name("d.t"), " " * query + sql[query:], properties)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        pytest.param("selec 1", "line 1:1: mismatched input 'selec'. Expecting: 'SELECT'", id="no statement"),
        pytest.param("drop table", "line 1:11: mismatched input '<EOF>'. Expecting: <identifier>", id="no name"),
        pytest.param('drop table "t"', "line 1:12: mismatched input 't'. Expecting: <identifier>", id="quotes in DDL"),
        pytest.param("create view `v` as select 1", "line 1:13: backquoted identifiers are not supp", id="backticks"),
        pytest.param("insert overwrite t select 1", "line 1:8: mismatched input 'overwrite'", id="insert overwrite"),
        pytest.param("drop table t t2", "line 1:14: mismatched input 't2'. Expecting: <EOF>", id="a word too many"),
        pytest.param("grant all on t to x", "Queries of this type are not supported", id="unsupported"),
        pytest.param("prepare p from selec", "line 1:1: mismatched input 'selec'", id="prepared nonsense"),
        pytest.param("unload (select 1", "line 1:17: mismatched input '<EOF>'. Expecting: ')'", id="open unload"),
        pytest.param(
            "alter table t add partition", "line 1:28: mismatched input '<EOF>'. Expecting: '('", id="no spec"
        ),
        pytest.param("describe a.b.c.d", "line 1:17: Too many parts in name: a.b.c.d", id="four parts"),
        pytest.param("explain " * 1000 + "select 1", "statement is too large (stack overflow", id="explain of explain"),
        pytest.param("create external table t (a " + "array<" * 2000, "statement is too large", id="nested types"),
    ],
)
def test_syntax_errors(sql, message):
    with pytest.raises(MalformedQuery) as caught:
        parse_statement(sql)
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        pytest.param("select 1", ("DML", "SELECT", "csv"), id="select"),
        pytest.param("with a as (select 1) select * from a", ("DML", "SELECT", "csv"), id="with"),
        pytest.param("(select 1) union (select 2)", ("DML", "SELECT", "csv"), id="parentheses"),
        pytest.param("create table t as select 1 as a", ("DDL", "CREATE_TABLE_AS_SELECT", "manifest"), id="ctas"),
        pytest.param("insert into t select 1", ("DML", "INSERT", "manifest"), id="insert"),
        pytest.param("unload (select 1) to 's3://b/'", ("DML", "UNLOAD", "manifest"), id="unload"),
        pytest.param("create external table t (a int)", ("DDL", "CREATE_TABLE", "text"), id="create table"),
        pytest.param("show databases", ("UTILITY", "SHOW_DATABASES", "text"), id="show"),
        pytest.param("explain select 1", ("DML", "EXPLAIN", "text"), id="explain"),
        pytest.param("vacuum t", ("DML", "VACUUM_TABLE", "csv"), id="vacuum"),
    ],
)
def test_classify(sql, kind):
    found = classify(sql)
    assert (found.statement_type, found.substatement_type, found.output) == kind
