"""What lab 5 asks for: folders that a query can leave out, a table over them, and small files made one."""

from __future__ import annotations

import re
import shutil
import statistics
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow.parquet as parquet

from lakelab.pipeline.athena import QueryFailed
from lakelab.practice import Work, Wrong, orders

ROWS = {"small": 150_000, "full": 4_000_000}
SMALL_FILES = 24 * 30
SEED = 5
MONTHS = 24
CUSTOMERS = (3, 40, 700)
MARCH = "year(ordered_at) = 2025 and month(ordered_at) = 3"
BY_TIME = "and ordered_at >= timestamp '2025-03-01 00:00:00' and ordered_at < timestamp '2025-04-01 00:00:00'"
TERABYTE_DOLLARS = 5.0  # Athena, us-east-1; docs/curriculum.md has the source and the date
LEAST_BYTES = 10e6  # that Athena bills for a query
PARTITION = re.compile(r"year=(\d{4})/month=(\d{1,2})/[^/]+")
LAYOUT = "layout.py"


def prepare(work: Work) -> None:
    """Write two years of orders, and one month of them as a stream leaves it."""
    orders.write(_orders(work), ROWS[work.size], SEED)
    small = work.data / "small"
    if not small.exists():
        partial = work.data / "partial-small"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        connection = duckdb.connect()
        connection.execute(f"create table march as from '{_orders(work)}' where {MARCH}")
        for hour in range(SMALL_FILES):
            connection.execute(f"""
                copy (
                    from march where cast(epoch(ordered_at) as bigint) // 3600 % {SMALL_FILES} = {hour}
                ) to '{partial}/{hour:03}.parquet'
            """)
        partial.rename(small)


def check_write(work: Work) -> str:
    """write() makes a folder for each month, with all orders in them."""
    folder = _fresh(work, "lake")
    try:
        work.call(LAYOUT, "write", _orders(work), folder)
    except Wrong as wrong:
        raise Wrong(wrong.message, stop=True) from wrong
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    folders = {file.parent for file in files}
    astray = [file for file in files if not PARTITION.fullmatch(file.relative_to(folder).as_posix())]
    if len(folders) > MONTHS:
        raise Wrong(
            f"write() makes {len(folders)} folders of {_mean(files) / 1e3:,.0f} kB a file on average; "
            f"asked is a folder for each of {MONTHS} months",
            stop=True,
        )
    if astray or len(folders) != MONTHS:
        shown = f", {astray[0].relative_to(folder)} among them" if astray else ""
        raise Wrong(f"write() makes {len(folders)} folders{shown}; asked are {MONTHS} as year=2025/month=3", stop=True)
    if len(files) > 4 * MONTHS:
        raise Wrong(f"write() makes {len(files)} files in {len(folders)} folders: why more than one or two in each?")
    with work.running("what write() has written"):
        rows = duckdb.execute(f"select count(*) from read_parquet({[str(file) for file in files]})").fetchall()[0][0]
        strays = duckdb.execute(f"""
            select count(*) from read_parquet('{folder}/**/*.parquet', hive_partitioning = true)
            where year(ordered_at) != year or month(ordered_at) != month
        """).fetchall()[0][0]
    if rows != ROWS[work.size]:
        raise Wrong(f"write() has written {rows:,} orders of {ROWS[work.size]:,}", stop=True)
    if strays:
        raise Wrong(f"write(): {strays:,} orders are not in the folder of their month", stop=True)
    return f"{len(files)} files in {len(folders)} folders"


def check_table(work: Work) -> str:
    """table.sql makes a table on Athena that has all orders."""
    database, location = work.database(), f"s3://{work.bucket()}/orders/"
    _upload(work, work.data / "lake", "orders/")
    statements = [text.strip() for text in work.read("table.sql").replace("{location}", location).split(";")]
    statements = [text for text in statements if _words(text)]
    if not statements:
        raise Wrong("table.sql is still to be written", stop=True)
    try:
        with work.running("table.sql"):
            for statement in statements:
                work.athena(statement, database)
            ((rows,),) = work.athena("select count(*) from orders", database).rows
            keys = [
                key["Name"]
                for key in work.client("glue")
                .get_table(DatabaseName=database, Name="orders")["Table"]
                .get("PartitionKeys", [])
            ]
    except Wrong as wrong:
        raise Wrong(wrong.message, stop=True) from wrong
    if keys != ["year", "month"]:
        raise Wrong(f"table.sql: the partition columns are {keys or 'none'}; asked are year and month", stop=True)
    if int(rows or 0) != ROWS[work.size]:
        raise Wrong(
            f"table.sql: Athena counts {int(rows or 0):,} orders of {ROWS[work.size]:,}; "
            "what does the catalog know of your folders?",
            stop=True,
        )
    return f"{int(rows or 0):,} orders"


def check_march(work: Work) -> str:
    """march.sql reads March, and nothing else."""
    database, s3 = _database(work), work.client("s3")
    if not _words(work.read("march.sql")):
        raise Wrong("march.sql is still to be written")
    sql = work.read("march.sql").strip().rstrip(";")
    with work.running("march.sql"):
        march = work.athena(sql, database)
    asked = duckdb.execute(f"""
        select city, sum(order_total_cents)
        from '{_orders(work)}'
        where {MARCH} and status = 'completed'
        group by city
        order by city
    """).fetchall()
    found = [tuple(row) for row in march.rows]
    if found != [(city, str(cents)) for city, cents in asked]:
        shown = f"{len(found)} rows" + (f", the first ({', '.join(str(cell) for cell in found[0])})" if found else "")
        raise Wrong(f"march.sql gives {shown}; asked is the revenue of March 2025 by city, {len(asked)} rows")
    question = "select city, sum(order_total_cents) from orders where status = 'completed' {} group by city"
    results = {
        "march.sql": march,
        "with a filter on ordered_at": work.athena(question.format(BY_TIME), database),
        "over all months": work.athena(question.format(""), database),
    }
    for label, result in results.items():
        work.measure(f"{label}, bytes scanned", result.scanned_bytes / 1e6, "MB")
        work.measure(f"{label}", result.seconds * 1000, "ms")
        dollars = max(result.scanned_bytes, LEAST_BYTES) / 1e12 * TERABYTE_DOLLARS
        work.measure(f"{label}, a million times on AWS", dollars * 1e6, "dollars")
    # whoever opens a file of another month meets this one
    trap = {"Bucket": f"lab-{work.name}-lake", "Key": "orders/year=2024/month=1/unreadable.parquet"}
    s3.put_object(**trap, Body=b"no Parquet")
    try:
        work.athena(sql, database)
    except QueryFailed as error:
        raise Wrong(
            "march.sql opens files of other months: one that cannot be read, which the checker has put into "
            "year=2024/month=1, made it fail. Its folder was not left out"
        ) from error
    finally:
        s3.delete_object(**trap)
    return f"{len(asked)} cities, and no file of another month was opened"


def check_compact(work: Work) -> str:
    """compact() makes one sorted file of the small ones."""
    folder = _fresh(work, "compacted")
    work.call(LAYOUT, "compact", work.data / "small", folder)
    files = list(folder.rglob("*.parquet"))
    if len(files) != 1:
        raise Wrong(f"compact() has written {len(files)} files; asked is one")
    with work.running("what compact() has written"):
        differ = duckdb.execute(f"""
            select count(*) from (
                (from '{work.data}/small/*.parquet' except all from '{files[0]}')
                union all (from '{files[0]}' except all from '{work.data}/small/*.parquet')
            )
        """).fetchall()[0][0]
        footer = parquet.read_metadata(files[0])
    if differ:
        raise Wrong(
            f"compact(): {differ:,} orders are in the small files and not in the large one, or the other way round"
        )
    groups = _groups(files[0])
    if len(groups) == 1:
        raise Wrong(f"compact() writes one row group of {footer.num_rows:,} rows, of which a search can skip nothing")
    touched = _touched(groups)
    if touched > max(1.5, len(groups) / 3):
        raise Wrong(
            f"compact(): a customer touches {touched:.1f} of {len(groups)} row groups of the compacted file on "
            "average; what would keep one customer's orders together?"
        )
    small = sorted((work.data / "small").glob("*.parquet"))
    work.measure("files before", len(small), "files")
    work.measure("bytes before", sum(file.stat().st_size for file in small) / 1e6, "MB")
    work.measure("bytes after", files[0].stat().st_size / 1e6, "MB")
    work.measure(
        "row groups that a customer may be in, before", _touched(_groups(*small)), f"of {len(_groups(*small))}"
    )
    work.measure("row groups that a customer may be in, after", touched, f"of {len(groups)}")
    return f"{len(small)} files are one"


def check_many_folders(work: Work) -> str:
    """What a folder a day costs against a folder a month is measured."""
    database, bucket = _database(work), work.bucket("layouts")
    seconds: dict[str, float] = {}
    for name, columns in (("months", "month"), ("days", "month, day")):
        folder = _fresh(work, name)
        duckdb.execute(f"""
            copy (
                select city, order_total_cents, month(ordered_at) as month, day(ordered_at) as day
                from '{_orders(work)}' where year(ordered_at) = 2025
            ) to '{folder}' (format parquet, partition_by ({columns}), overwrite)
        """)
        files = [file for file in folder.rglob("*") if file.is_file()]
        _upload(work, folder, f"{name}/", bucket)
        keys = ", ".join(f"{column} int" for column in columns.split(", "))
        work.athena(
            f"create external table by_{name} (city string, order_total_cents int) partitioned by ({keys}) "
            f"stored as parquet location 's3://{bucket}/{name}/'",
            database,
        )
        work.athena(f"msck repair table by_{name}", database)
        runs = [
            work.athena(f"select city, sum(order_total_cents) from by_{name} group by city", database) for _ in range(3)
        ]
        seconds[name] = statistics.median(run.seconds for run in runs)
        work.measure(f"2025 by {name}", len({file.parent for file in files}), "folders")
        work.measure(f"2025 by {name}, bytes scanned by a sum", runs[0].scanned_bytes / 1e6, "MB")
        work.measure(f"2025 by {name}, a sum", seconds[name] * 1000, "ms")
    return f"the same sum takes {seconds['days'] / seconds['months']:.1f} times as long over days"


def _words(sql: str) -> bool:
    return any(line.strip() and not line.strip().startswith("--") for line in sql.splitlines())


def _upload(work: Work, folder: Path, prefix: str, bucket: str = "") -> None:
    s3, target = work.client("s3"), bucket or f"lab-{work.name}-lake"
    files = [file for file in folder.rglob("*") if file.is_file()]
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda file: s3.upload_file(str(file), target, f"{prefix}{file.relative_to(folder).as_posix()}"), files
            )
        )


def _database(work: Work) -> str:
    return f"lab_{work.name.replace('-', '_')}"


def _fresh(work: Work, name: str) -> Path:
    folder = work.data / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _mean(files: list[Path]) -> float:
    return statistics.fmean(file.stat().st_size for file in files) if files else 0.0


def _groups(*files: Path) -> list[tuple[int, int]]:
    """The smallest and the largest customer of each row group."""
    found = []
    for file in files:
        footer = parquet.read_metadata(file)
        place = footer.schema.names.index("customer_id")
        for number in range(footer.num_row_groups):
            about = footer.row_group(number).column(place).statistics
            if about is not None and about.has_min_max:
                found.append((about.min, about.max))
    return found


def _touched(groups: list[tuple[int, int]]) -> float:
    return statistics.fmean(sum(low <= customer <= high for low, high in groups) for customer in CUSTOMERS)


def _orders(work: Work) -> Path:
    return work.data / "orders.parquet"
