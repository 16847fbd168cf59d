"""The part `ledger`: a million decisions, how fast the newest of one identity are found, and how long a check takes."""

from __future__ import annotations

import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256

from meshtui.ca.ledger import Ledger, LedgerReader
from meshtui.ca.profile import mesh_root_subject, root_builder
from meshtui.ca.records import Applicant, Intent
from meshtui.ca.signer import Signer
from meshtui.ca.verify_ledger import verify_ledger
from meshtui.identity.keys import new_key
from tests.bench.table import Row

IDENTITIES = 1000
GROUP = 500


def measure() -> list[Row]:
    """A million rows, or with BENCH_ROWS fewer."""
    rows = int(os.environ.get("BENCH_ROWS", "1000000"))
    now, key = datetime.now(UTC), new_key()
    root = Signer("root", root_builder(mesh_root_subject("bench"), key.public_key(), 7, now).sign(key, SHA256()), key)
    with tempfile.TemporaryDirectory(prefix="meshtui-ledger-") as folder:
        path = Path(folder) / "ledger.db"
        ledger = Ledger.open(path)
        ledger.seal_with(root)
        begun = time.perf_counter()
        for number in range(0, rows, GROUP):
            _write(ledger, now, number)
        written = time.perf_counter() - begun
        ledger.close()
        reader = LedgerReader(path)
        samples = []
        for number in range(0, IDENTITIES, 37):
            begun = time.perf_counter()
            found = reader.entries(identity=_identity(number), limit=200)
            samples.append((time.perf_counter() - begun) * 1000)
            assert len(found) == min(200, rows // IDENTITIES)
        reader.close()
        begun = time.perf_counter()
        assert not verify_ledger(path, root.pem.encode()).problems
        verified = time.perf_counter() - begun
        begun = time.perf_counter()
        again = Ledger.open(path)
        again.seal_with(root)
        opened = time.perf_counter() - begun
        again.close()
        size = path.stat().st_size / rows
    return [
        (
            f"newest 200 of one identity among {rows:,} decisions, worst of {len(samples)}",
            f"{max(samples):.1f} ms",
            "10 ms",
        ),
        ("the same, median", f"{sorted(samples)[len(samples) // 2]:.1f} ms", "10 ms"),
        (f"`history --verify` of {rows:,} decisions", f"{verified:.1f} s", "-"),
        ("opening that ledger, integrity check included", f"{opened:.1f} s", "-"),
        ("bytes on disk for each certificate", f"{size:.0f}", "-"),
        (f"decisions written in groups of {GROUP}, two events each", f"{rows / written:,.0f} /s", "-"),
    ]


def _write(ledger: Ledger, now: datetime, first: int) -> None:
    ledger.begin()
    for number in range(first, first + GROUP):
        identity = _identity(number % IDENTITIES)
        who = Applicant(
            namespace="prod",
            pod_name=f"pod-{number % IDENTITIES}",
            pod_uid=f"uid-{number % IDENTITIES}",
            actor="prod/sa",
            authenticator="token",
        )
        intent = Intent(
            at=now,
            applicant=who,
            authority="root",
            serial=f"{number * 2654435761 % 2**64:032x}",
            identity=identity,
            csr_sha256="c" * 64,
            public_key_sha256="d" * 64,
            requested_names=identity,
            requested_seconds=0,
            effective_seconds=86_400,
            limited_by="default",
            not_before=now,
            not_after=now + timedelta(days=1),
        )
        ledger.rows.issued(ledger.rows.intend(intent), "x" * 850)
    ledger.finish()
    ledger.commit()


def _identity(number: int) -> str:
    return f"spiffe://cluster.local/ns/prod/sa/service-{number}"
