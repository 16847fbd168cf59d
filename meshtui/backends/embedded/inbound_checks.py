"""Asks a sidecar's inbound listener for what its workload's mTLS mode promises: TLS, plaintext, both or one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from meshtui.backends.embedded.check_steps import ask
from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.workload import WorkloadRuntime
from meshtui.errors import MeshError, UnreachableError
from meshtui.findings import Check
from meshtui.identity.facts import CertificateFacts
from meshtui.manifest.policy_model import MtlsMode
from meshtui.policy.client_tls import origin
from meshtui.policy.model import EffectiveMode
from meshtui.policy.peer_authentication import effective_mode
from meshtui.probe.announced import Announcer
from meshtui.probe.plaintext import takes_plaintext
from meshtui.probe.tls import Address, Handshake, seen, verified

TAKEN_WITHIN = 2.0
"""Seconds from a change of the mode until every thread of the proxy goes by it, of which it tells nobody."""
_LOOK_AGAIN = 0.02


async def inbound_checks(
    core: MeshCore, runtime: WorkloadRuntime, address: Address, held: CertificateFacts
) -> list[Check]:
    """Both checks of the address on which a workload's sidecar takes requests."""
    workload, announcer = runtime.workload, core.observed.own
    mode = effective_mode(core.catalog, workload, workload.inbound_port)
    rotate = f"meshtui rotate {runtime.target}"
    if mode.mode is MtlsMode.DISABLE:
        tls = await ask(
            "TLS handshake", lambda: _soon(lambda: _no_handshake(address, mode, announcer)), "Restart the mesh."
        )
    else:
        root = core.ca_root.read_text()

        async def handshake() -> str:
            return _presented(address, await verified(address, root, announcer=announcer, check_host=False), held)

        tls = await ask("TLS handshake", lambda: _soon(handshake), rotate)
    return [tls, await _plaintext(address, mode, workload.namespace, announcer)]


async def _plaintext(address: Address, mode: EffectiveMode, namespace: str, announcer: Announcer) -> Check:
    """A check that passes with a warning where anybody may call."""
    wanted = mode.mode is not MtlsMode.STRICT

    async def look() -> str:
        if await takes_plaintext(address, announcer) is not wanted:
            does = "refuses" if wanted else "answers"
            raise MeshError(f"{address} {does} a request in plaintext, against {origin(mode)}.")
        return f"{'taken' if wanted else 'refused'}, by {origin(mode)}"

    check = await ask("plaintext", lambda: _soon(look), "Restart the mesh.")
    if check.passed and wanted:
        fix = f"For callers that prove who they are: a PeerAuthentication in {namespace} with mtls.mode: STRICT."
        return Check(name=check.name, passed=True, seen=check.seen, fix=fix)
    return check


async def _soon(look: Callable[[], Awaitable[str]]) -> str:
    """What is seen as soon as it is right. Raises MeshError for what was wrong last."""
    deadline = asyncio.get_running_loop().time() + TAKEN_WITHIN
    while True:
        try:
            return await look()
        except MeshError:
            if asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(_LOOK_AGAIN)


async def _no_handshake(address: Address, mode: EffectiveMode, announcer: Announcer) -> str:
    try:
        handshake = await seen(address, announcer=announcer)
    except UnreachableError:
        return f"none, by {origin(mode)}"
    raise MeshError(f"{address} presents {handshake.facts.serial}, against {origin(mode)}.")


def _presented(address: Address, handshake: Handshake, held: CertificateFacts) -> str:
    presented = handshake.facts
    if presented.sha256 != held.sha256:
        raise MeshError(f"{address} presents {presented.serial}, not {held.serial}.")
    return f"{address} presents {held.serial} by {handshake.tls_version} {handshake.cipher}"
