"""The error that a person sees: what went wrong and how to put it right."""

from __future__ import annotations


class LakelabError(Exception):
    """An expected failure of a command. The command line prints it without a traceback and exits with 1.

    Args:
        message: what is wrong, naming the thing.
        fix: what to do about it, as an instruction.
    """

    def __init__(self, message: str, *, fix: str = ""):
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message}\n  fix: {self.fix}" if self.fix else self.message
