"""The two listeners of a sidecar, both on Unix sockets.

Inbound: mutual TLS from other proxies, told to the application in x-forwarded-client-cert, and plaintext where the
workload's mTLS mode lets it in. Outbound: the workload's own plain HTTP, sent on as the service wants it.

The filter chains of all modes are the same to the byte, there or not, behind the same listener filter: so Envoy changes
them in place, and a move between PERMISSIVE and STRICT does not touch the connections of the chain that stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from envoy.config.core.v3 import base_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2

from meshtui.manifest.policy_model import MtlsMode
from meshtui.manifest.workload import Workload
from meshtui.xds import naming
from meshtui.xds.access_logs import Log, connection_access_log, http_access_log
from meshtui.xds.extensions import ENFORCED, PLAINTEXT, discovered
from meshtui.xds.http import HttpConnectionManager, by_rds, connection_manager, tls_inspector
from meshtui.xds.routes import to_cluster
from meshtui.xds.tls import workload_server

INBOUND = "inbound"
OUTBOUND = "outbound"
INBOUND_PLAINTEXT = "inbound-plaintext"


def inbound_listener(workload: Workload, mode: MtlsMode, socket: Path, trust_domain: str) -> Any:
    """Takes requests for this workload as `mode` has it: mutual TLS from workloads of the mesh, plaintext, or both."""
    chains = []
    if mode is not MtlsMode.DISABLE:
        chains.append(
            {
                "name": INBOUND,
                "filter_chain_match": {"transport_protocol": "tls"},
                "filters": [_inbound(workload, INBOUND, ENFORCED)],
                "transport_socket": workload_server(trust_domain),
            }
        )
    if mode is not MtlsMode.STRICT:
        chains.append(
            {
                "name": INBOUND_PLAINTEXT,
                "filter_chain_match": {"transport_protocol": "raw_buffer"},
                "filters": [_inbound(workload, INBOUND_PLAINTEXT, (PLAINTEXT, *ENFORCED))],
            }
        )
    listener = _listener(INBOUND, socket, base_pb2.INBOUND, chains)
    listener.listener_filters.append(tls_inspector())
    return listener


def outbound_listener(socket: Path) -> Any:
    """Takes plain HTTP from the workload itself."""
    manager = connection_manager(OUTBOUND, access_log=[http_access_log(Log.OUTBOUND)], **by_rds(naming.OUTBOUND_ROUTES))
    return _listener(OUTBOUND, socket, base_pb2.OUTBOUND, [{"name": OUTBOUND, "filters": [manager]}])


def _inbound(workload: Workload, stat_prefix: str, filters: Sequence[str]) -> Any:
    cluster = naming.inbound_cluster(workload)
    host = {"name": cluster, "domains": ["*"], "routes": [to_cluster(cluster)]}
    return connection_manager(
        stat_prefix,
        [discovered(name) for name in filters],
        access_log=[http_access_log(Log.INBOUND)],
        route_config=route_pb2.RouteConfiguration(name=INBOUND, virtual_hosts=[host]),
        # what a caller claims to be is removed; what its certificate says, if it has one, is put in its place
        forward_client_cert_details=HttpConnectionManager.SANITIZE_SET,
        set_current_client_cert_details={"uri": True},
        server_header_transformation=HttpConnectionManager.PASS_THROUGH,
    )


def _listener(name: str, socket: Path, direction: int, chains: Sequence[dict[str, Any]]) -> Any:
    return listener_pb2.Listener(
        name=name,
        address={"pipe": {"path": str(socket), "mode": 0o600}},
        traffic_direction=direction,
        filter_chains=chains,
        access_log=[connection_access_log()] if name == INBOUND else [],
    )
