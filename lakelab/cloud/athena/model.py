"""What the parts of Athena say to each other: the session that a statement runs in, and its outcome."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from lakelab.cloud.caller import Caller

StatementType = Literal["DDL", "DML", "UTILITY"]


@dataclass(frozen=True)
class Column:
    """A column of a result: its name and its type as Athena's API spells it (`varchar`, `decimal(10,2)`, `array`)."""

    name: str
    type: str
    nullable: bool = True


@dataclass
class Session:
    """All that one statement needs to know about where it runs.

    `output` is the S3 URI of the folder that results go to, with its trailing slash; `scratch` a private local folder
    that is removed afterwards. `cancelled` is set when the client stops the execution.
    """

    execution_id: str
    caller: Caller
    catalog: str
    database: str
    output: str
    scratch: Path
    enforced_output: bool = False
    bytes_scanned_cutoff: int | None = None
    parameters: list[str] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)


@dataclass
class Outcome:
    """What a statement did.

    `result` is a local file: for a query, CSV as Athena writes it (a header line, every value quoted, NULL as nothing);
    for DDL and SHOW, plain lines of text. `manifest` lists the S3 URIs of the data files that the statement wrote.
    `scanned` is in bytes, as Athena bills them before rounding; `update_count` is None where Athena reports none.
    """

    statement_type: StatementType
    substatement_type: str
    columns: list[Column] = field(default_factory=list)
    result: Path | None = None
    rows: int = 0
    scanned: int = 0
    update_count: int | None = None
    manifest: list[str] | None = None


class Engine(Protocol):
    """Runs statements, several at once: `lakelab.cloud.athena.engine.Engine(invoke)`.

    PREPARE, EXECUTE and DEALLOCATE do not reach it: they are the workgroup's, so the API resolves EXECUTE into the
    stored statement with the values as `session.parameters`.
    """

    def run(self, session: Session, sql: str) -> Outcome:
        """Run one statement to its end, with its effects on S3 and Glue.

        Raises:
            QueryError: it failed. QueryCancelled: it was stopped, or went over the scanned-bytes limit.
            AwsError: a call that it made for the caller was refused.
        """
        ...

    def close(self) -> None:
        """Give back what is held ready for the next statement."""
        ...
