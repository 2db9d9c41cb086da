"""Keeps a mapping's pollers running: one for each lane of each shard whose parents are drained."""

from __future__ import annotations

import functools
import logging
import threading
import time

from lakelab.cloud.streams.mappings.model import Mapping
from lakelab.cloud.streams.mappings.poller import Poller, Tools
from lakelab.cloud.streams.model import Shard, Stream

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
NOTHING_YET = "No records processed"


class MappingRunner:
    """The pollers of one mapping, in threads of their own."""

    def __init__(self, tools: Tools, uuid: str):
        self._tools = tools
        self._uuid = uuid
        self._pollers: dict[tuple[int, int, int, int], Poller] = {}
        self._changed = tools.clock.signal()
        self._stopped = False
        self._applied = False
        self._last_known = self._found()
        self.result = NOTHING_YET
        self._thread = threading.Thread(target=self._run, name=f"mapping {uuid[:8]}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """The mapping has changed, or a shard is finished."""
        self._applied = False
        self._changed.set()

    def stop(self) -> None:
        """Stop polling; a function that runs finishes, and its batch is delivered again by whoever comes next."""
        self._stopped = True
        for poller in list(self._pollers.values()):
            poller.stop()
        self._changed.set()

    def join(self, deadline: float) -> None:
        """Wait for the pollers to end, until `deadline` of the monotonic clock."""
        for poller in list(self._pollers.values()):
            poller.join(max(0.0, deadline - time.monotonic()))

    @property
    def settled(self) -> bool:
        """Whether the last change of the mapping is in force."""
        return self._applied

    def _found(self) -> Mapping:
        found = self._tools.mappings.find(self._uuid)
        if found is None:
            raise KeyError(self._uuid)
        return found

    def _current(self) -> Mapping:
        # a poller that is being stopped still asks, when the mapping is deleted already
        self._last_known = self._tools.mappings.find(self._uuid) or self._last_known
        return self._last_known

    def _run(self) -> None:
        while not self._stopped:
            self._changed.clear()
            try:
                self._sync()
                self._applied = True
            except Exception:
                # the mapping must not stop for good: the next look tries again
                log.exception("the mapping %s could not be applied", self._uuid)
            self._changed.wait(LOOK_SECONDS)

    def _sync(self) -> None:
        mapping = self._current()
        stream = self._tools.streams.find(mapping.account, mapping.region, mapping.stream_name)
        if stream is None:
            self.result = f"PROBLEM: Stream not found: {mapping.stream_arn}"
        wanted = self._wanted(mapping, stream) if stream is not None and mapping.enabled else {}
        for key in [key for key in self._pollers if key not in wanted]:
            poller = self._pollers.pop(key)
            poller.stop()
            # one that runs a function may not be joined: nobody else may take its lane before it is done
            poller.join(LOOK_SECONDS * 1000)
        for key, shard in wanted.items():
            if key not in self._pollers and stream is not None and not self._stopped:
                self._tools.mappings.relane(mapping.uuid, shard.number, key[3])
                self._pollers[key] = self._poller(stream, shard, key)
                self._pollers[key].start()

    def _wanted(self, mapping: Mapping, stream: Stream) -> dict[tuple[int, int, int, int], Shard]:
        """Stream, shard, lane and number of lanes of each poller that there should be."""
        lanes = mapping.parallelization_factor
        drained = {shard.number for shard in stream.shards if self._is_drained(shard, lanes)}
        known = {shard.number for shard in stream.shards}
        return {
            (stream.key, shard.number, lane, lanes): shard
            for shard in stream.shards
            if shard.number not in drained and set(shard.parents) & known <= drained
            for lane in range(lanes)
        }

    def _is_drained(self, shard: Shard, lanes: int) -> bool:
        return shard.last is not None and all(
            self._tools.mappings.checkpoint(self._uuid, shard.number, lane, lanes) >= shard.last
            for lane in range(lanes)
        )

    def _poller(self, stream: Stream, shard: Shard, key: tuple[int, int, int, int]) -> Poller:
        return Poller(
            self._tools,
            stream,
            shard,
            key[2:],
            self._current,
            functools.partial(setattr, self, "result"),
            self.wake,
        )
