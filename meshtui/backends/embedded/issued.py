"""The ledger's entries as the mesh shows them."""

from __future__ import annotations

from functools import lru_cache

from meshtui.ca.records import LedgerEntry, State
from meshtui.identity.facts import CertificateFacts
from meshtui.identity.inspect import facts, load_certificates
from meshtui.identity.svid import Svid
from meshtui.mesh.rows import HistoryEntry

_OUTCOMES = {State.INTENT: "started", State.ISSUED: "ok", State.FAILED: "failed", State.REFUSED: "refused"}


def recorded(entry: LedgerEntry, held: Svid | None = None) -> CertificateFacts | None:
    """The certificate of an entry; None when none was signed. If it is the one that is `held`, it is not read again."""
    if held is not None and entry.pem.encode() == held.leaf_pem:
        return held.facts
    return _read(entry.pem) if entry.pem else None


@lru_cache(maxsize=256)
def _read(pem: str) -> CertificateFacts:
    return facts(load_certificates(pem)[0])


def as_history(entry: LedgerEntry, target: str) -> HistoryEntry:
    """An entry for a list, under the target that it is about."""
    refused = entry.state is State.REFUSED
    text = entry.detail if entry.detail else f"{entry.identity} by {entry.authority}, by {entry.authenticator}"
    if entry.count > 1:
        text = f"{text} ({entry.count} times, last at {entry.last_at:%H:%M:%SZ})"
    return HistoryEntry(
        at=entry.at,
        kind="refused" if refused else "issued",
        target=target,
        actor=entry.actor,
        text=text,
        outcome=_OUTCOMES[entry.state],
        serial=entry.serial,
        not_after=entry.not_after,
    )
