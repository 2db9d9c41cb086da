"""Shows a deployment to people: a line a resource, what changes in it, and a summary."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.status import Status
from rich.text import Text

from lakelab.deploy.engine.events import Change, Event, Op, Result, Step, Verb

MARKS: dict[Op, tuple[str, str]] = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "replace": ("±", "magenta"),
    "delete": ("-", "red"),
    "refresh": ("~", "yellow"),
    "import": ("=", "green"),
    "read": (">", "cyan"),
    "same": (" ", "dim"),
    "skip": ("!", "dim"),
}
_DONE: dict[Op, str] = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "delete": "deleted",
    "refresh": "drifted",
    "import": "imported",
    "read": "read",
    "same": "unchanged",
    "skip": "left out",
}
_WOULD: dict[Op, str] = {
    **_DONE,
    "create": "to create",
    "update": "to update",
    "replace": "to replace",
    "delete": "to delete",
}
_TITLES: dict[Verb, str] = {
    "preview": "Previewing",
    "up": "Updating",
    "refresh": "Refreshing",
    "destroy": "Destroying",
}
_LONGEST = 70


class Display:
    """A listener that prints what happens. On a terminal it also shows what is under way.

    Args:
        console: where to print; rich leaves colours out when it is no terminal.
        debug: print the program's debug messages too.
    """

    def __init__(
        self, console: Console, verb: Verb, stack: str, engine: str = "embedded engine", *, debug: bool = False
    ):
        self._console = console
        self._verb: Verb = verb
        self._debug = debug
        self._running: dict[str, Step] = {}
        self._status: Status | None = None
        self._print(f"[bold]{_TITLES[verb]}[/] {stack} [dim]({engine})[/]")

    def _print(self, text: str | Text) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)

    def __call__(self, event: Event) -> None:
        if event.step is None:
            self._say(event)
        elif event.kind == "started":
            self._running[event.step.urn] = event.step
        else:
            self._running.pop(event.step.urn, None)
            if event.step.op != "same" or event.step.error:
                self._line(event.step)
        self._show_running()

    def _say(self, event: Event) -> None:
        if event.severity == "debug" and not self._debug:
            return
        style = {"error": "red", "warning": "yellow", "debug": "dim"}.get(event.severity, "")
        for line in event.text.splitlines() or [""]:
            self._print(Text(f"    {line}", style))

    def _line(self, step: Step) -> None:
        mark, colour = ("x", "red") if step.error else MARKS[step.op]
        line = Text(f" {mark} ", colour)
        line.append(step.type, "cyan").append(f" {step.name} ", "bold")
        words = _WOULD if self._verb == "preview" else _DONE
        line.append("failed" if step.error else words[step.op], colour)
        if step.seconds >= 0.1 and self._verb != "preview":
            line.append(f" ({step.seconds:.1f} s)", "dim")
        if step.note:
            line.append(f"  {step.note}", "dim")
        self._print(line)
        for change in step.changes:
            self._print(change_line(change))
        for text in step.error.splitlines():
            self._print(Text(f"     {text}", "red"))

    def _show_running(self) -> None:
        if not self._console.is_terminal:
            return
        if not self._running:
            self.close()
            return
        names = ", ".join(step.name for step in list(self._running.values())[:4])
        more = len(self._running) - 4
        text = f"{names}{f' and {more} more' if more > 0 else ''} …"
        if self._status is None:
            self._status = self._console.status(text)
            self._status.start()
        else:
            self._status.update(text)

    def close(self) -> None:
        """Ends the line of what is under way."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def summary(self, result: Result) -> None:
        """Outputs, counts and time."""
        self.close()
        if result.outputs:
            self._print("\n[bold]Outputs[/]")
            width = max(len(name) for name in result.outputs)
            for name, value in sorted(result.outputs.items()):
                self._print(Text(f"    {name:<{width}}  ").append(shown(value, limit=200), "green"))
        words = _WOULD if result.verb == "preview" else _DONE
        counts = [f"{count} {words[op]}" for op, count in sorted(result.counts.items())]  # type: ignore[index]
        failed = len(result.errors)
        if failed:
            counts.append(f"[red]{failed} failed[/]")
        self._print(f"\n[bold]Resources[/] {', '.join(counts) or 'none'} [dim]in {result.seconds:.1f} s[/]")


def change_line(change: Change) -> Text:
    """One property that changes: `timeout: 10 => 20`."""
    mark, colour = {"add": ("+", "green"), "delete": ("-", "red"), "update": ("~", "yellow")}[change.kind]
    line = Text(f"     {mark} ", colour).append(f"{change.path}: ")
    if change.kind == "add":
        line.append(shown(change.new), "green")
    elif change.kind == "delete":
        line.append(shown(change.old), "red")
    else:
        line.append(shown(change.old), "red").append(" => ").append(shown(change.new), "green")
    return line.append("  replaces", "magenta") if change.replaces else line


def shown(value: Any, limit: int = _LONGEST) -> str:
    """A value in one line."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
