"""What listeners are made of: one connection manager, whose routes come by RDS or stand in it, and what finds TLS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from envoy.config.core.v3 import config_source_pb2
from envoy.config.listener.v3 import listener_components_pb2
from envoy.extensions.filters.http.router.v3 import router_pb2
from envoy.extensions.filters.listener.tls_inspector.v3 import tls_inspector_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2

from meshtui.xds.tls import packed

HttpConnectionManager = http_connection_manager_pb2.HttpConnectionManager

HEADERS_WITHIN = 10
"""Seconds that a client of a gateway has to send a request's headers."""


def router() -> Any:
    """The filter that every request that is let through ends at."""
    return http_connection_manager_pb2.HttpFilter(
        name="envoy.filters.http.router", typed_config=packed(router_pb2.Router())
    )


def tls_inspector() -> Any:
    """A listener filter that tells TLS from plaintext and reads the server name, for what filter chains match."""
    return listener_components_pb2.ListenerFilter(
        name="envoy.filters.listener.tls_inspector", typed_config=packed(tls_inspector_pb2.TlsInspector())
    )


def by_rds(name: str) -> dict[str, Any]:
    """Routes that come over ADS."""
    source = config_source_pb2.ConfigSource(resource_api_version=config_source_pb2.V3, ads={})
    return {"rds": {"route_config_name": name, "config_source": source}}


def connection_manager(stat_prefix: str, filters: Sequence[Any] = (), **options: Any) -> Any:
    """A network filter that speaks HTTP/1.1 and HTTP/2.

    `filters` are those that a request passes before it is routed; `options` are fields of Envoy's
    HttpConnectionManager.
    """
    manager = HttpConnectionManager(
        stat_prefix=stat_prefix,
        http_filters=[*filters, router()],
        # paths are compared by policies and routes in one form only, as in Istio's default
        normalize_path={"value": True},
        upgrade_configs=[{"upgrade_type": "websocket"}],
        **options,
    )
    return listener_components_pb2.Filter(
        name="envoy.filters.network.http_connection_manager", typed_config=packed(manager)
    )
