"""The ledger knows every decision, and never forgets one that counts."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256

from meshtui.ca import ledger as ledger_module
from meshtui.ca import schema
from meshtui.ca.ledger import Ledger, LedgerReader
from meshtui.ca.profile import mesh_root_subject, root_builder
from meshtui.ca.records import Applicant, Intent, Policy, State
from meshtui.ca.signer import Signer
from meshtui.ca.verify_ledger import verify_ledger
from meshtui.errors import StateError
from meshtui.identity.keys import new_key
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
    policy=Policy.OWN_IDENTITY,
)

_KEY = new_key()
ROOT = Signer(
    "root", root_builder(mesh_root_subject("cluster.local"), _KEY.public_key(), 7, NOW).sign(_KEY, SHA256()), _KEY
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def _sealed(path: Path, now: datetime = NOW) -> Ledger:
    ledger = Ledger.open(path, lambda: now)
    ledger.seal_with(ROOT)
    return ledger


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
    for name in ("csr_sha256", "public_key_sha256", "requested_names", "not_before", "not_after", "policy"):
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


def test_decisions_of_late_are_told_with_how_often(path: Path) -> None:
    """Oldest first, the newest ones if there are too many, strangers as often as they came, and nothing older."""
    ledger = _sealed(path)
    _issue(ledger, INTENT)
    for second in (1, 2, 3):
        ledger.refused(Applicant(), "no-credential", "why", NOW + timedelta(seconds=second))
    reader = LedgerReader(path)
    issued, refused = (NOW, True, 1), (NOW + timedelta(seconds=1), False, 3)
    assert [issued, refused] == reader.decisions(NOW, 10)
    assert [refused] == reader.decisions(NOW, 1) == reader.decisions(NOW + timedelta(seconds=1), 10)


def test_an_interrupted_intent_fails_at_the_next_start(path: Path) -> None:
    """What a crash left undone was never handed out; the next start says so, and its serial stays used."""
    first = _sealed(path)
    number = first.intend(INTENT)
    first._connection.close()
    second = _sealed(path)
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
    """Callers can fill neither the disk nor a row; certificates are never dropped for refusals."""
    monkeypatch.setattr(ledger_module, "MAX_REFUSALS", 50)
    ledger = _sealed(path)
    _issue(ledger, INTENT)
    for _ in range(199):
        ledger.refused(replace(APPLICANT, actor="x" * 10_000), "bad-csr", "y" * 10_000, NOW)
    entries = LedgerReader(path).entries(limit=1000)
    assert 51 <= len(entries) <= 51 + 100
    assert entries[-1].serial == "a1"
    assert max(len(entry.detail) + len(entry.actor) for entry in entries) <= 1000
    assert verify_ledger(path, ROOT.pem.encode()).problems == ()


def test_strangers_are_counted_and_not_listed(path: Path) -> None:
    """Refusals before anyone is authenticated are one entry for each reason and minute, with the first as sample."""
    ledger = _sealed(path)
    for second in range(60):
        for _ in range(5):
            ledger.refused(Applicant(), "no-credential", f"sample {second}", NOW + timedelta(seconds=second))
    ledger.refused(Applicant(), "bad-credential", "other", NOW + timedelta(seconds=59))
    other, counted = LedgerReader(path).entries()
    assert (counted.reason, counted.detail, counted.count) == ("no-credential", "sample 0", 300)
    assert (counted.at, counted.last_at) == (NOW, NOW + timedelta(seconds=59))
    assert (other.reason, other.count) == ("bad-credential", 1)
    ledger.refused(Applicant(), "no-credential", "next minute", NOW + timedelta(seconds=60))
    assert LedgerReader(path).entries()[0].detail == "next minute"
    assert verify_ledger(path, ROOT.pem.encode()).problems == ()


def test_a_minute_that_a_crash_cut_short_is_closed_at_the_next_start(path: Path) -> None:
    """What was counted until then stays, and is vouched for from then on."""
    _sealed(path).refused(Applicant(), "no-credential", "why", NOW)
    ledger = _sealed(path)
    ledger.refused(Applicant(), "no-credential", "why", NOW)
    ledger.close()
    assert [entry.count for entry in LedgerReader(path).entries()] == [1, 1]
    assert verify_ledger(path, ROOT.pem.encode()).decisions == 2


def test_only_what_has_been_expired_for_long_is_dropped(path: Path) -> None:
    """The beginning of a ledger goes 90 days after its last certificate expired, signed for; the rest is untouched."""
    ledger = _sealed(path, NOW)
    for number in range(5):
        _issue(ledger, replace(INTENT, serial=f"{number:x}"))
    ledger.refused(APPLICANT, "bad-csr", "why", NOW)
    _issue(ledger, replace(INTENT, serial="e1", authority="gateways/x", not_after=NOW + timedelta(days=30)))
    _issue(ledger, replace(INTENT, serial="a7"))
    ledger.close()
    _sealed(path, NOW + timedelta(days=90)).close()
    assert len(LedgerReader(path).entries()) == 8
    again = _sealed(path, NOW + timedelta(days=92))
    assert [entry.serial for entry in LedgerReader(path).entries()] == ["a7", "e1"]
    verdict = verify_ledger(path, ROOT.pem.encode())
    assert (verdict.problems, verdict.decisions) == ((), 2)
    again.close()
    last = _sealed(path, NOW + timedelta(days=200))
    assert LedgerReader(path).entries() == []
    assert last.has_signed("gateways/x")
    assert verify_ledger(path, ROOT.pem.encode()).problems == ()


def test_an_older_ledger_is_brought_up(path: Path) -> None:
    """A ledger of version 1 keeps its rows, has a chain over them, and its open intent becomes a failure."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(schema._FIRST + "PRAGMA user_version = 1;")
    row = "INSERT INTO decisions (state, at, target, namespace, pod_name, pod_uid, actor, authenticator,"
    for state, serial in (("issued", "a1"), ("refused", None), ("intent", "a2")):
        connection.execute(
            f"{row} serial, authority) VALUES (?, '2026-11-22T00:00:00.000000+00:00', '', 'prod', 'p', 'uid-1',"
            " 'a', 'token', ?, ?)",
            (state, serial, "root" if serial else ""),
        )
    connection.close()
    ledger = _sealed(path, NOW)
    assert ledger.has_signed("root")
    assert [entry.state for entry in LedgerReader(path).entries()] == [State.FAILED, State.REFUSED, State.ISSUED]
    assert verify_ledger(path, ROOT.pem.encode()).problems == ()


def test_a_migration_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older ledger is brought up as a whole or not at all."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(schema._FIRST + "CREATE TABLE head (id); PRAGMA user_version = 1;")
    connection.close()
    with pytest.raises(StateError, match="head"):
        Ledger.open(path)
    connection = sqlite3.connect(path)
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert (connection.execute("PRAGMA user_version").fetchone()[0], "events" in names) == (1, False)
    connection.close()


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
