"""Reads an Istio Gateway: which ports and hosts the gateway workloads open, and with which credentials.

Whether the Secret that a server names exists, and fits, is not asked here: it may come later.
"""

from __future__ import annotations

from typing import Any

from meshtui.manifest.fields import Fields
from meshtui.manifest.gateway_tls import read_plain_tls, read_tls
from meshtui.manifest.kinds import GATEWAY_API
from meshtui.manifest.model import Gateway, Metadata
from meshtui.manifest.names import host_problem, label_key_problem, label_value_problem
from meshtui.manifest.server import Server

PLAIN = ("HTTP", "HTTP2", "GRPC")
_ENCRYPTED = ("HTTPS", "TLS")
_ELSEWHERE = ("GRPC-WEB", "MONGO", "TCP")


def read_gateway(fields: Fields, metadata: Metadata, document: dict[str, Any]) -> Gateway:
    """Read a Gateway."""
    with fields.mapping("spec", required=True) as spec:
        for name in ("gatewayClassName", "listeners"):
            if spec.has(name):
                spec.problem(name, f"belongs to the Gateway API; for that write apiVersion: {GATEWAY_API}/v1")
        selector = spec.text_map("selector", key=label_key_problem, value=label_value_problem)
        servers = tuple(_server(item) for item in spec.items("servers", required=True))
        if not selector:
            spec.problem("selector", "must name the labels of a gateway workload; an empty one would be all of them")
        if len({(server.number, server.name) for server in servers}) < len(servers):
            spec.problem("servers", "two servers of one port have one port name")
        encrypted = {server.number: server.protocol in _ENCRYPTED for server in servers}
        if any(encrypted[server.number] != (server.protocol in _ENCRYPTED) for server in servers):
            spec.problem("servers", "one port number cannot be both HTTP and HTTPS")
    return Gateway(metadata=metadata, document=document, selector=selector, servers=servers)


def _server(fields: Fields) -> Server:
    with fields:
        fields.ignore("name")
        fields.unsupported("bind", "defaultEndpoint")
        with fields.mapping("port", required=True) as port:
            port.ignore("targetPort")  # deprecated in Istio, where it does nothing
            number = port.port("number", required=True)
            name = port.text("name", required=True)
            protocol = port.text("protocol", required=True, choices=(*_ENCRYPTED, *PLAIN), elsewhere=_ELSEWHERE)
        hosts = fields.texts("hosts", required=True, check=host_problem)
        tls = None
        if fields.has("tls"):
            with fields.mapping("tls") as inner:
                tls = read_plain_tls(inner) if protocol in PLAIN else read_tls(inner)
        elif protocol in _ENCRYPTED:
            fields.problem("tls", f"required for an {protocol} server, and missing")
        return Server(number=number, name=name, protocol=protocol, hosts=hosts, tls=tls)
