"""Steps that checks of workloads, gateways and authorities share: each says what was seen, or raises what is wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from cryptography import x509

from meshtui.backends.embedded.core import MeshCore
from meshtui.ca.records import State
from meshtui.errors import MeshError
from meshtui.findings import Check
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.facts import CertificateFacts
from meshtui.identity.verify import verify_chain, verify_lifetime
from meshtui.mesh.snapshot import Truth

Test = Callable[[], str]
"""Returns what was seen; raises MeshError when that is wrong."""


def check(name: str, test: Test, fix: str) -> Check:
    """A check of what is at hand."""
    try:
        return Check(name=name, passed=True, seen=test())
    except MeshError as error:
        return Check(name=name, passed=False, seen=error.message, fix=error.fix or fix)


async def ask(name: str, test: Callable[[], Awaitable[str]], fix: str) -> Check:
    """A check of somebody else."""
    try:
        return Check(name=name, passed=True, seen=await test())
    except MeshError as error:
        return Check(name=name, passed=False, seen=error.message, fix=error.fix or fix)


def left_open(name: str, why: str, fix: str = "") -> Check:
    """A check that could not be made."""
    return Check(name=name, passed=None, seen=why, fix=fix)


def passed(name: str, seen: str) -> Check:
    """A check that there is nothing to object to."""
    return Check(name=name, passed=True, seen=seen)


def leads_to_root(chain: Sequence[x509.Certificate], root_pem: bytes, now: datetime) -> str:
    """Raises IdentityError when it leads to none of these roots."""
    bundle = TrustBundle.parse(root_pem)
    path = verify_chain(chain, bundle, now)
    return f"{len(path)} certificates, up to {path[-1].subject.rfc4514_string()}"


def valid_now(leaf: x509.Certificate, now: datetime) -> str:
    """Raises IdentityError when it is not valid now."""
    verify_lifetime(leaf, now)
    return f"{leaf.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ} to {leaf.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}"


def in_ledger(core: MeshCore, held: CertificateFacts, identity: str) -> str:
    """Raises MeshError when the CA did not sign this; `identity` is empty for a gateway certificate, which has none."""
    entry = core.ledger.by_serial(held.serial)
    if entry is None or entry.state is not State.ISSUED:
        raise MeshError(f"The ledger does not know {held.serial} as issued.")
    if identity and entry.identity != identity:
        raise MeshError(f"The ledger has {held.serial} for {entry.identity}.")
    if entry.public_key_sha256 != held.public_key_sha256:
        raise MeshError(f"The ledger has {held.serial} for another key.")
    return f"{held.serial}, issued {entry.at:%Y-%m-%dT%H:%M:%SZ} to {entry.actor}"


def envoy_has(truth: Truth | None, held: CertificateFacts) -> str:
    """Raises MeshError when Envoy's admin does not show the certificate that is held."""
    if truth is None or truth.unknown:
        raise MeshError(truth.unknown if truth is not None else "No Envoy presents it.")
    if truth.certificate is None:
        raise MeshError("Envoy has no certificate under this name.")
    if truth.certificate.sha256 != held.sha256:
        raise MeshError(f"Envoy serves {truth.certificate.serial}, not {held.serial}.")
    return f"its admin shows {held.serial}"
