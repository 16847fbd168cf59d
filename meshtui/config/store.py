"""Where the manifests of an embedded mesh live: the counterpart of the Kubernetes API server's storage.

Keeps documents as they were applied, with the metadata that a server adds. It validates nothing: what is
stored was parsed by `manifest` first. Holds the data of Secrets, so its file is readable by the owner alone.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from meshtui.config.strict_default import add_strict_default
from meshtui.database import file_of, fix_for, open_database
from meshtui.errors import StateError
from meshtui.manifest.model import ObjectKey, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTHING: Mapping[ObjectKey, Mapping[str, Any] | None] = MappingProxyType({})
VERSION = 3
_PREVIOUS = """
CREATE TABLE previous (
  namespace TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL,
  PRIMARY KEY (namespace, name)) WITHOUT ROWID;
"""
"""Of each Secret whose key pair was replaced the document before that, so that it can be brought back. Version 2."""
SCHEMA = f"""
CREATE TABLE objects (
  kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  uid TEXT NOT NULL, created_at TEXT NOT NULL, revision INTEGER NOT NULL, document TEXT NOT NULL,
  PRIMARY KEY (kind, namespace, name)) WITHOUT ROWID;
CREATE TABLE actions (
  id INTEGER PRIMARY KEY, started_at TEXT NOT NULL, ended_at TEXT, actor TEXT NOT NULL, verb TEXT NOT NULL,
  target TEXT NOT NULL, outcome TEXT NOT NULL, text TEXT NOT NULL, serial TEXT NOT NULL);
CREATE INDEX actions_by_target ON actions (target, id);
{_PREVIOUS}"""


def open_config(path: Path) -> sqlite3.Connection:
    """Open the file that store and journal share; raises StateError when it is damaged."""
    return open_database(path, version=VERSION, schema=SCHEMA, migrations=(_add_previous, add_strict_default))


def _add_previous(connection: sqlite3.Connection) -> None:
    connection.execute(_PREVIOUS)


@contextmanager
def reading(connection: sqlite3.Connection) -> Iterator[None]:
    """Raises StateError when the file cannot be read after all."""
    try:
        yield
    except sqlite3.Error as error:
        fix = fix_for(error, file_of(connection))
        raise StateError(f"The configuration cannot be read: {error}.", fix=fix) from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, on disk before it returns; raises StateError when the disk does not take it."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # on a full disk SQLite has rolled it back itself
                connection.execute("ROLLBACK")
            raise
    except sqlite3.Error as error:
        fix = fix_for(error, file_of(connection))
        raise StateError(f"The mesh's configuration could not be written: {error}.", fix=fix) from error


class ManifestStore:
    """Documents by kind, namespace and name."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def documents(self) -> list[dict[str, Any]]:
        """Every document, with server-set metadata (uid, creationTimestamp, resourceVersion), in key order."""
        query = "SELECT uid, created_at, revision, document FROM objects ORDER BY kind, namespace, name"
        with reading(self._connection):
            return [_dressed(*row) for row in self._connection.execute(query)]

    def uid(self, key: ObjectKey) -> str:
        """The identity of the object that has this name now; empty when there is none."""
        row = self._connection.execute(
            "SELECT uid FROM objects WHERE kind = ? AND namespace = ? AND name = ?", (key.kind, key.namespace, key.name)
        ).fetchone()
        return str(row[0]) if row else ""

    def previous(self) -> list[dict[str, Any]]:
        """The version before today's of each Secret that has one; holds private keys."""
        with reading(self._connection):
            return [json.loads(row[0]) for row in self._connection.execute("SELECT document FROM previous")]

    def put(
        self,
        documents: Iterable[tuple[ObjectKey, Mapping[str, Any]]],
        now: datetime,
        previous: Mapping[ObjectKey, Mapping[str, Any] | None] = NOTHING,
    ) -> None:
        """Create or replace all of them, or none. `previous` says what is kept as the version before, None for none;
        where it says nothing, what was kept is kept.
        """
        with transaction(self._connection):
            for key, before in previous.items():
                self._forget_previous(key)
                if before is not None:
                    row = (key.namespace, key.name, json.dumps(before))
                    self._connection.execute("INSERT INTO previous VALUES (?, ?, ?)", row)
            for key, document in documents:
                self._connection.execute(
                    "INSERT INTO objects VALUES (?, ?, ?, ?, ?, 1, ?) ON CONFLICT DO UPDATE"
                    " SET document = excluded.document, revision = revision + 1",
                    (key.kind, key.namespace, key.name, str(uuid.uuid4()), now.isoformat(), json.dumps(document)),
                )

    def remove(self, keys: Iterable[ObjectKey]) -> None:
        """Forget all of them, and the versions before."""
        with transaction(self._connection):
            for key in keys:
                self._connection.execute(
                    "DELETE FROM objects WHERE kind = ? AND namespace = ? AND name = ?",
                    (key.kind, key.namespace, key.name),
                )
                if key.kind == Secret.kind:
                    self._forget_previous(key)

    def _forget_previous(self, key: ObjectKey) -> None:
        self._connection.execute("DELETE FROM previous WHERE namespace = ? AND name = ?", (key.namespace, key.name))


def _dressed(uid: str, created_at: str, revision: int, document: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(document)
    metadata = dict(loaded.get("metadata", {}))
    metadata |= {"uid": uid, "creationTimestamp": created_at, "resourceVersion": str(revision)}
    return loaded | {"metadata": metadata}
