"""The Gateway and VirtualService from a host to a Service."""

from __future__ import annotations

import json

import pytest

from meshtui.errors import UsageError
from meshtui.manifest.documents import parse
from meshtui.manifest.edge_documents import Route, edge_documents
from meshtui.manifest.model import Gateway, VirtualService
from meshtui.manifest.server import Reference
from tests.manifest.test_catalog import catalog, ingress
from tests.manifest.writing import document, gateway, https

SHOP = document("Service", "shop", spec={"ports": [{"port": 8000}], "selector": {"app": "shop"}})
TWO = document("Service", "two", spec={"ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "b"}]})
MESH = catalog(ingress(), SHOP, TWO)
HOSTS = ("shop.example.com",)


def test_what_is_made_can_be_applied() -> None:
    """Both are read as any manifest is, select the gateway beside the Secret, and lead to the Service's port."""
    made = edge_documents(MESH, "edge", "shop-cert", HOSTS, Route.parse("prod/shop"))
    edge, route = parse("\n---\n".join(map(json.dumps, made)), "test")
    assert isinstance(edge, Gateway)
    assert isinstance(route, VirtualService)
    (server,) = edge.servers
    assert (str(edge.key), edge.selector, server.hosts) == (
        "Gateway prod/shop-cert",
        {"istio": "ingressgateway"},
        HOSTS,
    )
    assert server.tls is not None
    assert server.tls.credentials == (Reference("shop-cert"),)
    assert (route.gateways, route.hosts) == (("prod/shop-cert",), HOSTS)
    (destination,) = route.http[0].destinations
    assert (destination.host, destination.port) == ("shop.prod.svc.cluster.local", 8000)
    assert len(MESH.apply((edge, route)).bindings()) == 1


@pytest.mark.parametrize("text", ["shop", "prod/", "/shop", "prod/shop:", "prod/shop:0", "prod/shop:x", "a/b/c", ""])
def test_what_is_no_route(text: str) -> None:
    """Said with the form to write."""
    with pytest.raises(UsageError, match="is not a route"):
        Route.parse(text)


@pytest.mark.parametrize(
    ("namespace", "secret", "route", "words"),
    [
        ("edge", "c", "prod/none", "There is no Service prod/none"),
        ("edge", "c", "prod/shop:81", "has no port 81; it has 8000"),
        ("edge", "c", "prod/two", "has several ports; it has 80, 81"),
        ("prod", "c", "prod/shop", "No gateway workload runs in namespace prod"),
        ("edge", "taken", "prod/shop", "There is a Gateway prod/taken already"),
    ],
)
def test_what_cannot_be_made(namespace: str, secret: str, route: str, words: str) -> None:
    """Before anything changes: no Service, no such port, no gateway to present it, or something is in the way."""
    mesh = catalog(ingress(), SHOP, TWO, gateway("taken", https("a.example.com")))
    with pytest.raises(UsageError, match=words):
        edge_documents(mesh, namespace, secret, HOSTS, Route.parse(route))
