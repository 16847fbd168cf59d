"""The ledger knows every decision, and never forgets one that counts."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from meshtui.ca import ledger as ledger_module
from meshtui.ca.ledger import Ledger, LedgerReader
from meshtui.ca.records import Applicant, Intent, State
from meshtui.errors import StateError
from tests.identity.forge import HTTPBIN, NOW

APPLICANT = Applicant(
    namespace="prod", pod_name="httpbin-1", pod_uid="uid-1", actor="prod/httpbin", authenticator="token"
)
INTENT = Intent(
    at=NOW,
    applicant=APPLICANT,
    authority="root",
    serial="a1",
    identity=HTTPBIN,
    csr_sha256="c" * 64,
    public_key_sha256="d" * 64,
    requested_names=HTTPBIN,
    requested_seconds=-(2**63),
    effective_seconds=86_400,
    limited_by="default",
    not_before=NOW - timedelta(minutes=2),
    not_after=NOW + timedelta(days=1),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def _issue(ledger: Ledger, intent: Intent, pem: str = "PEM") -> None:
    ledger.issued(ledger.intend(intent), pem)


def test_an_issued_certificate_is_read_by_another(path: Path) -> None:
    """While the CA writes, its owner reads back everything that was recorded."""
    ledger = Ledger.open(path)
    _issue(ledger, INTENT)
    entry = LedgerReader(path).latest_for_pod("uid-1")
    assert entry is not None
    assert (entry.state, entry.at, entry.pem) == (State.ISSUED, NOW, "PEM")
    for name in ("serial", "identity", "authority", "requested_seconds", "effective_seconds", "limited_by"):
        assert getattr(entry, name) == getattr(INTENT, name)
    for name in ("csr_sha256", "public_key_sha256", "requested_names", "not_before", "not_after"):
        assert getattr(entry, name) == getattr(INTENT, name)
    for name in ("target", "namespace", "pod_name", "pod_uid", "actor", "authenticator"):
        assert getattr(entry, name) == getattr(APPLICANT, name)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_newest_certificate_counts(path: Path) -> None:
    """The latest of a pod or target is the last one that was issued, whatever was intended or refused since."""
    ledger = Ledger.open(path)
    gateway = replace(INTENT, applicant=Applicant(target="gateway/a/b"), serial="b1")
    _issue(ledger, INTENT)
    _issue(ledger, replace(INTENT, serial="a2"))
    _issue(ledger, gateway)
    ledger.intend(replace(INTENT, serial="a3"))
    ledger.refused(APPLICANT, "bad-csr", "why", NOW)
    reader = LedgerReader(path)
    latest, served = reader.latest_for_pod("uid-1"), reader.latest_for_target("gateway/a/b")
    assert latest is not None
    assert served is not None
    assert (latest.serial, served.serial) == ("a2", "b1")
    assert reader.latest_for_pod("other") is None
    assert reader.by_serial("ff") is None


def test_entries_are_newest_first(path: Path) -> None:
    """Everything, or what concerns one pod or target, in the order it happened, refusals included."""
    ledger = Ledger.open(path)
    _issue(ledger, INTENT)
    ledger.refused(APPLICANT, "bad-csr", "why", NOW)
    ledger.refused(Applicant(target="gateway/a/b"), "bad-host", "why not", NOW)
    reader = LedgerReader(path)
    assert [entry.reason for entry in reader.entries()] == ["bad-host", "bad-csr", ""]
    assert [entry.state for entry in reader.entries(pod_uid="uid-1")] == [State.REFUSED, State.ISSUED]
    assert [entry.detail for entry in reader.entries(target="gateway/a/b")] == ["why not"]
    assert len(reader.entries(limit=2)) == 2


def test_an_interrupted_intent_fails_at_the_next_start(path: Path) -> None:
    """What a crash left undone was never handed out; the next start says so, and its serial stays used."""
    first = Ledger.open(path)
    number = first.intend(INTENT)
    first.close()
    second = Ledger.open(path)
    entry = LedgerReader(path).by_serial("a1")
    assert entry is not None
    assert (entry.state, entry.reason) == (State.FAILED, "interrupted")
    assert second.has_serial("a1")
    with pytest.raises(StateError):
        second.issued(number, "PEM")


def test_a_failure_keeps_its_reason(path: Path) -> None:
    """An intent that came to nothing says why, and is not the latest certificate of anybody."""
    ledger = Ledger.open(path)
    ledger.failed(ledger.intend(INTENT), "signed-wrong", "dates")
    reader = LedgerReader(path)
    assert [(entry.state, entry.detail) for entry in reader.entries()] == [(State.FAILED, "dates")]
    assert reader.latest_for_pod("uid-1") is None


def test_a_serial_is_used_once(path: Path) -> None:
    """The database itself keeps two certificates from having one serial."""
    ledger = Ledger.open(path)
    _issue(ledger, INTENT)
    with pytest.raises(StateError):
        ledger.intend(INTENT)
    assert (ledger.has_serial("a1"), ledger.has_serial("a2")) == (True, False)
    assert (ledger.has_signed("root"), ledger.has_signed("gateways/x")) == (True, False)


def test_refusals_are_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strangers can fill neither the disk nor a row; certificates are never dropped for refusals."""
    monkeypatch.setattr(ledger_module, "MAX_REFUSALS", 50)
    ledger = Ledger.open(path)
    _issue(ledger, INTENT)
    for _ in range(199):
        ledger.refused(Applicant(actor="x" * 10_000), "bad-csr", "y" * 10_000, NOW)
    entries = LedgerReader(path).entries(limit=1000)
    assert len(entries) == 51
    assert entries[-1].serial == "a1"
    assert max(len(entry.detail) + len(entry.actor) for entry in entries) <= 1000


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"not a database at all" * 50),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: sqlite3.connect(path).execute("PRAGMA user_version = 99").connection.close(),
    ],
    ids=["empty", "foreign", "truncated", "newer"],
)
def test_a_damaged_ledger_is_not_replaced(path: Path, damage: Callable[[Path], object]) -> None:
    """A ledger that cannot be trusted stops the start with its path, and stays as it is."""
    ledger = Ledger.open(path)
    for number in range(50):
        _issue(ledger, replace(INTENT, serial=f"{number:x}"), "PEM" * 100)
    ledger.close()
    damage(path)
    before = path.read_bytes()
    with pytest.raises(StateError, match=r"ledger\.db") as caught:
        Ledger.open(path)
    assert caught.value.fix
    assert before == path.read_bytes()


def test_a_disk_that_fails_is_an_error_and_not_a_loss(path: Path) -> None:
    """When nothing can be written, the caller hears of it, and it works again afterwards."""
    ledger = Ledger.open(path)
    blocker = sqlite3.connect(path, isolation_level=None)
    ledger._connection.execute("PRAGMA busy_timeout = 0")
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateError):
        ledger.intend(INTENT)
    blocker.execute("ROLLBACK")
    blocker.close()
    _issue(ledger, INTENT)


def test_there_is_nothing_to_read_before_the_ca_has_started(path: Path) -> None:
    """A missing ledger is an error with its path."""
    with pytest.raises(StateError, match=r"ledger\.db"):
        LedgerReader(path)
