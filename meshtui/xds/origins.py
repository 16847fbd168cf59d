"""Which manifests went into a resource of a proxy: when its Envoy refuses the resource, one of them is to blame.

Kept beside `resources`, and as coarse as that is useful: what did not change since the last version that was taken is
not to blame anyway (`suspects`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meshtui.gateway.listeners import listeners_of
from meshtui.manifest.api_model import KubernetesHttpRoute
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.hosts import covers
from meshtui.manifest.model import Deployment, Manifest, ObjectKey, Secret, Service, VirtualService
from meshtui.manifest.policy_model import (
    AuthorizationPolicy,
    DestinationRule,
    PeerAuthentication,
    Policy,
    PolicyAction,
    RequestAuthentication,
)
from meshtui.manifest.workload import Proxy, Workload
from meshtui.policy.selection import policies_about
from meshtui.wire.discovery import CLUSTER, EXTENSION, LISTENER, ROUTE, SECRET
from meshtui.xds import extensions
from meshtui.xds.sidecar import INBOUND, OUTBOUND

_ACTIONS = {
    extensions.AUDIT: PolicyAction.AUDIT,
    extensions.DENY: PolicyAction.DENY,
    extensions.ALLOW: PolicyAction.ALLOW,
}


def origins(catalog: Catalog, target: str, type_url: str, name: str) -> frozenset[ObjectKey]:
    """The manifests that say what is in one resource of the proxy of a workload; none when the workload is gone."""
    workload = catalog.workload(target)
    if workload is None:
        return frozenset()
    makers = {LISTENER: _listener, ROUTE: _route, CLUSTER: _cluster, EXTENSION: _extension, SECRET: _secret}
    return frozenset(item.key for item in makers[type_url](catalog, workload, name))


def suspects(refused: Catalog, taken: Catalog | None, target: str, type_url: str, name: str) -> tuple[ObjectKey, ...]:
    """The manifests by which a proxy may have refused a resource, sorted.

    `refused` is the catalog that it was made of, `taken` the one of the version before it that the proxy took, if any:
    then only what has changed between them, been added or removed.
    """
    found = origins(refused, target, type_url, name)
    if taken is None:
        return tuple(sorted(found))
    changed = {key for key in found | origins(taken, target, type_url, name) if refused.get(key) != taken.get(key)}
    return tuple(sorted(changed or found))


def _listener(catalog: Catalog, workload: Workload, name: str) -> Iterator[Manifest]:
    yield from _deployment(catalog, workload)
    if name == INBOUND:
        yield from policies_about(catalog, workload, PeerAuthentication)
    elif name != OUTBOUND:
        yield from catalog.services_of(workload)
        yield from (each.binding.gateway for each in listeners_of(catalog) if each.binding.workload == workload)


def _route(catalog: Catalog, workload: Workload, _: str) -> Iterator[Manifest]:
    yield from catalog.all(Service)
    gateways = {"mesh"}
    if workload.proxy is Proxy.GATEWAY:
        bound = [each.gateway for each in catalog.bindings() if each.workload == workload]
        gateways = {f"{gateway.namespace}/{gateway.name}" for gateway in bound}
        yield from bound
        yield from catalog.all(KubernetesHttpRoute)
    yield from (each for each in catalog.all(VirtualService) if not gateways.isdisjoint(each.gateways))


def _cluster(catalog: Catalog, workload: Workload, name: str) -> Iterator[Manifest]:
    host = name.rpartition("|")[2]
    if not host:
        yield from _deployment(catalog, workload)
    for service in catalog.all(Service):
        if service.full_name == host:
            yield service
            yield from catalog.all(PeerAuthentication)
            yield from (each for behind in catalog.workloads_of(service) for each in _deployment(catalog, behind))
    yield from (each for each in catalog.all(DestinationRule) if covers(each.host, host))


def _extension(catalog: Catalog, workload: Workload, name: str) -> Iterable[Policy]:
    if name == extensions.PLAINTEXT:
        return policies_about(catalog, workload, PeerAuthentication)
    if name == extensions.JWT:
        return policies_about(catalog, workload, RequestAuthentication)
    action = _ACTIONS.get(name)
    return (each for each in policies_about(catalog, workload, AuthorizationPolicy) if each.action is action)


def _secret(catalog: Catalog, _: Workload, name: str) -> Iterator[Manifest]:
    place = name.partition("://")[2]
    for each in catalog.all(Secret):
        if place in (f"{each.namespace}/{each.name}", f"{each.namespace}/{each.name.removesuffix('-cacert')}-cacert"):
            yield each


def _deployment(catalog: Catalog, workload: Workload) -> Iterator[Manifest]:
    found = catalog.get(ObjectKey(Deployment.kind, workload.namespace, workload.name))
    if found is not None:
        yield found
