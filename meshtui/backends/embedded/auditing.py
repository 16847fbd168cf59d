"""The time line of a mesh: what the CA issued and refused, what was configured, denied and done, in one.

Files are read in a thread, newest first and no further than they are needed, each over a connection of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from meshtui.backends.embedded.issued import as_history
from meshtui.backends.embedded.resolving import resolve
from meshtui.ca.ledger import LedgerReader
from meshtui.config.journal import CONFIGURATION, reading_journal
from meshtui.mesh.filter import Filter
from meshtui.mesh.filters.audit import ENTRIES
from meshtui.mesh.rows import HistoryEntry
from meshtui.mesh.traffic import KINDS, AuditQuery, Call
from meshtui.present.ends import caller_name
from meshtui.telemetry.counts import text_of

if TYPE_CHECKING:
    from meshtui.backends.embedded.core import MeshCore

LONGEST = 100_000
"""Entries in one answer."""
LOOK_BACK = 200_000
"""Newest decisions of the CA, and actions of operators, that a filter is tried on."""


async def audit(core: MeshCore, query: AuditQuery) -> list[HistoryEntry]:
    """Newest first. Raises UsageError for a SPIFFE ID of nobody, StateError when a file cannot be read."""
    wanted, limit = Filter.parse(query.filter, ENTRIES).at(core.clock()), min(max(query.limit, 0), LONGEST)
    kinds = frozenset(query.kinds or KINDS)
    target = resolve(core, query.target) if query.target.startswith("spiffe://") else query.target
    found: list[HistoryEntry] = []
    if "denied" in kinds:
        fits = (lambda call: wanted.fits(_as_entry(call))) if wanted.tests else None
        calls = await core.observed.denials.read(wanted.words, target=target, since=query.since, fits=fits, limit=limit)
        found += map(_as_entry, calls)
    pods = {each.pod_uid: runtime.target for runtime in core.workloads.values() for each in runtime.identities}
    pod = core.workloads[target].identity.pod_uid if target in core.workloads else None

    def read() -> Iterator[HistoryEntry]:
        if kinds & {"issued", "refused"}:
            with contextlib.closing(LedgerReader(core.paths.ledger)) as ledger:
                yield from chosen(_decisions(ledger, pod, target, pods, core.settings.trust_domain))
        if kinds & {CONFIGURATION, "operator"}:
            with reading_journal(core.paths.store) as journal:
                yield from chosen(journal.newest(target))

    def chosen(entries: Iterable[HistoryEntry]) -> Iterator[HistoryEntry]:
        newest = islice(entries, LOOK_BACK)
        recent = takewhile(lambda each: query.since is None or each.at >= query.since, newest)
        return islice((each for each in recent if each.kind in kinds and wanted.match(each, _text(each))), limit)

    found += await asyncio.to_thread(lambda: list(read()))
    return sorted(found, key=lambda each: each.at, reverse=True)[:limit]


def _decisions(
    ledger: LedgerReader, pod: str | None, target: str, pods: Mapping[str, str], trust_domain: str
) -> Iterator[HistoryEntry]:
    entries = ledger.newest(pod_uid=pod) if pod else ledger.newest(target=target or None)
    return (as_history(each, pods, trust_domain) for each in entries)


def _as_entry(call: Call) -> HistoryEntry:
    answered = f"{call.status}" if call.status else "connection refused"
    why = call.policy or call.details
    return HistoryEntry(
        at=call.at,
        kind="denied",
        target=call.destination,
        actor=call.source or caller_name(call),
        text=f"{text_of(call)}: {answered}, {why}" if call.method else f"{answered}: {why}",
        outcome=call.outcome.value,
        policy=call.policy,
        reason=call.details,
    )


def _text(entry: HistoryEntry) -> str:
    """All that a filter looks at."""
    return "\0".join((entry.kind, entry.target, entry.actor, entry.text, entry.outcome, entry.serial)).casefold()
