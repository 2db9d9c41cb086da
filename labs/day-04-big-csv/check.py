"""What lab 4 asks for: right answers from a CSV file of 1 GB, in a process that holds a part of it."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as parquet

from lakelab.practice import Work, Wrong, orders

ROWS = {"small": 400_000, "full": 8_200_000}
# bytes; an empty process with DuckDB in it holds some 100 MB, and each thread needs its buffers
CEILING = {"small": 450e6, "full": 800e6}
SECONDS = 240
SEED = 4
SURELY_GOOD = 60_000  # the first lines keep what is odd to themselves: a sniffer looks at 20,480
ANSWER = "answer.py"
RAISED = re.compile(r"^[\w.]+(?:Error|Exception)\b.*$", re.MULTILINE)  # the end of a traceback
HERE = Path(__file__).parent


def prepare(work: Work) -> None:
    """Write the file, and what is true of it, out of the same rows."""
    if _truth_file(work).exists():
        return
    connection = duckdb.connect()
    share = "(hash(order_id, 20) / 18446744073709551616.0)"
    rows = f"""
        select
            *,
            -- the first lines have no postcode that begins with 0
            printf('%05d', cast(floor(if(order_id > {SURELY_GOOD}, 0, 10000) + power(89999, {share})) as integer))
                as postcode,
            order_id > {SURELY_GOOD} and hash(order_id, 21) % 20000 = 0 as bad
        from ({orders.relation(ROWS[work.size], SEED)})
    """
    partial = _csv(work).with_name("partial.csv")
    connection.execute(f"""
        copy (
            select * exclude (bad) replace (if(bad, 'n/a', cast(tip_cents as varchar)) as tip_cents) from ({rows})
        ) to '{partial}' (header)
    """)
    partial.rename(_csv(work))
    good = f"from ({rows}) where not bad"
    ask = lambda sql: connection.execute(sql).fetchall()  # noqa: E731  # four questions in a row
    truth = {
        "bad_lines": ask(f"select count(*) from ({rows}) where bad")[0][0],
        "revenue": ask(f"""
            select strftime(ordered_at, '%Y-%m'), cast(sum(order_total_cents) as bigint) {good} and status = 'completed'
            group by 1 order by 1
        """),
        "postcodes": ask(f"select postcode, count(*) {good} group by 1 order by 2 desc, 1 limit 5"),
        "customers": ask(f"""
            select customer_id, count(*), cast(sum(order_total_cents) as bigint) {good} and customer_id in (1, 17, 900)
            group by 1 order by 1
        """),
        "rows": ask(f"select count(*) {good}")[0][0],
    }
    _truth_file(work).write_text(json.dumps(truth))


def check_bad_lines(work: Work) -> str:
    """bad_lines() counts the lines that are bad."""
    found, asked = _measured(work, "bad_lines", _csv(work)), _truth(work)["bad_lines"]
    if found != asked:
        raise Wrong(f"bad_lines() says {found}; the file has another number of lines whose tip is not a number")
    work.measure("the CSV file", _csv(work).stat().st_size / 1e6, "MB")
    return f"{asked} bad lines of {ROWS[work.size]:,}"


def check_revenue(work: Work) -> str:
    """revenue() sums up the good lines, by month."""
    found, asked = _measured(work, "revenue", _csv(work)), _truth(work)["revenue"]
    if not isinstance(found, list) or len(found) != len(asked):
        raise Wrong(f"revenue() gives {found!r:.80}; asked is a row for each month")
    for row, right in zip(found, asked, strict=True):
        if row != right:
            raise Wrong(f"revenue(): {row} is not right; count completed orders alone, and no bad line")
    return f"{len(asked)} months"


def check_postcodes(work: Work) -> str:
    """busiest_postcodes() gives five postcodes as they are written."""
    found, asked = _measured(work, "busiest_postcodes", _csv(work)), _truth(work)["postcodes"]
    if not isinstance(found, list) or len(found) != 5:
        raise Wrong(f"busiest_postcodes() gives {found!r:.80}; asked are five rows")
    for code, _ in found:
        if not isinstance(code, str) or len(code) != 5:
            raise Wrong(f"busiest_postcodes(): {code!r} is no postcode of five digits; what does the file say?")
    if found != asked:
        raise Wrong(f"busiest_postcodes() gives {found}, which is not right")
    return "five postcodes"


def check_to_parquet(work: Work) -> str:
    """to_parquet() writes all good lines, typed and sorted."""
    file = _parquet(work)
    file.unlink(missing_ok=True)
    _measured(work, "to_parquet", _csv(work), file)
    if not file.exists():
        raise Wrong("to_parquet() has not written the file", stop=True)
    with work.running("the Parquet file"):
        footer = parquet.read_metadata(file)
        kinds = {field.name: str(field.type) for field in parquet.read_schema(file)}
    if footer.num_rows != _truth(work)["rows"]:
        raise Wrong(f"to_parquet(): the file has {footer.num_rows:,} rows, which is not how many lines are good")
    if "string" in (kinds.get("tip_cents"), kinds.get("ordered_at")) or kinds.get("postcode") != "string":
        raise Wrong(f"to_parquet(): tip_cents is {kinds.get('tip_cents')}, postcode is {kinds.get('postcode')}")
    groups = _groups(footer)
    unsorted = [number for number, (one, other) in enumerate(itertools.pairwise(groups)) if one[1] > other[0]]
    if unsorted:
        raise Wrong(
            f"to_parquet(): customers overlap between row groups ({groups[unsorted[0]]} and "
            f"{groups[unsorted[0] + 1]}): the file is not sorted as asked"
        )
    work.measure("the Parquet file", file.stat().st_size / 1e6, "MB")
    return f"{len(groups)} row groups"


def check_customer(work: Work) -> str:
    """customer() finds one customer in the sorted file."""
    if not _parquet(work).exists():
        raise Wrong("there is no Parquet file to look into")
    with work.running("the Parquet file"):
        groups = _groups(parquet.read_metadata(_parquet(work)))
    for customer_id, *asked in _truth(work)["customers"]:
        found = _measured(work, "customer", _parquet(work), str(customer_id), label=f"customer({customer_id})")
        if found != asked:
            raise Wrong(f"customer(…, {customer_id}) gives {found}, which is not right")
    touched = sum(low <= 900 <= high for low, high in groups)
    work.measure("row groups that customer 900 touches", touched, f"of {len(groups)}")
    (seconds, on_csv) = _times(work)
    return f"the same revenue takes {on_csv / seconds:.0f} times as long on the CSV file as on Parquet"


def _times(work: Work) -> tuple[float, float]:
    """The seconds of one aggregation on Parquet and on the CSV file, in this process."""
    query = "select status, sum(order_total_cents) from {} group by status"
    times = []
    for source in (
        f"read_parquet('{_parquet(work)}')",
        f"read_csv('{_csv(work)}', types = {{'tip_cents': 'varchar'}})",
    ):
        (profile,) = duckdb.execute(f"explain (analyze, format json) {query.format(source)}").fetchall()
        times.append(float(json.loads(profile[1])["latency"]))
    work.measure("sum by status, on Parquet", times[0] * 1000, "ms")
    work.measure("sum by status, on CSV", times[1] * 1000, "ms")
    return times[0], times[1]


def _measured(work: Work, function: str, *arguments: Path | str, label: str = "") -> Any:
    """The result of a function of the work, run in a process whose memory is measured."""
    work.path(ANSWER)
    out = work.data / "result.json"
    out.unlink(missing_ok=True)
    command = ["python", str(HERE / "measured.py"), str(out), function, *map(str, arguments)]
    printed = work.run(*command, seconds=SECONDS, ok=False, PYTHONPATH=str(work.workspace))
    if not out.exists():
        if "NotImplementedError" in printed:
            raise Wrong(f"{function}() in {ANSWER} is still to be written")
        raised = RAISED.findall(printed) or printed.strip().splitlines() or ["it printed nothing"]
        raise Wrong(f"{function}() in {ANSWER} failed: {raised[-1]}")
    facts = json.loads(out.read_text())
    label = label or f"{function}()"
    work.measure(label, facts["seconds"], "s")
    work.measure(f"{label}, peak memory", facts["peak"] / 1e6, "MB")
    if facts["peak"] > CEILING[work.size]:
        raise Wrong(
            f"{function}() held {facts['peak'] / 1e6:.0f} MB; the ceiling is {CEILING[work.size] / 1e6:.0f} MB, "
            f"and the file has {_csv(work).stat().st_size / 1e6:.0f} MB"
        )
    return facts["result"]


def _groups(footer: parquet.FileMetaData) -> list[tuple[int, int]]:
    """The smallest and the largest customer of each row group."""
    place = footer.schema.names.index("customer_id")
    found = [footer.row_group(number).column(place).statistics for number in range(footer.num_row_groups)]
    return [(each.min, each.max) for each in found]


def _csv(work: Work) -> Path:
    return work.data / "orders.csv"


def _parquet(work: Work) -> Path:
    return work.data / "orders.parquet"


def _truth_file(work: Work) -> Path:
    return work.data / ".truth.json"


def _truth(work: Work) -> dict[str, Any]:
    return json.loads(_truth_file(work).read_text())
