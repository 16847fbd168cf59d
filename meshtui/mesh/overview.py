"""How a whole mesh stands, in the few values that fit on one screen: what can expire, what comes next, and for how
long everything goes on if the CA dies now. Pure; the rows are counted one by one, so that who has very many can pause.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from math import ceil
from operator import attrgetter, itemgetter

import msgspec

from meshtui.findings import Finding, Severity
from meshtui.mesh.rates import Rates
from meshtui.mesh.rows import Row
from meshtui.mesh.snapshot import Authority, RotationState
from meshtui.mesh.targets import TargetKind
from meshtui.mesh.trouble import in_trouble

_AT_ONCE = 2000
SHARES = 20
"""Bars of the histogram: each a twentieth of a lifetime."""
NEXT = 10
WORST = 10
_WORKLOAD = f"{TargetKind.WORKLOAD}/"
_AUTHORITY = f"{TargetKind.AUTHORITY}/"
_ORDER = tuple(Severity)
_STATE = attrgetter("state._value_")
"""Its text: an enum is hashed in Python, ten times slower."""
_ISSUER = attrgetter("issuer")
_WHEN = itemgetter(0, 1)
_NEVER = float("inf")


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """When workloads fail if the CA issues nothing from now on. All None where no workload has a certificate."""

    workloads: int
    """Those that have a certificate which is good now."""
    first: datetime | None = None
    half: datetime | None = None
    """When half of them, rounded up, have failed."""
    all: datetime | None = None


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """An authority, and how many of the rows it signed."""

    authority: Authority
    issued: int
    row: Row | None = None
    """Its own row."""


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """A mesh at one moment."""

    at: datetime
    total: int
    """Rows: everything that can expire."""
    states: dict[RotationState, int]
    """Of every state how many rows are in it; none is left out."""
    troubled: int
    """Rows that something is wrong with, see `mesh.trouble`."""
    left: tuple[int, ...]
    """Rows by the share of their lifetime that is left, in `SHARES` equal steps from nothing to all of it. Those that
    have expired or have no certificate are in none."""
    next: tuple[Row, ...]
    """The ten that expire next, soonest first."""
    outage: Outage
    signers: tuple[Signer, ...]
    """Soonest to expire first."""
    findings: tuple[Finding, ...]
    """The worst ten."""
    severities: dict[Severity, int]
    """Of every severity how many findings there are."""
    findings_complete: bool = True
    """False when so many rows are in trouble that findings were only made for those soonest to expire."""
    rates: Rates


class Census:
    """Counts rows as of a moment; `overview` then says what they come to."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._total = self._troubled = 0
        self._states: Counter[str] = Counter()
        self._left: Counter[int] = Counter()
        self._next: list[tuple[float, str, Row]] = []
        self._ends: list[float] = []
        """Seconds that the workloads have left."""
        self._issuers: Counter[str] = Counter()
        self._signing: dict[str, Row] = {}

    def count(self, rows: Sequence[Row]) -> None:
        """Some more rows, none of which may be counted twice.

        One tight loop after another: this is done over and over, of 100,000 rows.
        """
        for begin in range(0, len(rows), _AT_ONCE):
            self._count(rows[begin : begin + _AT_ONCE])

    def _count(self, rows: Sequence[Row]) -> None:
        now = self._now
        self._total += len(rows)
        self._troubled += sum(map(in_trouble, rows))
        self._states.update(map(_STATE, rows))
        self._issuers.update(map(_ISSUER, rows))
        signing = [row for row in rows if row.target.startswith(_AUTHORITY)]
        self._issuers.subtract([row.issuer for row in signing])
        self._signing.update((row.target, row) for row in signing)
        # seconds from now, below zero for what is past; twice as fast as timestamps
        ends = [-1.0 if row.not_after is None else (row.not_after - now).total_seconds() for row in rows]
        starts = [_NEVER if row.issued_at is None else (row.issued_at - now).total_seconds() for row in rows]
        self._ends += [end for end, row in zip(ends, rows, strict=True) if end > 0 and row.target.startswith(_WORKLOAD)]
        lives = zip(ends, starts, strict=True)
        self._left.update([int(end / (end - start) * SHARES) for end, start in lives if 0 < end > start])
        edge = self._next[-1][0] if len(self._next) == NEXT else _NEVER
        sooner = [(end, row.target, row) for end, row in zip(ends, rows, strict=True) if 0 < end <= edge]
        self._next = heapq.nsmallest(NEXT, [*self._next, *sooner], key=_WHEN)

    def overview(
        self, authorities: Iterable[Authority], findings: Iterable[Finding], rates: Rates, *, complete: bool = True
    ) -> Overview:
        """What the rows come to, with what is known beside them."""
        found = sorted(findings, key=lambda each: _ORDER.index(each.severity))
        severities = Counter(each.severity for each in found)
        signers = sorted(authorities, key=lambda each: (each.certificate.not_after, each.target))
        return Overview(
            at=self._now,
            total=self._total,
            states={state: self._states[state.value] for state in RotationState},
            troubled=self._troubled,
            left=tuple(_bars(self._left)),
            next=tuple(row for _, _, row in self._next),
            outage=self._outage(),
            signers=tuple(self._signer(each) for each in signers),
            findings=tuple(found[:WORST]),
            severities={severity: severities[severity] for severity in Severity},
            findings_complete=complete,
            rates=rates,
        )

    def _outage(self) -> Outage:
        if not self._ends:
            return Outage(workloads=0)
        self._ends.sort()
        first, last = self._ends[0], self._ends[-1]
        half = self._ends[ceil(len(self._ends) / 2) - 1]
        return Outage(
            workloads=len(self._ends),
            first=self._now + timedelta(seconds=first),
            half=self._now + timedelta(seconds=half),
            all=self._now + timedelta(seconds=last),
        )

    def _signer(self, authority: Authority) -> Signer:
        names = {short_name(authority), authority.target.removeprefix(_AUTHORITY)}
        issued = sum(self._issuers[name] for name in names)
        return Signer(authority=authority, issued=issued, row=self._signing.get(authority.target))


def _bars(left: Counter[int]) -> Iterator[int]:
    """More than the whole is left where a clock is behind that of the CA."""
    counts = sorted(left.items())
    for bar in range(SHARES):
        yield sum(count for step, count in counts if min(step, SHARES - 1) == bar)


def short_name(authority: Authority) -> str:
    """What rows call their issuer: its common name or organization."""
    subject = authority.certificate.subject
    parts = dict(part.partition("=")[::2] for part in subject.split(","))
    return parts.get("CN") or parts.get("O") or subject
