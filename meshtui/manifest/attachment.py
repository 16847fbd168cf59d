"""Which HTTPRoutes are attached to which listeners of the Gateway API's Gateways, for which hosts, and why not.

Both sides decide: the route names listeners, and a listener says from where it takes routes. The hosts are those
that both have; a host that another listener of the same port has more exactly is that one's alone, as in Istio.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from meshtui.manifest.api_model import ApiListener, KubernetesGateway, KubernetesHttpRoute, Parent
from meshtui.manifest.hosts import covers, meet
from meshtui.manifest.model import Namespace, ObjectKey

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""Label that every namespace has."""


@dataclass(frozen=True)
class Attached:
    """A route at one listener."""

    route: KubernetesHttpRoute
    hosts: tuple[str, ...]
    """Those of its hosts for which it is tried there."""


class Attachments:
    """All HTTPRoutes of a mesh at the listeners to which they are attached."""

    def __init__(
        self,
        gateways: Iterable[KubernetesGateway],
        routes: Iterable[KubernetesHttpRoute],
        namespaces: Iterable[Namespace],
    ) -> None:
        """`routes` come in the order in which they win where they contradict each other."""
        self._gateways = {gateway.key: gateway for gateway in gateways}
        self._routes = tuple(routes)
        self._labels = {namespace.name: namespace.metadata.labels for namespace in namespaces}
        self._wanting: dict[ObjectKey, dict[ObjectKey, KubernetesHttpRoute]] = defaultdict(dict)
        for route in self._routes:
            for parent in route.parents:
                self._wanting[_key(parent)][route.key] = route

    def at(self, gateway: KubernetesGateway, listener: ApiListener) -> tuple[Attached, ...]:
        """The routes of one listener that have a host there, in order."""
        found = []
        for route in self._wanting.get(gateway.key, {}).values():
            wants = any(_key(parent) == gateway.key and _means(parent, listener) for parent in route.parents)
            if wants and not self._refusal(gateway, listener, route):
                found.append(Attached(route, tuple(own_hosts(gateway, listener, route.hosts))))
        return tuple(found)

    def of(self, gateway: KubernetesGateway) -> tuple[KubernetesHttpRoute, ...]:
        """The routes of all listeners of a Gateway, each once, in order."""
        found = {each.route.key: each.route for listener in gateway.listeners for each in self.at(gateway, listener)}
        return tuple(found[route.key] for route in self._routes if route.key in found)

    def unattached(self) -> Iterator[tuple[str, str]]:
        """What routes want to be attached to and are not: why, and what to do."""
        for route in self._routes:
            if not route.parents:
                yield f"{route.key}: it names no Gateway in spec.parentRefs", "Name one there."
            for parent in route.parents:
                gateway = self._gateways.get(_key(parent))
                if gateway is None:
                    fix = "Apply it, or name another in spec.parentRefs."
                    yield f"{route.key}: the {_key(parent)} does not exist", fix
                elif found := self._unattached(gateway, parent, route):
                    yield f"{route.key}: the {gateway.key} {found[0]}", found[1]

    def _unattached(
        self, gateway: KubernetesGateway, parent: Parent, route: KubernetesHttpRoute
    ) -> tuple[str, str] | None:
        meant = [listener for listener in gateway.listeners if _means(parent, listener)]
        if not meant:
            name = f" {parent.section}" if parent.section else ""
            has = ", ".join(f"{each.name} on port {each.server.number}" for each in gateway.listeners)
            text = f"has no listener{name}" + (f" on port {parent.port}" if parent.port else "")
            return text, f"Name one that it has in spec.parentRefs: {has}."
        refusals = {listener.name: self._refusal(gateway, listener, route) for listener in meant}
        if not all(refusals.values()):
            return None
        text = "does not take it: listener " + ", ".join(f"{name} {reason}" for name, reason in refusals.items())
        return text, "Change what the listener takes, or spec.parentRefs and spec.hostnames of the route."

    def _refusal(self, gateway: KubernetesGateway, listener: ApiListener, route: KubernetesHttpRoute) -> str:
        """Why a listener does not take a route that means it; empty when it does."""
        if not listener.http_routes:
            return "takes no HTTPRoutes"
        if not self._takes_from(gateway, listener, route.namespace):
            return f"takes no routes of namespace {route.namespace} (allowedRoutes: {listener.namespaces})"
        if not any(meet(listener.server.hosts[0], host) for host in route.hosts):
            return f"is for {listener.server.hosts[0]}, which is none of its hosts"
        if not any(own_hosts(gateway, listener, route.hosts)):
            return "leaves its hosts to the listeners that have them more exactly"
        return ""

    def _takes_from(self, gateway: KubernetesGateway, listener: ApiListener, namespace: str) -> bool:
        if listener.namespaces == "Same":
            return namespace == gateway.namespace
        labels: Mapping[str, str] = {**self._labels.get(namespace, {}), NAMESPACE_NAME: namespace}
        return listener.namespaces == "All" or listener.selector.selects(labels)


def own_hosts(gateway: KubernetesGateway, listener: ApiListener, hosts: Iterable[str]) -> Iterator[str]:
    """Of these hosts those that are one listener's, each once: no listener beside it has them more exactly."""
    own = listener.server.hosts[0]
    narrower = [other for other in beside(gateway, listener) if covers(own, other)]
    for host in dict.fromkeys(meet(own, each) for each in hosts):
        if host and not any(covers(other, host) for other in narrower):
            yield host


def beside(gateway: KubernetesGateway, listener: ApiListener) -> Iterator[str]:
    """The hosts of the other listeners that share a port and its protocol with one."""
    own = listener.server
    for server in gateway.servers:
        if (server.number, server.protocol) == (own.number, own.protocol) and server.name != own.name:
            yield server.hosts[0]


def _key(parent: Parent) -> ObjectKey:
    return ObjectKey(KubernetesGateway.kind, parent.namespace, parent.name)


def _means(parent: Parent, listener: ApiListener) -> bool:
    return parent.section in ("", listener.name) and parent.port in (0, listener.server.number)
