"""What a destroyed stack has left behind in AWS, whoever made it.

A stack leaves traces in its state: the names that its resources had, the tags that all of them shared, the places of
its query results. After the destroy every service is asked for what still carries one of these: a log group that
Lambda made by itself, objects and versions in a bucket that stayed, a queue that a person made by hand with the stack's
tags. What another stack of the project manages is none of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lakelab.deploy.listings import LISTINGS, Account, Listing, Thing
from lakelab.deploy.project import Project

if TYPE_CHECKING:
    from lakelab.deploy.engines import Engine

_LOGGING = ("aws:lambda/function:", "aws:kinesis/firehoseDeliveryStream:", "aws:glue/crawler:", "aws:glue/job:")


@dataclass(frozen=True)
class Traces:
    """By what the leavings of a stack are known.

    Attributes:
        arns: those of its own resources.
        names: what those of its resources were called that AWS names log groups after.
        tags: what all of its tagged resources carried; empty unless one of them names the project.
        prefixes: how every name of the project begins, when no other stack of it is left.
        results: where its workgroups write, as s3:// URLs with a prefix.
        managed: ARNs of what a stack of the project manages now.
    """

    arns: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)
    prefixes: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    managed: frozenset[str] = frozenset()

    def belong(self, thing: Thing, kind: str) -> bool:
        """Whether a thing is the stack's and nobody's any more."""
        if thing.arn in self.managed:
            return False
        parts = thing.name.split("/")
        return (
            thing.arn in self.arns
            or (kind == "log group" and not self.names.isdisjoint({thing.name, *parts}))
            or any(part.startswith(self.prefixes) for part in parts if self.prefixes)
            or (bool(self.tags) and all(thing.tags.get(key) == value for key, value in self.tags.items()))
        )


@dataclass(frozen=True)
class Survivor:
    """One thing that is left, or a service that could not be asked."""

    service: str
    kind: str
    name: str
    detail: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def traces(project: str, prefix: str, before: Mapping[str, Any], after: Iterable[Mapping[str, Any]]) -> Traces:
    """The traces of a stack.

    Args:
        prefix: how names of the project begin.
        before: the stack's deployment before it was destroyed, as the state has it.
        after: the deployments of all stacks of the project now.
    """
    own = list(_managed(before))
    kept = [item for deployment in after for item in _managed(deployment)]
    return Traces(
        arns=_texts(own, "arn"),
        names=_texts((item for item in own if item["type"].startswith(_LOGGING)), "name"),
        tags=_shared_tags(own, project),
        prefixes=() if kept else tuple(f"{start}{end}" for start in sorted({project, prefix}) for end in "-_"),
        results=tuple(sorted({url for item in own for url in _result_places(item)})),
        managed=_texts(kept, "arn"),
    )


def _managed(deployment: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for item in deployment.get("resources") or ():
        if item.get("custom") and not item.get("external") and item["type"].startswith("aws:"):
            yield item


def _texts(items: Iterable[Mapping[str, Any]], output: str) -> frozenset[str]:
    found = ((item.get("outputs") or {}).get(output) for item in items)
    return frozenset(text for text in found if isinstance(text, str) and text)


def _shared_tags(items: list[Mapping[str, Any]], project: str) -> dict[str, str]:
    tagged = [tags for item in items if isinstance(tags := (item.get("outputs") or {}).get("tagsAll"), dict) and tags]
    shared = {key: value for key, value in (tagged[0] if tagged else {}).items() if isinstance(value, str)}
    for tags in tagged[1:]:
        shared = {key: value for key, value in shared.items() if tags.get(key) == value}
    return shared if project in shared.values() else {}


def _result_places(item: Mapping[str, Any]) -> Iterator[str]:
    if item["type"] == "aws:athena/workgroup:Workgroup":
        configuration = (item.get("outputs") or {}).get("configuration") or {}
        place = (configuration.get("resultConfiguration") or {}).get("outputLocation") or ""
        if urlsplit(place).path.strip("/"):
            yield place


def after_destroy(engine: Engine, project: Project, stack: str, before: Mapping[str, Any]) -> list[Survivor]:
    """What a stack has left behind in the account and region that it was in.

    Args:
        before: its deployment before it was destroyed.
    """
    after = [engine.export(project, other)["deployment"] for other in engine.stacks(project)]
    prefix = project.plain(stack, "namePrefix") or project.name
    region = project.plain(stack, "aws:region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return find(Account(region or "us-east-1"), traces(project.name, prefix, before, after))


def find(account: Account, left: Traces) -> list[Survivor]:
    """What is left of the stack in this account and region, service by service."""
    with ThreadPoolExecutor(8) as pool:
        kinds = pool.map(lambda listing: _of_a_kind(account, listing, left), LISTINGS)
        results = pool.map(lambda url: _results(account, url), left.results)
        return [item for items in (*kinds, *results) for item in items]


def _of_a_kind(account: Account, listing: Listing, left: Traces) -> list[Survivor]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        things = listing.things(account, with_tags=bool(left.tags))
        return [
            Survivor(listing.service, listing.kind, thing.name, _contents(account, listing, thing))
            for thing in things
            if left.belong(thing, listing.kind) and not (listing.kind == "key" and _is_going(account, thing))
        ]
    except (ClientError, BotoCoreError) as error:
        if getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode") == 501:
            return []  # this AWS does not have the service, so nothing can be left in it
        return [Survivor(listing.service, listing.kind, "?", f"could not be asked: {error}")]


def _contents(account: Account, listing: Listing, thing: Thing) -> str:
    return _objects(account, thing.name) if listing.kind == "bucket" else ""


def _is_going(account: Account, key: Thing) -> bool:
    """Whether a KMS key is deleted already: AWS keeps it for some days."""
    return account.client("kms").describe_key(KeyId=key.name)["KeyMetadata"]["KeyState"] == "PendingDeletion"


def _results(account: Account, url: str) -> list[Survivor]:
    """Query results at a place in a bucket that the stack did not have to itself."""
    parts = urlsplit(url)
    count = _objects(account, parts.netloc, parts.path.lstrip("/"))
    return [Survivor("athena", "query results", url, count)] if count else []


def _objects(account: Account, bucket: str, prefix: str = "") -> str:
    """How many objects and versions there are, in words; nothing when there are none."""
    from botocore.exceptions import ClientError

    try:
        answer = account.client("s3").list_object_versions(Bucket=bucket, Prefix=prefix, MaxKeys=1000)
    except ClientError as error:
        return "" if error.response["Error"]["Code"] == "NoSuchBucket" else f"could not be asked: {error}"
    count = len(answer.get("Versions", [])) + len(answer.get("DeleteMarkers", []))
    more = "more than " if answer.get("IsTruncated") else ""
    return f"{more}{count} object version{'s' if count != 1 else ''}" if count else ""
