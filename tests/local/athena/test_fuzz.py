"""Random statements: none breaks the server, reaches a file of the host, or succeeds without its effect.

A seeded grammar makes typed queries over all functions, statements that change tables, damaged statements, and attempts
to reach files. After each statement its effect is read back by another way than the one that made it.
"""

from __future__ import annotations

import csv
import io
import random
import re
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from lakelab.testing import Cloud

QUICK, FULL, PER_SEED = 60, 20_000, 500
SECONDS = 60  # in which a statement has to end
INTERNAL = re.compile(r"Internal failure|GENERIC_INTERNAL_ERROR|INTERNAL Error|Traceback")

COLUMNS = {
    "id": "bigint",
    "n": "integer",
    "x": "double",
    "price": "decimal(12,2)",
    "name": "varchar",
    "ok": "boolean",
    "day": "date",
    "at": "timestamp(3)",
    "tags": "array(varchar)",
    "counts": "map(varchar,bigint)",
}
ROWS = """
    (1, 10, 1.5e0, decimal '10.50', 'ann', true, date '2024-01-31', timestamp '2024-01-31 23:59:59.999',
        array['a', 'b'], map(array['k'], array[1])),
    (2, null, -0e0, decimal '-0.01', '', false, date '1969-12-31', timestamp '1900-01-01 00:00:00.000',
        array[], map()),
    (3, -2147483648, null, null, 'Zoë ''q'' "d"', null, null, null, null, null),
    (4, 2147483647, 1e300, decimal '9999999999.99', '2024-01-01', true, date '2024-02-29',
        timestamp '2024-02-29 12:00:00.000', array[null, 'c'], map(array['a', 'b'], array[null, 9]))
"""
LITERALS = {
    "bigint": ["0", "1", "-7", "9223372036854775807", "42"],
    "integer": ["0", "1", "-1", "3", "2147483647"],
    "smallint": ["smallint '7'", "smallint '-32768'"],
    "tinyint": ["tinyint '5'"],
    "double": ["0e0", "1.5e0", "-2.25e10", "nan()", "infinity()"],
    "real": ["real '1.5'", "real '-0'"],
    "decimal(12,2)": ["decimal '1.00'", "decimal '-3.14'", "12345.67"],
    "varchar": ["''", "'abc'", "'2024-03-10'", "'%_\\'", "'{\"a\": [1, 2]}'", "'é漢'", "'a,b,c'"],
    "char(3)": ["cast('ab' as char(3))"],
    "boolean": ["true", "false"],
    "date": ["date '2024-02-29'", "date '0001-01-01'", "current_date"],
    "timestamp(3)": ["timestamp '2024-03-10 02:30:00.000'", "timestamp '9999-12-31 23:59:59.999'"],
    "timestamp(3) with time zone": ["timestamp '2024-03-10 02:30:00.000 UTC'", "now()"],
    "time(3)": ["time '23:59:59.999'"],
    "varbinary": ["X''", "X'00FF'", "to_utf8('abc')"],
    "json": ["json '{\"a\": 1}'", "json '[]'", "json 'null'"],
    "interval day to second": ["interval '1' day", "interval '-5' second"],
    "interval year to month": ["interval '2' month"],
    "array(varchar)": ["array['a', 'b']", "array[]", "split('a,b', ',')"],
    "array(bigint)": ["array[1, 2]", "sequence(1, 3)"],
    "array(double)": ["array[1e0, -2e0]"],
    "map(varchar,bigint)": ["map(array['a'], array[1])", "map()"],
    "array(array(bigint))": ["array[array[1], array[]]"],
}
LIKE = {  # what stands for a type of a signature
    r"varchar.*": "varchar",
    r"char.*": "char(3)",
    r"decimal.*": "decimal(12,2)",
    r"timestamp.*time zone": "timestamp(3) with time zone",
    r"timestamp.*": "timestamp(3)",
    r"time\(.*": "time(3)",
    r"array\((?:[etkv]|t\d)\)": "array(varchar)",
    r"array\(varchar.*": "array(varchar)",
    r"map\(.*": "map(varchar,bigint)",
    r"joniregexp|likepattern|jsonpath|re2jregexp": "varchar",
    r"unknown": "integer",
}
LAMBDAS = {
    1: ["v -> v", "v -> v is null", "v -> cast(v as varchar)", "v -> true"],
    2: ["(k, v) -> v", "(k, v) -> k", "(a, b) -> a = b", "(k, v) -> v is not null"],
    3: ["(k, a, b) -> a"],
}
HOSTILE = [
    "select * from read_csv('{file}')",
    "select * from '{file}'",
    'select * from "{file}"',
    "select * from read_text('{file}') t",
    "select {expression}, (select content from read_text('{file}'))",
    "with a as (select * from read_blob('{file}')) select * from a",
    "select * from table(read_csv(path => '{file}'))",
    "select * from glob('{folder}/*')",
    "select getenv('HOME'), current_setting('secret_directory')",
    "copy (select 1) to '{folder}/stolen'",
    "copy t to '{folder}/stolen' (format csv)",
    "attach '{folder}/stolen' as s",
    "export database '{folder}/stolen'",
    "install httpfs from '{folder}'",
    "load '{file}'",
    "set allowed_directories = ['/']",
    "pragma database_list",
    "create external table h{number} (a string) location 'file://{file}'",
    "create external table h{number} (a string) location 's3://{bucket}/../../{file}'",
    "unload (select 1 as a) to 'file://{folder}/stolen/' with (format = 'JSON')",
    "unload (select 1 as a) to 's3://{bucket}/../{folder}/stolen/' with (format = 'JSON')",
    "create table h{number} with (external_location = '{folder}/stolen/') as select 1 as a",
    "select * from query('select * from read_text(''{file}'')')",
    "select regexp_replace('a', 'a', (select content from read_text('{file}')))",
    "select 1; copy (select 1) to '{folder}/stolen'",
    "select {expression} /* '*/ , content from read_text('{file}') --'",
]


def _signatures() -> list[tuple[str, str, list[str], str]]:
    """(name, type, types of the arguments, kind) of every function."""
    lines = (files("lakelab.cloud.athena.sql") / "functions.tsv").read_text().splitlines()
    return [
        (name, kind, _split(arguments), group)
        for name, kind, arguments, group in (x.split("\t") for x in lines if "\t" in x)
    ]


def _split(arguments: str) -> list[str]:
    parts, depth = [""], 0
    for letter in arguments:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


SIGNATURES = _signatures()


class Grammar:
    """Random SQL of one seed over tables with the columns of COLUMNS."""

    def __init__(self, seed: int, tables: Callable[[], list[str]]):
        self.random = random.Random(seed)
        self._tables = tables
        self._bound: dict[str, str] = {}

    def one(self, choices: Any) -> Any:
        return self.random.choice(list(choices))

    def likely(self, probability: float) -> bool:
        return self.random.random() < probability

    # ---- expressions

    def type(self) -> str:
        return self.one(COLUMNS.values()) if self.likely(0.6) else self.one(LITERALS)

    def expression(self, kind: str | None = None, depth: int = 3, alias: str = "a") -> str:
        kind = kind or self.type()
        columns = [name for name, of in COLUMNS.items() if of == kind]
        if depth <= 0 or self.likely(0.15):
            if columns and alias and self.likely(0.7):
                return f"{alias}.{self.one(columns)}"
            return self.one(LITERALS.get(kind, ["null"])) if self.likely(0.95) else "null"
        inner = lambda of=kind: self.expression(of, depth - 1, alias)  # noqa: E731
        match self.random.randrange(12):
            case 0:
                return f"case when {self.condition(depth - 1, alias)} then {inner()} else {inner()} end"
            case 1:
                return f"coalesce({inner()}, {inner()})"
            case 2:
                return f"{self.one(['cast', 'try_cast'])}({inner(self.type())} as {kind})"
            case 3:
                return f"try({inner()})"
            case 4 if kind in ("bigint", "integer", "double", "decimal(12,2)"):
                return f"({inner()} {self.one('+-*/%')} {inner()})"
            case 5 if kind == "varchar":
                return f"({inner()} || {inner()})"
            case 6 if kind in ("date", "timestamp(3)"):
                return f"({inner()} + {self.one(LITERALS['interval day to second'])})"
            case 7 if kind == "varchar":
                return f"{inner('array(varchar)')}[{self.one([1, 2, 9])}]"
            case 8 if kind == "bigint":
                return f"{inner('map(varchar,bigint)')}['a']"
            case 9:
                return f"nullif({inner()}, {inner()})"
        return self.call(kind, depth, alias)

    def call(self, kind: str, depth: int, alias: str, groups: tuple[str, ...] = ("scalar",)) -> str:
        """A call of a function, most often one that returns `kind`."""
        fitting = [found for found in SIGNATURES if found[3] in groups and self.stands_for(found[1]) == kind]
        name, _, arguments, _ = self.one(
            fitting if fitting and self.likely(0.85) else [x for x in SIGNATURES if x[3] in groups]
        )
        quoted = name if name.isidentifier() else f'"{name}"'
        return f"{quoted}({', '.join(self.argument(each, depth - 1, alias) for each in arguments)})"

    def argument(self, of: str, depth: int, alias: str) -> str:
        if of.lower().startswith("function("):
            return self.one(LAMBDAS[min(len(_split(of[9:-1])) - 1, 3) or 1])
        return self.expression(self.stands_for(of) if self.likely(0.97) else None, depth, alias)

    def stands_for(self, of: str) -> str:
        if of in LITERALS:
            return of
        for pattern, kind in LIKE.items():
            if re.fullmatch(pattern, of.lower()):
                return kind
        return "varchar" if len(of) <= 2 else of

    def condition(self, depth: int = 2, alias: str = "a") -> str:
        kind = self.one(COLUMNS.values())
        left = self.expression(kind, depth - 1, alias)
        match self.random.randrange(8):
            case 0:
                return f"{left} is {self.one(['', 'not '])}null"
            case 1:
                return f"{left} in ({self.expression(kind, 0, alias)}, {self.expression(kind, 0, alias)})"
            case 2:
                return f"{left} between {self.expression(kind, 0, alias)} and {self.expression(kind, 0, alias)}"
            case 3 if depth > 0:
                one, two = self.condition(depth - 1, alias), self.condition(depth - 1, alias)
                return f"({one} {self.one(['and', 'or'])} not {two})"
            case 4:
                return f"{self.expression('varchar', depth - 1, alias)} like {self.one(LITERALS['varchar'])}"
            case 5:
                return f"exists (select 1 from {self.one(self._tables())} z where z.id = {alias}.id)"
        return (
            f"{left} {self.one(['=', '<>', '<', '>=', 'is distinct from'])} {self.expression(kind, depth - 1, alias)}"
        )

    # ---- queries

    def query(self, columns: list[str] | None = None) -> str:
        """A SELECT; with `columns` of these types, named c0, c1 and so on."""
        kinds = columns or [self.type() for _ in range(self.random.randint(1, 4))]
        source = f"{self.one(self._tables())} a"
        if self.likely(0.25):
            source += f" {self.one(['', 'left ', 'full '])}join {self.one(self._tables())} b on a.id = b.id"
        elif self.likely(0.15):
            source += f" cross join unnest({self.one(['a.tags', 'sequence(1, 3)'])}) u (item)"
        where = f" where {self.condition()}" if self.likely(0.4) else ""
        form = self.random.randrange(6)
        if form == 0 and not columns:
            groups = ("aggregate",)
            shown = ", ".join(self.call(kind, 2, "a", groups) for kind in kinds)
            keys = self.one(["a.ok", "()", "a.ok, a.n", "cube (a.ok, a.day)"])
            return f"select {shown}, count(*) from {source}{where} group by {keys}"
        if form == 1 and not columns:
            over = f"(partition by a.{self.one(COLUMNS)} order by a.{self.one(['id', 'day', 'name'])})"
            shown = ", ".join(f"{self.call(kind, 1, 'a', ('window', 'aggregate'))} over {over}" for kind in kinds)
            return f"select {shown} from {source}{where}"
        shown = ", ".join(f"{self.expression(kind)} as c{number}" for number, kind in enumerate(kinds))
        sql = f"select {self.one(['', '', 'distinct '])}{shown} from {source}{where}"
        if form == 2:
            sql = f"with w as ({sql}) select * from w"
        if form == 3:
            sql = f"{sql} {self.one(['union all', 'union', 'except', 'intersect'])} {sql}"
        if self.likely(0.4):
            sql += f" order by 1{self.one(['', ' desc', ' nulls first'])} limit {self.one([0, 1, 100])}"
        return sql

    def damaged(self, sql: str) -> str:
        """A statement with some of its tokens lost, doubled, moved or replaced."""
        tokens = re.findall(r"\w+|\s+|'[^']*'|.", sql, re.DOTALL)
        for _ in range(self.random.randint(1, 3)):
            place = self.random.randrange(len(tokens))
            match self.random.randrange(5):
                case 0:
                    del tokens[place : place + self.random.randint(1, 4)]
                case 1:
                    tokens.insert(place, self.one(tokens))
                case 2:
                    tokens[place] = self.one(
                        [
                            "'",
                            '"',
                            "`",
                            "(",
                            ")",
                            "--",
                            "/*",
                            ";",
                            "?",
                            "\x00",
                            "select",
                            "null",
                            "1e999",
                            "🜁",
                            "@",
                            "$$",
                        ]
                    )
                case 3:
                    tokens.insert(place, "(" * self.random.choice([1, 3, 200]))
                case 4:
                    self.random.shuffle(tokens)
            tokens = tokens or ["x"]
        return "".join(tokens)


class Fuzz:
    """Runs random statements against one database and checks what each of them did."""

    def __init__(self, cloud: Cloud, seed: int, host: Path):
        self.athena, self.glue, self.s3 = (cloud.client(name) for name in ("athena", "glue", "s3"))
        self.bucket, self.database = cloud.bucket(), cloud.database()
        self.secret = uuid4().hex
        self.folder = host
        self.file = host / "secret.csv"
        self.file.write_text(f"a,b\n{self.secret},{self.secret}\n")
        self.tables: list[str] = []  # with the columns of COLUMNS
        self.grammar = Grammar(seed, lambda: self.tables)
        self.ended: dict[str, int] = {"SUCCEEDED": 0, "FAILED": 0, "REFUSED": 0}
        for name, properties in {"base": "format = 'PARQUET'", "ice": ""}.items():
            where = f"s3://{self.bucket}/{name}/"
            more = f"table_type = 'ICEBERG', is_external = false, location = '{where}'" if name == "ice" else properties
            columns = self.select_rows("timestamp(6)" if name == "ice" else "timestamp(3)")
            assert self.run(f"create table {name} with ({more}) as {columns}") is not None
            self.tables.append(name)

    @staticmethod
    def select_rows(timestamp: str) -> str:
        casts = ", ".join(
            f"cast({name} as {timestamp if kind == 'timestamp(3)' else kind}) as {name}"
            for name, kind in COLUMNS.items()
        )
        return f"select {casts} from (values {ROWS}) as t ({', '.join(COLUMNS)})"

    # ---- running

    def run(self, sql: str) -> dict[str, Any] | None:
        """The execution of a statement that succeeded; None when it failed or was refused, as it may."""
        try:
            started = self.athena.start_query_execution(
                QueryString=sql,
                QueryExecutionContext={"Database": self.database},
                ResultConfiguration={"OutputLocation": f"s3://{self.bucket}/results/"},
            )
        except self.athena.exceptions.InvalidRequestException as refused:
            self._look(sql, str(refused))
            self.ended["REFUSED"] += 1
            return None
        deadline = time.monotonic() + SECONDS
        while True:
            execution = self.athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])["QueryExecution"]
            status = execution["Status"]
            if status["State"] not in ("QUEUED", "RUNNING"):
                break
            assert time.monotonic() < deadline, f"did not end: {sql}"
        self.ended[status["State"]] += 1
        self._look(sql, status.get("StateChangeReason", ""))
        return execution if status["State"] == "SUCCEEDED" else None

    def _look(self, sql: str, answer: str) -> None:
        """What an answer may never hold: a failure of the server's own, or a file of the host."""
        assert not INTERNAL.search(answer), f"{sql}\n{answer}"
        assert self.secret not in answer, f"{sql}\n{answer}"

    def result(self, execution: dict[str, Any]) -> tuple[list[list[str | None]], int | None]:
        answer = self.athena.get_query_results(QueryExecutionId=execution["QueryExecutionId"])
        rows = [[datum.get("VarCharValue") for datum in row["Data"]] for row in answer["ResultSet"]["Rows"]]
        return rows, answer.get("UpdateCount")

    def count(self, table: str, condition: str = "true") -> int:
        execution = self.run(f"select count(*) from {table} a where {condition}")
        assert execution is not None, f"{table} cannot be read"
        return int(self.result(execution)[0][1][0] or -1)

    def in_glue(self, table: str) -> dict[str, Any] | None:
        with suppress(self.glue.exceptions.EntityNotFoundException):
            return self.glue.get_table(DatabaseName=self.database, Name=table)["Table"]
        return None

    def check_nothing_was_stolen(self) -> None:
        assert [path.name for path in self.folder.rglob("*")] == [self.file.name]

    # ---- one statement of each kind, and its effect

    def step(self) -> None:
        """Run one statement and check it."""
        weights = {
            self.select: 40,
            self.damage: 15,
            self.steal: 10,
            self.create: 8,
            self.insert: 8,
            self.change: 8,
            self.drop: 4,
            self.view: 4,
            self.add_column: 2,
            self.unload: 2,
        }
        (kind,) = self.grammar.random.choices(list(weights), list(weights.values()))
        kind()

    def select(self) -> None:
        sql = self.grammar.query()
        execution = self.run(sql)
        if execution is None:
            return
        rows, _ = self.result(execution)
        location = execution["ResultConfiguration"]["OutputLocation"].removeprefix(f"s3://{self.bucket}/")
        body = self.s3.get_object(Bucket=self.bucket, Key=location)["Body"].read().decode()
        stored = list(csv.reader(io.StringIO(body, newline="")))
        assert [[value or "" for value in row] for row in rows] == [[*row] or [""] for row in stored], sql
        self._look(sql, body)

    def damage(self) -> None:
        sql = self.grammar.one(
            [
                self.grammar.query(),
                f"insert into base select * from {self.grammar.one(self.tables)}",
                "create external table ext (a int, b struct<c:string>) partitioned by (d date) stored as parquet "
                f"location 's3://{self.bucket}/ext/' tblproperties ('k' = 'v')",
                "merge into ice t using base s on t.id = s.id when matched then delete",
                "show tables in db like 'a*'",
                "describe formatted base name",
                "alter table base add partition (d = '2024-01-01')",
                "prepare p from select ? + 1",
                "execute p using 1",
                "explain select 1",
                "optimize ice rewrite data using bin_pack where id > 1",
            ]
        )
        before = len(self.glue_names())
        damaged = self.grammar.damaged(sql)
        execution = self.run(damaged)
        if execution is None:
            assert len(self.glue_names()) == before, damaged
        self.forget_the_dropped()

    def steal(self) -> None:
        template = self.grammar.one(HOSTILE)
        sql = (
            template.replace("{file}", str(self.file))
            .replace("{folder}", str(self.folder))
            .replace("{bucket}", self.bucket)
            .replace("{number}", str(self.grammar.random.randrange(10**6)))
            .replace("{expression}", self.grammar.expression("varchar", 2, ""))
        )
        execution = self.run(sql)
        if execution is not None:
            rows, _ = self.result(execution)
            self._look(sql, str(rows))
        self.check_nothing_was_stolen()
        for name in self.glue_names():
            if re.fullmatch(r"h\d+", name):
                read = self.run(f"select * from {name}")
                assert read is None or self.secret not in str(self.result(read)), sql
                self.glue.delete_table(DatabaseName=self.database, Name=name)

    def create(self) -> None:
        name = f"t{self.grammar.random.randrange(8)}"
        there = self.in_glue(name) is not None
        folder = f"{name}-{uuid4().hex[:8]}"
        same = self.grammar.likely(0.6)
        iceberg = self.grammar.likely(0.5)
        if iceberg:
            properties = f"table_type = 'ICEBERG', is_external = false, location = 's3://{self.bucket}/{folder}/'"
        else:
            form = self.grammar.one(["PARQUET", "ORC", "AVRO", "JSON", "TEXTFILE"])
            properties = f"format = '{form}', external_location = 's3://{self.bucket}/{folder}/'"
        query = self.select_rows("timestamp(6)" if iceberg else "timestamp(3)") if same else self.grammar.query()
        sql = f"create table {name} with ({properties}) as {query}"
        execution = self.run(sql)
        if execution is None:
            assert (self.in_glue(name) is not None) == there, f"a table is left of {sql}"
            return
        assert not there, f"{name} was there before {sql}"
        assert self.in_glue(name) is not None, sql
        assert self.count(name) == self.result(execution)[1], sql
        if same and "format = 'AVRO'" not in sql:
            self.tables.append(name)

    def insert(self) -> None:
        table = self.grammar.one(self.tables)
        where = f" where {self.grammar.condition()}" if self.grammar.likely(0.5) else ""
        sql = f"insert into {table} select * from {self.grammar.one(self.tables)} a{where} limit 3"
        before = self.count(table)
        execution = self.run(sql)
        added = (self.result(execution)[1] or 0) if execution else 0
        assert self.count(table) == before + added, sql

    def change(self) -> None:
        """DELETE, UPDATE or MERGE: rows of an Iceberg table, never of a Hive table."""
        table = self.grammar.one(self.tables)
        condition = self.grammar.condition(1, table)
        before, meant = self.count(table), self.run(f"select count(*) from {table} where {condition}")
        kind = self.grammar.one(["delete", "update", "merge"])
        statements = {
            "delete": f"delete from {table} where {condition}",
            "update": f"update {table} set name = {self.grammar.one(LITERALS['varchar'])} where {condition}",
            "merge": f"merge into {table} using (select 10000 + count(*) as id, 'm' as name from {table}) s "
            f"on {table}.id = s.id when matched then update set name = s.name "
            "when not matched then insert (id, name) values (s.id, s.name)",
        }
        execution = self.run(statements[kind])
        after = self.count(table)
        if execution is None:
            assert after == before, statements[kind]
            return
        described = self.in_glue(table)
        assert described is not None
        assert described["Parameters"].get("table_type", "").upper() == "ICEBERG", statements[kind]
        changed = self.result(execution)[1]
        if kind == "merge":
            assert (changed, after - before) in ((1, 0), (1, 1)), statements[kind]
            return
        assert meant is not None, statements[kind]
        assert changed == int(self.result(meant)[0][1][0] or -1), statements[kind]
        assert after == before - (changed if kind == "delete" else 0), statements[kind]

    def drop(self) -> None:
        name = f"{self.grammar.one('tv')}{self.grammar.random.randrange(8)}"
        kind = self.grammar.one(["table", "view"])
        found = self.in_glue(name)
        execution = self.run(f"drop {kind} {self.grammar.one(['', 'if exists '])}{name}")
        if execution is not None and found is not None:
            assert self.in_glue(name) is None, f"drop {kind} {name}"
        if execution is None and found is not None:
            assert self.in_glue(name) is not None, f"drop {kind} {name}"
        self.forget_the_dropped()

    def view(self) -> None:
        name = f"v{self.grammar.random.randrange(8)}"
        sql = f"create or replace view {name} as {self.grammar.query()}"
        execution = self.run(sql)
        found = self.in_glue(name)
        if execution is not None:
            assert found is not None, sql
            assert found["TableType"] == "VIRTUAL_VIEW", sql
            self.run(f"select * from {name}")

    def add_column(self) -> None:
        table, column = self.grammar.one(self.tables), f"n{self.grammar.random.randrange(10**9)}"
        if table in ("base", "ice") or self.run(f"alter table {table} add columns ({column} string)") is None:
            return
        described = self.in_glue(table)
        assert described is not None
        assert column in [found["Name"] for found in described["StorageDescriptor"]["Columns"]]
        self.tables.remove(table)  # it no longer has the columns of COLUMNS alone

    def unload(self) -> None:
        folder = f"unload-{uuid4().hex[:8]}/"
        form = self.grammar.one(["PARQUET", "ORC", "AVRO", "JSON", "TEXTFILE"])
        sql = f"unload ({self.grammar.query()}) to 's3://{self.bucket}/{folder}' with (format = '{form}')"
        execution = self.run(sql)
        written = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=folder)["KeyCount"]
        if execution is None:
            assert written == 0, sql
        elif self.result(execution)[1]:
            assert written > 0, sql

    def glue_names(self) -> list[str]:
        pages = self.glue.get_paginator("get_tables").paginate(DatabaseName=self.database)
        return [table["Name"] for page in pages for table in page["TableList"]]

    def forget_the_dropped(self) -> None:
        names = set(self.glue_names())
        self.tables = [table for table in self.tables if table in names]


def fuzz(cloud: Cloud, seed: int, statements: int, host: Path) -> None:
    log = cloud.server.log
    begun = log.stat().st_size
    runner = Fuzz(cloud, seed, host)
    for _ in range(statements):
        runner.step()
    logged = log.read_bytes()[begun:].decode(errors="replace")
    assert not INTERNAL.search(logged), logged[-3000:]
    assert runner.ended["SUCCEEDED"] > statements / 10, runner.ended
    assert cloud.server.running() is not None


def test_some_random_statements(cloud: Cloud, tmp_path: Path):
    fuzz(cloud, 0, QUICK, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(1, FULL // PER_SEED + 1))
def test_many_random_statements(cloud: Cloud, tmp_path: Path, seed: int):
    fuzz(cloud, seed, PER_SEED, tmp_path)
