"""Lines in CloudWatch Logs, written with a role's rights."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from lakelab.cloud.caller import Caller

log = logging.getLogger(__name__)

BATCH = 5000  # lines a PutLogEvents; AWS takes 10,000 and 1 MiB
LINE = 200_000  # characters; AWS cuts an event at 256 KiB


def write_lines(caller: Caller, group: str, stream: str, lines: Sequence[str]) -> None:
    """Append lines to a log stream; group and stream are made when they are missing.

    A role without rights on CloudWatch Logs leaves no log, as on AWS: it is noted in this server's own.
    """
    if not lines:
        return
    client = caller.client("logs")
    try:
        for make, params in (
            (client.create_log_group, {"logGroupName": group}),
            (client.create_log_stream, {"logGroupName": group, "logStreamName": stream}),
        ):
            try:
                make(**params)
            except client.exceptions.ResourceAlreadyExistsException:
                continue
        now = int(time.time() * 1000)
        for start in range(0, len(lines), BATCH):
            events = [{"timestamp": now, "message": line[:LINE] or " "} for line in lines[start : start + BATCH]]
            client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
    except (ClientError, BotoCoreError) as error:
        log.warning("%s has no log %s/%s: %s", caller.arn, group, stream, error)
