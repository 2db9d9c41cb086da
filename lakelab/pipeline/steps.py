"""Steps with their progress and their time: a live line on a terminal, a plain line each elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.status import Status


@dataclass
class Step:
    """One step: `say` shows how far it is, `result` is what its final line says."""

    title: str
    result: str = ""
    seconds: float = 0.0
    _status: Status | None = field(default=None, repr=False)

    def say(self, progress: str) -> None:
        """Show how far the step is; only a terminal shows it."""
        if self._status is not None:
            self._status.update(f"{self.title} [dim]{progress}[/]")


class Steps:
    """The steps of one command, in order."""

    def __init__(self, console: Console):
        self._console = console
        self.done: list[Step] = []

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Run a step: its line says ✓ and its time only when the block has ended well."""
        step = Step(title)
        began = time.monotonic()
        try:
            if self._console.is_terminal:
                with self._console.status(title) as status:
                    step._status = status
                    yield step
            else:
                yield step
        except BaseException:
            self._console.print(f"[red]✗[/] {title}", highlight=False)
            raise
        step.seconds = time.monotonic() - began
        self.done.append(step)
        self._console.print(
            f"[green]✓[/] {title:<22} [dim]{step.seconds:5.1f} s[/]  {step.result}", highlight=False, soft_wrap=True
        )
