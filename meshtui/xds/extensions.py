"""HTTP filters whose configuration comes on its own (ECDS), so that a change binds open connections at once.

A listener only names them. What they are called and in which order they stand is here; what is in them is made by
`plaintext_guard`, `jwt` and `rbac`.
"""

from __future__ import annotations

from typing import Any

from envoy.config.core.v3 import config_source_pb2, extension_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2

from meshtui.xds.tls import packed

PLAINTEXT = "plaintext"
"""Turns requests away that came without TLS where that must not be; only in the filter chain for plaintext."""
JWT = "jwt"
AUDIT = "authorization-audit"
DENY = "authorization-deny"
ALLOW = "authorization-allow"
ENFORCED = (JWT, AUDIT, DENY, ALLOW)
"""What every request passes that a workload or gateway takes, in Istio's order."""

_RBAC = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC"
_TYPES = {
    PLAINTEXT: _RBAC,
    JWT: "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
    AUDIT: _RBAC,
    DENY: _RBAC,
    ALLOW: _RBAC,
}


def discovered(name: str) -> Any:
    """One of the filters above, whose configuration comes over ADS; a listener waits for it."""
    source = config_source_pb2.ConfigSource(resource_api_version=config_source_pb2.V3, ads={})
    return http_connection_manager_pb2.HttpFilter(
        name=name, config_discovery={"config_source": source, "type_urls": [_TYPES[name]]}
    )


def extension(name: str, message: Any) -> Any:
    """The resource that a `discovered` filter of this name gets."""
    return extension_pb2.TypedExtensionConfig(name=name, typed_config=packed(message))
