"""Whoever touches the ledger behind the CA's back is found out."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256

from meshtui.ca.ledger import Ledger
from meshtui.ca.profile import mesh_root_subject, root_builder
from meshtui.ca.records import Applicant
from meshtui.ca.seal import read_head
from meshtui.ca.signer import Signer
from meshtui.ca.verify_ledger import read_signed_head, verify_ledger
from meshtui.cli.main import run
from meshtui.errors import StateError, UsageError
from meshtui.identity.keys import new_key
from tests.ca.test_ledger import APPLICANT, INTENT, ROOT
from tests.identity.forge import NOW

ROOTS = ROOT.pem.encode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with everything in it."""
    found = tmp_path / "ca" / "ledger.db"
    found.parent.mkdir()
    ledger = Ledger.open(found, lambda: NOW)
    ledger.seal_with(ROOT)
    _write(ledger, 10)
    ledger.refused(APPLICANT, "bad-csr", "why", NOW)
    ledger.refused(Applicant(), "no-credential", "none", NOW)
    ledger.failed(ledger.intend(replace(INTENT, serial="f1")), "signed-wrong", "dates")
    ledger.intend(replace(INTENT, serial="f2"))
    ledger.close()
    (found.parent / "root-cert.pem").write_text(ROOT.pem)
    return found


def _write(ledger: Ledger, count: int, prefix: str = "a") -> None:
    for number in range(count):
        ledger.issued(ledger.intend(replace(INTENT, serial=f"{prefix}{number}")), f"PEM {number}")


def _sql(script: str) -> Callable[[Path], None]:
    def tamper(path: Path) -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.executescript(script)
        connection.close()

    return tamper


def test_a_whole_ledger_passes(path: Path) -> None:
    """Issued, failed, refused and counted decisions, and those that a crash left, are all vouched for."""
    verdict = verify_ledger(path, ROOTS)
    assert (verdict.problems, verdict.decisions) == ((), 14)
    assert verdict.head is not None
    assert verdict.events == verdict.head.count


_EDITABLE = (
    *("at", "actor", "authenticator", "pod_uid", "identity", "serial", "csr_sha256", "public_key_sha256", "pem"),
    *("effective_seconds", "limited_by", "not_after", "requested_names", "authority", "target", "not_before", "policy"),
)


@pytest.mark.parametrize(
    "column",
    _EDITABLE,
)
def test_an_edited_column_is_found(path: Path, column: str) -> None:
    """Whatever of a decision is changed, its number is named."""
    _sql(f"UPDATE decisions SET {column} = {column} || '0' WHERE number = 3")(path)
    assert "Decision 3 was changed" in verify_ledger(path, ROOTS).problems[0]


_SWAP = "UPDATE {0} SET number = -1 WHERE number = 3; UPDATE {0} SET number = 3 WHERE number = 5;"
_SWAP += "UPDATE {0} SET number = 5 WHERE number = -1"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("UPDATE decisions SET detail = 'nothing' WHERE state = 'failed' AND number = 13", "Decision 13 was changed"),
        (
            "UPDATE decisions SET detail = 'nothing', count = 9 WHERE reason = 'no-credential'",
            "Decision 12 was changed",
        ),
        ("UPDATE decisions SET state = 'failed' WHERE number = 3", "Decision 3 is failed, but it became issued"),
        ("UPDATE decisions SET state = 'refused', sealed = 0 WHERE number = 3", "Decision 3 is refused"),
        ("UPDATE decisions SET state = 'issued' WHERE number = 13", "Decision 13 is issued, but it became failed"),
        ("DELETE FROM decisions WHERE number = 3", "Decision 3 is missing"),
        ("DELETE FROM decisions WHERE state = 'refused'", "is missing (refused)"),
        ("DELETE FROM decisions WHERE number > 8", "Decision 9 is missing"),
        ("DELETE FROM events WHERE number > 10; DELETE FROM decisions WHERE number > 5", "ends at event 10, but"),
        ("DELETE FROM events WHERE number = 4", "Event 4 is missing"),
        ("DELETE FROM events WHERE number < 5; DELETE FROM decisions WHERE number < 3", "Event 1 is missing"),
        (_SWAP.format("decisions"), "Decision 3 was changed"),
        (_SWAP.format("events"), "does not follow"),
        ("UPDATE events SET digest = zeroblob(32) WHERE number = 3", "Decision 2 was changed"),
        ("UPDATE events SET kind = 'failed' WHERE number = 4", "Decision 2"),
        ("UPDATE head SET count = 10, hash = (SELECT lower(hex(hash)) FROM events WHERE number = 10)", "does not fit"),
        ("DELETE FROM head", "no signed head"),
        ("DELETE FROM events; DELETE FROM decisions", "ends at event 0"),
        ("UPDATE events SET kind = 'nonsense' WHERE number = 4", "no CA writes"),
        (
            "INSERT INTO decisions (state, at, target, namespace, pod_name, pod_uid, actor, authenticator, serial)"
            " VALUES ('issued', '', '', '', '', '', '', '', 'ff')",
            "11 decisions that are issued; its events speak of 10",
        ),
    ],
)
def test_tampering_is_found(path: Path, script: str, says: str) -> None:
    """Rows and events that were edited, deleted, swapped or slipped in, and heads that the CA did not sign."""
    _sql(script)(path)
    assert says in " ".join(verify_ledger(path, ROOTS).problems)


def test_the_last_rows_cannot_be_cut_off(path: Path) -> None:
    """A ledger that lost its last decisions, events and all, ends before what the CA signed."""
    _sql(
        "DELETE FROM decisions WHERE number > (SELECT max(number) - 3 FROM decisions);"
        "DELETE FROM events WHERE decision NOT IN (SELECT number FROM decisions)"
    )(path)
    assert "but its CA signed" in verify_ledger(path, ROOTS).problems[-1]


def test_an_older_copy_is_found_by_an_exported_head(path: Path, tmp_path: Path) -> None:
    """A whole copy from before passes by itself, and fails against a head that was exported after it was made."""
    shutil.copy(path, tmp_path / "copy.db")
    ledger = Ledger.open(path, lambda: NOW)
    ledger.seal_with(ROOT)
    exported = read_signed_head(path)
    _write(ledger, 3, "b")
    ledger.close()
    newer = replace(read_signed_head(path))
    assert verify_ledger(path, ROOTS, exported).problems == ()
    (tmp_path / "copy.db").replace(path)
    assert verify_ledger(path, ROOTS).problems == ()
    assert "this is an older copy" in verify_ledger(path, ROOTS, newer).problems[0]


def test_another_history_is_found_by_an_exported_head(path: Path, tmp_path: Path) -> None:
    """A copy that was written on differs from the head of the original, though it is longer."""
    shutil.copy(path, tmp_path / "copy.db")
    for file, count, prefix in ((path, 1, "b"), (tmp_path / "copy.db", 4, "c")):
        ledger = Ledger.open(file, lambda: NOW)
        ledger.seal_with(ROOT)
        _write(ledger, count, prefix)
        ledger.close()
    exported = read_signed_head(path)
    assert "is another one" in verify_ledger(tmp_path / "copy.db", ROOTS, exported).problems[0]


def test_another_ca_cannot_sign(path: Path) -> None:
    """A head, of the ledger or exported, that is signed by a key of no root of this mesh is not believed."""
    head = read_signed_head(path)
    forged = replace(head, count=99)
    assert "exported is not the CA's: the signature" in " ".join(verify_ledger(path, ROOTS, forged).problems)
    key = new_key()
    root = root_builder(mesh_root_subject("cluster.local"), key.public_key(), 7, NOW).sign(key, SHA256())
    assert "is not of this mesh" in verify_ledger(path, Signer("root", root, key).pem.encode()).problems[0]


def test_a_checkpoint_must_be_signed(path: Path) -> None:
    """Whoever drops the beginning cannot write the checkpoint for it."""
    for now in (NOW + timedelta(days=300), NOW + timedelta(days=400)):
        ledger = Ledger.open(path, now.replace)
        ledger.seal_with(ROOT)
        ledger.close()
    assert verify_ledger(path, ROOTS).problems == ()
    _sql("UPDATE events SET body = replace(body, '\"certificates\": 10', '\"certificates\": 9')")(path)
    assert "checkpoint" in verify_ledger(path, ROOTS).problems[0]


def test_the_ledger_is_verified_while_the_ca_writes(path: Path) -> None:
    """What is read is one state of the ledger, whatever is written meanwhile."""
    ledger = Ledger.open(path, lambda: NOW)
    ledger.seal_with(ROOT)
    for number in range(20):
        _write(ledger, 1, f"d{number}")
        assert verify_ledger(path, ROOTS).problems == ()


def test_the_command_line_verifies_without_a_mesh(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`history --head` exports, `--verify` passes with 0, and ends with 1 and the reason after an edit."""
    state = ["--state", str(path.parent.parent)]
    assert run(["history", "--head", *state]) == 0
    exported = path.parent / "head.json"
    exported.write_text(capsys.readouterr().out)
    head = json.loads(exported.read_text())
    assert set(head) >= {"count", "hash", "signature", "algorithm", "certificate_serial", "at"}
    assert read_head(exported.read_bytes()) == read_signed_head(path)
    checking = ["history", "--verify", "--against", str(exported), *state]
    assert run(checking) == 0
    assert "is whole" in capsys.readouterr().out
    _sql("UPDATE decisions SET identity = 'spiffe://cluster.local/ns/a/sa/admin' WHERE number = 3")(path)
    assert run(["--json", *checking]) == 1
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert problems == ["Decision 3 was changed after it was recorded (intent)."]
    assert run(["history", "--against", str(exported), *state]) == 2


def test_what_is_no_head_is_an_error(path: Path, tmp_path: Path) -> None:
    """A file that is not an exported head, and a ledger without one, say so."""
    for document in (b"", b"[]", b"{}", b'{"count": {}}', b"\xff"):
        with pytest.raises(UsageError):
            read_head(document)
    empty = tmp_path / "empty.db"
    Ledger.open(empty).close()
    with pytest.raises(StateError, match="no signed head"):
        read_signed_head(empty)
