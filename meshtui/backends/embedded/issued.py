"""The ledger's entries as the mesh shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from meshtui.ca.records import LedgerEntry, Policy, State
from meshtui.identity.facts import CertificateFacts
from meshtui.identity.inspect import facts, load_certificates
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.svid import Svid
from meshtui.mesh.rows import HistoryEntry
from meshtui.present.times import length_in_words

_LIMITS = {
    "request": "as it was asked for",
    "default": "which is the default",
    "signer": "cut to the end of the CA's own certificate",
}
_POLICIES: dict[str, str] = {
    Policy.OWN_IDENTITY: "a token of the mesh names this service account",
    Policy.OUTSIDE_ISSUER: "a token of an issuer given by --oidc names this service account",
    Policy.RENEWAL: "the holder of a certificate of this CA gets the next one",
    Policy.TRUSTED_NODE: "a trusted account may ask for what runs on its node",
    Policy.GATEWAY: "the owner of the mesh may ask for its gateways",
    Policy.OWN_SERVER: "the CA certifies the server that it answers on",
}
_OUTCOMES = {State.INTENT: "started", State.ISSUED: "ok", State.FAILED: "failed", State.REFUSED: "refused"}


def recorded(entry: LedgerEntry, held: Svid | None = None) -> CertificateFacts | None:
    """The certificate of an entry; None when none was signed. If it is the one that is `held`, it is not read again."""
    if held is not None and entry.pem.encode() == held.leaf_pem:
        return held.facts
    return _read(entry.pem) if entry.pem else None


@lru_cache(maxsize=256)
def _read(pem: str) -> CertificateFacts:
    return facts(load_certificates(pem)[0])


def as_history(
    entry: LedgerEntry, pods: Mapping[str, str], trust_domain: str, *, record: dict[str, str] | None = None
) -> HistoryEntry:
    """An entry for a list, or with all that is on record. `pods` has the target of each pod that there is, by uid."""
    refused = entry.state is State.REFUSED
    # by which credential comes first: the rest is what one knows of the target, and may be cut off
    signed = f"by {entry.authenticator}, signed by {entry.authority}, {entry.identity}"
    text = entry.detail or signed
    if entry.count > 1:
        # they are counted by reason, so that of the others only that much is known
        text = f"{text} ({entry.reason} {entry.count} times, last at {entry.last_at:%H:%M:%SZ}; this was the first)"
    return HistoryEntry(
        at=entry.at,
        kind="refused" if refused else "issued",
        target=pods.get(entry.pod_uid) or entry.target or entry.identity,
        actor=_actor(entry, trust_domain),
        text=text,
        outcome=_OUTCOMES[entry.state],
        serial=entry.serial,
        not_after=entry.not_after,
        credential=entry.authenticator,
        policy=entry.policy,
        reason=entry.reason,
        record=record or {},
    )


def _actor(entry: LedgerEntry, trust_domain: str) -> str:
    """As everywhere in the mesh: the SPIFFE ID of a workload, which the CA knows by its service account."""
    namespace, slash, account = entry.actor.partition("/")
    if not entry.namespace or not slash:
        return entry.actor
    return str(SpiffeId.for_service_account(trust_domain, namespace, account))


def record_of(entry: LedgerEntry) -> dict[str, str]:
    """Everything that the ledger has on a certificate: who got it, by what, and why it lives as long as it does."""
    pod = f"{entry.namespace}/{entry.pod_name} ({entry.pod_uid})" if entry.pod_uid else ""
    found = {
        "serial": entry.serial,
        "state": str(entry.state),
        "decided at": _moment(entry.at),
        "issued to": entry.identity,
        "pod": pod,
        "asked for by": entry.actor,
        "credential": entry.authenticator,
        "policy": ", ".join(filter(None, (entry.policy, _POLICIES.get(entry.policy)))),
        "signed by": entry.authority,
        "valid from": _moment(entry.not_before),
        "until": _moment(entry.not_after),
        "lifetime": f"{_length(entry.effective_seconds)}, {_LIMITS.get(entry.limited_by, entry.limited_by)}",
        "asked for": _length(entry.requested_seconds) if entry.requested_seconds > entry.effective_seconds else "",
        "names in the CSR": entry.requested_names,
        "SHA-256 of the CSR": entry.csr_sha256,
        "SHA-256 of its key": entry.public_key_sha256,
        "reason": entry.reason,
        "detail": entry.detail,
    }
    return {label: text for label, text in found.items() if text}


def _length(seconds: int) -> str:
    return f"{length_in_words(timedelta(seconds=seconds))} ({seconds} s)"


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment is not None else ""
