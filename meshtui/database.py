"""Opens the SQLite files of a mesh so that a damaged or foreign one is never taken for an empty one.

Only says how a file is opened and checked; every statement about its tables is with the ledger or the store.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from meshtui.errors import StateError

_BUSY_MS = 5000


def open_database(path: Path, *, version: int, schema: str) -> sqlite3.Connection:
    """Open `path` durably (WAL, synchronous=FULL), creating it with `schema` if there is no such file.

    `version` is the schema's, kept in `user_version`. Raises StateError when the file is empty, damaged, not a
    database, or written by a newer meshtui; nothing is ever created over a file that exists.
    """
    try:
        if not path.exists():
            _create(path, version, schema)
        elif path.stat().st_size == 0:
            raise StateError(f"{path} is empty.", fix=_restore(path))
        connection = sqlite3.connect(path, timeout=_BUSY_MS / 1000, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            verdict = connection.execute("PRAGMA quick_check").fetchone()[0]
            found = connection.execute("PRAGMA user_version").fetchone()[0]
        except sqlite3.Error:
            connection.close()
            raise
    except (sqlite3.Error, OSError) as error:
        raise StateError(f"{path} cannot be read as a database: {error}.", fix=_restore(path)) from error
    if verdict != "ok" or found != version:
        connection.close()
    if verdict != "ok":
        raise StateError(f"{path} is damaged: {verdict}.", fix=_restore(path))
    if found > version:
        raise StateError(
            f"{path} was written by a newer meshtui (schema {found}, this one knows {version}).",
            fix="Run the newer meshtui, or choose another directory with --state.",
        )
    if found < version:
        raise StateError(f"{path} has the unknown schema {found} (this one knows {version}).", fix=_restore(path))
    return connection


def open_database_for_reading(path: Path) -> sqlite3.Connection:
    """Open a database that another process writes. Raises StateError when it cannot be read."""
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_BUSY_MS / 1000)
        connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        raise StateError(f"{path} cannot be read as a database: {error}.", fix=_restore(path)) from error
    return connection


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


def _restore(path: Path) -> str:
    return f"Restore {path.name} from a backup, or choose another directory with --state."
