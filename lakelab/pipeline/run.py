"""The pipeline as `make up-local` runs it: every step can be repeated, and goes on where a killed run stopped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from rich.console import Console

from lakelab.cloud.environment import client, environment, role_credentials
from lakelab.cloud.server import Server
from lakelab.errors import LakelabError
from lakelab.pipeline import athena, crawl, feed, report, transform
from lakelab.pipeline.athena import Result
from lakelab.pipeline.deployment import Stacks
from lakelab.pipeline.ingest import Counts, Ingest
from lakelab.pipeline.steps import Steps
from lakelab.settings import EMBEDDED, Settings

TARGET = "local"
REVENUE = "select * from monthly_revenue order by order_month, currency"


class Pipeline:
    """The steps from nothing to a monthly revenue, on the local AWS of one project."""

    def __init__(self, config: Settings, console: Console, *, partial: bool = False):
        self._config = config
        self._console = console
        self._steps = Steps(console)
        self._stacks = Stacks(config, TARGET, partial=partial)

    def run(self, *, days: int, rows: int, seed: int) -> None:
        """All steps, and the report at the end."""
        self.deploy(self._stacks.needed_by("ingest", "query"))
        counts = self.seed(days=days, rows=rows, seed=seed)
        self.crawl()
        self.transform()
        self._show(counts, report.times_table(self._steps.done))

    def deploy_layer(self, layer: str) -> None:
        """Start the local AWS and deploy one layer with those that it needs."""
        self.deploy(self._stacks.needed_by(layer))

    def deploy(self, layers: Iterable[str]) -> None:
        """Start the local AWS and bring the layers' stacks up to date."""
        with self._steps.step("local AWS") as step:
            running = Server(self._config).start(step.say)
            iam = "IAM enforcement is ON" if self._config.iam == "enforce" else "[red]IAM enforcement is OFF[/]"
            if self._config.core != EMBEDDED and self._config.iam == "enforce":
                iam = f"on {self._config.core}, which does not enforce IAM; Athena, Glue and the streams do"
            step.result = f"{running.endpoint}, {iam}"
        with self._steps.step("stacks") as step:
            deployed = self._stacks.up(layers, step.say)
            step.result = f"{deployed.resources} resources, {deployed.changed} changed"

    def seed(self, *, days: int, rows: int, seed: int) -> Counts:
        """Generate and upload the order files, and wait until every file of the raw zone is ingested."""
        with self._steps.step("order files") as step:
            files = feed.generate(self._config.state / "data", days=days, rows=rows, seed=seed)
            step.result = f"{len(files)} daily files, {rows:,} orders"
        with self._steps.step("upload") as step:
            uploaded = feed.upload(
                client(self._config, "s3"), self._stacks.output("lake", "raw_bucket"), files, step.say
            )
            step.result = f"{uploaded.new} files uploaded, {uploaded.unchanged} were there"
        with self._steps.step("ingest") as step:
            counts = self._ingest().wait(step.say)
            step.result = f"{counts.rows_in:,} rows of {counts.files} files"
        return counts

    def crawl(self) -> None:
        """Run the crawler over the raw zone."""
        with self._steps.step("crawl") as step:
            tables = crawl.run(client(self._config, "glue"), self._stacks.output("catalog", "raw_orders_crawler"))
            step.result = f"tables of the raw zone: {', '.join(tables)}"

    def transform(self) -> None:
        """Run dbt as the transform role."""
        with self._steps.step("dbt build") as step:
            project, output = self._config.root / "transforms", self._config.state / "dbt"
            # without the stream there are no rides
            exclude = () if self._stacks.is_deployed("stream") else ("tag:rides",)
            built = transform.build(project, output, self._dbt_environment(), step.say, exclude=exclude)
            step.result = str(built)

    def report(self) -> None:
        """Show the monthly revenue and what became of the rows."""
        self._require_running()
        self._show(self._ingest().wait(lambda progress: None))

    def facts(self) -> dict[str, Any]:
        """The report for machines: monthly revenue, counts and places."""
        self._require_running()
        revenue = self._revenue()
        return {
            "monthly_revenue": [dict(zip(revenue.columns, row, strict=True)) for row in revenue.rows],
            "rows": asdict(self._ingest().wait(lambda progress: None)),
            "places": self._places(),
        }

    def query(self, *, name: str | None, sql: str | None) -> Result:
        """Run a named query of the workgroup, or any SQL, as the account's root user.

        Raises:
            LakelabError: there is no such named query, or the query failed.
        """
        self._require_running()
        if sql is not None:
            return self._athena(sql, self._stacks.output("catalog", "analytics_database"))
        found = self._named_query(name or "")
        return self._athena(found["QueryString"], found["Database"])

    def named_queries(self) -> dict[str, str]:
        """The names of the workgroup's named queries, with their descriptions."""
        self._require_running()
        return {query["Name"]: query.get("Description", "") for query in self._all_named_queries()}

    def _named_query(self, name: str) -> dict[str, Any]:
        for query in self._all_named_queries():
            if query["Name"] == name:
                return query
        known = ", ".join(sorted(query["Name"] for query in self._all_named_queries()))
        raise LakelabError(f"no named query {name!r}", fix=f"choose one of: {known}")

    def _all_named_queries(self) -> list[dict[str, Any]]:
        service = client(self._config, "athena")
        workgroup = self._stacks.output("query", "workgroup")
        ids = [
            query_id
            for page in service.get_paginator("list_named_queries").paginate(WorkGroup=workgroup)
            for query_id in page["NamedQueryIds"]
        ]
        return service.batch_get_named_query(NamedQueryIds=ids)["NamedQueries"] if ids else []

    def _athena(self, sql: str, database: str) -> Result:
        workgroup = self._stacks.output("query", "workgroup")
        return athena.run(client(self._config, "athena"), sql, database=database, workgroup=workgroup)

    def _revenue(self) -> Result:
        return self._athena(REVENUE, self._stacks.output("catalog", "analytics_database"))

    def _ingest(self) -> Ingest:
        return Ingest(
            client(self._config, "s3"),
            client(self._config, "lambda"),
            raw=self._stacks.output("lake", "raw_bucket"),
            curated=self._stacks.output("lake", "curated_bucket"),
            function=self._stacks.output("ingest", "function"),
        )

    def _dbt_environment(self) -> dict[str, str]:
        output = self._stacks.output
        # the role is taken here once: dbt-athena would take it anew for every connection
        role = role_credentials(self._config, output("access", "transform_role_arn"))
        return (
            environment(self._config)
            | role
            | {
                "DBT_SCHEMA": output("catalog", "analytics_database"),
                "DBT_SOURCE_SCHEMA": output("catalog", "database"),
                "DBT_WORKGROUP": output("query", "transform_workgroup"),
                "DBT_S3_STAGING_DIR": f"s3://{output('lake', 'results_bucket')}/transform/",
                "DBT_S3_DATA_DIR": f"s3://{output('lake', 'curated_bucket')}/analytics/",
            }
        )

    def _places(self) -> dict[str, str]:
        output = self._stacks.output
        return {
            "local AWS": self._config.endpoint,
            "raw files": f"s3://{output('lake', 'raw_bucket')}/raw/orders/",
            "clean orders": f"s3://{output('lake', 'curated_bucket')}/curated/orders/",
            "quarantine": f"s3://{output('lake', 'curated_bucket')}/quarantine/orders/",
            "tables": f"{output('catalog', 'database')}, {output('catalog', 'analytics_database')} (Glue databases)",
            "unreadable files": output("ingest", "failed_queue_url"),
            "data folder": str(self._config.state),
        }

    def _show(self, counts: Counts, *more: report.Part) -> None:
        commands = {
            "make query Q=top_customers": "a named query on Athena (without Q: make query Q= lists them)",
            'eval "$(.venv/bin/lakelab env)" && .venv/bin/aws s3 ls': "any AWS client against the local AWS",
            "make down-local": "stop everything; the data stay",
        }
        report.show(
            self._console,
            report.revenue_table(self._revenue()),
            report.counts_table(counts),
            report.places_table(self._places()),
            *more,
            report.next_commands(commands),
        )

    def _require_running(self) -> None:
        if Server(self._config).running() is None:
            raise LakelabError("the local AWS does not run", fix="make up-local")
