"""The two listeners of a sidecar, both on Unix sockets.

Inbound: mutual TLS from other proxies, told to the application in x-forwarded-client-cert. Outbound: the
workload's own plain HTTP, sent on over mutual TLS.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from envoy.config.core.v3 import base_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2

from meshtui.manifest.workload import Workload
from meshtui.xds import naming
from meshtui.xds.access_logs import Log, connection_access_log, http_access_log
from meshtui.xds.http import HttpConnectionManager, by_rds, connection_manager
from meshtui.xds.routes import to_cluster
from meshtui.xds.tls import workload_server

INBOUND = "inbound"
OUTBOUND = "outbound"


def inbound_listener(workload: Workload, socket: Path, trust_domain: str) -> Any:
    """Takes mutual TLS from workloads of the mesh for this workload."""
    cluster = naming.inbound_cluster(workload)
    host = {"name": cluster, "domains": ["*"], "routes": [to_cluster(cluster)]}
    manager = connection_manager(
        INBOUND,
        access_log=[http_access_log(Log.INBOUND)],
        route_config=route_pb2.RouteConfiguration(name=INBOUND, virtual_hosts=[host]),
        # what a caller claims to be is removed; what its certificate says is put in its place
        forward_client_cert_details=HttpConnectionManager.SANITIZE_SET,
        set_current_client_cert_details={"uri": True},
        server_header_transformation=HttpConnectionManager.PASS_THROUGH,
    )
    chain = {"name": INBOUND, "filters": [manager], "transport_socket": workload_server(trust_domain)}
    return _listener(INBOUND, socket, base_pb2.INBOUND, chain)


def outbound_listener(socket: Path) -> Any:
    """Takes plain HTTP from the workload itself."""
    manager = connection_manager(OUTBOUND, access_log=[http_access_log(Log.OUTBOUND)], **by_rds(naming.OUTBOUND_ROUTES))
    return _listener(OUTBOUND, socket, base_pb2.OUTBOUND, {"name": OUTBOUND, "filters": [manager]})


def _listener(name: str, socket: Path, direction: int, chain: dict[str, Any]) -> Any:
    return listener_pb2.Listener(
        name=name,
        address={"pipe": {"path": str(socket), "mode": 0o600}},
        traffic_direction=direction,
        filter_chains=[chain],
        access_log=[connection_access_log()] if name == INBOUND else [],
    )
