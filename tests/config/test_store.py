"""Manifests and the journal survive, whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from meshtui.config.journal import Journal
from meshtui.config.store import ManifestStore, open_config
from meshtui.errors import StateError
from meshtui.manifest.model import ObjectKey

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY = ObjectKey("Namespace", "", "prod")
DOCUMENT = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "prod"}}


def test_what_was_put_is_there_after_a_restart(tmp_path: Path) -> None:
    """With the metadata that a server adds."""
    ManifestStore(open_config(tmp_path / "config.db")).put([(KEY, DOCUMENT)], NOW)
    stored = ManifestStore(open_config(tmp_path / "config.db")).documents()[0]
    assert stored["metadata"]["name"] == "prod"
    assert stored["metadata"]["resourceVersion"] == "1"
    assert stored["metadata"]["creationTimestamp"] == "2026-11-23T12:00:00+00:00"


def test_replacing_keeps_the_uid_and_counts_the_revision(tmp_path: Path) -> None:
    """It is the same object, in a newer version."""
    store = ManifestStore(open_config(tmp_path / "config.db"))
    store.put([(KEY, DOCUMENT)], NOW)
    uid = store.uid(KEY)
    store.put([(KEY, DOCUMENT)], NOW)
    assert store.uid(KEY) == uid
    assert store.documents()[0]["metadata"]["resourceVersion"] == "2"


def test_what_is_made_again_is_another_object(tmp_path: Path) -> None:
    """A name that was removed comes back with a new uid."""
    store = ManifestStore(open_config(tmp_path / "config.db"))
    store.put([(KEY, DOCUMENT)], NOW)
    uid = store.uid(KEY)
    store.remove([KEY])
    assert store.documents() == []
    store.put([(KEY, DOCUMENT)], NOW)
    assert store.uid(KEY) != uid


SECRET = ObjectKey("Secret", "prod", "edge")
OLD, NEW = ({"kind": "Secret", "data": {"tls.key": value}} for value in ("b2xk", "bmV3"))


def test_the_version_before_is_kept_until_the_secret_goes(tmp_path: Path) -> None:
    """Across a restart, beside the document and not in it; what is not mentioned is left as it was."""
    store = ManifestStore(open_config(tmp_path / "config.db"))
    store.put([(SECRET, OLD)], NOW)
    assert store.previous() == []
    store.put([(SECRET, NEW)], NOW, {SECRET: OLD})
    store.put([(SECRET, NEW), (KEY, DOCUMENT)], NOW)
    store = ManifestStore(open_config(tmp_path / "config.db"))
    assert store.previous() == [OLD]
    assert "b2xk" not in str(store.documents())
    store.put([(SECRET, OLD)], NOW, {SECRET: None})
    assert store.previous() == []
    store.put([(SECRET, NEW)], NOW, {SECRET: OLD})
    store.remove([KEY])
    assert store.previous() == [OLD]
    store.remove([SECRET])
    assert store.previous() == []


def test_a_file_of_the_first_version_is_brought_up(tmp_path: Path) -> None:
    """With everything that it has, and what the versions since then gave to it."""
    path = tmp_path / "config.db"
    connection = open_config(path)
    ManifestStore(connection).put([(KEY, DOCUMENT)], NOW)
    connection.executescript("DROP TABLE previous; PRAGMA user_version=1;")
    connection.close()
    store = ManifestStore(open_config(path))
    store.put([(SECRET, NEW)], NOW, {SECRET: OLD})
    assert store.previous() == [OLD]
    assert [each["kind"] for each in store.documents()] == ["Namespace", "Namespace", "PeerAuthentication", "Secret"]


def test_the_file_is_the_owners_alone(tmp_path: Path) -> None:
    """It holds the data of Secrets."""
    open_config(tmp_path / "config.db")
    assert (tmp_path / "config.db").stat().st_mode & 0o777 == 0o600


def _newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(b"not a database" * 100), "cannot be read as a database"),
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), "cannot be read as a database|is damaged"),
        (_newer, "newer meshtui"),
    ],
    ids=["empty", "foreign", "truncated", "newer"],
)
def test_a_damaged_file_is_never_replaced(tmp_path: Path, damage: Callable[[Path], object], words: str) -> None:
    """The error names it and says what to do, and the file stays as it is."""
    path = tmp_path / "config.db"
    open_config(path).close()
    damage(path)
    before = path.read_bytes()
    with pytest.raises(StateError, match=words) as caught:
        open_config(path)
    assert str(path) in str(caught.value)
    assert caught.value.fix
    assert path.read_bytes() == before


def _fill(path: Path, connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA max_page_count = 1")  # as many as there are


def _hold(path: Path, connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA busy_timeout = 0")
    _HOLDING.append(sqlite3.connect(path, isolation_level=None))
    _HOLDING[-1].execute("BEGIN IMMEDIATE")


def _lose(path: Path, connection: sqlite3.Connection) -> None:
    with sqlite3.connect(path) as other:
        other.execute("DROP TABLE objects")


_HOLDING: list[sqlite3.Connection] = []


@pytest.mark.parametrize(
    ("fault", "fix"),
    [
        (_fill, "Free some disk space."),
        (_hold, "Another program holds it"),
        (_lose, "Restore config.db from a backup"),
    ],
    ids=["full", "held", "damaged"],
)
def test_what_cannot_be_written_says_what_to_do(
    tmp_path: Path, fault: Callable[[Path, sqlite3.Connection], None], fix: str
) -> None:
    """By what is wrong, and not that the disk is full whatever it is."""
    connection = open_config(tmp_path / "config.db")
    fault(tmp_path / "config.db", connection)
    large = {**DOCUMENT, "data": "x" * 100_000}
    with pytest.raises(StateError, match="could not be written") as caught:
        ManifestStore(connection).put([(KEY, large)], NOW)
    assert fix in caught.value.fix


def test_what_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    """The same for reading."""
    connection = open_config(tmp_path / "config.db")
    _lose(tmp_path / "config.db", connection)
    with pytest.raises(StateError, match="cannot be read") as caught:
        ManifestStore(connection).documents()
    assert "Restore config.db from a backup" in caught.value.fix


def test_an_action_is_on_disk_before_it_begins(tmp_path: Path) -> None:
    """What a crash interrupts is in the journal as started; what ended says how."""
    journal = Journal(open_config(tmp_path / "config.db"))
    journal.begin(actor="ana", verb="rotate", target="workload/a/b", now=NOW)
    second = journal.begin(actor="ben", verb="rotate", target="workload/a/c", now=NOW)
    journal.end(second, outcome="failed", text="the CA refused", serial="", now=NOW)
    entries = Journal(open_config(tmp_path / "config.db")).entries("", 10)
    assert [(entry.actor, entry.target, entry.outcome, entry.text) for entry in entries] == [
        ("ben", "workload/a/c", "failed", "rotate: the CA refused"),
        ("ana", "workload/a/b", "started", "rotate"),
    ]


def test_the_journal_of_one_target(tmp_path: Path) -> None:
    """Others are left out."""
    journal = Journal(open_config(tmp_path / "config.db"))
    for target in ("workload/a/b", "workload/a/c"):
        journal.begin(actor="ana", verb="rotate", target=target, now=NOW)
    assert [entry.target for entry in journal.entries("workload/a/b", 10)] == ["workload/a/b"]
