"""What a proxy's discovered filters get: the policies about its workload, as Envoy enforces them.

Which listeners name these filters is in `sidecar` and `gateway`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.policy_model import AuthorizationPolicy, RequestAuthentication
from meshtui.manifest.workload import Workload
from meshtui.policy.selection import policies_about
from meshtui.xds.context import ProxyContext
from meshtui.xds.extensions import JWT, extension
from meshtui.xds.jwt import authentication
from meshtui.xds.place import Place
from meshtui.xds.rbac import authorization


def enforcement(catalog: Catalog, workload: Workload, context: ProxyContext) -> Mapping[str, Any]:
    """A TypedExtensionConfig for each of `extensions.ENFORCED`, by name: with or without policies, a listener waits
    for all of them."""
    messages = {
        JWT: authentication(policies_about(catalog, workload, RequestAuthentication)),
        **authorization(policies_about(catalog, workload, AuthorizationPolicy), Place.of(workload, context)),
    }
    return {name: extension(name, message) for name, message in messages.items()}
