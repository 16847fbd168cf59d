"""HTTPRoutes as the VirtualServices that do the same, one for each host of a listener, as Istio converts them.

The routes of all HTTPRoutes of a host are tried in the Gateway API's order: the most exact path first, then those
that ask for a method, then those that ask for more headers, then those of the older HTTPRoute.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from meshtui.manifest.api_model import Backend, HttpRule, KubernetesGateway, KubernetesHttpRoute
from meshtui.manifest.attachment import beside
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.hosts import covers
from meshtui.manifest.model import Destination, HttpRoute, Metadata, Service, VirtualService
from meshtui.manifest.names import SERVICE_DOMAIN
from meshtui.manifest.server import Server

NOWHERE = Destination(host="")
"""In place of what there is not, or what a route may not refer to."""
_EXACTNESS = {"exact": 3, "prefix": 2, "elements": 2, "regex": 1}


def virtual_services_at(catalog: Catalog, gateway: KubernetesGateway, server: Server) -> tuple[VirtualService, ...]:
    """What is routed at one listener, named by its server. A host without routes is one that is kept from others."""
    listener = next(each for each in gateway.listeners if each.server == server)
    routes: dict[str, list[HttpRoute]] = defaultdict(list)
    if any(covers(other, host) for other in beside(gateway, listener) for host in server.hosts):
        routes = defaultdict(list, {host: [] for host in server.hosts})
    for attached in catalog.attachments.at(gateway, listener):
        made = tuple(_made(catalog, attached.route, server))
        for host in attached.hosts:
            routes[host].extend(made)
    metadata = Metadata(name=gateway.name, namespace=gateway.namespace)
    return tuple(
        VirtualService(metadata=metadata, hosts=(host,), gateways=(), http=tuple(sorted(routes[host], key=_precedence)))
        for host in sorted(routes)
    )


def _precedence(route: HttpRoute) -> tuple[int, ...]:
    (match,) = route.matches
    exactness = (_EXACTNESS[match.uri.how], len(match.uri.value)) if match.uri else (0, 0)
    return tuple(-each for each in (*exactness, match.method is not None, len(match.headers)))


def _made(catalog: Catalog, route: KubernetesHttpRoute, server: Server) -> Iterator[HttpRoute]:
    for rule in route.rules:
        if rule.route.redirect is not None:
            # a redirect that names neither port nor scheme stays on the listener's port
            redirect = replace(rule.route.redirect, port=rule.route.redirect.port or server.number)
            yield replace(rule.route, redirect=redirect)
        else:
            yield replace(rule.route, destinations=tuple(_destinations(catalog, route, rule)) or (NOWHERE,))


def _destinations(catalog: Catalog, route: KubernetesHttpRoute, rule: HttpRule) -> Iterator[Destination]:
    """Those with a share. One that may not be referred to keeps its share, which is answered with an error."""
    for backend in rule.backends:
        if backend.weight:
            allowed = catalog.permissions.allow(
                (route.kind, route.namespace), Service.kind, backend.namespace, backend.name
            )
            yield _destination(backend) if allowed else replace(NOWHERE, weight=backend.weight)


def _destination(backend: Backend) -> Destination:
    host = f"{backend.name}.{backend.namespace}.{SERVICE_DOMAIN}"
    return Destination(host=host, port=backend.port, weight=backend.weight)
