"""What is wrong with the gateway certificates of the mesh: the edge's judgement, and how each of them is doing.

The edge knows what its Secrets and Gateways are like; whether a rotation failed, and what Envoy serves, is known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from meshtui.backends.embedded.credential import CredentialRuntime
from meshtui.findings import Finding, Severity
from meshtui.gateway.edge import Edge
from meshtui.gateway.serving import serving_flaw
from meshtui.mesh.join import Joined, join
from meshtui.mesh.judge import findings
from meshtui.mesh.rows import Row

if TYPE_CHECKING:
    from meshtui.backends.embedded.core import MeshCore

_NONE_THERE = ("no-certificate", "desired-not-issued", "desired-not-held", "issued-not-held")
_HELD_NOT_SERVED = "held≠served"


def gateway_findings(core: MeshCore, now: datetime) -> Iterator[Finding]:
    """Of every credential, and of what a Gateway names and may not have."""
    known = {(each.target, each.code): each for each in core.desired.edge.findings(now)}
    explained = {each.target for each in known.values() if each.severity is Severity.CRITICAL}
    for runtime in core.credentials.values():
        for finding in _of_runtime(core, runtime, now):
            # why there is none is said already, unless it is the CA that gave none
            if finding.code not in _NONE_THERE or runtime.error or runtime.target not in explained:
                known[finding.target, finding.code] = finding
    yield from known.values()


def worst_told(row: Row, runtime: CredentialRuntime, edge: Edge, now: datetime) -> Row:
    """A certificate that is fresh may be of no use to its hosts: its row says the worst of that, and not what its
    proxies said when they were given it.
    """
    found = edge.findings_of(row.target, now) if not (runtime.error or runtime.broken) else ()
    worst = next((each.text for each in found if each.severity is Severity.CRITICAL), "")
    return msgspec.structs.replace(row, last_error=worst) if worst else row


def joined_credential(runtime: CredentialRuntime) -> Joined:
    """Its four truths."""
    desired = bool(runtime.credential.gateways)
    return join(desired=desired, issued=runtime.issued, held=runtime.held, served=runtime.served)


def _of_runtime(core: MeshCore, runtime: CredentialRuntime, now: datetime) -> Iterator[Finding]:
    standing = runtime.standing
    # while it is being replaced, its truths are bound to differ
    disagreement = "" if standing.rotating else joined_credential(runtime).disagreement
    affects = core.desired.edge.reach_of(runtime.target)
    if disagreement == _HELD_NOT_SERVED and runtime.facts is not None:
        disagreement = ""
        yield _not_served(core, runtime, affects)
    for finding in findings(runtime.target, standing, disagreement, now):
        yield msgspec.structs.replace(finding, affects=affects)


def _not_served(core: MeshCore, runtime: CredentialRuntime, affects: tuple[str, ...]) -> Finding:
    served = runtime.served.certificate if runtime.served is not None else None
    refused = next((proxy.rejected for proxy in core.proxies(runtime.target) if proxy.rejected), "")
    held = runtime.facts.serial if runtime.facts is not None else ""
    flaw = serving_flaw(held, served.serial if served is not None else "", refused, runtime.target)
    return flaw.of(runtime.target, affects)
