"""What a workload's proxy enforces on every request that it lets in: the ECDS resources of the filters `ENFORCED`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from envoy.extensions.filters.http.jwt_authn.v3 import config_pb2
from envoy.extensions.filters.http.rbac.v3 import rbac_pb2

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.workload import Workload
from meshtui.xds.context import ProxyContext
from meshtui.xds.extensions import ALLOW, AUDIT, DENY, JWT, extension


def enforcement(catalog: Catalog, workload: Workload, context: ProxyContext) -> Mapping[str, Any]:  # noqa: ARG001
    """A configuration for each of those filters, by name; one that enforces nothing where no policy says anything."""
    nothing = {JWT: config_pb2.JwtAuthentication()} | {name: rbac_pb2.RBAC() for name in (AUDIT, DENY, ALLOW)}
    return {name: extension(name, message) for name, message in nothing.items()}
