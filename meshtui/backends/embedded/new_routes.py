"""What `issue --route` makes beside a certificate: the Gateway and VirtualService from its hosts to a Service."""

from __future__ import annotations

from typing import Any

from meshtui.errors import UsageError
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.edge_documents import Route, edge_documents
from meshtui.mesh.actions import Issue
from meshtui.mesh.targets import Target, TargetKind


def route_documents(catalog: Catalog, action: Issue, targets: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    """Raises UsageError when they cannot be made: no host is said, the Service is not there, or they are."""
    route = Route.parse(action.route)
    target = Target.parse(targets[0])
    if len(targets) != 1 or target.kind is not TargetKind.GATEWAY:
        raise UsageError("--route is for one gateway certificate.", fix="Name one: gateway/NAMESPACE/SECRET.")
    if not action.terms.hosts:
        raise UsageError("--route does not say for which hosts.", fix="Name them with --host.")
    return edge_documents(catalog, target.namespace, target.name, action.terms.hosts, route)
