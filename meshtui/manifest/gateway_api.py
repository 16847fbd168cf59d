"""Reads a Gateway of the Kubernetes Gateway API: its listeners, and who may attach routes to them.

Nothing is deployed for it: as with Istio's manual deployment, the gateway workload is there already. Whether it
is, and whether what its listeners refer to exists and is granted, is not asked here: it may come later.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from meshtui.manifest.api_model import ApiListener, KubernetesGateway
from meshtui.manifest.api_references import hostname_problem, read_group
from meshtui.manifest.fields import Fields, shown
from meshtui.manifest.gateway_api_tls import ClientChecks, read_client_checks, read_listener_tls
from meshtui.manifest.kinds import GATEWAY_API
from meshtui.manifest.model import Metadata
from meshtui.manifest.names import SERVICE_DOMAIN, label_problem, name_problem
from meshtui.manifest.selectors import LabelSelector, read_selector
from meshtui.manifest.server import Server

_CLASS = "istio"
_OTHER_CLASSES = ("istio-waypoint", "istio-remote", "istio-east-west")
_LISTENERS_MAX = 64
_ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")


def read_kubernetes_gateway(fields: Fields, metadata: Metadata, document: dict[str, Any]) -> KubernetesGateway:
    """Read a Gateway of the Gateway API."""
    namespace = metadata.namespace
    with fields.mapping("spec", required=True) as spec:
        for name in ("selector", "servers"):
            if spec.has(name):
                spec.problem(name, "belongs to Istio's Gateway; for that write apiVersion: networking.istio.io/v1")
        spec.text("gatewayClassName", required=True, choices=(_CLASS,), elsewhere=_OTHER_CLASSES)
        spec.unsupported("allowedListeners", "defaultScope")
        with spec.mapping("infrastructure") as infrastructure:
            infrastructure.ignore("labels", "annotations")  # of what a controller deploys
            infrastructure.unsupported("parametersRef")
        services = tuple(_service(item, namespace) for item in spec.items("addresses"))
        checks = read_client_checks(spec, namespace)
        listeners = tuple(_listener(item, namespace, checks) for item in spec.items("listeners", required=True))
        _contradictions(spec, listeners)
    return KubernetesGateway(metadata=metadata, document=document, listeners=listeners, services=services)


def _service(fields: Fields, namespace: str) -> tuple[str, str]:
    """Namespace and name of the Service that an address is of."""
    with fields:
        kind = fields.text("type", required=True, choices=("Hostname",), elsewhere=("IPAddress", "NamedAddress"))
        value = fields.text("value", required=True) if kind else ""
        fields.ignore("value")
        name, dot, rest = value.partition(".")
        own = rest.removesuffix(f".{SERVICE_DOMAIN}") if dot else namespace
        if value and (label_problem(name) or label_problem(own) or (dot and own == rest)):
            fields.problem(
                "value", f"expected a Service: NAME or NAME.NAMESPACE.{SERVICE_DOMAIN}; found {shown(value)}"
            )
        return own, name


def _listener(fields: Fields, namespace: str, checks: ClientChecks) -> ApiListener:
    with fields:
        name = fields.text("name", required=True, check=name_problem)
        host = fields.text("hostname", check=hostname_problem) or "*"
        number = fields.port("port", required=True)
        protocol = fields.text("protocol", required=True, choices=("HTTP", "HTTPS", "TLS"), elsewhere=("TCP", "UDP"))
        tls = read_listener_tls(fields, protocol, namespace, checks.at(number))
        with fields.mapping("allowedRoutes") as allowed:
            kinds = tuple(_kind(item) for item in allowed.items("kinds"))
            namespaces, selector = _namespaces(allowed)
    return ApiListener(
        server=Server(number=number, name=name, protocol=protocol, hosts=(host,), tls=tls),
        namespaces=namespaces,
        selector=selector,
        http_routes=protocol != "TLS" and (not kinds or "HTTPRoute" in kinds),
    )


def _kind(fields: Fields) -> str:
    with fields:
        read_group(fields, GATEWAY_API)
        return fields.text("kind", required=True, choices=_ROUTES)


def _namespaces(allowed: Fields) -> tuple[str, LabelSelector]:
    with allowed.mapping("namespaces") as namespaces:
        where = namespaces.text("from", "Same", choices=("Same", "All", "Selector"))
        selector = LabelSelector()
        if where == "Selector":
            selector = read_selector(namespaces.mapping("selector", required=True))
        elif namespaces.has("selector"):
            namespaces.problem("selector", f"has no meaning with from: {where}")
        return where, selector


def _contradictions(spec: Fields, listeners: tuple[ApiListener, ...]) -> None:
    if len(listeners) > _LISTENERS_MAX:
        spec.problem("listeners", f"has {len(listeners)} elements; at most {_LISTENERS_MAX} are accepted")
    servers = [listener.server for listener in listeners]
    if len({server.name for server in servers}) < len(servers):
        spec.problem("listeners", "two listeners have one name")
    taken = Counter((server.number, server.protocol, *server.hosts) for server in servers)
    for (number, _, host), count in taken.items():
        if count > 1:
            whose = "without a hostname" if host == "*" else f"for {host}"
            spec.problem("listeners", f"two listeners of port {number} are {whose}")
    plain = {server.number for server in servers if server.protocol == "HTTP"}
    if any(server.number in plain for server in servers if server.protocol != "HTTP"):
        spec.problem("listeners", "one port number cannot be both HTTP and HTTPS or TLS")
