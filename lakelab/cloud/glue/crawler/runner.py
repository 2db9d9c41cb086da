"""Crawls in the background, each in the name of its crawler's role."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus
from uuid import uuid4

from botocore.exceptions import ClientError

from lakelab.cloud.caller import Caller
from lakelab.cloud.core import Core
from lakelab.cloud.errors import AwsError
from lakelab.cloud.glue.crawler.catalog import Summary
from lakelab.cloud.glue.crawler.classify import Classifier, custom_classifier
from lakelab.cloud.glue.crawler.crawl import Crawl, Stopped
from lakelab.cloud.glue.crawler.store import CrawlStore
from lakelab.cloud.glue.entities import Entity, EntityStore
from lakelab.cloud.glue.logs import write_lines
from lakelab.cloud.glue.role import role_arn, role_caller
from lakelab.cloud.objects import Objects
from lakelab.cloud.wire import Params

log = logging.getLogger(__name__)

LOG_GROUP = "/aws-glue/crawlers"
STATUS = {"COMPLETED": "SUCCEEDED", "FAILED": "FAILED", "STOPPED": "CANCELLED"}  # of a crawl, as a crawler shows it

Invoke = Callable[[str, str, Params, Caller], Params]


class CrawlRunner:
    """Starts crawls, one at a time a crawler.

    Args:
        ended: told the crawler, the crawl's state and the name of the trigger that had started it, if one had.
    """

    def __init__(
        self,
        crawls: CrawlStore,
        entities: EntityStore,
        invoke: Invoke,
        spool: Path,
        ended: Callable[[Entity, str, str, Core], None],
    ):
        self._crawls = crawls
        self._entities = entities
        self._invoke = invoke
        self._spool = spool
        self._ended = ended

    def start(self, crawler: Entity, core: Core, *, trigger: str = "") -> bool:
        """Begin a crawl in the background; False when the crawler runs already."""
        crawl_id = str(uuid4())
        if not self._crawls.start(crawler.id, crawl_id):
            return False
        thread = threading.Thread(
            target=self._run, args=(crawler, core, crawl_id, trigger), name=f"crawl {crawler.name}", daemon=True
        )
        thread.start()
        return True

    def _run(self, crawler: Entity, core: Core, crawl_id: str, trigger: str) -> None:
        lines = ["BENCHMARK : Running Start Crawl for Crawler " + crawler.name]
        state, error, summary, folders = "COMPLETED", None, Summary(), set()
        role: Caller | None = None
        try:
            role = role_caller(core, crawler.scope, role_arn(crawler.scope, crawler.document["Role"]), "AWS-Crawler")
            crawl = self._crawl(crawler, role, crawl_id, lines.append)
            summary, folders = crawl.run(), crawl.folders
        except Stopped:
            state = "STOPPED"
        except (AwsError, ClientError) as failure:
            state, error = "FAILED", _text(failure)
        except Exception:
            # a crawl has no client that would see the failure: it must end in its record
            log.exception("the crawl %s of %s failed", crawl_id, crawler.name)
            state, error = "FAILED", f"Internal Service Exception; the local AWS's log has it under {crawl_id}."
        lines.append(f"ERROR : {error}" if error else f"BENCHMARK : Crawler has finished running: {state}")
        if role is not None:
            write_lines(role, LOG_GROUP, crawler.name, [f"[{crawl_id}] {line}" for line in lines])
        self._crawls.finish(crawler.id, crawl_id, state, summary=summary.document(), error=error, folders=folders)
        self._ended(crawler, STATUS[state], trigger, core)

    def _crawl(self, crawler: Entity, role: Caller, crawl_id: str, note: Callable[[str], None]) -> Crawl:
        def glue(operation: str, params: Params) -> Params:
            return self._invoke("glue", operation, params, role)

        def stopped() -> bool:
            running = self._crawls.running(crawler.id)
            return running is not None and running.id == crawl_id and running.state == "STOPPING"

        known = self._crawls.folders(crawler.id)
        return Crawl(
            crawler.name,
            crawler.document,
            Objects(role, self._spool),
            glue,
            classifiers=self._classifiers(crawler),
            known_folders=known,
            changed_folders=self._changed(crawler.document, role) if known else None,
            stopped=stopped,
            log=note,
        )

    def _classifiers(self, crawler: Entity) -> Sequence[Classifier]:
        names = crawler.document.get("Classifiers", ())
        return [custom_classifier(self._entities.get(crawler.scope, "Classifier", name).document) for name in names]

    def _changed(self, definition: Params, role: Caller) -> frozenset[str] | None:
        """The folders that the buckets' notifications name, taken from the targets' queues; None in other modes."""
        if definition.get("RecrawlPolicy", {}).get("RecrawlBehavior") != "CRAWL_EVENT_MODE":
            return None
        folders: set[str] = set()
        for target in definition["Targets"].get("S3Targets", ()):
            folders |= _drain(role, target["EventQueueArn"])
        return frozenset(folders)


def _drain(role: Caller, queue_arn: str) -> set[str]:
    """The folders of the objects in all S3 events that wait in a queue; the messages are removed."""
    sqs: Any = role.client("sqs")
    _, _, _, _, account, name = queue_arn.split(":")
    url = sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    folders: set[str] = set()
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            body = json.loads(message["Body"])
            if isinstance(body.get("Message"), str):  # S3 -> SNS -> SQS
                body = json.loads(body["Message"])
            for record in body.get("Records", ()):
                bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
                folders.add(f"s3://{bucket}/{key[: key.rfind('/') + 1]}")
        entries = [{"Id": str(i), "ReceiptHandle": message["ReceiptHandle"]} for i, message in enumerate(messages)]
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    return folders


def _text(failure: AwsError | ClientError) -> str:
    return failure.message if isinstance(failure, AwsError) else str(failure)
