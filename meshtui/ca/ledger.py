"""Every decision of the CA, on disk before its answer leaves: the transactions of the CA's side.

The owner of the mesh reads at the same time through `LedgerReader`, in a process of its own. From `seal_with` on,
each transaction leaves a signed head that covers all of it: there is no moment at which decisions could be cut off
unnoticed. What a row says is with `ledger_rows`, which tables there are with `schema`.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from meshtui.ca.ledger_file import LedgerFile
from meshtui.ca.ledger_reader import LedgerReader
from meshtui.ca.ledger_rows import LedgerRows, SerialTakenError, last_event, text
from meshtui.ca.prune import (
    KEPT_AFTER_EXPIRY,
    drop_beginning,
    drop_refusals,
    expired_beginning,
    surplus_refusals,
)
from meshtui.ca.records import Applicant, Intent
from meshtui.ca.schema import MIGRATIONS, SCHEMA, SIGNED_SINCE, VERSION
from meshtui.ca.seal import sign_head
from meshtui.ca.signer import Signer
from meshtui.ca.verify_ledger import stored_head
from meshtui.database import fix_for, open_database, open_database_for_reading, schema_version
from meshtui.errors import StateError

__all__ = ["Ledger", "LedgerReader", "SerialTakenError"]

MAX_REFUSALS = 10_000
"""Older ones are dropped: refusals cost little to whoever provokes them and must not fill the disk."""
_LOOK_EVERY = 100
"""Events between two looks at whether there are too many refusals."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """The CA's side. Made by `open`. Every method raises StateError when the disk fails it.

    `intend`, `issued`, `failed` and `refused` are on disk when they return. `begin`, `rows`, `finish` and `commit`
    are the same in pieces, for many decisions in one transaction; only `commit` waits for the disk, and may be
    called by another thread than the others.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, clock: Callable[[], datetime]) -> None:
        self._path = path
        self._connection = connection
        self._clock = clock
        self._signer: Signer | None = None
        self._may_be_unsigned = False
        """Whether it has just been brought here from a schema that knew no signatures."""
        self._writing = threading.Lock()
        self._file = LedgerFile(path, connection)
        self.rows = LedgerRows(connection)
        """What may be called between `begin` and `finish`."""
        self._before = self.rows.position

    @classmethod
    def open(cls, path: Path, clock: Callable[[], datetime] = _utc_now) -> Ledger:
        """Open the ledger, or make one where there is no file; raises StateError for a damaged or newer one."""
        unsigned = path.exists() and _is_unsigned(path)
        connection = open_database(path, version=VERSION, schema=SCHEMA, migrations=MIGRATIONS)
        with _mapped(path):
            ledger = cls(path, connection, clock)
        ledger._may_be_unsigned = unsigned
        return ledger

    def seal_with(self, signer: Signer) -> None:
        """Sign the head from now on. What a predecessor left is put in order first, in one transaction.

        Intents that a crash left behind become failures: their certificates were never handed out. What has been
        expired for longer than `prune.KEPT_AFTER_EXPIRY` is dropped.
        """
        self._check_end()
        self._signer = signer
        with self._transaction():
            self.rows.finish()
            self._prune(signer)
            self._seal()

    def _check_end(self) -> None:
        """Every transaction of a CA ends with a signed head: what does not was written by somebody else.

        Signing it would vouch for that. A head that another CA of this mesh signed is taken: `--ca-dir` may be new.
        """
        with self._mapped():
            head = stored_head(self._connection)
        end = self.rows.position
        if head is None:
            fits = not end.count or self._may_be_unsigned
        else:
            fits = not head.flaw and (head.count, head.hash) == (end.count, end.hash.hex())
        if not fits:
            raise StateError(
                "The CA's ledger does not end as its CA signed it: somebody else has written to it.",
                fix="See meshtui history --verify; restore it from a backup, or choose another directory with --state.",
            )

    def intend(self, intent: Intent) -> int:
        """Record what is about to be signed; returns its number. Raises SerialTakenError."""
        with self._transaction():
            return self.rows.intend(intent)

    def issued(self, number: int, pem: str) -> None:
        """Record the certificate of an intent. When this returns, it may be handed out."""
        with self._transaction():
            self.rows.issued(number, pem)

    def failed(self, number: int, reason: str, detail: str) -> None:
        """Record that nothing came of an intent."""
        with self._transaction():
            self.rows.failed(number, reason, detail)

    def refused(self, applicant: Applicant, reason: str, detail: str, now: datetime) -> None:
        """Record that a request was turned down."""
        with self._transaction():
            self.rows.refused(applicant, reason, detail, now)

    def has_serial(self, serial: str) -> bool:
        """Whether a certificate was ever to have this serial."""
        return self._any("SELECT 1 FROM decisions WHERE serial = ?", serial)

    def has_signed(self, authority: str) -> bool:
        """Whether this authority ever signed, or was about to."""
        return self._any("SELECT 1 FROM signers WHERE name = ?", authority)

    def begin(self) -> None:
        """Begin a transaction, if the ledger is as the last one left it; waits for one that is being committed."""
        self._writing.acquire()
        self._before = self.rows.position
        try:
            with self._mapped():
                self._connection.execute("BEGIN IMMEDIATE")
                self._file.check(self._before.count, self._before.hash)
        except BaseException:
            self.rollback()
            raise

    def finish(self) -> None:
        """Write the last of a transaction: what its decisions make superfluous, and the signed head."""
        with self._mapped():
            events, before = self.rows.position.count, self._before.count
            if self._signer is not None and events // _LOOK_EVERY != before // _LOOK_EVERY:
                self._drop_refusals(self._signer)
            if events != before:
                self._seal()

    def commit(self) -> None:
        """Wait until the transaction is on disk; it is rolled back when that fails."""
        try:
            with self._mapped():
                self._connection.execute("COMMIT")
        except BaseException:
            if self._was_committed():
                self._writing.release()
            else:
                self.rollback()
            raise
        self._writing.release()

    def _was_committed(self) -> bool:
        """What the database says after a COMMIT that reported failure: the next transaction goes on from there."""
        end = self.rows.position
        if self._connection.in_transaction or end.count == self._before.count:
            return False
        with suppress(sqlite3.Error):
            return last_event(self._connection) == (end.count, end.hash)
        return False

    def rollback(self) -> None:
        """As if the transaction had never begun."""
        try:
            with self._mapped():
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
        finally:
            self.rows.position = self._before
            self._writing.release()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.begin()
        try:
            with self._mapped():
                yield
            self.finish()
        except BaseException:
            self.rollback()
            raise
        self.commit()

    def _prune(self, signer: Signer) -> None:
        now = self._clock()
        if cut := expired_beginning(self._connection, now - KEPT_AFTER_EXPIRY):
            self.rows.checkpoint(cut.statement(now), signer)
            drop_beginning(self._connection, cut)

    def _drop_refusals(self, signer: Signer) -> None:
        if up_to := surplus_refusals(self._connection, MAX_REFUSALS):
            statement = {"dropped": "refusals", "decisions": up_to, "at": text(self._clock())}
            self.rows.checkpoint(statement, signer)
            drop_refusals(self._connection, up_to)

    def _seal(self) -> None:
        if self._signer is None or not self.rows.position.count:
            return
        end = self.rows.position
        head = sign_head(end.count, end.hash, self._clock(), self._signer)
        seal = head.seal
        self._connection.execute(
            "INSERT OR REPLACE INTO head (id, count, hash, at, signature, algorithm, certificate_serial, certificate)"
            " VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
            (
                head.count,
                head.hash,
                head.at,
                *(seal.signature, seal.algorithm, seal.certificate_serial, seal.certificate),
            ),
        )

    def _any(self, query: str, value: str) -> bool:
        with self._writing, self._mapped():
            return self._connection.execute(query, (value,)).fetchone() is not None

    def close(self) -> None:
        """Make what is open final and let go of the file."""
        try:
            with self._transaction():
                self.rows.finish()
        except StateError:
            pass  # the next start does it
        with self._writing:
            with suppress(sqlite3.Error):  # nobody would find it in a log that was taken away
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            self._connection.close()

    def _mapped(self) -> AbstractContextManager[None]:
        return _mapped(self._path)


def _is_unsigned(path: Path) -> bool:
    with closing(open_database_for_reading(path)) as connection:
        return schema_version(connection) < SIGNED_SINCE


@contextmanager
def _mapped(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StateError(f"The CA's ledger {path} cannot be written: {error}.", fix=fix_for(error, path)) from error
