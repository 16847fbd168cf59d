"""What stands behind a credential or a workload: hosts, Gateways and routes that fail when it does. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter

from meshtui.gateway.references import Listener
from meshtui.manifest.api_model import HttpRule, KubernetesGateway, KubernetesHttpRoute, ReferenceGrant
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.hosts import meet
from meshtui.manifest.model import Deployment, Gateway, Namespace, ObjectKey, Service, VirtualService
from meshtui.manifest.workload import Proxy, Workload

Routes = Callable[[Gateway | KubernetesGateway], Mapping[ObjectKey, int]]
"""What leads through a Gateway, each with its number of routes."""
_PLACE = attrgetter("kind", "namespace", "name")
"""Orders keys as they order themselves, in a tenth of the time: a gateway may have thousands."""
_OF_WAYS = (Service, Gateway, VirtualService, KubernetesGateway, KubernetesHttpRoute, Namespace, ReferenceGrant)


def reach(listeners: Iterable[Listener], routes: Routes) -> tuple[str, ...]:
    """One line for each: `host shop.example.com`, `Gateway edge/shop`, `VirtualService prod/shop (3 routes)`."""
    bindings = [listener.binding for listener in listeners]
    gateways = {binding.gateway.key: binding.gateway for binding in bindings}
    counts = {key: count for gateway in gateways.values() for key, count in routes(gateway).items()}
    return _lines({host for binding in bindings for host in binding.server.hosts}, gateways, counts)


def reach_of_workload(catalog: Catalog, workload: Workload) -> tuple[str, ...]:
    """The same for a workload, after the Services that it stands behind: what leads to them from wherever.

    Of a gateway workload also what it opens, wherever that leads. Nothing for one that is not in the catalog.
    """
    return catalog.kept((*_OF_WAYS, Deployment), _reach_of, workload.target)


def _reach_of(catalog: Catalog, target: str) -> tuple[str, ...]:
    workload = catalog.workload(target)
    if workload is None:
        return ()
    ways = catalog.kept(_OF_WAYS, _ways)
    services = [service.key for service in catalog.services_of(workload)]
    leading = [way for service in services for way in ways.to.get(service, ())]
    hosts = {host for way in leading for host in way.hosts}
    gateways = {gateway for way in leading for gateway in way.gateways}
    counts = {way.key: sum(not each.isdisjoint(services) for each in way.routes) for way in leading}
    if workload.proxy is Proxy.GATEWAY:
        opened = [each for each in catalog.bindings() if each.workload.target == target]
        hosts.update(host for binding in opened for host in binding.server.hosts)
        gateways.update(binding.gateway.key for binding in opened)
        through = (way for key in {each.gateway.key for each in opened} for way in ways.through.get(key, ()))
        counts.update((way.key, len(way.routes)) for way in through)
    return (*map(str, services), *_lines(hosts, gateways, counts))


@dataclass(frozen=True)
class _Way:
    """A VirtualService or HTTPRoute."""

    key: ObjectKey
    routes: tuple[frozenset[ObjectKey], ...]
    """For each of its routes the Services to which it leads."""
    gateways: frozenset[ObjectKey]
    """Through which it leads; none for one that only sidecars follow."""
    hosts: frozenset[str]
    """For which it does so there."""


@dataclass(frozen=True)
class _Ways:
    """All of a mesh, by where they lead and through what."""

    to: Mapping[ObjectKey, list[_Way]]
    through: Mapping[ObjectKey, list[_Way]]


def _ways(catalog: Catalog) -> _Ways:
    to, through = defaultdict(list), defaultdict(list)
    for way in (*_virtual_services(catalog), *_http_routes(catalog)):
        for service in {each for route in way.routes for each in route}:
            to[service].append(way)
        for gateway in way.gateways:
            through[gateway].append(way)
    return _Ways(to, through)


def _virtual_services(catalog: Catalog) -> Iterator[_Way]:
    for item in catalog.all(VirtualService):
        named = (ObjectKey(Gateway.kind, *name.split("/")) for name in item.gateways if "/" in name)
        gateways = [gateway for gateway in map(catalog.get, named) if isinstance(gateway, Gateway)]
        theirs = {host for gateway in gateways for server in gateway.servers for host in server.hosts}
        services = [
            [catalog.service_named(each.host, item.namespace) for each in route.destinations] for route in item.http
        ]
        yield _Way(
            key=item.key,
            routes=tuple(frozenset(each.key for each in found if each is not None) for found in services),
            gateways=frozenset(gateway.key for gateway in gateways),
            hosts=frozenset(meet(their, own) for their in theirs for own in item.hosts) - {""},
        )


def _http_routes(catalog: Catalog) -> Iterator[_Way]:
    gateways: dict[ObjectKey, set[ObjectKey]] = defaultdict(set)
    hosts: dict[ObjectKey, set[str]] = defaultdict(set)
    for gateway in catalog.all(KubernetesGateway):
        for listener in gateway.listeners:
            for attached in catalog.attachments.at(gateway, listener):
                gateways[attached.route.key].add(gateway.key)
                hosts[attached.route.key].update(attached.hosts)
    for item in catalog.all(KubernetesHttpRoute):
        yield _Way(
            key=item.key,
            routes=tuple(frozenset(_backends(catalog, item, rule)) for rule in item.rules),
            gateways=frozenset(gateways[item.key]),
            hosts=frozenset(hosts[item.key]),
        )


def _backends(catalog: Catalog, route: KubernetesHttpRoute, rule: HttpRule) -> Iterator[ObjectKey]:
    """Those of one rule that it may refer to."""
    source = (route.kind, route.namespace)
    for backend in rule.backends:
        if catalog.permissions.allow(source, Service.kind, backend.namespace, backend.name):
            yield ObjectKey(Service.kind, backend.namespace, backend.name)


def _lines(hosts: Iterable[str], gateways: Iterable[ObjectKey], counts: Mapping[ObjectKey, int]) -> tuple[str, ...]:
    return (
        *(f"host {host}" for host in sorted(hosts)),
        *map(str, sorted(gateways, key=_PLACE)),
        *(f"{key} ({_count(counts[key], 'route')})" for key in sorted(counts, key=_PLACE)),
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
