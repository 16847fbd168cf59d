"""Which hosts a proxy answers for, and with which routes: what Envoy gets by RDS, so that a change drains nothing.

At a gateway: the hosts of its servers as far as VirtualServices bound to its Gateway, or HTTPRoutes attached to its
listener, have them. At a
sidecar: every service of the mesh by all its names, and the VirtualServices bound to `mesh`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from envoy.config.route.v3 import route_components_pb2, route_pb2

from meshtui.manifest.api_model import KubernetesGateway
from meshtui.manifest.api_routes import virtual_services_at
from meshtui.manifest.binding import Binding
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.hosts import meet
from meshtui.manifest.model import ObjectKey, Service, VirtualService
from meshtui.xds import naming
from meshtui.xds.redirects import Places
from meshtui.xds.routes import is_catch_all, routes_of, to_cluster

Hosts = Mapping[str, Sequence[Any]]
"""Domain → routes in the order in which they are tried."""


def gateway_routes(catalog: Catalog, name: str, servers: Iterable[Binding], https_port: int, places: Places) -> Any:
    """The route configuration `name` of servers that share it.

    Servers that redirect send their clients to `https_port` of the same host (0 stands for 443), routes of HTTPRoutes
    to where the port that they name is. Hosts without routes are answered with 404.
    """
    hosts: dict[str, list[Any]] = {}
    for binding in servers:
        if binding.server.tls and binding.server.tls.https_redirect:
            redirect = route_components_pb2.Route(
                match={"prefix": "/"}, redirect={"https_redirect": True, "port_redirect": https_port}
            )
            hosts |= {host: [redirect] for host in binding.server.hosts}
        else:
            for host, routes in _bound_routes(catalog, binding, places).items():
                hosts.setdefault(host, []).extend(routes)
    # clients put the port of a gateway into the host, unless it is the scheme's own
    return _configuration(name, hosts, ignore_port_in_host_matching=True)


def outbound_routes(catalog: Catalog, namespace: str) -> Any:
    """The route configuration of a sidecar's outbound requests. Hosts that are no service are answered with 502.

    Sidecars of one namespace have the same one, as long as no service and no VirtualService changes.
    """
    return catalog.kept((Service, VirtualService), _outbound_routes, namespace)


def _outbound_routes(catalog: Catalog, namespace: str) -> Any:
    hosts: dict[str, list[Any]] = {}
    own: dict[ObjectKey, list[Any]] = defaultdict(list)
    for virtual_service in _bound_to(catalog, "mesh"):
        routes = list(routes_of(catalog, virtual_service))
        for host in virtual_service.hosts:
            service = catalog.service_named(host, virtual_service.namespace)
            if service:
                own[service.key].extend(routes)
            else:
                for domain in (host, f"{host}:80"):
                    hosts.setdefault(domain, []).extend(routes)
    built = []
    for key, usual, as_usual in catalog.kept_of_each(Service, (), _reached, namespace):
        if key not in own and hosts.keys().isdisjoint(usual):
            built += as_usual
        else:
            for domain, route in usual.items():
                hosts.setdefault(domain, own.get(key) or [route])
    hosts.setdefault("*", [_no_such_service()])
    built = sorted([*built, *_virtual_hosts(hosts)], key=_name)
    return route_pb2.RouteConfiguration(name=naming.OUTBOUND_ROUTES, virtual_hosts=built)


def _bound_routes(catalog: Catalog, binding: Binding, places: Places) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for virtual_service in _services_at(catalog, binding, places):
        domains = {meet(mine, theirs) for mine in binding.server.hosts for theirs in virtual_service.hosts}
        for domain in sorted(domains - {""}):
            found.setdefault(domain, []).extend(routes_of(catalog, virtual_service))
    return found


def _services_at(catalog: Catalog, binding: Binding, places: Places) -> Iterator[VirtualService]:
    gateway = binding.gateway
    if not isinstance(gateway, KubernetesGateway):
        yield from _bound_to(catalog, f"{gateway.namespace}/{gateway.name}")
        return
    for service in virtual_services_at(catalog, gateway, binding.server):
        yield replace(service, http=tuple(places.placed(route, binding.server.protocol) for route in service.http))


def _bound_to(catalog: Catalog, gateway: str) -> Iterator[VirtualService]:
    return (item for item in catalog.oldest_first(VirtualService) if gateway in item.gateways)


def _reached(_catalog: Catalog, service: Service, namespace: str) -> tuple[ObjectKey, Mapping[str, Any], list[Any]]:
    """A service with every way to write it, the route to the cluster that is meant, and all of it as virtual hosts."""
    usual = {domain: to_cluster(cluster) for domain, cluster in _service_domains(service, namespace)}
    return service.key, usual, _virtual_hosts({domain: [route] for domain, route in usual.items()})


def _service_domains(service: Service, namespace: str) -> Iterator[tuple[str, str]]:
    """Every way to write a service from `namespace`, with the cluster that is meant."""
    host = naming.full_name(service)
    names = [host, f"{service.name}.{service.namespace}.svc", f"{service.name}.{service.namespace}"]
    if service.namespace == namespace:
        names.append(service.name)
    ports = [port.port for port in service.ports]
    unwritten = 80 if 80 in ports else ports[0]
    for name in names:
        for port in ports:
            yield f"{name}:{port}", naming.outbound_cluster(host, port)
        yield name, naming.outbound_cluster(host, unwritten)


def _no_such_service() -> Any:
    answer = {"status": 502, "body": {"inline_string": "There is no such service in the mesh.\n"}}
    return route_components_pb2.Route(match={"prefix": "/"}, direct_response=answer)


def _configuration(name: str, hosts: Hosts, **options: Any) -> Any:
    return route_pb2.RouteConfiguration(name=name, virtual_hosts=_virtual_hosts(hosts), **options)


def _virtual_hosts(hosts: Hosts) -> list[Any]:
    """Hosts with the very same routes share one; routes that take everything go last, as in Istio."""
    alike: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for domain in sorted(hosts):
        alike[tuple(map(id, hosts[domain]))].append(domain)
    return [
        route_components_pb2.VirtualHost(
            name=domains[0], domains=domains, routes=sorted(hosts[domains[0]], key=is_catch_all)
        )
        for domains in alike.values()
    ]


def _name(virtual_host: Any) -> str:
    return str(virtual_host.name)
