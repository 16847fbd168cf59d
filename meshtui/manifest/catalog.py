"""All objects of a mesh at one moment, and what they mean together.

A catalog never changes: applying and deleting make a new one. Dangling references are allowed, as in
Kubernetes, where what is referred to may come later; only a namespace has to be there first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, cast

from meshtui.errors import RefusedError
from meshtui.manifest.api_model import KubernetesGateway, KubernetesHttpRoute, ReferenceGrant
from meshtui.manifest.attachment import Attachments
from meshtui.manifest.binding import Binding, bindings_of
from meshtui.manifest.model import (
    DEFAULT_NAMESPACE,
    Deployment,
    Gateway,
    Manifest,
    Namespace,
    ObjectKey,
    Service,
    ServiceAccount,
)
from meshtui.manifest.names import SERVICE_DOMAIN
from meshtui.manifest.reference_grant import Permissions
from meshtui.manifest.secret_readers import SecretReaders, readers_among
from meshtui.manifest.workload import Proxy, Workload, workload_of

ManifestT = TypeVar("ManifestT", bound=Manifest)
T = TypeVar("T")


@dataclass(frozen=True)
class Catalog:
    """An immutable set of objects with one object for each kind, namespace and name."""

    _objects: Mapping[ObjectKey, Manifest] = field(default_factory=dict)
    _kept: dict[tuple[Any, ...], tuple[frozenset[str], Any]] = field(default_factory=dict, compare=False, repr=False)
    """What was made from objects of some kinds alone, with those kinds."""
    _kept_of_each: dict[tuple[Any, ...], tuple[frozenset[str], dict[int, tuple[Manifest, Any]]]] = field(
        default_factory=dict, compare=False, repr=False
    )
    """What was made from one object and objects of some kinds, with that object by its id, and with those kinds."""

    @classmethod
    def of(cls, objects: Iterable[Manifest]) -> Catalog:
        """A catalog of these objects; of two with one name the later stays."""
        return cls({item.key: item for item in objects})

    def apply(self, objects: Iterable[Manifest]) -> Catalog:
        """With these objects added, each in place of the one that has its name."""
        added = {item.key: item for item in objects}
        return Catalog({**self._objects, **added}, *self._kept_without(added))

    def remove(self, key: ObjectKey) -> Catalog:
        """Without one object; the same when there is none."""
        left = {other: item for other, item in self._objects.items() if other != key}
        return Catalog(left, *self._kept_without([key]))

    def __iter__(self) -> Iterator[Manifest]:
        """Every object, sorted by key."""
        return (item for _, item in sorted(self._objects.items(), key=_place))

    def __len__(self) -> int:
        return len(self._objects)

    def get(self, key: ObjectKey) -> Manifest | None:
        """One object; None when there is none."""
        return self._objects.get(key)

    def all(self, kind: type[ManifestT]) -> tuple[ManifestT, ...]:
        """All objects of one kind, sorted by namespace and name."""
        return tuple(item for item in self._by_kind.get(kind.kind, ()) if isinstance(item, kind))

    def oldest_first(self, kind: type[ManifestT]) -> tuple[ManifestT, ...]:
        """All objects of one kind, in the order in which they win where they contradict each other."""
        return tuple(sorted(self.all(kind), key=_age))

    def workloads(self) -> tuple[Workload, ...]:
        """Everything that runs, sorted by namespace and name."""
        return tuple(self._workloads.values())

    def workload(self, target: str) -> Workload | None:
        """The workload called `workload/NAMESPACE/NAME`; None when there is none."""
        return self._workloads.get(target)

    def service_named(self, host: str, namespace: str) -> Service | None:
        """The Service that the host of a destination in this namespace means; None when there is none.

        As in Istio, a name without dots is of the namespace where it stands, and any other is a full one.
        """
        name = host
        if "." in host:
            name, _, rest = host.partition(".")
            namespace = rest.removesuffix(f".{SERVICE_DOMAIN}")
            if f"{name}.{namespace}.{SERVICE_DOMAIN}" != host:
                return None
        found = self._objects.get(ObjectKey(Service.kind, namespace, name))
        return found if isinstance(found, Service) else None

    def services_of(self, workload: Workload) -> tuple[Service, ...]:
        """The Services that a workload stands behind, sorted by name."""
        candidates = (self._services_by_label.get((workload.namespace, *pair), ()) for pair in workload.labels.items())
        found = (service for group in candidates for service in group if _selects(service.selector, workload.labels))
        return tuple(sorted(found, key=lambda service: service.name))

    def workloads_of(self, service: Service) -> tuple[Workload, ...]:
        """The workloads behind a Service, sorted by name; none when it selects nothing."""
        if not service.selector:
            return ()
        pair = min(service.selector.items())
        candidates = self._workloads_by_label.get((service.namespace, *pair), ())
        return tuple(workload for workload in candidates if _selects(service.selector, workload.labels))

    def bindings(self) -> tuple[Binding, ...]:
        """Every server of every Gateway, of either kind, with each gateway workload that is to open it."""
        return self._bindings

    @cached_property
    def attachments(self) -> Attachments:
        """Which HTTPRoutes are attached where."""
        return Attachments(self.all(KubernetesGateway), self.oldest_first(KubernetesHttpRoute), self.all(Namespace))

    @cached_property
    def permissions(self) -> Permissions:
        """Which references to other namespaces are granted."""
        return Permissions(self.all(ReferenceGrant))

    @cached_property
    def secret_readers(self) -> SecretReaders:
        """Which service accounts may read the Secrets of their namespace."""
        return readers_among(self.all(ServiceAccount))

    def derived(self, make: Callable[[Catalog], T]) -> T:
        """`make` of this catalog, made once: a catalog never changes. For what is no manifest's own to say."""
        if make not in self._derived:
            self._derived[make] = make(self)
        return cast(T, self._derived[make])

    def kept(self, kinds: Iterable[type[Manifest]], make: Callable[..., T], *arguments: Hashable) -> T:
        """`make` of this catalog and `arguments`, made once for as long as no object of `kinds` changes.

        For what is costly and made from objects of these kinds alone: later catalogs go on with it.
        """
        key = (make, *arguments)
        if key not in self._kept:
            self._kept[key] = frozenset(kind.kind for kind in kinds), make(self, *arguments)
        return cast(T, self._kept[key][1])

    def kept_of_each(
        self, kind: type[ManifestT], kinds: Iterable[type[Manifest]], make: Callable[..., T], *arguments: Hashable
    ) -> list[T]:
        """`make` of this catalog, each object of `kind` and `arguments`, made once for as long as neither that object
        nor any of `kinds` changes. In the order of `all`.

        For what is made from one object and those of these kinds alone: where one of many is new, one is made.
        """
        _, known = self._kept_of_each.setdefault((make, *arguments), (frozenset(each.kind for each in kinds), {}))
        items = self.all(kind)
        for item in items:
            if id(item) not in known:
                known[id(item)] = item, make(self, item, *arguments)
        return [known[id(item)][1] for item in items]

    def _kept_without(self, changed: Collection[ObjectKey]) -> tuple[dict[Any, Any], dict[Any, Any]]:
        """What stays right of what is kept."""
        kinds = {key.kind for key in changed}
        gone = [id(item) for key in changed if (item := self._objects.get(key)) is not None]
        each = {key: value for key, value in self._kept_of_each.items() if value[0].isdisjoint(kinds)}
        return (
            {key: value for key, value in self._kept.items() if value[0].isdisjoint(kinds)},
            {key: (made_from, _without(made, gone)) for key, (made_from, made) in each.items()},
        )

    def problems(self) -> tuple[str, ...]:
        """What makes this set of objects unacceptable: objects whose namespace is not there.

        The namespace `default` always is, as in Kubernetes.
        """
        present = {DEFAULT_NAMESPACE, *(namespace.name for namespace in self.all(Namespace))}
        return tuple(
            f"{item.key}: metadata.namespace: there is no namespace {item.namespace}; apply a Namespace of this name"
            for item in self
            if item.namespace and item.namespace not in present
        )

    @cached_property
    def _by_kind(self) -> Mapping[str, list[Manifest]]:
        groups: dict[str, list[Manifest]] = defaultdict(list)
        for item in self:
            groups[item.kind].append(item)
        return groups

    @cached_property
    def _workloads(self) -> Mapping[str, Workload]:
        found = filter(None, map(workload_of, self.all(Deployment)))
        return {workload.target: workload for workload in found}

    @cached_property
    def _bindings(self) -> tuple[Binding, ...]:
        gateways: list[Gateway | KubernetesGateway] = [*self.all(Gateway), *self.all(KubernetesGateway)]
        gateways.sort(key=_age)
        return tuple(
            binding
            for workload in self.workloads()
            if workload.proxy is Proxy.GATEWAY
            for gateway in gateways
            for binding in bindings_of(gateway, (workload,), self.services_of)
        )

    @cached_property
    def _derived(self) -> dict[Callable[[Catalog], Any], Any]:
        return {}

    @cached_property
    def _services_by_label(self) -> Mapping[tuple[str, str, str], list[Service]]:
        groups: dict[tuple[str, str, str], list[Service]] = defaultdict(list)
        for service in self.all(Service):
            if service.selector:
                groups[service.namespace, *min(service.selector.items())].append(service)
        return groups

    @cached_property
    def _workloads_by_label(self) -> Mapping[tuple[str, str, str], list[Workload]]:
        groups: dict[tuple[str, str, str], list[Workload]] = defaultdict(list)
        for workload in self.workloads():
            for pair in workload.labels.items():
                groups[workload.namespace, *pair].append(workload)
        return groups


def _place(named: tuple[ObjectKey, Manifest]) -> tuple[str, str, str]:
    key, _ = named
    return key.kind, key.namespace, key.name


def _age(item: Manifest) -> tuple[str, ObjectKey]:
    return item.created_at or "~", item.key


def _without(made: Mapping[int, tuple[Manifest, Any]], gone: Iterable[int]) -> dict[int, tuple[Manifest, Any]]:
    left = dict(made)
    for each in gone:
        left.pop(each, None)
    return left


def _selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return selector.items() <= labels.items()


def removed(catalog: Catalog, key: ObjectKey) -> Catalog:
    """The catalog without one object. Raises RefusedError for a namespace that is not empty."""
    inside = [item.key for item in catalog if item.namespace == key.name] if key.kind == Namespace.kind else []
    if inside:
        some = ", ".join(map(str, inside[:3])) + (", …" if len(inside) > 3 else "")
        raise RefusedError(f"{key} still has {len(inside)} objects ({some}).", fix="Delete them first.")
    return catalog.remove(key)
