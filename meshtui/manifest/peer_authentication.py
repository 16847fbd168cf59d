"""Reads a PeerAuthentication: which mTLS mode workloads have. Whom it is about in the end is not asked here."""

from __future__ import annotations

from typing import Any

from meshtui.manifest.fields import Fields
from meshtui.manifest.model import Metadata
from meshtui.manifest.policy_model import MtlsMode, PeerAuthentication
from meshtui.manifest.policy_texts import port_problem
from meshtui.manifest.workload_selector import read_workload_selector


def read_peer_authentication(fields: Fields, metadata: Metadata, document: dict[str, Any]) -> PeerAuthentication:
    """Read a PeerAuthentication."""
    with fields.mapping("spec", required=True) as spec:
        selector = read_workload_selector(spec)
        mode = _mode(spec, "mtls")
        port_modes = _port_modes(spec)
        if spec.has("portLevelMtls"):
            if not selector:
                spec.problem("portLevelMtls", "needs a selector with labels, as in Istio")
            if spec.raw("portLevelMtls") == {}:
                spec.problem("portLevelMtls", "must not be empty")
    return PeerAuthentication(metadata=metadata, document=document, selector=selector, mode=mode, port_modes=port_modes)


def _mode(fields: Fields, name: str) -> MtlsMode:
    with fields.mapping(name) as mtls:
        return MtlsMode(mtls.text("mode", MtlsMode.UNSET, choices=[each.value for each in MtlsMode]))


def _port_modes(spec: Fields) -> dict[int, MtlsMode]:
    found: dict[int, MtlsMode] = {}
    with spec.mapping("portLevelMtls") as ports:
        for port in tuple(ports.names()):
            if reason := port_problem(port):
                ports.ignore(port)
                ports.problem(port, reason)
            else:
                found[int(port)] = _mode(ports, port)
    return found
