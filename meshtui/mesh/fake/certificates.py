"""The certificates of the fake mesh: facts that fit each row, made of its words alone, with no keys behind them."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta

from meshtui.identity.facts import CertificateFacts
from meshtui.mesh.rows import ChainLink, Row
from meshtui.mesh.snapshot import Mark, Truth
from meshtui.mesh.targets import TargetKind

TRUST_DOMAIN = "cluster.local"
LIFETIME = timedelta(hours=24)
"""Of a first certificate."""


def serial_of(*words: str) -> str:
    """A serial number, always the same for the same words."""
    return _digest(*words)[:32].lstrip("0")


def certificate(row: Row, serial: str, issued_at: datetime, not_after: datetime) -> CertificateFacts:
    """The certificate of `row` that has this serial number."""
    kind = row.target.split("/", maxsplit=1)[0]
    is_ca = kind == TargetKind.AUTHORITY
    sans = () if is_ca else tuple(row.identity.split(", "))
    names = {TargetKind.WORKLOAD: "", TargetKind.GATEWAY: f"CN={sans[0] if sans else ''}"}
    return CertificateFacts(
        serial=serial,
        subject=names.get(TargetKind(kind), row.identity),
        sans=sans,
        issuer=f"CN={row.issuer}",
        not_before=issued_at - (timedelta(0) if is_ca else timedelta(minutes=1)),
        not_after=not_after,
        sha256=_digest("certificate", serial),
        key="RSA 2048" if row.issuer == "example.com" else "EC P-256",
        public_key_sha256=_digest("key", serial),
        signature="sha256WithRSAEncryption" if row.issuer == "example.com" else "ecdsa-with-SHA256",
        is_ca=is_ca,
    )


def held_truth(row: Row) -> Truth:
    """What the holder of `row` has."""
    if not row.serial or row.issued_at is None or row.not_after is None:
        return Truth()
    return Truth(certificate=certificate(row, row.serial, row.issued_at, row.not_after))


def issued_truth(row: Row) -> Truth:
    """What the CA signed last for `row`: what is held, or a newer one where the holder is behind."""
    held = held_truth(row)
    if row.truths[1] is Mark.UNKNOWN:
        return Truth(unknown="The ledger of this authority is not at hand.")
    if row.truths[2] is not Mark.DIFFERS or row.due_at is None or held.certificate is None:
        return held
    length = held.certificate.not_after - row.due_at
    newer = certificate(row, serial_of(row.target, "issued"), row.due_at, row.due_at + 2 * length)
    return Truth(certificate=newer)


def served_truth(row: Row) -> Truth:
    """What the wire presents for `row`: what is held, or an older one where the proxy is behind."""
    if row.truths[3] is Mark.UNKNOWN:
        return Truth(unknown="Envoy's admin interface did not answer.")
    if row.served_serial in ("", row.serial) or row.issued_at is None or row.not_after is None:
        return held_truth(row) if row.served_serial else Truth()
    length = row.not_after - row.issued_at
    return Truth(certificate=certificate(row, row.served_serial, row.issued_at - length, row.issued_at))


def chain_of(row: Row, authorities: dict[str, Row]) -> tuple[ChainLink, ...]:
    """The certificate held by `row` and all above it; `authorities` are rows by the name that issuers are called."""
    links: list[ChainLink] = []
    seen: set[str] = set()
    current: Row | None = row
    while current is not None and current.target not in seen:
        seen.add(current.target)
        held = held_truth(current).certificate
        if held is not None:
            links.append(ChainLink(certificate=held, pem=_pem(held)))
        current = authorities.get(current.issuer)
    return tuple(links)


def _pem(facts: CertificateFacts) -> str:
    body = base64.b64encode(bytes.fromhex(facts.sha256)).decode()
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()
