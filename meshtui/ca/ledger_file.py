"""Is the ledger's file still the one that the CA opened, and does it end where the CA left it?

SQLite goes on with a file that was renamed, deleted or overwritten under it, and nobody would ever read what the CA
then records. Asked before each transaction, so it costs two looks at the directory and one at a counter of SQLite's;
the ledger itself is read only where these say that somebody else has written. Readers and checkpoints are no reason
to stop. What was changed in the middle of a ledger, `verify_ledger` finds.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from meshtui.ca.ledger_rows import last_event
from meshtui.ca.schema import SCHEMA
from meshtui.database import fix_for, missing_tables
from meshtui.errors import StateError

_PUT_BACK = "Put it back, and the CA goes on; where that cannot be, stop the mesh and restore it from a backup."
_LOG = "Stop the mesh and start it again: what was in the log gets into the ledger when the CA ends."
_UNDO = "Undo that, and the CA goes on; where that cannot be, stop the mesh and restore it from a backup."


class LedgerFile:
    """The file that a connection has open, and its write-ahead log."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Raises StateError when it has been taken away already."""
        self._path = path
        self._log_path = path.with_name(f"{path.name}-wal")
        self._connection = connection
        self._writes = self._ask("data_version")
        self._file, self._log = self._look()
        self._least = self._file.st_size
        """Bytes that the file does not get below."""

    def check(self, count: int, last: bytes) -> None:
        """Raises StateError unless all is in its place and ends with event number `count`, whose hash is `last`.

        Inside a transaction, where nobody else can write. A file that is put back, or put right, is taken.
        """
        file, log = self._look()
        writes = self._ask("data_version")
        if not os.path.samestat(file, self._file):
            raise StateError(
                f"{self._path} is not the file that the CA opened: another is in its place.", fix=_PUT_BACK
            )
        if not os.path.samestat(log, self._log):
            raise StateError(f"{self._log_path} is not the file that the CA opened.", fix=_LOG)
        if writes != self._writes:
            self._check_end(count, last)
            self._least = min(file.st_size, self._ask("page_count") * self._ask("page_size"))  # it may be a VACUUM
        elif file.st_size < self._least:
            raise StateError(
                f"{self._path} was overwritten: it has {file.st_size} bytes and had {self._file.st_size}.",
                fix="Stop the mesh and restore it from a backup.",
            )
        elif file.st_size > self._file.st_size:
            self._least = file.st_size
        if log.st_size < self._log.st_size:  # a checkpoint may do that
            self._connection.execute("PRAGMA shrink_memory")  # for a look at what the log has, not at what it had
            self._check_end(count, last)
        self._file, self._log, self._writes = file, log, writes

    def _check_end(self, count: int, last: bytes) -> None:
        written = f"Another program has written to {self._path}"
        if lost := missing_tables(self._connection, SCHEMA):
            raise StateError(f"{written}: it has no {', '.join(lost)} any more.", fix=_UNDO)
        if (found := last_event(self._connection)) != (count, last):
            raise StateError(
                f"{written}: it ends with event {found[0]}, and not as the CA left it, with {count}.", fix=_UNDO
            )

    def _look(self) -> tuple[os.stat_result, os.stat_result]:
        path = self._path
        try:
            file = path.stat()
            path = self._log_path
            return file, path.stat()
        except FileNotFoundError as error:
            fix = _PUT_BACK if path is self._path else _LOG
            raise StateError(
                f"{path} is gone: the CA has it open, and somebody has moved or deleted it.", fix=fix
            ) from error
        except OSError as error:
            raise StateError(f"{path} cannot be found: {error.strerror}.", fix=fix_for(error, path)) from error

    def _ask(self, pragma: str) -> int:
        return int(self._connection.execute(f"PRAGMA {pragma}").fetchone()[0])
