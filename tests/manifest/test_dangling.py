"""What is without effect, and that doing what its fix says gives it one."""

from __future__ import annotations

import json
import shlex
from typing import Any

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.dangling import dangling
from tests.manifest.api_writing import http_route, kubernetes_gateway, listens, sends
from tests.manifest.writing import deployment, document, gateway, http, read, to, virtual_service


def catalog(*documents: dict[str, Any]) -> Catalog:
    return Catalog.of(read(*documents))


def fixes(mesh: Catalog, part: str) -> list[str]:
    return [each.fix for each in dangling(mesh) if part in each.text]


def proposed(fix: str) -> Any:
    """The document that a fix would have applied."""
    command = shlex.split(fix.partition(": ")[2])
    assert command[:2] + command[3:] == ["printf", "%s", "|", "meshtui", "apply", "--yes", "-f", "-"]
    return json.loads(command[2])


def test_a_service_account_that_is_missing_can_be_applied_as_it_stands() -> None:
    """Its document is in the fix; with it nothing is missing."""
    pod = deployment("a", pod={"serviceAccountName": "ghost"})
    (fix,) = fixes(catalog(pod), "ServiceAccount prod/ghost")
    assert dangling(catalog(pod, proposed(fix))) == ()


def test_a_grant_that_is_missing_can_be_applied_as_it_stands() -> None:
    """For a backend of another namespace; whether that exists is told only then."""
    mesh = kubernetes_gateway("edge", listens("a")), http_route("r", sends("other/a"))
    (fix,) = fixes(catalog(*mesh), "HTTPRoute prod/r")
    granted = catalog(*mesh, proposed(fix))
    assert fixes(granted, "HTTPRoute prod/r") == ["Apply it, or name another in backendRefs."]


def test_fixes_name_what_there_is_to_choose_from() -> None:
    """Ports, listeners and labels, not only that something is wrong."""
    service = document("Service", "s", spec={"ports": [{"port": 80}], "selector": {"app": "s", "tier": "web"}})
    mesh = catalog(
        service,
        kubernetes_gateway("edge", listens("one"), listens("two", port=81)),
        http_route("r", sends("s", port=90)),
        http_route("q", parents=({"name": "edge", "sectionName": "three"},)),
        gateway("g", http("*", number=80), selector={"istio": "edge"}),
        virtual_service("v", to("s"), gateways=("edge",)),
    )
    assert fixes(mesh, "has no port 90") == ["Name one that it has in backendRefs: 80."]
    assert fixes(mesh, "has no listener three") == [
        "Name one that it has in spec.parentRefs: one on port 80, two on port 81."
    ]
    assert fixes(mesh, "Gateway prod/g:") == [
        "Apply a gateway's Deployment whose pods have the labels istio: edge; or correct spec.selector."
    ]
    assert fixes(mesh, "Service prod/s:") == [
        "Apply a Deployment in namespace prod whose pods have the labels app: s, tier: web; or correct spec.selector."
    ]
    assert fixes(mesh, "VirtualService prod/v") == [
        "Write an HTTPRoute instead, or name a Gateway of Istio's in spec.gateways."
    ]
