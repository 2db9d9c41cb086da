"""The state of a stack while it is being changed: every step is on disk before the next one depends on it.

Steps of several resources run at once, so one write may carry several of them; each waits until a write that includes
it is done. Each resource is encoded once for as long as it stays the same, so that a step costs little in a big stack.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from itertools import chain

from lakelab.deploy.engine.secrets import Secrets
from lakelab.deploy.engine.state import Operation, ResourceState, Snapshot, deployment_head, encode_resource

Write = Callable[[str], None]


class Checkpoint:
    """New resources in the order in which they came, then those of the old state that are still there.

    Args:
        write: puts the deployment's JSON text on disk; None for a preview, which writes nothing.
    """

    def __init__(self, snapshot: Snapshot, secrets: Secrets, write: Write | None):
        self._secrets = secrets
        self._write = write
        self._new: dict[str, ResourceState] = {}
        self._old: list[ResourceState] = list(snapshot.resources)
        self._pending: dict[int, Operation] = dict(enumerate(snapshot.pending))
        self._next_operation = len(self._pending)
        self._encoded: dict[int, tuple[ResourceState, str]] = {}
        self._changed = threading.Condition()
        self._version = 0
        self._written = 0
        self._writing = False
        self._failure: Exception | None = None

    # -- reading ------------------------------------------------------------------------------------------------------

    def resources(self) -> list[ResourceState]:
        with self._changed:
            return [*self._new.values(), *self._old]

    def old(self) -> list[ResourceState]:
        """What of the old state has not been replaced by something new."""
        with self._changed:
            return list(self._old)

    def new(self, urn: str) -> ResourceState | None:
        with self._changed:
            return self._new.get(urn)

    def pending(self) -> list[Operation]:
        with self._changed:
            return list(self._pending.values())

    # -- changing -----------------------------------------------------------------------------------------------------

    def begin(self, resource: ResourceState, kind: str) -> int:
        """Notes on disk that an operation begins; its number, for `end`."""
        with self._changed:
            number = self._next_operation
            self._next_operation += 1
            self._pending[number] = Operation(resource, kind)
            return self._flush(number)

    def end(self, operation: int | None) -> None:
        """The operation is known to have had no effect, or what it did is in the state."""
        with self._changed:
            if operation is not None and self._pending.pop(operation, None) is not None:
                self._flush()

    def add(
        self,
        resource: ResourceState,
        *,
        instead_of: ResourceState | None = None,
        operation: int | None = None,
        durable: bool = True,
    ) -> None:
        """Puts a resource into the new state, in place of its old one.

        Args:
            durable: wait until it is on disk; False when nothing but bookkeeping changed.
        """
        with self._changed:
            self._new[resource.urn] = resource
            if instead_of is not None:
                self._drop(instead_of)
            if operation is not None:
                self._pending.pop(operation, None)
            self._touch(durable)

    def change_old(self, before: ResourceState, after: ResourceState | None, *, operation: int | None = None) -> None:
        """Changes a resource of the old state, or removes it."""
        with self._changed:
            place = next((i for i, item in enumerate(self._old) if _is_entry(item, before)), None)
            if place is not None:
                if after is None:
                    del self._old[place]
                else:
                    self._old[place] = after
            if operation is not None:
                self._pending.pop(operation, None)
            self._touch(durable=True)

    def insert_old(self, resource: ResourceState) -> None:
        """Puts a resource into the old state, after all that it stands on."""
        with self._changed:
            self._old = in_order([*self._old, resource])
            self._touch(durable=False)

    def rename(self, names: dict[str, str]) -> None:
        """Follows aliases: what is left of the old state refers to resources by their new URNs."""
        with self._changed:
            self._old = [resource.renamed(names) for resource in self._old]

    def forget(self, gone: set[str]) -> None:
        """Drops references to resources that are gone."""
        with self._changed:
            self._old = [resource.without(gone) for resource in self._old]
            self._touch(durable=False)

    def clear_pending(self) -> None:
        with self._changed:
            if self._pending:
                self._pending.clear()
                self._touch(durable=False)

    def _drop(self, resource: ResourceState) -> None:
        self._old = [item for item in self._old if not _is_entry(item, resource)]

    def _touch(self, durable: bool) -> None:
        if durable:
            self._flush()
        else:
            self._version += 1

    # -- writing ------------------------------------------------------------------------------------------------------

    def _flush(self, result: int = 0) -> int:
        """Returns when a write that has this change is done. Called with the lock held."""
        self._version += 1
        mine = self._version
        if self._write is None:
            return result
        while self._written < mine:
            if self._failure is not None:
                raise self._failure
            if self._writing:
                self._changed.wait()
                continue
            self._writing = True
            version, resources, pending = self._version, [*self._new.values(), *self._old], list(self._pending.values())
            self._changed.release()
            try:
                self._write(self._text(resources, pending))
            except Exception as error:  # noqa: BLE001  # every thread that waits must hear of it
                self._failure = error
            finally:
                self._changed.acquire()
                self._writing = False
                if self._failure is None:
                    self._written = version
                self._changed.notify_all()
        return result

    def close(self) -> None:
        """Writes what is not written yet."""
        with self._changed:
            if self._write is not None and self._written < self._version:
                self._flush()

    def _text(self, resources: list[ResourceState], pending: list[Operation]) -> str:
        encoded = ", ".join(self._resource_text(resource) for resource in resources)
        operations = [{"resource": encode_resource(op.resource, self._secrets), "type": op.type} for op in pending]
        head = json.dumps(deployment_head(self._secrets))[:-1]
        return f'{head}, "resources": [{encoded}], "pending_operations": {json.dumps(operations)}}}'

    def _resource_text(self, resource: ResourceState) -> str:
        known = self._encoded.get(id(resource))
        if known is None or known[0] is not resource:
            known = (resource, json.dumps(encode_resource(resource, self._secrets)))
            self._encoded[id(resource)] = known
        return known[1]

    def snapshot(self) -> Snapshot:
        return Snapshot(tuple(self.resources()), tuple(self.pending()))


def _is_entry(item: ResourceState, other: ResourceState) -> bool:
    """Whether both are the same entry of the state, whatever has changed in it since."""
    return (item.urn, item.id, item.delete) == (other.urn, other.id, other.delete)


def in_order(resources: Iterable[ResourceState]) -> list[ResourceState]:
    """Resources with what they stand on before them."""
    items = list(resources)
    by_urn: dict[str, list[ResourceState]] = {}
    for item in items:
        by_urn.setdefault(item.urn, []).append(item)
    found: list[ResourceState] = []
    seen: set[int] = set()

    def visit(item: ResourceState) -> None:
        if id(item) in seen:
            return
        seen.add(id(item))
        for needed in chain.from_iterable(by_urn.get(urn, ()) for urn in sorted(item.references())):
            visit(needed)
        found.append(item)

    for item in items:
        visit(item)
    return found
