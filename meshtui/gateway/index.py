"""All gateways, gateway workloads, Secrets and routes of an edge, indexed: a change costs what it touches.

Judges nothing; `stale` are the credentials that somebody has to look at again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from meshtui.gateway.contents import Contents, examine
from meshtui.gateway.references import ASKS_CLIENTS, CA_SUFFIX, Listener, SecretRef, resolve
from meshtui.gateway.route_index import RouteIndex
from meshtui.manifest.api_model import ConfigMap, KubernetesGateway, ReferenceGrant
from meshtui.manifest.binding import Binding, bindings_of
from meshtui.manifest.model import Deployment, Gateway, Manifest, ObjectKey, Secret, Service, ServiceAccount
from meshtui.manifest.reference_grant import Permissions
from meshtui.manifest.secret_readers import SecretReaders, readers_among
from meshtui.manifest.workload import Proxy, Workload, workload_of

Place = tuple[str, int, str]
"""Workload, port and host: what only one Gateway can answer for."""


class EdgeIndex:
    """The objects of an edge by what they have to do with each other."""

    def __init__(self) -> None:
        self.gateways: dict[ObjectKey, Gateway | KubernetesGateway] = {}
        self.secrets: dict[SecretRef, Secret] = {}
        self.config_maps: dict[SecretRef, ConfigMap] = {}
        self.contents: dict[SecretRef, Contents] = {}
        self.listeners: dict[ObjectKey, tuple[Listener, ...]] = {}
        """Of each Gateway."""
        self.mentions: dict[SecretRef, set[ObjectKey]] = defaultdict(set)
        """Gateways by the Secrets that their listeners name, companions included."""
        self.takers: dict[Place, set[ObjectKey]] = defaultdict(set)
        """Gateways by what they would answer for."""
        self.holders: dict[str, set[SecretRef]] = defaultdict(set)
        """Secrets by the fingerprint of what they present."""
        self.routes = RouteIndex()
        self.stale: set[SecretRef] = set()
        self._workloads: dict[str, Workload] = {}
        self._services: dict[ObjectKey, Service] = {}
        self._grants: dict[ObjectKey, ReferenceGrant] = {}
        self._permissions = Permissions()
        self._refused: dict[ObjectKey, ServiceAccount] = {}
        self._readers = SecretReaders()

    def change(self, put: Iterable[Manifest] = (), dropped: Iterable[ObjectKey] = ()) -> None:
        """Objects that are new or different, and objects that are gone. Others than those of the edge do not matter."""
        for key in dropped:
            self._take_out(key)
        for item in put:
            self._take_out(item.key)
            self._put(item)

    def naming(self, ref: SecretRef) -> list[Listener]:
        """Listeners that name a Secret in any way."""
        return [each for key in sorted(self.mentions.get(ref, ())) for each in self.listeners[key]]

    def users(self, ref: SecretRef) -> tuple[Listener, ...]:
        """Listeners that are to present it."""
        return tuple(each for each in self.naming(ref) if ref in each.certificates)

    def _put(self, item: Manifest) -> None:
        match item:
            case Secret():
                self._put_secret(item)
            case Gateway() | KubernetesGateway():
                self.gateways[item.key] = item
                self._bind(item)
            case Deployment():
                self._put_workload(workload_of(item))
            case Service():
                self._services[item.key] = item
                self._services_changed(item.key)
            case ReferenceGrant():
                self._grants[item.key] = item
                self._grants_changed()
            case ServiceAccount():
                if not item.reads_secrets:
                    self._refused[item.key] = item
                    self._readers_changed()
            case ConfigMap():
                self.config_maps[SecretRef(item.namespace, item.name, item.kind)] = item
            case _:
                self._routes_changed(self.routes.put(item))

    def _take_out(self, key: ObjectKey) -> None:
        if key.kind == Secret.kind:
            self._drop_secret(SecretRef(key.namespace, key.name))
        elif key in self.gateways:
            self._unbind(self.gateways.pop(key))
        elif key.kind == Deployment.kind:
            self._put_workload(None, f"workload/{key.namespace}/{key.name}")
        elif self._services.pop(key, None) is not None:
            self._services_changed(key)
        elif self._grants.pop(key, None) is not None:
            self._grants_changed()
        elif self._refused.pop(key, None) is not None:
            self._readers_changed()
        elif self.config_maps.pop(SecretRef(key.namespace, key.name, key.kind), None) is None:
            self._routes_changed(self.routes.drop(key))

    def _put_secret(self, secret: Secret) -> None:
        ref = SecretRef(secret.namespace, secret.name)
        self.secrets[ref] = secret
        self.contents[ref] = contents = examine(secret)
        if contents.sha256:
            self.holders[contents.sha256].add(ref)
            self.stale |= self.holders[contents.sha256]
        self._secret_changed(ref)

    def _drop_secret(self, ref: SecretRef) -> None:
        if self.secrets.pop(ref, None) is not None:
            contents = self.contents.pop(ref)
            self.holders[contents.sha256].discard(ref)
            self.stale |= self.holders[contents.sha256]
            self._secret_changed(ref)

    def _secret_changed(self, ref: SecretRef) -> None:
        """Whoever names it is judged again, and resolved again: it may be another one's companion."""
        self.stale.add(ref)
        self._rebind(self.gateways[key] for key in tuple(self.mentions.get(ref, ())))

    def _put_workload(self, workload: Workload | None, target: str = "") -> None:
        before = self._workloads.pop(workload.target if workload is not None else target, None)
        after = workload if workload is not None and workload.proxy is Proxy.GATEWAY else None
        if after is not None:
            self._workloads[after.target] = after
        if before != after:
            self._rebind(self.gateways.values())

    def _services_changed(self, key: ObjectKey) -> None:
        """Which workloads open a Gateway of the Gateway API may be what stands behind a Service that it names."""
        name = key.namespace, key.name
        self._rebind(each for each in self._kubernetes() if name in each.services)

    def _grants_changed(self) -> None:
        self._permissions = Permissions(self._grants.values())
        self._rebind(self._kubernetes())

    def _readers_changed(self) -> None:
        self._readers = readers_among(self._refused.values())
        self._rebind(self.gateways.values())

    def _routes_changed(self, keys: Iterable[ObjectKey]) -> None:
        for key in keys:
            for listener in self.listeners.get(key, ()):
                self.stale.update(listener.certificates)

    def _kubernetes(self) -> list[KubernetesGateway]:
        return [each for each in self.gateways.values() if isinstance(each, KubernetesGateway)]

    def _services_of(self, workload: Workload) -> Iterator[Service]:
        among = (each for each in self._services.values() if each.namespace == workload.namespace and each.selector)
        return (each for each in among if each.selector.items() <= workload.labels.items())

    def _rebind(self, gateways: Iterable[Gateway | KubernetesGateway]) -> None:
        for gateway in gateways:
            self._unbind(gateway)
            self._bind(gateway)

    def _bind(self, gateway: Gateway | KubernetesGateway) -> None:
        bindings = bindings_of(gateway, self._workloads.values(), self._services_of)
        exists = self.secrets.__contains__
        listeners = tuple(resolve(binding, exists, self._permissions, self._readers) for binding in bindings)
        self.listeners[gateway.key] = listeners
        for listener in listeners:
            for ref in _mentioned(listener):
                self.mentions[ref].add(gateway.key)
            for place in places(listener.binding):
                self.takers[place].add(gateway.key)
        self._touch(listeners)

    def _unbind(self, gateway: Gateway | KubernetesGateway) -> None:
        listeners = self.listeners.pop(gateway.key, ())
        self._touch(listeners)
        for listener in listeners:
            for ref in _mentioned(listener):
                self.mentions[ref].discard(gateway.key)
            for place in places(listener.binding):
                self.takers[place].discard(gateway.key)

    def _touch(self, listeners: Iterable[Listener]) -> None:
        """These listeners are new or gone: what they present, and what others like them present, is judged again."""
        for listener in listeners:
            self.stale.update(_mentioned(listener))
            for ref in listener.certificates:
                contents = self.contents.get(ref)
                if contents is not None and contents.sha256:
                    self.stale |= self.holders[contents.sha256]
            for place in places(listener.binding):
                for key in self.takers[place]:
                    for other in self.listeners.get(key, ()):
                        self.stale.update(other.certificates)


def _mentioned(listener: Listener) -> Iterator[SecretRef]:
    """All Secrets that it names or would take, there or not."""
    yield from listener.certificates
    yield from (each.ref for each in listener.forbidden)
    if listener.mode in ASKS_CLIENTS and listener.client_ca is not None:
        ca = listener.client_ca
        yield ca
        yield SecretRef(ca.namespace, ca.name.removesuffix(CA_SUFFIX) + CA_SUFFIX)


def places(binding: Binding) -> list[Place]:
    """What a server answers for by TLS."""
    server = binding.server
    return [(binding.workload.target, server.number, host) for host in server.hosts] if server.tls is not None else []
