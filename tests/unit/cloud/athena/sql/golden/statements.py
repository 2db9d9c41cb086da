"""The statements whose answers are recorded from Trino: `python statements.py` prints one a line, as JSON strings.

A family is a list of expressions, each recorded as `SELECT expression`, or of whole statements. `{}` in a template is
filled from the values that follow it.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterable, Iterator

PEOPLE = """(VALUES
 (1, 'ann', 'x', 10.50, 1.5e0, DATE '2024-01-05', TRUE),
 (2, 'bob', 'y', 20.25, 2.5e0, DATE '2024-02-29', FALSE),
 (3, 'cid', 'x', NULL, 4.0e0, DATE '2024-02-29', NULL),
 (4, 'dot', NULL, 7.75, NULL, DATE '2023-12-31', TRUE),
 (5, 'eve', 'y', -3.10, 8.25e0, NULL, FALSE)
) AS p(id, name, team, amount, score, day, active)"""


def each(template: str, *values: str | tuple[str, ...]) -> Iterator[str]:
    """The template filled with each value (or each tuple of values)."""
    for value in values:
        yield _fill(template, value if isinstance(value, tuple) else (value,))


def cross(template: str, *axes: Iterable[str]) -> Iterator[str]:
    """The template filled with every combination."""
    for combination in itertools.product(*axes):
        yield _fill(template, combination)


def _fill(template: str, values: tuple[str, ...]) -> str:
    first, *rest = template.split("{}")
    return first + "".join(value + text for value, text in zip(values, rest, strict=True))


def literals() -> Iterator[str]:
    yield from ["1", "-1", "2147483647", "2147483648", "-2147483648", "9223372036854775807", "-9223372036854775808"]
    yield from ["9223372036854775808", "1.0", "0.05", "-0.5", "00.10", "1.50", "123456789012345678901234567890.12", ".5", "5."]
    yield from ["1e0", "1e10", "-1.5e-7", "1e400", "1.7976931348623157e308", "0e0", "123456789.0e0", "1234567.0e0", "12345678.9e0", "0.001e0", "0.0009e0"]
    yield from ["'a'", "''", "'it''s'", "'é漢😀'", "U&'snowman \\2603'", "U&'x\\+01F600'", "true", "FALSE", "NULL", "X'6162'", "x'61 62 FF'", "X''", "X'6'"]
    yield from each("DATE '{}'", "2024-02-29", "2024-2-9", "2023-02-29", "abc", "1969-12-31", "0001-01-01", "9999-12-31")
    yield from each(
        "TIMESTAMP '{}'",
        *("2024-01-01 10:00:00", "2024-01-01 10:00", "2024-01-01", "2024-01-01 10:00:00.1", "2024-01-01 10:00:00.123456", "2024-01-01T10:00:00"),
        *("2024-01-01 10:00:00.123456789", "2024-01-01 10:00:00 UTC", "2024-01-01 10:00:00.5 America/New_York", "2024-01-01 10:00:00 +05:30", "2024-01-01 10:00:00 -00:30", "2024-13-01 00:00:00"),
    )
    yield from each("TIME '{}'", "10:11:12", "10:11", "10:11:12.123", "25:00:00", "10:11:12+02:00")
    yield from each("DECIMAL '{}'", "1", "1.0", "-12.345", "000.10", "abc")
    yield from each("INTERVAL {}", "'1' DAY", "'36' HOUR", "'-5' MINUTE", "'1.5' SECOND", "'3' MONTH", "'2' YEAR", "'1-2' YEAR TO MONTH", "'2 03:04:05.678' DAY TO SECOND", "'10:30' HOUR TO MINUTE", "-'1' DAY", "'14' MONTH", "'1' WEEK")
    yield from ["ARRAY[]", "ARRAY[1, 2]", "ARRAY[1, NULL, 3]", "ARRAY[1, 2.5]", "ARRAY['a', 'bc']", "ARRAY[ARRAY[1], ARRAY[2, 3]]", "ARRAY[1, 'a']", "ARRAY[NULL]"]
    yield from ["ROW(1, 'a')", "ROW(1, NULL)", "ROW(ROW(1, 2), ARRAY[3])", "(1, 'x')", "CAST(ROW(1, 'a') AS ROW(x BIGINT, y VARCHAR))", "MAP()", "MAP(ARRAY['a', 'b'], ARRAY[1, 2])", "MAP(ARRAY[1], ARRAY[ROW(1, 'q')])", "MAP(ARRAY['a', 'a'], ARRAY[1, 2])", "MAP(ARRAY['a'], ARRAY[1, 2])"]
    yield from ["UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59'", "JSON '{\"b\": 1, \"a\": [1, 2.50, null, true]}'", "JSON '1'", "CHAR 'ab'", "VARCHAR 'ab'", "BIGINT '12'", "REAL '1.5'", "DOUBLE '1e3'", "BOOLEAN 'true'", "TINYINT '5'"]


def types() -> Iterator[str]:
    yield from each(
        "typeof({})",
        *("1", "1 + 1", "2147483648", "1.5", "0.05", "1e0", "'abc'", "'' || 'abc'", "NULL", "1 + 1.5", "1.5 * 2.25", "1.5 / 2.25", "7 / 2", "5 % 2.5", "1.10 - 1"),
        *("true", "X'00'", "DATE '2024-01-01'", "now()", "current_time", "localtimestamp", "current_date", "TIMESTAMP '2024-01-01 00:00:00.123456'", "TIMESTAMP '2024-01-01 00:00:00 UTC'"),
        *("INTERVAL '1' DAY", "INTERVAL '1' MONTH", "ARRAY[1, 2.5]", "MAP(ARRAY['a'], ARRAY[1])", "ROW(1, 'a')", "CAST(ROW(1) AS ROW(x BIGINT))", "x -> x"),
        *("CAST(1 AS DECIMAL(5,2)) * CAST(1 AS DECIMAL(10,4))", "CAST(1 AS DECIMAL(38,10)) + CAST(1 AS DECIMAL(38,2))", "CAST(1 AS DECIMAL(18,4)) / CAST(3 AS DECIMAL(18,4))", "CAST(1 AS BIGINT) * 1.0", "CAST(1 AS REAL) + 1.5", "CAST(1 AS REAL) + 1e0", "CAST(1 AS TINYINT) + CAST(1 AS SMALLINT)"),
        *("IF(true, 1, 2.5)", "CASE WHEN true THEN 'a' ELSE 'bcd' END", "coalesce(1, 2147483648)", "nullif(1, 2.5)", "greatest(1, 2.5)", "concat('a', 'bc')", "substr('hello', 2)", "lower('ABC')", "split('a,b', ',')", "length('abc')"),
        *("round(2.567, 1)", "round(2.5)", "ceil(2.5)", "floor(2)", "abs(-1.5)", "truncate(12.345, 1)", "sign(-2.5)", "mod(5, 2.5)", "power(2, 3)", "sqrt(4)"),
        *("date_trunc('day', TIMESTAMP '2024-01-01 10:00:00')", "date_add('day', 1, DATE '2024-01-01')", "DATE '2024-01-02' - DATE '2024-01-01'", "from_unixtime(0)", "date_parse('2024', '%Y')", "year(DATE '2024-01-01')", "at_timezone(now(), 'UTC')"),
        *("json_extract('{}', '$.a')", "json_extract_scalar('{}', '$.a')", "cast(1 as json)", "regexp_extract('abc', 'b')", "regexp_replace('abc', 'b', 'x')", "regexp_split('a,b', ',')", "map_entries(MAP(ARRAY[1], ARRAY['a']))", "zip(ARRAY[1], ARRAY['a'])", "sequence(1, 3)", "CAST('a' AS CHAR(3)) || 'b'", "CAST('x' AS VARCHAR(3))", "cardinality(ARRAY[1])", "replace('aa', 'a', 'bb')", "reverse('abc')", "lpad('a', 5, ' ')", "to_hex(X'00')", "md5(X'00')", "uuid()", "random()", "random(10)", "pi()", "array_agg(1)", "sum(1)", "sum(1.5)", "sum(1e0)", "avg(1)", "avg(1.5)", "count(*)", "max('a')", "histogram('a')", "map_agg(1, 'a')", "approx_distinct(1)", "approx_percentile(1, 0.5)", "min_by(1, 'a')", "max_by(1, 'a', 2)", "stddev(1)", "count_if(true)", "bool_and(true)", "checksum(1)", "listagg('a', ',') WITHIN GROUP (ORDER BY 1)", "row_number() OVER ()", "lag(1) OVER ()", "ntile(2) OVER ()", "percent_rank() OVER (ORDER BY 1)", "TRY(1)", "TRY_CAST('1' AS INTEGER)", "format('%s', 1)", "url_encode('a')", "url_extract_port('http://x:1')", "to_utf8('a')", "from_utf8(X'61')", "chr(65)", "codepoint('A')", "to_iso8601(DATE '2024-01-01')", "to_iso8601(TIMESTAMP '2024-01-01 00:00:00')", "date_format(now(), '%Y')", "current_user IS NULL", "json_value('{}', 'lax $.a')", "json_query('{}', 'lax $.a')"),
    )


def arithmetic() -> Iterator[str]:
    yield from cross("{} {} {}", ["7", "-7", "7.5", "-7.5", "7e0", "NULL"], ["+", "-", "*", "/", "%"], ["2", "-2", "0.3", "2e0", "CAST(2 AS BIGINT)", "CAST(2.5 AS REAL)"])
    yield from each("{}", "1 / 0", "1.0 / 0", "1e0 / 0", "0e0 / 0", "1 % 0", "1.0 % 0.0", "1e0 % 0", "-(2147483648)", "2147483647 + 1", "9223372036854775807 + 1", "-9223372036854775808 - 1", "2147483647 * 2", "CAST(127 AS TINYINT) + CAST(1 AS TINYINT)", "- CAST(-128 AS TINYINT)", "1 + '1'", "'a' + 'b'", "true + 1", "1.1 + 2.22 + 3.333", "100.0 / 3", "10 / 3.0", "12345 / 100.0", "1 / 3.00000", "0.1 * 0.1 * 0.1", "99999999999999999999.99 * 99999999999999999.99", "99999999999999999999999999999999999999 + 1", "CAST(10 AS DECIMAL(18,2)) / CAST(3 AS DECIMAL(18,2))", "CAST(-10 AS DECIMAL(18,2)) / 3", "CAST(1 AS DECIMAL(10,5)) / CAST(7 AS DECIMAL(3,2))", "5 - -3", "2 + 3 * 4", "(2 + 3) * 4", "7 / 2 * 2.0", "- - 3", "+5", "1.5e0 * 2", "CAST(1.1 AS REAL) + CAST(2.2 AS REAL)", "CAST(0.1 AS REAL) + 0.2e0", "-0e0", "5 % 3", "-5 % 3", "5 % -3", "5.5 % 2", "-5.5 % 2.2")
    yield from each("CAST({} AS DECIMAL({})) / CAST({} AS DECIMAL({}))", ("10", "10,2", "3", "10,2"), ("1", "5,0", "3", "5,0"), ("2", "5,4", "3", "20,10"), ("-1", "10,2", "8", "10,2"), ("1", "10,2", "-8", "10,2"), ("5", "38,2", "3", "2,1"), ("1", "2,1", "3", "38,2"))
    yield from each("{}", "DATE '2024-01-31' + INTERVAL '1' MONTH", "DATE '2024-01-31' + INTERVAL '1' DAY", "DATE '2024-03-31' - INTERVAL '1' MONTH", "INTERVAL '1' DAY + DATE '2024-01-01'", "DATE '2024-01-01' - DATE '2023-12-30'", "DATE '2024-01-01' + 1", "DATE '2024-01-01' + INTERVAL '1' HOUR", "TIMESTAMP '2024-01-01 00:00:00' + INTERVAL '90' MINUTE", "TIMESTAMP '2024-01-02 12:00:00' - TIMESTAMP '2024-01-01 00:00:00.5'", "TIMESTAMP '2024-01-31 10:00:00' + INTERVAL '1' MONTH", "TIME '23:00:00' + INTERVAL '2' HOUR", "INTERVAL '1' DAY * 2", "2 * INTERVAL '1' DAY", "INTERVAL '1' DAY / 2", "INTERVAL '1' DAY * 1.5", "INTERVAL '3' MONTH * 2", "INTERVAL '1' DAY + INTERVAL '2' HOUR", "INTERVAL '1' DAY - INTERVAL '36' HOUR", "INTERVAL '1' DAY + INTERVAL '1' MONTH", "- INTERVAL '1' DAY", "TIMESTAMP '2024-01-01 00:00:00 UTC' + INTERVAL '1' DAY", "TIMESTAMP '2024-03-09 12:00:00 America/New_York' + INTERVAL '1' DAY", "DATE '2024-01-02' - TIMESTAMP '2024-01-01 00:00:00'", "TIMESTAMP '2024-01-02 00:00:00 UTC' - TIMESTAMP '2024-01-01 00:00:00 +02:00'")


def comparisons() -> Iterator[str]:
    yield from cross("{} {} {}", ["1", "1.0", "1e0", "'a'", "NULL"], ["=", "<>", "<", ">=", "IS DISTINCT FROM"], ["1", "2.5", "1e0", "'a'"])
    yield from each("{}", "1 = '1'", "'1' = 1", "DATE '2024-01-01' = '2024-01-01'", "DATE '2024-01-01' = TIMESTAMP '2024-01-01 00:00:00'", "TIMESTAMP '2024-01-01 00:00:00' = TIMESTAMP '2024-01-01 00:00:00 UTC'", "TIMESTAMP '2024-01-01 02:00:00 +02:00' = TIMESTAMP '2024-01-01 00:00:00 UTC'", "TIMESTAMP '2024-01-01 10:00:00' > '2024-01-01'", "true = 1", "true > false", "X'61' = 'a'", "X'61' < X'62'", "ARRAY[1, 2] = ARRAY[1, 2]", "ARRAY[1, NULL] = ARRAY[1, NULL]", "ARRAY[1, 2] < ARRAY[1, 3]", "ROW(1, 2) = ROW(1, 2)", "ROW(1, 2) < ROW(1, 3)", "ROW(1, NULL) = ROW(1, 2)", "MAP(ARRAY[1], ARRAY[2]) = MAP(ARRAY[1], ARRAY[2])", "MAP(ARRAY[1], ARRAY[2]) < MAP(ARRAY[1], ARRAY[2])", "nan() = nan()", "nan() > infinity()", "nan() IS DISTINCT FROM nan()", "0e0 = -0e0", "'abc' < 'abd'", "'a' = 'a '", "CAST('a' AS CHAR(3)) = 'a'", "CAST('a' AS CHAR(3)) = CAST('a ' AS CHAR(5))", "1 BETWEEN 0 AND 2", "1 NOT BETWEEN 0 AND 2", "NULL BETWEEN 0 AND 1", "1.5 BETWEEN 1 AND 2", "'b' BETWEEN 'a' AND 'c'", "1 BETWEEN 'a' AND 'b'", "1 IN (1, 2)", "1 NOT IN (2, 3)", "1 IN (2, NULL)", "1 IN (1, NULL)", "1 IN (1.0, 2.5)", "1 IN ('1')", "NULL IN (1)", "NULL IS NULL", "1 IS NOT NULL", "NULL IS DISTINCT FROM NULL", "1 IS NOT DISTINCT FROM 1", "NOT true", "NOT NULL", "NOT 1", "true AND NULL", "false AND NULL", "true OR NULL", "1 AND true", "true AND NOT false OR false", "JSON '{\"a\":1,\"b\":2}' = JSON '{\"b\":2,\"a\":1}'", "UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59' = UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59'", "INTERVAL '1' DAY = INTERVAL '24' HOUR", "INTERVAL '1' DAY > INTERVAL '1' HOUR", "1 != 2", "DATE '2024-01-01' BETWEEN DATE '2023-01-01' AND TIMESTAMP '2024-01-01 00:00:00'")
    yield from each("'{}' LIKE '{}'", ("abc", "a%"), ("abc", "A%"), ("abc", "_b_"), ("abc", "abc"), ("", "%"), ("a%c", "a%c"), ("a\nb", "a%b"))
    yield from each("{}", "'a%c' LIKE 'a\\%c' ESCAPE '\\'", "'abc' LIKE 'a#%c' ESCAPE '#'", "'abc' NOT LIKE 'x%'", "NULL LIKE 'a'", "1 LIKE '1'", "'x' LIKE NULL", "'a\\c' LIKE 'a\\c'")
    yield from each("{}", "greatest(1, 2, 3)", "greatest(1, NULL)", "least('b', 'a')", "least(1, 2.5, 0)", "greatest(DATE '2024-01-01', DATE '2023-01-01')", "greatest(1, 'a')", "least()", "1 = ANY (VALUES 1, 2)", "1 = ALL (VALUES 1, 2)", "3 > ALL (VALUES 1, 2)", "1 <> ANY (VALUES 1)", "1 IN (SELECT 1)", "1 IN (SELECT 'a')", "NULL IN (SELECT 1)", "EXISTS (SELECT 1 WHERE false)", "(SELECT 1)", "(SELECT 1 WHERE false)", "(SELECT x FROM (VALUES 1, 2) t(x))")


def conditionals() -> Iterator[str]:
    yield from each("{}", "CASE 1 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END", "CASE 3 WHEN 1 THEN 'a' ELSE 'z' END", "CASE WHEN NULL THEN 1 ELSE 2 END", "CASE WHEN 1 THEN 1 END", "CASE 1 WHEN 'a' THEN 1 END", "CASE WHEN true THEN 1 ELSE 'a' END", "CASE WHEN true THEN 1 ELSE 2.5 END", "CASE NULL WHEN NULL THEN 1 ELSE 2 END", "IF(true, 1)", "IF(false, 1)", "IF(NULL, 1, 2)", "IF(1, 2, 3)", "coalesce(NULL, 1)", "coalesce(NULL, NULL)", "coalesce(1, 'a')", "coalesce(1)", "coalesce(NULL, 1.5, 2)", "nullif(1, 1)", "nullif(1, 2)", "nullif('a', 1)", "nullif(NULL, 1)", "nullif(1, NULL)", "nullif(1, 1.0)", "TRY(1 / 0)", "TRY(CAST('a' AS INTEGER))", "TRY(ARRAY[1][2])", "TRY(date_parse('x', '%Y'))", "TRY(1)", "coalesce(TRY(1 / 0), 5)", "TRY(json_parse('{'))", "TRY(CAST('2024-13-01' AS DATE))", "TRY(from_utf8(X'FF'))", "TRY(repeat('a', -1))")


def casts() -> Iterator[str]:
    numbers = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "REAL", "DOUBLE", "DECIMAL(5,2)", "VARCHAR", "BOOLEAN"]
    yield from cross("CAST({} AS {})", ["1", "-2.5", "2.5e0", "3.5e0", "0", "300", "'12'", "' 12'", "'1.5'", "'abc'", "true", "NULL", "nan()"], numbers)
    yield from cross("TRY_CAST({} AS {})", ["'12'", "'abc'", "300", "'2024-01-01'", "1e20"], ["TINYINT", "BIGINT", "DATE", "DOUBLE", "DECIMAL(3,1)", "VARCHAR"])
    yield from each("CAST({} AS VARCHAR)", "1e0", "1e7", "1.5e-5", "123456.789e0", "1e100", "nan()", "-infinity()", "CAST(1.1 AS REAL)", "CAST(1e10 AS REAL)", "1.50", "DATE '2024-01-01'", "TIMESTAMP '2024-01-01 10:00:00'", "TIMESTAMP '2024-01-01 10:00:00.120'", "TIMESTAMP '2024-01-01 10:00:00 America/New_York'", "TIME '10:00:00.5'", "INTERVAL '1' DAY", "INTERVAL '3' MONTH", "X'61'", "ARRAY[1]", "ROW(1)", "JSON '\"a\"'", "JSON '{\"a\":1}'", "JSON '1'", "JSON 'null'", "UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59'", "CAST('ab' AS CHAR(5))", "DATE '2024-01-01' - DATE '2023-01-01'")
    yield from each("CAST({} AS VARCHAR(3))", "'hello'", "'hi'", "123", "12345", "true", "1.5", "DATE '2024-01-01'")
    yield from each("CAST({} AS CHAR(5))", "'ab'", "'abcdefg'", "12", "NULL")
    yield from each("CAST({} AS DATE)", "'2024-01-05'", "'2024-1-5'", "' 2024-01-05 '", "'2024-01-05 10:00:00'", "'2024/01/05'", "'20240105'", "'abc'", "''", "TIMESTAMP '2024-01-05 23:59:59'", "TIMESTAMP '2024-01-05 23:59:59 America/New_York'", "1", "NULL")
    yield from each("CAST({} AS TIMESTAMP)", "'2024-01-05'", "'2024-01-05 10:00'", "'2024-01-05 10:00:00'", "'2024-01-05 10:00:00.123456'", "'2024-01-05 10:00:00.1235'", "'2024-01-05T10:00:00'", "'2024-01-05 10:00:00 UTC'", "'2024-01-05 10:00:00Z'", "'abc'", "DATE '2024-01-05'", "TIMESTAMP '2024-01-05 10:00:00 America/New_York'", "TIMESTAMP '2024-01-05 10:00:00.999999'")
    yield from each("CAST('2024-01-05 10:00:00.123456789' AS TIMESTAMP({}))", "0", "3", "6", "9")
    yield from each("CAST({} AS TIMESTAMP WITH TIME ZONE)", "'2024-01-05 10:00:00 UTC'", "'2024-01-05 10:00:00 America/New_York'", "'2024-01-05 10:00:00 +02:00'", "'2024-01-05 10:00:00'", "DATE '2024-01-05'", "TIMESTAMP '2024-01-05 10:00:00'", "'2024-01-05T10:00:00Z'", "'abc'")
    yield from each("CAST({} AS TIME)", "'10:11:12'", "'10:11:12.1234'", "'25:00'", "TIMESTAMP '2024-01-05 10:11:12.5'")
    yield from each("CAST({} AS DECIMAL({}))", ("1.005", "10,2"), ("-1.005", "10,2"), ("2.675e0", "10,2"), ("12345", "4,0"), ("'1.50'", "10,2"), ("'1.555'", "10,2"), ("'abc'", "10,2"), ("1e20", "10,2"), ("true", "5,1"), ("999.99", "4,1"), ("'1e2'", "10,0"), ("' 1 '", "5,0"))
    yield from each("CAST({} AS BOOLEAN)", "'true'", "'T'", "'1'", "'0'", "'f'", "'yes'", "'FALSE'", "1", "0", "2.5e0", "0.0")
    yield from each("CAST({} AS {})", ("ARRAY[1, 2]", "ARRAY(VARCHAR)"), ("ARRAY['1', 'x']", "ARRAY(INTEGER)"), ("ARRAY[1.5, 2.5]", "ARRAY(INTEGER)"), ("ARRAY[NULL]", "ARRAY(BIGINT)"), ("MAP(ARRAY[1], ARRAY['2'])", "MAP(VARCHAR, INTEGER)"), ("ROW(1, '2')", "ROW(a VARCHAR, b INTEGER)"), ("ROW(1, 2)", "ROW(a INTEGER)"), ("ARRAY[ROW(1, 'x')]", "ARRAY(ROW(a BIGINT, b VARCHAR))"), ("NULL", "ROW(a INTEGER)"), ("'a'", "VARBINARY"), ("X'61'", "BIGINT"), ("1", "DATE"), ("'12151fd2-7586-11e9-8f9e-2a86e4085a59'", "UUID"), ("'x'", "UUID"), ("1", "NOTATYPE"), ("ARRAY[1]", "VARCHAR"), ("1", "ARRAY(INTEGER)"))
    yield from each("CAST({} AS JSON)", "1", "1.5", "2.50e0", "'x'", "true", "NULL", "ARRAY[1, NULL, 2]", "MAP(ARRAY['b', 'a'], ARRAY[1, 2])", "ROW(1, 'a')", "CAST(ROW(1, 'a') AS ROW(x BIGINT, y VARCHAR))", "DATE '2024-01-01'", "TIMESTAMP '2024-01-01 10:00:00.5'", "ARRAY[DATE '2024-01-01']", "ARRAY[ARRAY[1], ARRAY[]]", "MAP(ARRAY[1, 2], ARRAY['x', NULL])", "JSON '[1]'", "1e10", "X'61'")
    yield from each("CAST(JSON '{}' AS {})", ("1", "INTEGER"), ("1.5", "DOUBLE"), ("1.5", "INTEGER"), ('"a"', "VARCHAR"), ('"12"', "INTEGER"), ("null", "INTEGER"), ("true", "BOOLEAN"), ("[1,2,null]", "ARRAY(INTEGER)"), ('["a",1,true,null]', "ARRAY(VARCHAR)"), ('{"a":1,"b":2}', "MAP(VARCHAR, INTEGER)"), ('{"a":[1],"b":[]}', "MAP(VARCHAR, ARRAY(INTEGER))"), ('{"x":1,"y":"z"}', "ROW(x INTEGER, y VARCHAR)"), ('[1,"z"]', "ROW(x INTEGER, y VARCHAR)"), ('{"y":"z"}', "ROW(x INTEGER, y VARCHAR)"), ("[1]", "INTEGER"), ('{"a":1}', "VARCHAR"), ('{"a":{"b":1}}', "MAP(VARCHAR, JSON)"), ("1", "DECIMAL(5,2)"), ("123456789012", "BIGINT"), ('"true"', "BOOLEAN"))


def strings() -> Iterator[str]:
    texts = ["'hello'", "''", "'  pad '", "'é漢😀'", "NULL"]
    yield from cross("{}({})", ["length", "upper", "lower", "reverse", "trim", "ltrim", "rtrim", "to_utf8", "soundex", "url_encode"], texts)
    yield from each("{}", "length(X'616263')", "length(CAST('ab' AS CHAR(5)))", "length(1)", "reverse(X'0102')", "trim('x' FROM 'xxaxx')", "trim(BOTH 'xy' FROM 'xyaxy')", "trim(LEADING FROM '  a ')", "trim(TRAILING 'a' FROM 'baa')", "trim('\ta\n')", "ltrim('xxa', 'x')", "rtrim('axx', 'x')", "trim('xyaxy', 'xy')")
    yield from cross("substr('hello', {})", ["1", "2", "0", "-3", "-10", "6", "99", "1, 2", "2, 99", "-2, 1", "0, 2", "1, 0", "1, -1", "-10, 3", "NULL"])
    yield from each("{}", "substring('hello' FROM 2)", "substring('hello' FROM 2 FOR 2)", "substring('hello', 2, 2)", "substr(X'010203', 2, 1)", "substr('é漢😀', 2, 1)", "position('l' IN 'hello')", "strpos('hello', 'l')", "strpos('hello', 'z')", "strpos('hello', '')", "strpos('hello', 'l', 2)", "strpos('hello', 'l', -1)", "strpos('hello', 'l', 3)", "strpos('abcabc', 'bc', -2)", "replace('banana', 'a')", "replace('banana', 'a', 'o')", "replace('abc', '', '-')", "replace('abc', 'x', 'y')", "replace('abc', NULL, 'y')", "concat('a', 'b', 'c')", "concat('a', NULL)", "concat('a')", "concat('a', 1)", "'a' || 'b' || 'c'", "'a' || NULL", "'a' || 1", "X'61' || X'62'", "concat_ws(',', 'a', NULL, 'b')", "concat_ws(NULL, 'a', 'b')", "concat_ws(',', ARRAY['a', NULL, 'b'])", "concat_ws(',', 'a')", "concat_ws(',', ARRAY[])")
    yield from each("{}", "lpad('x', 5, 'ab')", "rpad('x', 5, 'ab')", "lpad('hello', 3, ' ')", "rpad('hello', 3, ' ')", "lpad('x', 0, 'a')", "lpad('x', 5, '')", "lpad('x', -1, 'a')", "chr(65)", "chr(128512)", "chr(-1)", "codepoint('A')", "codepoint('AB')", "starts_with('hello', 'he')", "starts_with('hello', '')", "translate('abcd', 'ac', 'xy')", "translate('abcd', 'ac', 'x')", "translate('abcd', '', 'x')", "levenshtein_distance('kitten', 'sitting')", "levenshtein_distance('', 'abc')", "hamming_distance('abc', 'abd')", "hamming_distance('abc', 'ab')", "soundex('Robert')", "soundex('Tymczak')", "soundex('Pfister')", "soundex('jim')", "normalize('é', NFD) = 'é'", "length(normalize('é', NFD))", "normalize('ﬁ', NFKC)", "luhn_check('79927398713')", "luhn_check('79927398714')", "luhn_check('a')", "word_stem('running')", "format('%s-%s', 'a', 1)", "format('%05d', 42)", "format('%.3f', 3.14159e0)", "format('%,d', 1234567)", "format('%x', 255)", "format('%-5s|', 'ab')", "format('%5s|', 'ab')", "format('%%')", "format('%s', NULL)", "format('%s', true)", "format('%b', true)", "format('%.2f', 1.005)", "format('%e', 12345.678e0)", "format('%s %s', 1)", "format('%d', 'a')", "format('%s', DATE '2024-01-01')", "format('%s', 1.50)", "format('%s', 1e10)", "format('%2$s %1$s', 'a', 'b')", "format('%+d', 5)", "format('%08.2f', 3.14159e0)", "format_number(1234)", "format_number(123456789)", "format_number(999.9e0)", "format_number(-1500)", "format_number(12)")
    yield from each("{}", "split('a,b,c', ',')", "split('a,b,c', ',', 2)", "split('a,b,c', ',', 1)", "split('a,b,c', ',', 9)", "split('', ',')", "split('abc', ',')", "split('a,,b', ',')", "split('a,b', '')", "split(NULL, ',')", "split('a,b', ',', 0)", "split_part('a,b,c', ',', 2)", "split_part('a,b,c', ',', 9)", "split_part('a,b,c', ',', 0)", "split_part('a,b,c', ',', -1)", "split_part('', ',', 1)", "split_part('abc', ',', 1)", "split_to_map('a=1,b=2', ',', '=')", "split_to_map('', ',', '=')", "split_to_map('a=1,a=2', ',', '=')", "split_to_map('a', ',', '=')", "split_to_multimap('a=1,b=2,a=3', ',', '=')", "from_utf8(X'68656C6C6F')", "from_utf8(X'FF61')", "from_utf8(X'FF61', '?')", "to_utf8('é')", "upper(1)", "lower('ÄÖÜ')", "upper('straße')", "repeat('ab', 3)", "CAST('ab' AS CHAR(5)) || 'c'", "length(CAST('ab' AS CHAR(5)) || 'c')", "regexp_like('Hello', 'hello')", "'abc' = 'ABC'", "lower(CAST('AB' AS CHAR(4)))")


def urls() -> Iterator[str]:
    url = "'https://user@example.com:8080/a%20b/c.html?k=v&x=a%20b&k=w&e=&f#frag'"
    yield from cross("url_extract_{}({})", ["protocol", "host", "port", "path", "query", "fragment"], [url, "'http://a.b'", "'not a url'", "'/just/path?q=1'", "''", "NULL"])
    yield from each(f"url_extract_parameter({url}, '{{}}')", "k", "x", "e", "f", "zz")
    yield from each("{}", "url_encode('a b&c=d/é~*-._')", "url_decode('a+b%26c%3Dd%2F%C3%A9')", "url_decode('%zz')", "url_decode('100%')")


def regexps() -> Iterator[str]:
    yield from each("regexp_like('{}', '{}')", ("hello", "l+"), ("hello", "^h.*o$"), ("hello", "^l"), ("a\nb", "a.b"), ("a\nb", "(?s)a.b"), ("Hello", "(?i)hello"), ("123", "^\\d+$"), ("foobar", "foo(?=bar)"), ("foobar", "foo(?!bar)"), ("aa", "(a)\\1"), ("x", "["), ("", ""), ("é", "\\w"), ("漢", "."), ("a b", "\\s"), ("a.b", "a\\.b"), ("abc", "\\bbc"), ("a\nb", "(?m)^b"), ("tab\t", "\\t"), ("abc", "a(?:b)c"), ("ab", "a++b"), ("x1", "[[:alpha:]]1"), ("X", "\\p{Lu}"), ("x", "\\p{L}"))
    yield from each("regexp_extract('1a 2b 14m', {})", "'\\d+'", "'(\\d+)([a-z]+)', 2", "'(\\d+)([a-z]+)', 0", "'(\\d+)([a-z]+)', 3", "'z'", "'(z)?1', 1", "'(?<n>\\d+)m', 1", "'\\d+(?=m)'", "NULL", "''")
    yield from each("regexp_extract_all('1a 2b 14m', {})", "'\\d+'", "'(\\d+)([a-z]+)', 2", "'z'", "'(z)?\\d', 1", "'(\\d+)', 2", "'\\d+(?=m)'")
    yield from each("regexp_replace('1a 2b 14m', {})", "'\\d+[ab] '", "'(\\d+)([ab]) ', '3c$2 '", "'(\\d+)', '<$1>'", "'(?<d>\\d+)', '<${d}>'", "'\\d', '\\$'", "'\\d', 'x\\\\y'", "'(\\d)', '$2'", "'z', 'y'", "'(\\d+)', x -> CAST(CAST(x[1] AS INTEGER) + 1 AS VARCHAR)", "'a', NULL", "'', '-'", "'(\\d+)(?=m)', '[$1]'", "'.', 'x'", "'(\\d)(\\d)', '$2$1'", "'(\\d+)', '$1$1'", "'(\\w)(\\w*)', x -> upper(x[1]) || lower(x[2])")
    yield from each("regexp_split('1a 2b 14m', {})", "'\\s*[a-z]+\\s*'", "' '", "''", "'z'", "'\\d'", "'(?=b)'")
    yield from each("{}", "regexp_count('1a 2b 14m', '\\s*[a-z]+\\s*')", "regexp_count('aaa', 'aa')", "regexp_count('aaa', 'z')", "regexp_position('I have 23 apples, 5 pears and 13 oranges', '\\b\\d+\\b')", "regexp_position('I have 23 apples, 5 pears and 13 oranges', '\\b\\d+\\b', 5)", "regexp_position('I have 23 apples, 5 pears and 13 oranges', '\\b\\d+\\b', 12, 2)", "regexp_position('abc', 'z')", "regexp_position('abc', 'a', 0)", "regexp_like(NULL, 'a')", "regexp_replace('fun stuff.', '[a-z]')", "regexp_replace('a.b.c', '\\.', '$')", "regexp_extract('rat cat', '(.)at', 1)", "regexp_extract('abc', '(?i)B')")


def maths() -> Iterator[str]:
    yield from cross("{}({})", ["abs", "sign", "ceil", "floor", "round", "truncate"], ["2.5", "-2.5", "3", "-2.567e0", "CAST(-7 AS BIGINT)", "CAST(2.5 AS REAL)", "0.0", "NULL", "123.456"])
    yield from each("round({})", "2.567, 1", "2.555, 2", "-2.555, 2", "15, -1", "14, -1", "1234.567e0, -2", "2.5e0", "3.5e0", "-2.5e0", "1.005e0, 2", "0.5", "1.4999", "2.567, 5", "12345.678, -2", "nan()", "CAST(15 AS BIGINT), -1", "99.99, 1")
    yield from each("truncate({})", "12.345, 1", "12.345, -1", "12.999", "-12.999e0", "99.9, 0")
    yield from cross("{}({})", ["sqrt", "cbrt", "exp", "ln", "log2", "log10"], ["0", "1", "2", "-1", "100", "NULL"])
    yield from cross("{}({})", ["sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "degrees", "radians"], ["0", "0.5", "2"])
    yield from each("{}", "atan2(1, 2)", "power(2, 10)", "pow(2, -1)", "power(0, 0)", "power(-8, 1e0/3)", "log(2, 8)", "log(10, 0.001)", "mod(7, 3)", "mod(-7, 3)", "mod(7.5, 2)", "mod(7, 0)", "e()", "pi()", "nan()", "infinity()", "-infinity()", "is_nan(nan())", "is_nan(1e0)", "is_infinite(infinity())", "is_finite(1e0)", "is_nan(1)", "width_bucket(5.3, 0, 10, 5)", "width_bucket(-1, 0, 10, 5)", "width_bucket(10, 0, 10, 5)", "width_bucket(3, 10, 0, 5)", "width_bucket(5, ARRAY[1, 3, 7])", "width_bucket(0, ARRAY[1, 3, 7])", "to_base(255, 16)", "to_base(-255, 2)", "from_base('ff', 16)", "from_base('-101', 2)", "from_base('zz', 10)", "random() BETWEEN 0 AND 1", "random(10) BETWEEN 0 AND 9", "random(5, 7) BETWEEN 5 AND 6", "rand() < 1", "cosine_similarity(MAP(ARRAY['a'], ARRAY[1.0]), MAP(ARRAY['a'], ARRAY[2.0]))", "normal_cdf(0, 1, 1.96)", "inverse_normal_cdf(0, 1, 0.975)", "beta_cdf(3, 6, 0.25)", "inverse_beta_cdf(2, 5, 0.5)", "wilson_interval_lower(1250, 1310, 1.96e0)", "wilson_interval_upper(1250, 1310, 1.96e0)", "abs(-9223372036854775808)", "abs('a')", "sqrt('a')", "ceil(-0.5)", "floor(-0.5)", "round(1e300)", "truncate(1e20)", "sign(nan())")
    yield from each("{}", "bitwise_and(19, 25)", "bitwise_or(19, 25)", "bitwise_xor(19, 25)", "bitwise_not(-12)", "bitwise_not(19)", "bit_count(9, 64)", "bit_count(-7, 64)", "bit_count(-7, 8)", "bit_count(9, 2)", "bitwise_left_shift(1, 2)", "bitwise_left_shift(5, 31)", "bitwise_left_shift(CAST(1 AS TINYINT), 7)", "bitwise_left_shift(CAST(7 AS BIGINT), 2)", "bitwise_right_shift(8, 3)", "bitwise_right_shift(-8, 1)", "bitwise_right_shift(CAST(-8 AS BIGINT), 60)", "bitwise_right_shift_arithmetic(-8, 2)", "bitwise_right_shift_arithmetic(8, 2)", "bitwise_and(1.5, 2)", "bitwise_left_shift(1, 64)")


def dates() -> Iterator[str]:
    fields = ["year", "quarter", "month", "week", "day", "day_of_week", "dow", "day_of_year", "doy", "year_of_week", "yow", "hour", "minute", "second", "millisecond", "day_of_month", "week_of_year"]
    yield from cross("{}({})", fields, ["TIMESTAMP '2024-12-30 13:14:15.678'", "DATE '2021-01-03'"])
    yield from cross("EXTRACT({} FROM TIMESTAMP '2024-12-30 13:14:15.678')", ["YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "DOW", "DOY", "YOW", "HOUR", "MINUTE", "SECOND", "DAY_OF_MONTH", "EPOCH"])
    yield from each("{}", "EXTRACT(TIMEZONE_HOUR FROM TIMESTAMP '2024-01-01 00:00:00 +05:30')", "timezone_minute(TIMESTAMP '2024-01-01 00:00:00 +05:30')", "timezone_hour(TIMESTAMP '2024-07-01 00:00:00 America/New_York')", "hour(TIMESTAMP '2024-01-01 00:00:00 America/New_York')", "day(INTERVAL '36' HOUR)", "hour(INTERVAL '36' HOUR)", "minute(INTERVAL '90' SECOND)", "second(INTERVAL '90' SECOND)", "year(INTERVAL '14' MONTH)", "month(INTERVAL '14' MONTH)", "hour(TIME '10:11:12')", "year('2024-01-01')", "millisecond(INTERVAL '1.5' SECOND)")
    units = ["millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year"]
    yield from cross("date_add('{}', {}, TIMESTAMP '2024-01-31 10:00:00')", units, ["1", "-1"])
    yield from cross("date_add('{}', 3, DATE '2024-01-31')", ["hour", "day", "week", "month", "quarter", "year", "fortnight"])
    yield from cross("date_diff('{}', TIMESTAMP '2023-12-31 23:00:00', TIMESTAMP '2024-03-01 01:30:00')", units)
    yield from cross("date_diff('{}', DATE '2024-01-31', DATE '2024-02-29')", ["day", "week", "month", "quarter", "year", "hour"])
    yield from each("date_diff({})", "'month', TIMESTAMP '2024-03-31 10:00:00', TIMESTAMP '2024-02-29 11:00:00'", "'day', TIMESTAMP '2024-01-02 00:00:00', TIMESTAMP '2024-01-01 12:00:00'", "'year', DATE '2024-02-29', DATE '2025-02-28'", "'month', DATE '2024-02-29', DATE '2024-01-31'", "'hour', TIME '01:00:00', TIME '03:30:00'", "'day', DATE '2024-01-01', TIMESTAMP '2024-01-03 12:00:00'", "'second', TIMESTAMP '2024-01-01 00:00:00 UTC', TIMESTAMP '2024-01-01 00:00:00 +01:00'", "'DAY', DATE '2024-01-01', DATE '2024-01-02'", "'week', DATE '2024-01-01', DATE '2023-12-20'")
    yield from cross("date_trunc('{}', TIMESTAMP '2024-05-15 13:14:15.678')", units)
    yield from cross("date_trunc('{}', DATE '2024-05-15')", ["day", "week", "month", "quarter", "year", "hour"])
    yield from each("date_trunc({})", "'hour', TIMESTAMP '2024-05-15 13:14:15 America/New_York'", "'day', TIMESTAMP '2024-05-15 13:14:15 Asia/Kolkata'", "'hour', TIME '13:14:15'", "'month', NULL", "'x', DATE '2024-01-01'", "'MONTH', DATE '2024-05-15'")
    yield from cross("date_format(TIMESTAMP '2024-03-05 13:04:05.678', '%{}')", list("abcdefHhIijklMmpSsTvWxYyrUDuVXw%q"))
    yield from each("date_format({})", "TIMESTAMP '2024-03-05 00:04:05', '%Y-%m-%d %H:%i:%s'", "DATE '2024-03-05', '%Y%m'", "TIMESTAMP '2024-03-05 00:04:05', '%h:%i %p'", "TIMESTAMP '2024-03-05 12:04:05', '%l %k'", "TIMESTAMP '2024-03-05 12:04:05', 'x''y'", "TIMESTAMP '2024-03-05 12:04:05 America/New_York', '%H'", "'2024-01-01', '%Y'", "NULL, '%Y'", "TIMESTAMP '2024-03-05 12:04:05', ''", "TIMESTAMP '2024-03-05 12:04:05', '{x}'")
    yield from each("date_parse({})", "'2024-03-05', '%Y-%m-%d'", "'2024-03-05 13:04:05', '%Y-%m-%d %H:%i:%s'", "'2024-3-5', '%Y-%m-%d'", "'05/Mar/2024', '%d/%b/%Y'", "'March 5 2024', '%M %e %Y'", "'2024-03-05 01:04:05 PM', '%Y-%m-%d %h:%i:%s %p'", "'2024', '%Y'", "'2024-03', '%Y-%m'", "'abc', '%Y'", "'2024-03-05 extra', '%Y-%m-%d'", "'2024-03-05T13:04:05Z', '%Y-%m-%dT%H:%i:%sZ'", "'13:04:05', '%T'", "'2024-03-05 13:04:05.123', '%Y-%m-%d %H:%i:%s.%f'", "'240305', '%y%m%d'", "'700305', '%y%m%d'", "'20240305', '%Y%m%d'", "'2024-065', '%Y-%j'", "NULL, '%Y'", "'2024-02-30', '%Y-%m-%d'", "'2024-03-05 1:4:5', '%Y-%m-%d %k:%i:%s'", "'2024-03-05', '%x-%v'", "'', '%Y'")
    yield from each("format_datetime(TIMESTAMP '2024-03-05 13:04:05.678', '{}')", "yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd''T''HH:mm:ss.SSS", "EEE, d MMM yyyy", "EEEE MMMM", "h:mm a", "hh 'oclock'" .replace("'", "''"), "D", "yy", "e", "ww", "xxxx", "K k", "Z", "ZZ", "M/d/yy", "SS", "''", "G", "y", "YYYY")
    yield from each("parse_datetime({})", "'2024-03-05', 'yyyy-MM-dd'", "'2024-03-05 13:04:05', 'yyyy-MM-dd HH:mm:ss'", "'2024-03-05T13:04:05+02:00', 'yyyy-MM-dd''T''HH:mm:ssZZ'", "'05 Mar 2024', 'dd MMM yyyy'", "'abc', 'yyyy'", "'2024-03-05 01:04 PM', 'yyyy-MM-dd hh:mm a'", "'2024-03-05 13:04:05.123', 'yyyy-MM-dd HH:mm:ss.SSS'", "'2024', 'yyyy'", "'2024-03-05 UTC', 'yyyy-MM-dd z'", "'2024-03-05 +0530', 'yyyy-MM-dd Z'")
    yield from each("from_unixtime({})", "0", "1700000000", "1700000000.5", "-1", "1700000000, 'America/New_York'", "1700000000, 5, 30", "1700000000.1239", "NULL", "1700000000, '+05:30'", "1700000000, 'Nowhere/None'")
    yield from each("to_unixtime({})", "TIMESTAMP '2023-11-14 22:13:20.5'", "TIMESTAMP '2023-11-14 22:13:20 +01:00'", "DATE '1970-01-02'", "NULL")
    yield from each("from_iso8601_timestamp('{}')", "2024-01-05", "2024-01-05T10:00:00", "2024-01-05T10:00:00.123Z", "2024-01-05T10:00:00+02:00", "2024-W01-1", "2024-005", "2024-01", "2024", "abc", "2024-01-05T10", "2024-01-05T10:30", "2024-01-05 10:00:00")
    yield from each("from_iso8601_date('{}')", "2024-01-05", "2024-W01-1", "2024-005", "abc", "20240105", "2024-01-05T10:00:00")
    yield from each("to_iso8601({})", "DATE '2024-01-05'", "TIMESTAMP '2024-01-05 10:00:00.5'", "TIMESTAMP '2024-01-05 10:00:00 UTC'", "TIMESTAMP '2024-01-05 10:00:00 America/New_York'", "TIMESTAMP '2024-01-05 10:00:00 +05:30'")
    yield from each("{}", "at_timezone(TIMESTAMP '2024-01-01 12:00:00 UTC', 'America/Los_Angeles')", "TIMESTAMP '2024-01-01 12:00:00 UTC' AT TIME ZONE 'Asia/Tokyo'", "TIMESTAMP '2024-01-01 12:00:00' AT TIME ZONE 'Asia/Tokyo'", "with_timezone(TIMESTAMP '2024-01-01 12:00:00', 'America/New_York')", "CAST(TIMESTAMP '2024-01-01 12:00:00 UTC' AT TIME ZONE 'Asia/Tokyo' AS TIMESTAMP)", "CAST(TIMESTAMP '2024-01-01 20:00:00 UTC' AT TIME ZONE 'Asia/Tokyo' AS DATE)", "TIMESTAMP '2024-01-01 12:00:00 UTC' AT TIME ZONE '+05:30'", "at_timezone(TIMESTAMP '2024-01-01 12:00:00 UTC', 'Nope')", "date(TIMESTAMP '2024-01-05 23:00:00')", "date('2024-01-05')", "date('x')", "last_day_of_month(DATE '2024-02-10')", "last_day_of_month(TIMESTAMP '2024-02-10 10:00:00')", "human_readable_seconds(96)", "human_readable_seconds(3762)", "human_readable_seconds(56363463)", "human_readable_seconds(0)", "parse_duration('42.8ms')", "parse_duration('3.81 d')", "parse_duration('5m')", "parse_duration('x')", "to_milliseconds(INTERVAL '1' DAY)", "to_milliseconds(parse_duration('1.5s'))", "parse_data_size('2.3MB')", "current_timezone()", "day_of_week(DATE '2024-03-03')", "week(DATE '2021-01-01')", "year_of_week(DATE '2021-01-01')", "current_date = date(now())", "from_unixtime_nanos(1700000000123456789)", "TIMESTAMP '2024-03-10 02:30:00 America/New_York'", "date_add('day', 1, TIMESTAMP '2024-03-09 12:00:00 America/New_York')", "date_add('hour', 24, TIMESTAMP '2024-03-09 12:00:00 America/New_York')", "date_diff('day', TIMESTAMP '2024-03-09 12:00:00 America/New_York', TIMESTAMP '2024-03-10 12:00:00 America/New_York')")


def binary() -> Iterator[str]:
    yield from cross("to_hex({}(to_utf8('{}')))", ["md5", "sha1", "sha256", "sha512", "xxhash64", "murmur3", "spooky_hash_v2_32", "spooky_hash_v2_64"], ["", "hello"])
    yield from each("{}", "crc32(to_utf8('hello'))", "to_hex(hmac_md5(to_utf8('a'), to_utf8('k')))", "to_hex(hmac_sha1(to_utf8('a'), to_utf8('k')))", "to_hex(hmac_sha256(to_utf8('a'), to_utf8('k')))", "to_hex(hmac_sha512(to_utf8('a'), to_utf8('k')))", "to_base64(to_utf8('hello?'))", "from_base64('aGVsbG8/')", "from_utf8(from_base64('aGVsbG8/'))", "to_base64url(X'FBEFFF')", "from_base64url('--__')", "to_base32(to_utf8('hello'))", "from_utf8(from_base32('NBSWY3DP'))", "to_hex(X'0AFF')", "from_hex('0aff')", "from_hex('0af')", "from_hex('zz')", "from_hex(to_utf8('61'))", "to_big_endian_32(258)", "to_big_endian_64(258)", "from_big_endian_32(X'00000102')", "from_big_endian_64(X'0000000000000102')", "from_big_endian_32(X'01')", "to_ieee754_32(REAL '1.5')", "to_ieee754_64(1.5)", "from_ieee754_32(X'3FC00000')", "from_ieee754_64(X'3FF8000000000000')", "lpad(X'61', 3, X'00')", "rpad(X'61', 3, X'0102')", "length(X'')", "X'61' = to_utf8('a')", "concat(X'61', X'62')", "md5('a')", "length(CAST(uuid() AS VARCHAR))", "to_base64('a')", "from_base64('!!')", "substr(X'616263', -2)")


def jsons() -> Iterator[str]:
    doc = '\'{"a":{"b":[1,2,{"c":"x"}]},"s":"hi","n":null,"d":1.50,"t":true,"k k":1,"e":[],"o":{"p":0}}\''
    paths = ["$.a", "$.a.b", "$.a.b[0]", "$.a.b[2].c", "$.s", "$.n", "$.d", "$.t", "$.zz", '$["k k"]', "$", "$.a.b[*]", "$.e", "$.o", "$.a.b[9]", "$.a.b[-1]", "$..c", "a.b", "$.*", "$.a.b.length()"]
    yield from cross(f"json_extract({doc}, '{{}}')", paths)
    yield from cross(f"json_extract_scalar({doc}, '{{}}')", paths)
    yield from each(f"json_size({doc}, '{{}}')", "$.a", "$.a.b", "$.s", "$.zz", "$", "$.e")
    yield from each("json_parse('{}')", '{"b":1,"a":2}', "[1, 2.50, 1e3]", "1", '"x"', "null", "{", "", '{"a":1,"a":2}', '{"x":"\\u00e9\\n"}', "[1,]", "  [1]  ", "abc", "1.0", "12345678901234567890123")
    yield from each("{}", "json_format(JSON '{\"a\": [1, \"b\"]}')", "json_format(CAST(ARRAY[1, 2] AS JSON))", "json_array_length('[1,2,3]')", "json_array_length('{}')", "json_array_length('x')", "json_array_length('[]')", "json_array_get('[\"a\", [3, 9], \"c\"]', 0)", "json_array_get('[\"a\", [3, 9], \"c\"]', 1)", "json_array_get('[\"a\", \"c\"]', -1)", "json_array_get('[\"a\"]', 5)", "json_array_contains('[1, 2, 3]', 2)", "json_array_contains('[1, \"2\"]', '2')", "json_array_contains('[true]', true)", "json_array_contains('[1.5]', 1.5e0)", "json_array_contains('{}', 1)", "is_json_scalar('1')", "is_json_scalar('[1]')", "is_json_scalar('\"x\"')", "is_json_scalar('null')", "json_extract('not json', '$.a')", "json_extract_scalar('not json', '$.a')", "json_extract(NULL, '$.a')", "json_extract('[1,2,3]', '$[1]')", "json_extract_scalar('[1,\"x\"]', '$[1]')", "json_extract('{\"a\":1}', '$.')", "CAST(json_extract('{\"a\":[1,2]}', '$.a') AS ARRAY(INTEGER))", "CAST(json_extract('{\"a\":\"x\"}', '$.a') AS VARCHAR)", "json_extract_scalar('{\"a\":12345678901234567890}', '$.a')", "json_extract_scalar('{\"a\":1e5}', '$.a')", "json_extract_scalar('{\"a.b\":1}', '$[\"a.b\"]')", "json_extract_scalar('{\"a\":\"q\\\"x\"}', '$.a')", "json_extract('{\"a\":\"q\\\"x\"}', '$.a')")
    yield from each("json_value({}, {})", (doc, "'lax $.s'"), (doc, "'lax $.a'"), (doc, "'lax $.d'"), (doc, "'lax $.zz'"), (doc, "'lax $.n'"), (doc, "'lax $.t'"), (doc, "'lax $.a.b[0]'"), (doc, "'strict $.zz'"), (doc, "'lax $.zz' DEFAULT 'q' ON EMPTY"), (doc, "'lax $.a.b[0]' RETURNING INTEGER"), (doc, "'lax $.s' RETURNING INTEGER DEFAULT -1 ON ERROR"), (doc, "'lax $.a' NULL ON ERROR"), (doc, "'lax $.a' ERROR ON ERROR"), ("'x'", "'lax $.a'"), (doc, "'$.s'"), (doc, "'lax $.a.b.size()'"))
    yield from each("json_query({}, {})", (doc, "'lax $.a'"), (doc, "'lax $.s'"), (doc, "'lax $.zz'"), (doc, "'lax $.a.b[0]' WITH ARRAY WRAPPER"), (doc, "'lax $.a.b' WITH CONDITIONAL ARRAY WRAPPER"), (doc, "'lax $.s' OMIT QUOTES"), (doc, "'lax $.a.b[*]' WITH WRAPPER"), (doc, "'lax $.a.b'"))
    yield from each("json_exists({}, {})", (doc, "'lax $.a'"), (doc, "'lax $.zz'"), (doc, "'strict $.zz'"), (doc, "'lax $.n'"), ("'x'", "'lax $.a'"), (doc, "'lax $.a.b[0]'"), (doc, "'lax $.a.b[5]'"))
    yield from each("{}", "json_object('a' : 1, 'b' : 'x')", "json_object(KEY 'a' VALUE NULL)", "json_object('a' : NULL ABSENT ON NULL)", "json_object()", "json_array(1, 'a', true)", "json_array(1, NULL)", "json_array(1, NULL NULL ON NULL)", "json_array()", "json_object('a' : json_array(1, 2) FORMAT JSON)")


def arrays() -> Iterator[str]:
    a = "ARRAY[3, 1, NULL, 2, 1]"
    yield from each(f"{{}}({a})", "array_distinct", "array_sort", "array_max", "array_min", "cardinality", "reverse", "array_histogram")
    yield from each("{}", "array_max(ARRAY[1, 3, 2])", "array_min(ARRAY['b', 'a'])", "array_max(ARRAY[])", "array_sort(ARRAY['b', 'a', NULL])", "array_sort(ARRAY[3, 1, 2], (x, y) -> IF(x < y, 1, IF(x = y, 0, -1)))", "array_sort(ARRAY['bbb', 'a', 'cc'], (x, y) -> IF(length(x) < length(y), -1, IF(length(x) = length(y), 0, 1)))", "array_distinct(ARRAY[NULL, NULL, 1, 1])", "array_distinct(ARRAY['b', 'a', 'b'])", "array_except(ARRAY[1, 2, 2, 3], ARRAY[2])", "array_except(ARRAY[1, NULL], ARRAY[NULL])", "array_intersect(ARRAY[1, 2, 2, 3], ARRAY[2, 3, 4])", "array_intersect(ARRAY[1, NULL], ARRAY[NULL, 2])", "array_union(ARRAY[1, 2], ARRAY[2, 3, NULL])", "array_join(ARRAY[1, NULL, 3], ',')", "array_join(ARRAY[1, NULL, 3], ',', '-')", "array_join(ARRAY['a', 'b'], '')", "array_join(ARRAY[], ',')", "array_join(ARRAY[1.5e0, 2e10], '|')", "array_join(ARRAY[DATE '2024-01-01'], ',')", "array_join(ARRAY[true], ',')", "array_position(ARRAY[1, 2, 3, 2], 2)", "array_position(ARRAY[1], 5)", "array_position(ARRAY[1, NULL], NULL)", "array_remove(ARRAY[1, 2, NULL, 2], 2)", "array_remove(ARRAY[1], NULL)", "arrays_overlap(ARRAY[1, 2], ARRAY[2, 3])", "arrays_overlap(ARRAY[1], ARRAY[2])", "arrays_overlap(ARRAY[1, NULL], ARRAY[2])", "arrays_overlap(ARRAY[1, NULL], ARRAY[1])", "contains(ARRAY[1, 2], 2)", "contains(ARRAY[1, NULL], 2)", "contains(ARRAY[1, NULL], 1)", "contains(ARRAY[1], NULL)", "contains(ARRAY['a'], 'b')", "contains(ARRAY[1, 2], 1.5)", "contains(ARRAY[1], 'a')", "contains_sequence(ARRAY[1, 2, 3], ARRAY[2, 3])", "contains_sequence(ARRAY[1, 2, 3], ARRAY[1, 3])", "element_at(ARRAY[1, 2], 1)", "element_at(ARRAY[1, 2], -1)", "element_at(ARRAY[1, 2], 5)", "element_at(ARRAY[1, 2], 0)", "element_at(ARRAY[1, 2], -5)", "ARRAY[1, 2][1]", "ARRAY[1, 2][3]", "ARRAY[1, 2][0]", "ARRAY[1, 2][-1]", "ARRAY[1, 2][NULL]", "ARRAY[1, 2]['a']", "flatten(ARRAY[ARRAY[1], NULL, ARRAY[2, NULL]])", "flatten(ARRAY[])", "sequence(1, 5)", "sequence(5, 1)", "sequence(1, 10, 3)", "sequence(1, 5, -1)", "sequence(1, 20000)", "sequence(DATE '2024-01-01', DATE '2024-01-03')", "sequence(DATE '2024-01-31', DATE '2024-03-31', INTERVAL '1' MONTH)", "sequence(TIMESTAMP '2024-01-01 00:00:00', TIMESTAMP '2024-01-01 03:00:00', INTERVAL '1' HOUR)", "sequence(DATE '2024-01-03', DATE '2024-01-01')", "slice(ARRAY[1, 2, 3, 4], 2, 2)", "slice(ARRAY[1, 2, 3, 4], -2, 2)", "slice(ARRAY[1, 2], 0, 1)", "slice(ARRAY[1, 2], 5, 1)", "slice(ARRAY[1, 2], 1, 0)", "slice(ARRAY[1, 2], 1, -1)", "trim_array(ARRAY[1, 2, 3], 1)", "trim_array(ARRAY[1], 2)", "repeat(1, 3)", "repeat('a', 0)", "repeat(NULL, 2)", "repeat(1, -1)", "ngrams(ARRAY['a', 'b', 'c'], 2)", "ngrams(ARRAY['a', 'b'], 5)", "ngrams(ARRAY['a'], 0)", "combinations(ARRAY[1, 2, 3], 2)", "combinations(ARRAY['a', 'b', 'c', 'd'], 3)", "combinations(ARRAY[1, 2], 3)", "combinations(ARRAY[1, 2], 1)", "zip(ARRAY[1, 2], ARRAY['a'])", "zip(ARRAY[1], ARRAY[2], ARRAY[3])", "zip_with(ARRAY[1, 2], ARRAY[3, 4], (x, y) -> x * y)", "zip_with(ARRAY[1, 2], ARRAY[3], (x, y) -> coalesce(y, 0) + x)", "cardinality(shuffle(ARRAY[1, 2, 3]))", "ARRAY[1] || ARRAY[2, 3]", "ARRAY[1] || 2", "1 || ARRAY[2]", "concat(ARRAY[1], ARRAY[2], ARRAY[3])", "ARRAY[1] || NULL", "ARRAY[1] || ARRAY[2.5]", "ARRAY['a'] || 1", "cardinality(NULL)", "array_agg(x) FROM (VALUES 1, NULL, 2) t(x)")
    yield from each("{}", "transform(ARRAY[1, 2, NULL], x -> x + 1)", "transform(ARRAY['a', 'b'], x -> x || '!')", "transform(ARRAY[1, 2], x -> ARRAY[x, x])", "transform(ARRAY[], x -> x)", "transform(ARRAY[ROW(1, 'a')], r -> r[1])", "transform(ARRAY[CAST(ROW(1, 'a') AS ROW(n INTEGER, s VARCHAR))], r -> r.s)", "transform(ARRAY[1, 2], x -> transform(ARRAY[10, 20], y -> x * y))", "transform(ARRAY[1, 2], (x, y) -> x)", "filter(ARRAY[1, NULL, 3], x -> x > 1)", "filter(ARRAY[1, NULL], x -> x IS NULL)", "filter(ARRAY[1], x -> 1)", "any_match(ARRAY[1, 2], x -> x > 1)", "any_match(ARRAY[1, NULL], x -> x > 1)", "any_match(ARRAY[], x -> true)", "all_match(ARRAY[1, 2], x -> x > 0)", "all_match(ARRAY[1, NULL], x -> x > 0)", "all_match(ARRAY[], x -> false)", "none_match(ARRAY[1, 2], x -> x > 5)", "none_match(ARRAY[NULL, 2], x -> x > 5)", "reduce(ARRAY[1, 2, 3], 0, (s, x) -> s + x, s -> s)", "reduce(ARRAY[1, 2, NULL], 0, (s, x) -> s + coalesce(x, 0), s -> s * 10)", "reduce(ARRAY['a', 'b'], '', (s, x) -> s || x, s -> s)", "reduce(ARRAY[5, 20, 50], CAST(ROW(0.0, 0) AS ROW(sum DOUBLE, count INTEGER)), (s, x) -> CAST(ROW(x + s.sum, s.count + 1) AS ROW(sum DOUBLE, count INTEGER)), s -> IF(s.count = 0, NULL, s.sum / s.count))", "reduce(ARRAY[], 5, (s, x) -> s, s -> s)", "reduce(ARRAY[2147483647, 1], BIGINT '0', (s, x) -> s + x, s -> s)", "filter(sequence(1, 10), x -> x % 2 = 0)", "transform(sequence(1, 3), x -> x * x)", "array_sort(filter(ARRAY[3, 1, 2], x -> x <> 2))", "cardinality(filter(split('a,b,,c', ','), x -> x <> ''))")


def maps() -> Iterator[str]:
    m = "MAP(ARRAY['a', 'b'], ARRAY[1, 2])"
    yield from each("{}", f"{m}['a']", f"{m}['z']", f"element_at({m}, 'b')", f"element_at({m}, 'z')", f"map_keys({m})", f"map_values({m})", f"map_entries({m})", f"cardinality({m})", "map_from_entries(ARRAY[ROW('x', 1), ROW('y', 2)])", "map_from_entries(ARRAY[ROW('x', 1), ROW('x', 2)])", "multimap_from_entries(ARRAY[ROW('x', 1), ROW('y', 2), ROW('x', 3)])", f"map_concat({m}, MAP(ARRAY['b', 'c'], ARRAY[9, 3]))", f"map_filter({m}, (k, v) -> v > 1)", f"map_filter({m}, (k, v) -> k = 'zz')", f"transform_keys({m}, (k, v) -> k || '!')", f"transform_keys({m}, (k, v) -> 'same')", f"transform_values({m}, (k, v) -> v * 10)", f"transform_values({m}, (k, v) -> k || CAST(v AS VARCHAR))", f"map_zip_with({m}, MAP(ARRAY['b', 'c'], ARRAY[20, 30]), (k, x, y) -> coalesce(x, 0) + coalesce(y, 0))", "MAP(ARRAY[1, 2], ARRAY[NULL, 'x'])", "MAP(ARRAY[NULL], ARRAY[1])", "MAP(ARRAY[], ARRAY[])", "cardinality(MAP())", f"{m} = MAP(ARRAY['b', 'a'], ARRAY[2, 1])", f"map_keys(map_filter({m}, (k, v) -> true))", "map_entries(MAP(ARRAY[1], ARRAY[ARRAY['p', 'q']]))", "MAP(ARRAY[1], ARRAY[MAP(ARRAY['x'], ARRAY[true])])", f"contains(map_keys({m}), 'a')", f"element_at({m}, 1)", "map_concat(MAP(ARRAY['a'], ARRAY[1]), NULL)", "MAP(ARRAY[ROW(1, 2)], ARRAY['x'])", "map_agg(k, v) FROM (VALUES ('a', 1), ('b', 2)) t(k, v)", "map_agg(k, v) FROM (VALUES (NULL, 1), ('b', NULL)) t(k, v)", "map_agg(k, v) FROM (VALUES (1, 2)) t(k, v) WHERE false", "multimap_agg(k, v) FROM (VALUES ('a', 1), ('a', 2), ('b', 3)) t(k, v)", "histogram(x) FROM (VALUES 'a', 'b', 'a', NULL) t(x)", "map_union(m) FROM (VALUES MAP(ARRAY['a'], ARRAY[1]), MAP(ARRAY['b'], ARRAY[2])) t(m)")


def aggregates() -> Iterator[str]:
    calls = ["count(*)", "count({0})", "count(DISTINCT {0})", "sum({0})", "avg({0})", "min({0})", "max({0})", "sum(DISTINCT {0})", "stddev({0})", "stddev_pop({0})", "variance({0})", "var_pop({0})", "geometric_mean({0})", "arbitrary({0}) IS NOT NULL", "approx_distinct({0})", "approx_percentile({0}, 0.5)", "array_agg({0} ORDER BY {0})", "max_by(name, {0})", "min_by(name, {0})", "max({0}, 2)", "min({0}, 2)", "histogram({0})", "skewness({0})", "kurtosis({0})", "bool_or({0} > 2)", "count_if({0} > 2)", "checksum({0})"]
    for call, column in itertools.product(calls, ["id", "amount", "score"]):
        yield f"{call.format(column)} FROM {PEOPLE}"
    yield from each(f"{{}} FROM {PEOPLE}", "count(team)", "count(DISTINCT team)", "array_agg(team ORDER BY id)", "array_agg(DISTINCT team ORDER BY team)", "array_agg(id ORDER BY amount DESC NULLS FIRST)", "array_agg(id ORDER BY id) FILTER (WHERE active)", "listagg(name, ',') WITHIN GROUP (ORDER BY id)", "listagg(team, ',') WITHIN GROUP (ORDER BY id)", "listagg(name) WITHIN GROUP (ORDER BY id DESC)", "listagg(DISTINCT team, '|') WITHIN GROUP (ORDER BY team)", "bool_and(active)", "bool_or(active)", "every(active)", "sum(id) FILTER (WHERE active)", "max(day)", "min(name)", "avg(amount)", "avg(DISTINCT id)", "corr(id, score)", "covar_pop(id, score)", "covar_samp(id, score)", "regr_slope(score, id)", "regr_intercept(score, id)", "bitwise_and_agg(id)", "bitwise_or_agg(id)", "max_by(name, score, 2)", "min_by(name, score, 2)", "map_agg(name, id)", "multimap_agg(team, id)", "reduce_agg(id, 0, (a, b) -> a + b, (a, b) -> a + b)", "approx_percentile(id, ARRAY[0.0, 0.5, 1.0])", "approx_percentile(score, 0.9)", "approx_most_frequent(2, team, 10)", "numeric_histogram(2, score)", "cardinality(approx_set(id))", "cardinality(merge(approx_set(id)))", "sum(active)", "sum(name)", "avg(name)", "count(id, name)", "sum(sum(id))", "count(1)", "count(NULL)", "sum(NULL)", "max(NULL)", "any_value(id) > 0", "sum(CAST(id AS REAL))", "avg(CAST(id AS REAL))", "sum(CAST(id AS BIGINT))", "sum(id * 1.5)", "avg(id * 1.0)", "max(active)", "min(ROW(id, name))", "max(ARRAY[id])", "sum(INTERVAL '1' DAY)", "avg(INTERVAL '1' DAY)", "count(*) FILTER (WHERE id > 99)", "sum(id) + 1", "stddev(NULL)", "geometric_mean(id)", "entropy(id)", "map_agg(team, id) IS NOT NULL", "cardinality(histogram(team))")
    yield from each(f"{{}} FROM {PEOPLE} WHERE false", "count(*)", "sum(id)", "avg(amount)", "array_agg(id)", "max(id)", "bool_and(active)", "histogram(id)", "listagg(name, ',') WITHIN GROUP (ORDER BY id)", "approx_distinct(id)", "count_if(active)", "max(id, 2)", "map_agg(id, name)")


def queries() -> Iterator[str]:
    p = PEOPLE
    yield from [
        f"SELECT * FROM {p} ORDER BY id",
        f"SELECT p.*, id + 1 AS next FROM {p} ORDER BY next DESC LIMIT 2",
        f"SELECT team, count(*) FROM {p} GROUP BY team ORDER BY team",
        f"SELECT team AS t, sum(id) s FROM {p} GROUP BY 1 HAVING sum(id) > 3 ORDER BY s",
        f"SELECT team t FROM {p} GROUP BY t ORDER BY 1",
        f"SELECT team, id FROM {p} GROUP BY team",
        f"SELECT upper(team) FROM {p} GROUP BY team ORDER BY 1",
        f"SELECT upper(team), count(*) FROM {p} GROUP BY upper(team) ORDER BY 1",
        f"SELECT lower(upper(team)) FROM {p} GROUP BY upper(team) ORDER BY 1",
        f"SELECT team, active, count(*) FROM {p} GROUP BY ROLLUP (team, active) ORDER BY 1, 2, 3",
        f"SELECT team, active, count(*) FROM {p} GROUP BY CUBE (team, active) ORDER BY 1, 2, 3",
        f"SELECT team, active, grouping(team, active), count(*) FROM {p} GROUP BY GROUPING SETS ((team), (active), ()) ORDER BY 3, 1, 2",
        f"SELECT team, active, count(*) FROM {p} GROUP BY team, ROLLUP (active) ORDER BY 1, 2, 3",
        f"SELECT count(*) FROM {p} GROUP BY ()",
        f"SELECT sum(id) FROM {p} HAVING count(*) > 10",
        f"SELECT id FROM {p} HAVING id > 1",
        f"SELECT DISTINCT team FROM {p} ORDER BY team",
        f"SELECT DISTINCT team FROM {p} ORDER BY id",
        f"SELECT id FROM {p} ORDER BY amount DESC, id",
        f"SELECT id FROM {p} ORDER BY amount ASC NULLS FIRST",
        f"SELECT id FROM {p} ORDER BY 2",
        f"SELECT id AS x FROM {p} ORDER BY x * -1",
        f"SELECT id AS name FROM {p} ORDER BY name DESC",
        f"SELECT id, name AS id FROM {p} ORDER BY id",
        f"SELECT id FROM {p} OFFSET 2 LIMIT 2",
        f"SELECT id FROM {p} ORDER BY id OFFSET 1 ROW FETCH NEXT 2 ROWS ONLY",
        f"SELECT team FROM {p} ORDER BY team FETCH FIRST 1 ROW WITH TIES",
        f"SELECT id FROM {p} LIMIT ALL",
        f"SELECT id FROM {p} ORDER BY id LIMIT 0",
        f"SELECT team, id, row_number() OVER (PARTITION BY team ORDER BY id) FROM {p} ORDER BY team, id",
        f"SELECT id, rank() OVER (ORDER BY team), dense_rank() OVER (ORDER BY team), percent_rank() OVER (ORDER BY team), cume_dist() OVER (ORDER BY team), ntile(2) OVER (ORDER BY id) FROM {p} ORDER BY id",
        f"SELECT id, lag(name) OVER (ORDER BY id), lead(name, 2) OVER (ORDER BY id), lag(id, 1, 0) OVER (ORDER BY id), first_value(name) OVER (ORDER BY id), last_value(name) OVER (ORDER BY id), nth_value(name, 2) OVER (ORDER BY id) FROM {p} ORDER BY id",
        f"SELECT id, first_value(amount) IGNORE NULLS OVER (ORDER BY id DESC), lag(amount) IGNORE NULLS OVER (ORDER BY id), last_value(score) IGNORE NULLS OVER (ORDER BY id) FROM {p} ORDER BY id",
        f"SELECT id, sum(id) OVER (ORDER BY id), sum(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING), sum(id) OVER (), avg(id) OVER (PARTITION BY team) FROM {p} ORDER BY id",
        f"SELECT id, count(*) OVER (ORDER BY day RANGE BETWEEN INTERVAL '60' DAY PRECEDING AND CURRENT ROW) FROM {p} WHERE day IS NOT NULL ORDER BY id",
        f"SELECT id, sum(id) OVER (ORDER BY id RANGE BETWEEN 1 PRECEDING AND CURRENT ROW), sum(id) OVER (ORDER BY team GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM {p} ORDER BY id",
        f"SELECT id, sum(id) OVER w, count(*) OVER (w ORDER BY id) FROM {p} WINDOW w AS (PARTITION BY team) ORDER BY id",
        f"SELECT team, sum(sum(id)) OVER (ORDER BY team) FROM {p} GROUP BY team ORDER BY team",
        f"SELECT id, sum(id) FILTER (WHERE active) OVER (ORDER BY id) FROM {p} ORDER BY id",
        f"SELECT id, avg(amount) OVER (ORDER BY id ROWS 1 PRECEDING) FROM {p} ORDER BY id",
        f"SELECT row_number() FROM {p}",
        f"SELECT id FROM {p} WHERE row_number() OVER () = 1",
        f"SELECT id FROM {p} WHERE sum(id) > 1",
        f"SELECT id FROM {p} WHERE id",
        f"SELECT sum(row_number() OVER ()) FROM {p}",
        f"SELECT a.id, b.id FROM {p} JOIN (VALUES 1, 2, 9) AS b(id) ON p.id = b.id",
        "SELECT a.x, b.x FROM (VALUES 1, 2) a(x) JOIN (VALUES 2, 3) b(x) ON a.x = b.x",
        "SELECT a.x, b.x FROM (VALUES 1, 2) a(x) LEFT JOIN (VALUES 2, 3) b(x) ON a.x = b.x ORDER BY 1",
        "SELECT a.x, b.x FROM (VALUES 1, 2) a(x) RIGHT JOIN (VALUES 2, 3) b(x) ON a.x = b.x ORDER BY 2",
        "SELECT a.x, b.x FROM (VALUES 1, 2) a(x) FULL JOIN (VALUES 2, 3) b(x) ON a.x = b.x ORDER BY 1, 2",
        "SELECT * FROM (VALUES 1, 2) a(x) FULL JOIN (VALUES 2, 3) b(x) USING (x) ORDER BY 1",
        "SELECT x, y, z FROM (VALUES (1, 'p')) a(x, y) JOIN (VALUES (1, 'q')) b(x, z) USING (x)",
        "SELECT a.x FROM (VALUES (1, 'p')) a(x, y) JOIN (VALUES (1, 'q')) b(x, z) USING (x)",
        "SELECT * FROM (VALUES (1, 'p')) a(x, y) JOIN (VALUES (1, 'q')) b(x, z) USING (x)",
        "SELECT x FROM (VALUES 1) a(x), (VALUES 2) b(x)",
        "SELECT a.x + b.x FROM (VALUES 1) a(x), (VALUES 2) b(x)",
        "SELECT * FROM (VALUES 1) a(x) NATURAL JOIN (VALUES 1) b(x)",
        "SELECT * FROM (VALUES 1) a(x) JOIN (VALUES 'a') b(y) ON a.x = b.y",
        "SELECT * FROM (VALUES 1) a(x) CROSS JOIN (VALUES 'a', 'b') b(y) ORDER BY 2",
        "SELECT * FROM (VALUES 1, 2) a(x) JOIN (VALUES 1, 2) b(y) ON a.x < b.y",
        "SELECT t.x, u.y FROM (VALUES 1, 3) t(x) CROSS JOIN LATERAL (SELECT t.x * 10 AS y) u ORDER BY 1",
        "SELECT t.x, u.y FROM (VALUES 1, 3) t(x) LEFT JOIN LATERAL (SELECT t.x AS y WHERE t.x > 2) u ON true ORDER BY 1",
        "SELECT x FROM UNNEST(ARRAY[1, 2]) AS t(x)",
        "SELECT * FROM UNNEST(ARRAY[1, 2], ARRAY['a']) WITH ORDINALITY AS t(x, y, n)",
        "SELECT * FROM UNNEST(MAP(ARRAY['a', 'b'], ARRAY[1, 2])) AS t(k, v)",
        "SELECT * FROM UNNEST(ARRAY[ROW(1, 'a'), ROW(2, NULL), NULL]) AS t(n, s)",
        "SELECT * FROM UNNEST(ARRAY[ROW(1, 'a')]) AS t",
        "SELECT t.id, u.v FROM (VALUES (1, ARRAY['p', 'q']), (2, ARRAY[]), (3, NULL)) t(id, a) CROSS JOIN UNNEST(a) AS u(v) ORDER BY 1, 2",
        "SELECT t.id, u.v FROM (VALUES (1, ARRAY['p', 'q']), (2, NULL)) t(id, a) LEFT JOIN UNNEST(a) AS u(v) ON true ORDER BY 1, 2",
        "SELECT t.id, n, v FROM (VALUES (1, ARRAY['p', 'q'])) t(id, a), UNNEST(a) WITH ORDINALITY AS u(v, n) ORDER BY 2",
        "SELECT sum(x) FROM UNNEST(sequence(1, 100)) AS t(x)",
        "SELECT x FROM UNNEST(1) AS t(x)",
        "SELECT * FROM UNNEST(ARRAY[1]) AS t(x, y)",
        "SELECT u FROM UNNEST(ARRAY[ARRAY[1], ARRAY[2]]) AS t(u)",
        "SELECT _col0 FROM UNNEST(ARRAY[1])",
        "VALUES 1, 2, 3",
        "VALUES (1, 'a'), (2, NULL)",
        "VALUES (1, 'a'), (2, 3)",
        "VALUES 1, 2.5",
        "VALUES (1, 2), (3)",
        "SELECT * FROM (VALUES (1, 'a')) AS t (n, s)",
        "SELECT * FROM (VALUES (1, 'a'))",
        "SELECT 1, 2 AS two, 'a' \"Quoted Name\", 1 + 1",
        "SELECT x FROM (SELECT 1 AS x UNION ALL SELECT 2) ORDER BY 1",
        "SELECT 1 UNION SELECT 1",
        "SELECT 1 UNION ALL SELECT 1",
        "SELECT 1 UNION ALL SELECT 2.5",
        "SELECT 1 UNION ALL SELECT 'a'",
        "SELECT 1 UNION ALL SELECT 1, 2",
        "SELECT NULL UNION ALL SELECT 1",
        "SELECT 1 AS a UNION ALL SELECT 2 AS b ORDER BY a DESC",
        "SELECT 1 INTERSECT SELECT 1",
        "(VALUES 1, 2, 2) INTERSECT (VALUES 2, 3)",
        "(VALUES 1, 1, 2) EXCEPT (VALUES 2)",
        "(VALUES 1, 1, 2) EXCEPT ALL (VALUES 1)",
        "SELECT 1 UNION SELECT 2 INTERSECT SELECT 2 ORDER BY 1",
        "(SELECT 3 AS x) UNION ALL (SELECT 1 ORDER BY 1 LIMIT 1) ORDER BY x LIMIT 1",
        "WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a) SELECT * FROM a, b",
        "WITH a(p, q) AS (VALUES (1, 2)) SELECT q FROM a",
        "WITH a(p) AS (VALUES (1, 2)) SELECT * FROM a",
        "WITH a AS (SELECT 1 x), a AS (SELECT 2 x) SELECT * FROM a",
        "WITH RECURSIVE t(n) AS (VALUES 1 UNION ALL SELECT n + 1 FROM t WHERE n < 4) SELECT sum(n) FROM t",
        "WITH RECURSIVE t(n, s) AS (SELECT 1, CAST('a' AS VARCHAR) UNION ALL SELECT n + 1, s || 'b' FROM t WHERE n < 3) SELECT * FROM t ORDER BY n",
        "SELECT * FROM (WITH a AS (SELECT 5 AS v) SELECT v FROM a)",
        "SELECT (SELECT max(x) FROM (VALUES 1, 2) t(x) WHERE t.x < o.y) FROM (VALUES 2, 3) o(y) ORDER BY 1",
        "SELECT y FROM (VALUES 2, 3) o(y) WHERE EXISTS (SELECT 1 FROM (VALUES 3) t(x) WHERE t.x = o.y)",
        "SELECT y FROM (VALUES 2, 3, NULL) o(y) WHERE y NOT IN (SELECT x FROM (VALUES 3) t(x))",
        "SELECT y FROM (VALUES 2, 3) o(y) WHERE y NOT IN (SELECT x FROM (VALUES 3, NULL) t(x))",
        "SELECT r.x.y FROM (SELECT CAST(ROW(ROW(1)) AS ROW(x ROW(y INTEGER))) AS r)",
        "SELECT r.nope FROM (SELECT CAST(ROW(1) AS ROW(x INTEGER)) AS r)",
        "SELECT t.r.x FROM (SELECT CAST(ROW(1) AS ROW(x INTEGER)) AS r) t",
        "SELECT x.* FROM (SELECT 1 AS a) y",
        "SELECT CAST(ROW(1, 'a') AS ROW(n INTEGER, s VARCHAR)).s",
        "SELECT *",
        "SELECT nope FROM (VALUES 1) t(x)",
        "SELECT t.nope FROM (VALUES 1) t(x)",
        "SELECT u.x FROM (VALUES 1) t(x)",
        "SELECT * FROM nope",
        "SELECT * FROM nope.nope",
        "SELECT nope(1)",
        "SELECT abs(1, 2)",
        "SELECT T.X FROM (VALUES 1) t(x)",
        "SELECT \"X\" FROM (VALUES 1) t(x)",
        "SELECT x AS Foo FROM (VALUES 1) t(x)",
        "SELECT X FROM (VALUES 1) t(x)",
        "SELECT count(*) FROM (VALUES 1, 2) t(x) WHERE x IN (SELECT y FROM (VALUES 2) u(y))",
        "SELECT max(x) FROM (VALUES 1, 2) t(x) GROUP BY x % 2 ORDER BY x % 2",
        "SELECT x % 2, max(x) FROM (VALUES 1, 2, 3) t(x) GROUP BY x % 2 ORDER BY 1",
        "SELECT sequential_number FROM TABLE(sequence(1, 3))",
        "SELECT sequential_number FROM TABLE(sequence(start => 5, stop => 1, step => -2))",
        "TABLE nope",
        "SELECT 1 WHERE 1 = 1",
        "SELECT 1 WHERE NULL",
        "SELECT CASE WHEN sum(x) > 2 THEN 'big' ELSE 'small' END FROM (VALUES 1, 2) t(x)",
        "SELECT x, CASE x WHEN 1 THEN 'one' END FROM (VALUES 1, 2) t(x) ORDER BY x",
        "SELECT count(DISTINCT (x, y)) FROM (VALUES (1, 2), (1, 2), (1, 3)) t(x, y)",
        "SELECT (x, y) IN ((1, 2), (3, 4)) FROM (VALUES (1, 2), (1, 3)) t(x, y)",
        "SELECT x FROM (VALUES (1, 2), (1, 3)) t(x, y) WHERE (x, y) IN (SELECT 1, 3)",
        "SELECT ARRAY_AGG(x ORDER BY y DESC) FROM (VALUES (1, 2), (2, 3)) t(x, y)",
        "SELECT * FROM (VALUES 1, 2, 3, 4) t(x) TABLESAMPLE BERNOULLI (100) ORDER BY x",
        "SELECT format('%s', x) FROM (VALUES 1.5, 2.25) t(x) ORDER BY 1",
        "SELECT DATE '2024-01-01' IN (DATE '2024-01-01'), 'a' IN ('b')",
        "SELECT * FROM (VALUES (1, 'x'), (2, 'y')) t(a, b) WHERE b LIKE 'x%' OR a = 2 AND NOT b = 'z' ORDER BY a",
        "SELECT grouping(x) FROM (VALUES 1) t(x)",
        "SELECT x FROM (VALUES 1, 2) t(x) ORDER BY y",
        "SELECT x FROM (VALUES 1, 2) t(x) GROUP BY x ORDER BY count(*), x",
        "SELECT 1 FROM (VALUES 1) t(x) GROUP BY 5",
        "SELECT count(*) AS c FROM (VALUES 1) t(x) GROUP BY c",
    ]


def refused() -> Iterator[str]:
    """What other dialects have and Trino refuses."""
    yield from [
        "SELECT * EXCLUDE (x) FROM (VALUES 1) t(x)",
        "SELECT * EXCEPT (x) FROM (VALUES 1) t(x)",
        "SELECT * REPLACE (1 AS x) FROM (VALUES 1) t(x)",
        "SELECT x FROM (VALUES 1) t(x) QUALIFY row_number() OVER () = 1",
        "SELECT 1::integer",
        "SELECT FROM (VALUES 1) t(x)",
        "FROM (VALUES 1) t(x) SELECT x",
        "FROM (VALUES 1) t(x)",
        "SELECT [1, 2]",
        "SELECT {'a': 1}",
        "SELECT MAP {'a': 1}",
        "SELECT list_transform(ARRAY[1], lambda x: x + 1)",
        "SELECT [x for x in ARRAY[1]]",
        "SELECT 'a' ILIKE 'A'",
        "SELECT 'a' ~ 'a'",
        "SELECT 'a' SIMILAR TO 'a'",
        "SELECT 1 == 1",
        "SELECT 7 // 2",
        "SELECT 2 ** 3",
        "SELECT 2 ^ 3",
        "SELECT 1 & 1",
        "SELECT 1 << 2",
        "SELECT DISTINCT ON (x) x FROM (VALUES 1) t(x)",
        "SELECT x FROM (VALUES 1) t(x) GROUP BY ALL",
        "SELECT x FROM (VALUES 1) t(x) ORDER BY ALL",
        "SELECT x FROM (VALUES 1) t(x) LIMIT 10%",
        "SELECT x FROM (VALUES 1) t(x) LIMIT 1 OFFSET 0",
        "SELECT x FROM (VALUES 1) t(x) LIMIT 1 + 1",
        "SELECT 'a' 'b'",
        "SELECT `x` FROM (VALUES 1) t(x)",
        "SELECT x FROM (VALUES 1) t(x) USING SAMPLE 1",
        "SELECT ARRAY[1, 2, 3][1:2]",
        "SELECT t.1 FROM (VALUES 1) t(x)",
        "SELECT #1 FROM (VALUES 1) t(x)",
        "SELECT $1",
        "SELECT @x",
        "SELECT 1 ISNULL",
        "SELECT 1 NOTNULL",
        "SELECT 1 IS TRUE",
        "SELECT true IS NOT FALSE",
        "SELECT 1 AS a, FROM (VALUES 1) t(x)",
        "SELECT COLUMNS('x') FROM (VALUES 1) t(x)",
        "SELECT * FROM (VALUES 1) a(x) SEMI JOIN (VALUES 1) b(y) ON x = y",
        "SELECT * FROM (VALUES 1) a(x) ASOF JOIN (VALUES 1) b(y) ON x = y",
        "SELECT * FROM 'file.csv'",
        "SELECT * FROM read_csv('x')",
        "SELECT * FROM range(3)",
        "SELECT interval 1 day",
        "SELECT interval '1 day'",
        "SELECT date_diff('day', '2024-01-01', '2024-01-02')",
        "SELECT strftime(now(), '%Y')",
        "SELECT current_setting('x')",
        "SELECT ifnull(1, 2)",
        "SELECT nvl(1, 2)",
        "SELECT len('a')",
        "SELECT string_agg('a', ',')",
        "SELECT epoch(now())",
        "SELECT struct_pack(a := 1)",
        "SELECT unnest(ARRAY[1])",
        "SELECT 1 UNION BY NAME SELECT 2",
        "SELECT a FROM (VALUES 1) t(a) WINDOW",
        "SELECT cast(1 AS int) AS select",
        "SELECT 1 FROM (VALUES 1) t(x) WHERE",
        "SELECT (1",
        "SELECT 1)",
        "SELECT 'abc",
        "SELEC 1",
        "",
        "SELECT 1; SELECT 2",
        "WITH a AS MATERIALIZED (SELECT 1) SELECT * FROM a",
        "SELECT 1 LIMIT",
        "SELECT x y z FROM (VALUES 1) t(x)",
        "SELECT count(*) OVER",
        "SELECT try_cast(1 AS)",
        "SELECT * FROM (VALUES 1) t(x) PIVOT (sum(x) FOR x IN (1))",
        "DESCRIBE (SELECT 1)",
        "SUMMARIZE (SELECT 1)",
        "PRAGMA version",
        "SELECT x FROM (VALUES 1) t(x) FOR UPDATE",
        "SELECT TOP 1 x FROM (VALUES 1) t(x)",
        "SELECT 1 DIV 2",
        "SELECT 5 MOD 2",
        "SELECT 'a' REGEXP 'a'",
        "SELECT date '2024-01-01' + interval 1 day",
        "SELECT EXTRACT(epoch FROM now())",
        "SELECT convert(1, varchar)",
        "SELECT sum(DISTINCT) FROM (VALUES 1) t(x)",
        "SELECT ((1, 2)).x",
    ]


EXPRESSIONS = [literals, types, arithmetic, comparisons, conditionals, casts, strings, urls, regexps, maths, dates, binary, jsons, arrays, maps, aggregates]
STATEMENTS = [queries, refused]


def families() -> Iterator[tuple[str, str]]:
    """(family, statement), each statement once."""
    seen: set[str] = set()
    for family in EXPRESSIONS + STATEMENTS:
        for text in family():
            statement = f"SELECT {text}" if family in EXPRESSIONS else text
            if statement not in seen:
                seen.add(statement)
                yield family.__name__, statement


if __name__ == "__main__":
    for _, line in families():
        sys.stdout.write(json.dumps(line) + "\n")
