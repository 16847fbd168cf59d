"""The part `ledger`: how fast the newest decisions about someone are found among a million, and how long a check takes.

The ledger is filled in bulk, with the CA's own schema, chain and seal but not through its transactions, which would
take minutes; how fast those are is a row of its own.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256

from meshtui.ca.chain import COVERED, START, Kind, digest, link
from meshtui.ca.ledger import Ledger, LedgerReader
from meshtui.ca.ledger_rows import text
from meshtui.ca.profile import mesh_root_subject, root_builder
from meshtui.ca.records import Applicant, Intent, LedgerEntry, Policy
from meshtui.ca.seal import sign_head
from meshtui.ca.signer import Signer
from meshtui.ca.verify_ledger import verify_ledger
from meshtui.identity.keys import new_key
from tests.bench.table import Row, percentile

IDENTITIES, GATEWAYS = 500, 50
"""Who the decisions are about, in turn, so that no two about the same are near each other on the disk."""
NEWEST = 200
GROUP = 500
GROUPS = 20
PEM = "x" * 850
_DECISION = ("state", *COVERED[Kind.INTENT], "pem")
_EVENT = ("number", "kind", "decision", "digest", "hash")


def measure() -> list[Row]:
    """200,000 decisions; a million with BENCH_WHOLE."""
    rows = 1_000_000 if os.environ.get("BENCH_WHOLE") else 200_000
    now, key = datetime.now(UTC), new_key()
    root = Signer("root", root_builder(mesh_root_subject("bench"), key.public_key(), 7, now).sign(key, SHA256()), key)
    with tempfile.TemporaryDirectory(prefix="meshtui-ledger-") as folder:
        path = Path(folder) / "ledger.db"
        _fill(path, rows, now, root)
        found = _read(path, rows)
        opened = _timed(lambda: _open(path, root).close())
        verified = _timed(lambda: _verify(path, root))
        size = path.stat().st_size / rows
        written = GROUP * GROUPS / _timed(lambda: _decide(path, root, now, rows + 1))
    return [
        *found,
        (f"`history --verify` of {rows:,} decisions", f"{verified:.1f} s", "-"),
        ("opening that ledger, integrity check included", f"{opened:.1f} s", "-"),
        ("bytes on disk for each certificate", f"{size:.0f}", "-"),
        (f"decisions written in groups of {GROUP}, two events each", f"{written:,.0f} /s", "-"),
    ]


def _read(path: Path, rows: int) -> list[Row]:
    """Everyone's newest, once: the first time that SQLite and this process see them."""
    reader, table = LedgerReader(path), list[Row]()
    asks: dict[str, tuple[int, Callable[[int], Sequence[LedgerEntry]]]] = {
        "identity": (IDENTITIES, lambda number: reader.entries(identity=_identity(number), limit=NEWEST)),
        "pod": (IDENTITIES, lambda number: reader.entries(pod_uid=f"uid-{number}", limit=NEWEST)),
        "target": (GATEWAYS, lambda number: reader.entries(target=_target(number), limit=NEWEST)),
    }
    for what, (count, ask) in asks.items():
        samples = []
        for number in range(count):
            begun = time.perf_counter()
            found = ask(number)
            samples.append((time.perf_counter() - begun) * 1000)
            assert len(found) == NEWEST
        samples.sort()
        spread = f"p50 {percentile(samples, 0.5):.1f} ms, worst of {count} {samples[-1]:.1f} ms"
        name = f"newest {NEWEST} of one {what} among {rows:,}, p99 ({spread})"
        table.append((name, f"{percentile(samples, 0.99):.1f} ms", "10 ms"))
    reader.close()
    return table


def _verify(path: Path, root: Signer) -> None:
    problems = verify_ledger(path, root.pem.encode()).problems
    assert not problems, problems


def _open(path: Path, root: Signer) -> Ledger:
    """As the CA does when it starts."""
    ledger = Ledger.open(path)
    ledger.seal_with(root)
    return ledger


def _decide(path: Path, root: Signer, now: datetime, first: int) -> None:
    """Decisions as the CA writes them when many wait, from one number on."""
    ledger = _open(path, root)
    for group in range(GROUPS):
        ledger.begin()
        for number in range(first + group * GROUP, first + (group + 1) * GROUP):
            ledger.rows.issued(ledger.rows.intend(_intent(number, now)), PEM)
        ledger.finish()
        ledger.commit()
    ledger.close()


def _fill(path: Path, rows: int, now: datetime, root: Signer) -> None:
    """Issued certificates, each with its two events, numbered from 1, and the signed head."""
    Ledger.open(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-500000")  # kilobytes: serials are in no order
    connection.execute("BEGIN")
    connection.execute("INSERT INTO signers VALUES ('root')")
    latest = START
    for first in range(1, rows + 1, 10_000):
        decisions = [_values(number, now) for number in range(first, min(first + 10_000, rows + 1))]
        connection.executemany(_insert("decisions", _DECISION), (("issued", *values, PEM) for values in decisions))
        events: list[tuple[Any, ...]] = []
        for number, values in enumerate(decisions, first):
            for offset, kind, content in ((-1, Kind.INTENT, values), (0, Kind.ISSUED, (number, PEM))):
                covered = digest(kind, content)
                latest = link(latest, 2 * number + offset, kind, number, covered)
                events.append((2 * number + offset, kind, number, covered, latest))
        connection.executemany(_insert("events", _EVENT), events)
    head = sign_head(2 * rows, latest, now, root)
    connection.execute(_insert("head", ("id", *head.document)), (1, *head.document.values()))
    connection.execute("COMMIT")
    connection.close()


def _values(number: int, now: datetime) -> tuple[Any, ...]:
    """What the intent of a decision says, in the order of the chain."""
    intent = _intent(number, now)
    known = {"number": number, **vars(intent.applicant), **vars(intent)}
    values = (known[name] for name in COVERED[Kind.INTENT])
    return tuple(text(value) if isinstance(value, datetime) else value for value in values)


def _intent(number: int, now: datetime) -> Intent:
    """Every tenth is a gateway's, the others are workloads'."""
    turn, rest = divmod(number, 10)
    who = (turn * 9 + rest) % IDENTITIES
    identity = _identity(who) if rest < 9 else f"{turn % GATEWAYS}.example.com"
    applicant = (
        Applicant(namespace="prod", pod_name=f"pod-{who}", pod_uid=f"uid-{who}", actor="prod/sa", authenticator="token")
        if rest < 9
        else Applicant(target=_target(turn % GATEWAYS), actor="sre", authenticator="socket")
    )
    return Intent(
        at=now,
        applicant=applicant,
        authority="root",
        serial=f"{number * 0x9E3779B97F4A7C15 % 2**64:032x}",
        identity=identity,
        csr_sha256="c" * 64,
        public_key_sha256="d" * 64,
        requested_names=identity,
        requested_seconds=0,
        effective_seconds=86_400,
        limited_by="default",
        not_before=now,
        not_after=now + timedelta(days=1),
        policy=Policy.OWN_IDENTITY if rest < 9 else Policy.GATEWAY,
    )


def _identity(number: int) -> str:
    return f"spiffe://cluster.local/ns/prod/sa/service-{number}"


def _target(number: int) -> str:
    return f"gateway/edge/{number}"


def _insert(table: str, columns: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


def _timed(work: Callable[[], object]) -> float:
    """Seconds."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
