"""Opens the SQLite files of a mesh so that a damaged or foreign one is never taken for an empty one.

Only says how a file is opened, checked and brought to today's schema; every statement about its tables is with the
ledger or the store.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from meshtui.errors import StateError

Migration = Callable[[sqlite3.Connection], None]
"""Brings a file from one schema to the next, inside a transaction that is not its own."""

_BUSY_MS = 5000
_ROOM = "Is there room on its disk, and is it writable?"
_BUSY = "Another program holds it: let that come to its end, or stop it."
_MACHINE = {
    sqlite3.SQLITE_FULL: "Free some disk space.",
    sqlite3.SQLITE_IOERR: "Check its disk: is there room, can it be written to, is it whole?",
    **dict.fromkeys((sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM), _ROOM),
    **dict.fromkeys((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED), _BUSY),
    sqlite3.SQLITE_NOMEM: "Free some memory.",
}
"""What is wrong with the machine and not with the file, and what to do about it."""


def open_database(path: Path, *, version: int, schema: str, migrations: Sequence[Migration] = ()) -> sqlite3.Connection:
    """Open `path` durably (WAL, synchronous=FULL), creating it with `schema` if there is no such file.

    `version` is the schema's, kept in `user_version`. The last of the `migrations` leads to it, each one before
    that to the version before; an older file is brought up in one transaction. The connection may be used by
    several threads, one at a time. Raises StateError when the file is empty, damaged, not a database, older than
    the first migration, or written by a newer meshtui; nothing is ever created over a file that exists.
    """
    try:
        if not path.exists():
            _create(path, version, schema)
        elif path.stat().st_size == 0:
            raise StateError(f"{path} is empty.", fix=_restore(path))
        # looked at without the right to write: a file that is refused stays as it is, to its last byte
        with contextlib.closing(open_database_for_reading(path)) as looking:
            looking.text_factory = lambda data: data.decode(errors="replace")  # a report may quote damaged names
            _check(looking, path, oldest=version - len(migrations), newest=version)
            # the version alone does not make a file ours
            if schema_version(looking) == version and (lost := missing_tables(looking, schema)):
                raise StateError(f"{path} is damaged: it has no {', '.join(lost)}.", fix=_restore(path))
        connection = sqlite3.connect(path, timeout=_BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            _migrate(connection, version, migrations)
        except BaseException:
            connection.close()
            raise
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise _unusable(path, error) from error
    return connection


def open_database_for_reading(path: Path) -> sqlite3.Connection:
    """Open a database that another process writes. Raises StateError when it cannot be read."""
    if not path.exists():
        raise StateError(f"There is no {path}.", fix=_restore(path))
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_MS / 1000, isolation_level=None
        )
        connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    return connection


def missing_tables(connection: sqlite3.Connection, schema: str) -> list[str]:
    """The tables and indexes of `schema` that a file has not; more than those may be in it."""
    with contextlib.closing(sqlite3.connect(":memory:")) as model:
        model.executescript(schema)
        return sorted(_names(model) - _names(connection))


def fix_for(error: Exception, path: Path) -> str:
    """What to do about an error of SQLite's or the system's, by whether the machine or the file is at fault."""
    return _machine(error) or _restore(path)


def file_of(connection: sqlite3.Connection) -> Path:
    """Which file a connection has open."""
    return Path(connection.execute("PRAGMA database_list").fetchone()[2])


def schema_version(connection: sqlite3.Connection) -> int:
    """Which schema a file has."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check(connection: sqlite3.Connection, path: Path, *, oldest: int, newest: int) -> None:
    verdict = connection.execute("PRAGMA quick_check").fetchone()[0]
    found = schema_version(connection)
    if verdict != "ok":
        raise StateError(f"{path} is damaged: {verdict}.", fix=_restore(path))
    if found > newest:
        raise StateError(
            f"{path} was written by a newer meshtui (schema {found}, this one knows {newest}).",
            fix="Run the newer meshtui, or choose another directory with --state.",
        )
    if found < oldest:
        raise StateError(f"{path} has the unknown schema {found} (this one knows {newest}).", fix=_restore(path))


def _names(connection: sqlite3.Connection) -> set[str]:
    return {
        str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'index')")
    }


def _migrate(connection: sqlite3.Connection, version: int, migrations: Sequence[Migration]) -> None:
    missing = version - schema_version(connection)
    if not missing:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for migration in migrations[-missing:]:
            migration(connection)
        connection.execute(f"PRAGMA user_version={version:d}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # on a full disk SQLite has rolled it back itself
            connection.execute("ROLLBACK")
        raise


def _create(path: Path, version: int, schema: str) -> None:
    # made beside and renamed: a crash half-way must not leave an empty file that looks like a damaged one
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    connection = sqlite3.connect(draft, isolation_level=None)
    try:
        connection.executescript(f"BEGIN; {schema} PRAGMA user_version={version:d}; COMMIT;")
    finally:
        connection.close()
    draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _unusable(path: Path, error: Exception) -> StateError:
    problem = "opened" if _machine(error) else "read as a database"
    return StateError(f"{path} cannot be {problem}: {error}.", fix=fix_for(error, path))


def _machine(error: Exception) -> str:
    if isinstance(error, OSError):
        return _ROOM
    # the low byte is the kind of an error, what is above it a detail of that
    return _MACHINE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, "")


def _restore(path: Path) -> str:
    return f"Restore {path.name} from a backup, or choose another directory with --state."
