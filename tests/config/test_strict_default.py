"""Meshes from before policies: none becomes weaker by an update."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from meshtui.config.store import VERSION, ManifestStore, open_config
from meshtui.manifest.documents import parse, parse_document
from meshtui.manifest.model import Manifest
from meshtui.manifest.policy_model import MtlsMode, PeerAuthentication

BEGUN = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 24, 12, tzinfo=UTC)
TABLES = """
CREATE TABLE objects (
  kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  uid TEXT NOT NULL, created_at TEXT NOT NULL, revision INTEGER NOT NULL, document TEXT NOT NULL,
  PRIMARY KEY (kind, namespace, name)) WITHOUT ROWID;
CREATE TABLE actions (
  id INTEGER PRIMARY KEY, started_at TEXT NOT NULL, ended_at TEXT, actor TEXT NOT NULL, verb TEXT NOT NULL,
  target TEXT NOT NULL, outcome TEXT NOT NULL, text TEXT NOT NULL, serial TEXT NOT NULL);
CREATE INDEX actions_by_target ON actions (target, id);
CREATE TABLE previous (
  namespace TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL,
  PRIMARY KEY (namespace, name)) WITHOUT ROWID;
PRAGMA user_version=2;
"""
"""A config.db as it was when there were no policies."""
PROD = "apiVersion: v1\nkind: Namespace\nmetadata: {name: prod}\n"
ROOT = "apiVersion: v1\nkind: Namespace\nmetadata: {name: istio-system, labels: {kept: 'yes'}}\n"
PERMISSIVE = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: own, namespace: prod}
spec: {mtls: {mode: PERMISSIVE}}
"""


def older(path: Path, *texts: str) -> ManifestStore:
    """A store of version 2 with these objects, the first made before the others, opened as it is today."""
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(TABLES)
    for number, text in enumerate(texts):
        (item,) = parse(text, "test")
        ManifestStore(connection).put([(item.key, item.document)], LATER if number else BEGUN)
    connection.close()
    return ManifestStore(open_config(path))


def objects(store: ManifestStore) -> list[Manifest]:
    return [parse_document(each) for each in store.documents()]


def keys(store: ManifestStore) -> list[str]:
    return [str(item.key) for item in objects(store)]


def test_a_mesh_that_was_strict_stays_so(tmp_path: Path) -> None:
    """It gets a mesh-wide PeerAuthentication, in a namespace that is there, as old as the mesh, and only once."""
    store = older(tmp_path / "config.db", PROD)
    assert keys(store) == ["Namespace istio-system", "Namespace prod", "PeerAuthentication istio-system/default"]
    added = objects(store)[-1]
    assert isinstance(added, PeerAuthentication)
    assert (added.mode, added.selector, added.port_modes) == (MtlsMode.STRICT, {}, {})
    assert store.documents()[-1]["metadata"]["creationTimestamp"] == BEGUN.isoformat()
    store.remove([added.key])
    assert keys(ManifestStore(open_config(tmp_path / "config.db"))) == ["Namespace istio-system", "Namespace prod"]


def test_what_is_added_is_as_if_it_had_been_applied(tmp_path: Path) -> None:
    """Applying it again changes nothing but its revision."""
    store = older(tmp_path / "config.db", PROD)
    for before in (store.documents()[0], store.documents()[-1]):
        item = parse_document(before)
        uid = store.uid(item.key)
        store.put([(item.key, item.document)], LATER)
        (after,) = (each for each in store.documents() if parse_document(each).key == item.key)
        assert uid == store.uid(item.key) != ""
        assert _without_revision(after) == _without_revision(before)


def _without_revision(document: dict[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in document["metadata"].items() if name != "resourceVersion"}
    return document | {"metadata": metadata}


@pytest.mark.parametrize(
    ("texts", "left"),
    [
        ((), []),
        (
            (PROD, PERMISSIVE),
            ["Namespace prod", "PeerAuthentication prod/own"],
        ),
    ],
    ids=["not begun", "has its own"],
)
def test_who_has_nothing_or_a_policy_gets_none(tmp_path: Path, texts: tuple[str, ...], left: list[str]) -> None:
    """A mesh that has not begun gets what it is given; one that says something itself is left alone."""
    assert left == keys(older(tmp_path / "config.db", *texts))


def test_a_namespace_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    """Its labels stay."""
    store = older(tmp_path / "config.db", ROOT)
    assert keys(store) == ["Namespace istio-system", "PeerAuthentication istio-system/default"]
    assert store.documents()[0]["metadata"]["labels"] == {"kept": "yes"}


def test_a_fresh_store_is_empty(tmp_path: Path) -> None:
    """And of today's version, so that nothing is ever added to it later."""
    connection = open_config(tmp_path / "config.db")
    assert ManifestStore(connection).documents() == []
    assert connection.execute("PRAGMA user_version").fetchone()[0] == VERSION
