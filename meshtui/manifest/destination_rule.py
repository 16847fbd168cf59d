"""Reads a DestinationRule, as far as it says how clients speak TLS to a service.

How they balance, retry and eject is refused, not skipped: who writes it counts on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshtui.errors import IdentityError
from meshtui.identity.spiffe import SpiffeId
from meshtui.manifest.fields import Fields
from meshtui.manifest.model import Metadata
from meshtui.manifest.names import SERVICE_DOMAIN, host_problem
from meshtui.manifest.policy_model import ClientTls, ClientTlsMode, DestinationRule
from meshtui.manifest.policy_texts import plain_problem

_NOT_TLS = ("loadBalancer", "connectionPool", "outlierDetection", "tunnel", "proxyProtocol", "retryBudget")
_FILES = ("clientCertificate", "privateKey", "caCertificates", "caCrl")


def read_destination_rule(fields: Fields, metadata: Metadata, document: dict[str, Any]) -> DestinationRule:
    """Read a DestinationRule; a host without a dot is completed to the full name of a Service in its namespace."""
    with fields.mapping("spec", required=True) as spec:
        spec.unsupported("subsets", "workloadSelector")
        if spec.texts("exportTo") not in ((), ("*",)):
            spec.problem("exportTo", "valid elsewhere but not supported here, except for *")
        host = spec.text("host", required=True, check=host_problem)
        with spec.mapping("trafficPolicy") as policy:
            policy.unsupported(*_NOT_TLS)
            tls = _tls(policy) if policy.has("tls") else None
            port_tls = _port_tls(policy)
    if host and "." not in host and host != "*":
        host = f"{host}.{metadata.namespace}.{SERVICE_DOMAIN}"
    return DestinationRule(metadata=metadata, document=document, host=host, tls=tls, port_tls=port_tls)


def _port_tls(policy: Fields) -> dict[int, ClientTls]:
    found: dict[int, ClientTls] = {}
    for item in policy.items("portLevelSettings"):
        with item:
            item.unsupported(*_NOT_TLS)
            with item.mapping("port", required=True) as port:
                number = port.port("number", required=True)
            if number in found:
                item.problem("port", f"is the second one with number {number}")
            if item.has("tls"):
                found[number] = _tls(item)
            else:
                # in Istio the port would fall back to what no rule at all means, and not to the rule's own tls
                item.problem("tls", "required, and missing: no other setting of a port is supported here")
    return found


def _tls(policy: Fields) -> ClientTls:
    with policy.mapping("tls") as tls:
        tls.unsupported(*_FILES, why="containers of this mesh have no files")
        tls.unsupported("credentialName", "insecureSkipVerify")
        modes = [each.value for each in ClientTlsMode]
        mode = tls.text("mode", ClientTlsMode.DISABLE, choices=modes, elsewhere=("SIMPLE", "MUTUAL"))
        if not tls.has("mode") and isinstance(policy.raw("tls"), Mapping):
            tls.problem("mode", "required, and missing: in Istio that means DISABLE, which is plaintext")
        sni = tls.text("sni", check=_server_name_problem)
        names = tls.texts("subjectAltNames", required=tls.has("subjectAltNames"), check=_subject_problem)
        for name in ("sni", "subjectAltNames"):
            if tls.raw("mode") == ClientTlsMode.DISABLE and tls.has(name):
                tls.problem(name, "has no meaning in plaintext; use it with mode ISTIO_MUTUAL")
        return ClientTls(mode=ClientTlsMode(mode), sni=sni, subject_alt_names=names)


def _server_name_problem(text: str) -> str:
    if reason := plain_problem(text):
        return reason
    return "expected a server name of at most 255 characters" if len(text) > 255 or set(text) & set(" /*") else ""


def _subject_problem(text: str) -> str:
    try:
        SpiffeId.parse(text)
    except IdentityError:
        return "workloads of this mesh have SPIFFE IDs only; expected one, such as spiffe://DOMAIN/ns/NAMESPACE/sa/NAME"
    return ""
