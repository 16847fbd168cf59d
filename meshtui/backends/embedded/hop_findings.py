"""Warns of hops that cannot work because the policies of both ends contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshtui.findings import Finding, Severity
from meshtui.policy.broken_hops import broken_hops

if TYPE_CHECKING:
    from meshtui.backends.embedded.core import MeshCore


def hop_findings(core: MeshCore) -> list[Finding]:
    """One for each workload that takes requests, port of its Service and contradiction."""
    found = []
    for hop in broken_hops(core.catalog, core.settings.trust_domain):
        runtime = core.workloads.get(hop.destination.target)
        if runtime is not None and runtime.inbound is not None:
            found.append(
                Finding(
                    severity=Severity.WARNING,
                    code="hop-broken",
                    target=hop.destination.target,
                    text=hop.text,
                    fix=hop.fix,
                )
            )
    return found
