"""What a crawler is configured to do: its policies and the JSON of its `Configuration`.

https://docs.aws.amazon.com/glue/latest/dg/crawler-configuration.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from lakelab.cloud.errors import NotImplementedHere
from lakelab.cloud.glue.crawler.grouping import Grouping
from lakelab.cloud.glue.errors import InvalidInput
from lakelab.cloud.wire import Params


@dataclass(frozen=True)
class Policy:
    """How a crawl treats what it finds.

    `update` is whether tables change in the catalog, `delete` is SchemaChangePolicy's DeleteBehavior; `incremental` and
    `events` are RecrawlPolicy's CRAWL_NEW_FOLDERS_ONLY and CRAWL_EVENT_MODE; `index` is whether new tables get a
    partition index: https://docs.aws.amazon.com/glue/latest/dg/crawler-configure-partition-indexes.html
    """

    grouping: Grouping
    update: bool
    delete: str
    merge_columns: bool
    inherit: bool
    table_threshold: int | None
    incremental: bool
    events: bool
    index: bool

    @classmethod
    def of(cls, crawler: Params) -> Policy:
        """The policy of a crawler's definition. Raises InvalidInput for a Configuration that cannot be used."""
        configuration = _configuration(crawler.get("Configuration", ""))
        grouping = configuration.get("Grouping", {})
        output = configuration.get("CrawlerOutput", {})
        tables, partitions = output.get("Tables", {}), output.get("Partitions", {})
        changes = crawler.get("SchemaChangePolicy", {})
        recrawl = crawler.get("RecrawlPolicy", {}).get("RecrawlBehavior", "CRAWL_EVERYTHING")
        incremental = recrawl == "CRAWL_NEW_FOLDERS_ONLY"
        return cls(
            grouping=Grouping(
                combine=grouping.get("TableGroupingPolicy") == "CombineCompatibleSchemas",
                level=grouping.get("TableLevelConfiguration"),
            ),
            # an incremental crawl only adds, whatever the policy says
            update=not incremental and changes.get("UpdateBehavior", "UPDATE_IN_DATABASE") == "UPDATE_IN_DATABASE",
            delete="LOG" if incremental else changes.get("DeleteBehavior", "DEPRECATE_IN_DATABASE"),
            merge_columns=tables.get("AddOrUpdateBehavior") == "MergeNewColumns",
            inherit=partitions.get("AddOrUpdateBehavior") == "InheritFromTable",
            table_threshold=tables.get("TableThreshold"),
            incremental=incremental,
            events=recrawl == "CRAWL_EVENT_MODE",
            index=configuration.get("CreatePartitionIndex", True),
        )


def refuse_unsupported(crawler: Params) -> None:
    """Raises NotImplementedHere for a target or an option that the local AWS has not."""
    for name, targets in crawler.get("Targets", {}).items():
        if targets and name not in ("S3Targets", "CatalogTargets"):
            raise NotImplementedHere(f"{name}: crawlers of the local AWS read S3 only.")
    if crawler.get("LakeFormationConfiguration", {}).get("UseLakeFormationCredentials"):
        raise NotImplementedHere("LakeFormationConfiguration: the local AWS has no Lake Formation.")
    if crawler.get("LineageConfiguration", {}).get("CrawlerLineageSettings") == "ENABLE":
        raise NotImplementedHere("LineageConfiguration: crawlers of the local AWS record no lineage.")
    if crawler.get("CrawlerSecurityConfiguration"):
        raise NotImplementedHere("CrawlerSecurityConfiguration: the local AWS has no security configurations.")


def _configuration(text: str) -> Params:
    if not text:
        return {}
    try:
        configuration = json.loads(text)
    except ValueError as error:
        raise InvalidInput("Crawler configuration is not valid JSON.") from error
    if not isinstance(configuration, dict) or configuration.get("Version") != 1.0:
        raise InvalidInput("Crawler configuration needs a Version, which is 1.0.")
    level = configuration.get("Grouping", {}).get("TableLevelConfiguration", 1)
    threshold = configuration.get("CrawlerOutput", {}).get("Tables", {}).get("TableThreshold", 1)
    for name, value in (("TableLevelConfiguration", level), ("TableThreshold", threshold)):
        if not isinstance(value, int) or value < 1:
            raise InvalidInput(f"{name} must be a positive integer.")
    return configuration
