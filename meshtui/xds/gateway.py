"""The ports of a gateway: one listener for each, with a filter chain for the hosts of each HTTPS server.

A server whose certificate is not there gets no chain, so that nothing waits for it and its clients are
turned away; the chain is added when the Secret comes, without touching the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from envoy.config.core.v3 import base_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.extensions.filters.listener.tls_inspector.v3 import tls_inspector_pb2

from meshtui.gateway.listeners import listeners_of
from meshtui.gateway.references import Listener
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.gateway import PLAIN
from meshtui.manifest.workload import Workload
from meshtui.xds.context import ProxyContext
from meshtui.xds.http import HEADERS_WITHIN, HttpConnectionManager, by_rds, connection_manager
from meshtui.xds.secrets import server_secrets
from meshtui.xds.tls import gateway_server, gateway_workload_server, packed
from meshtui.xds.unsupported import is_supported
from meshtui.xds.virtual_hosts import gateway_routes


@dataclass(frozen=True)
class OpenPort:
    """One port that a gateway workload opens, with the servers that share it."""

    number: int
    """As it would be in a pod."""
    here: int
    """On 127.0.0.1."""
    https: bool
    servers: tuple[Listener, ...]


def wanted_ports(catalog: Catalog, workload: Workload) -> tuple[int, ...]:
    """The ports that a gateway workload would listen on in a pod: its Services' target ports and its Gateways'."""
    targets = _target_ports(catalog, workload)
    servers = [binding.server for binding in catalog.bindings() if binding.workload == workload]
    return tuple(sorted({*targets.values(), *(targets.get(server.number, server.number) for server in servers)}))


def open_ports(catalog: Catalog, workload: Workload, context: ProxyContext) -> tuple[OpenPort, ...]:
    """The ports of a gateway workload, by number.

    A Gateway's port is that of the workload's Service, and leads to its target port. Where two Gateways disagree
    whether a port is HTTPS, the first one by name decides. Ports that have none here are left out.
    """
    targets = _target_ports(catalog, workload)
    shared: dict[int, list[Listener]] = {}
    for listener in listeners_of(catalog):
        number = targets.get(listener.binding.server.number, listener.binding.server.number)
        if listener.binding.workload == workload and number in context.ports:
            shared.setdefault(number, []).append(listener)
    return tuple(_open_port(number, context.ports[number], shared[number]) for number in sorted(shared))


def gateway_listeners(catalog: Catalog, ports: tuple[OpenPort, ...], trust_domain: str) -> Mapping[str, Any]:
    """A listener for each port that has something to serve, by name."""
    listeners = (_https(catalog, port, trust_domain) if port.https else _http(port) for port in ports)
    return {listener.name: listener for listener in listeners if listener.filter_chains}


def gateway_route_configurations(catalog: Catalog, ports: tuple[OpenPort, ...]) -> Mapping[str, Any]:
    """The route configurations that the listeners ask for, by name."""
    redirect_to = next((port.here for port in ports if port.https), 0)
    found: dict[str, Any] = {}
    for port in ports:
        if port.https:
            for listener in port.servers:
                name = _https_routes(listener)
                found[name] = gateway_routes(catalog, name, [listener.binding], redirect_to)
        else:
            bindings = [listener.binding for listener in port.servers]
            found[_http_routes(port)] = gateway_routes(catalog, _http_routes(port), bindings, redirect_to)
    return found


def _target_ports(catalog: Catalog, workload: Workload) -> dict[int, int]:
    named = {port.name: port.port for port in workload.ports if port.name}
    ports = [port for service in catalog.services_of(workload) for port in service.ports]
    targets = {port.port: named.get(str(port.target_port), port.target_port) for port in ports}
    return {port: target for port, target in targets.items() if isinstance(target, int)}


def _open_port(number: int, here: int, servers: list[Listener]) -> OpenPort:
    https = servers[0].binding.server.protocol not in PLAIN
    alike = tuple(listener for listener in servers if (listener.binding.server.protocol not in PLAIN) == https)
    return OpenPort(number, here, https, alike)


def _http(port: OpenPort) -> Any:
    manager = _edge(f"http.{port.number}", _http_routes(port))
    return _listener(port, [{"name": "http", "filters": [manager]}])


def _https(catalog: Catalog, port: OpenPort, trust_domain: str) -> Any:
    chains: list[dict[str, Any]] = []
    taken: set[str] = set()
    for server in port.servers:
        # Envoy refuses a listener in which two chains have one host; the first Gateway by name has it
        hosts = [host for host in dict.fromkeys(server.binding.server.hosts) if host not in taken]
        socket = _transport_socket(catalog, server, trust_domain)
        if socket is not None and hosts:
            chains.append(_chain(server, hosts, socket))
            taken.update(hosts)
    listener = _listener(port, chains)
    listener.listener_filters.add(
        name="envoy.filters.listener.tls_inspector", typed_config=packed(tls_inspector_pb2.TlsInspector())
    )
    return listener


def _transport_socket(catalog: Catalog, server: Listener, trust_domain: str) -> Any:
    """How one server speaks TLS; None while there is no certificate, or nothing to check its clients against."""
    tls = server.binding.server.tls
    if tls is None or not is_supported(server.binding.server):
        return None
    if tls.mode == "ISTIO_MUTUAL":
        return gateway_workload_server(tls, trust_domain)
    secrets = server_secrets(catalog, server)
    return gateway_server(tls, secrets.certificates, secrets.client_roots) if secrets is not None else None


def _chain(server: Listener, hosts: list[str], socket: Any) -> dict[str, Any]:
    name = _https_routes(server)
    return {
        "name": name,
        # no server name at all takes every host that no other chain has
        "filter_chain_match": {"server_names": [] if "*" in hosts else sorted(hosts)},
        "filters": [_edge(name, name)],
        "transport_socket": socket,
    }


def _edge(stat_prefix: str, routes: str) -> Any:
    """A connection manager that strangers talk to."""
    return connection_manager(
        stat_prefix,
        **by_rds(routes),
        use_remote_address={"value": True},
        request_headers_timeout=timedelta(seconds=HEADERS_WITHIN),
        forward_client_cert_details=HttpConnectionManager.SANITIZE_SET,
        set_current_client_cert_details={"subject": {"value": True}, "uri": True, "dns": True},
        http2_protocol_options={"max_concurrent_streams": {"value": 100}},
    )


def _listener(port: OpenPort, chains: list[dict[str, Any]]) -> Any:
    return listener_pb2.Listener(
        name=f"gateway_{port.number}",
        address={"socket_address": {"address": "127.0.0.1", "port_value": port.here}},
        traffic_direction=base_pb2.OUTBOUND,
        # a port that another process has is an error, not something to share with it
        enable_reuse_port={"value": False},
        filter_chains=chains,
    )


def _http_routes(port: OpenPort) -> str:
    return f"http.{port.number}"


def _https_routes(listener: Listener) -> str:
    server, gateway = listener.binding.server, listener.binding.gateway
    return f"https.{server.number}.{server.name}.{gateway.name}.{gateway.namespace}"
