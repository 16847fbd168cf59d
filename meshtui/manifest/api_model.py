"""The objects of the Kubernetes Gateway API as values, and the ConfigMap that they may refer to.

A listener is kept as the server that an Istio Gateway would have in its place, and a rule as the routes of a
VirtualService, as Istio itself converts them (pilot/pkg/config/kube/gateway/conversion.go). What depends on other
objects (which routes are attached where, and which references are granted) is not decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from meshtui.manifest.kinds import KUBERNETES_GATEWAY
from meshtui.manifest.model import HttpRoute, Manifest
from meshtui.manifest.selectors import LabelSelector
from meshtui.manifest.server import Server


@dataclass(frozen=True, kw_only=True)
class ConfigMap(Manifest):
    """Data that anyone may see, such as the CA that clients are checked against."""

    kind: ClassVar[str] = "ConfigMap"
    data: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class GrantedSource:
    """Objects that may refer to what a ReferenceGrant opens."""

    group: str
    kind: str
    namespace: str


@dataclass(frozen=True, kw_only=True)
class GrantedTarget:
    """Objects that may be referred to, in the grant's own namespace."""

    group: str
    kind: str
    name: str = ""
    """Empty: all of this kind."""


@dataclass(frozen=True, kw_only=True)
class ReferenceGrant(Manifest):
    """Leave for objects of other namespaces to refer to objects of this one."""

    kind: ClassVar[str] = "ReferenceGrant"
    sources: tuple[GrantedSource, ...] = ()
    targets: tuple[GrantedTarget, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ApiListener:
    """One listener of a Gateway of the Gateway API."""

    server: Server
    """As Istio's Gateway would have it; its port is named as the listener is."""
    namespaces: str = "Same"
    """From where routes may be attached: `Same`, `All` or `Selector`."""
    selector: LabelSelector = field(default_factory=LabelSelector)
    """Of the namespaces, with `Selector`."""
    http_routes: bool = True
    """Whether it takes HTTPRoutes."""

    @property
    def name(self) -> str:
        """What a route's `sectionName` calls it."""
        return self.server.name


@dataclass(frozen=True, kw_only=True)
class KubernetesGateway(Manifest):
    """What a gateway workload lets in (the Gateway API's Gateway)."""

    kind: ClassVar[str] = KUBERNETES_GATEWAY
    listeners: tuple[ApiListener, ...] = ()
    services: tuple[tuple[str, str], ...] = ()
    """Namespace and name of each Service whose workloads open it; none: those that carry its name as a label."""

    @property
    def servers(self) -> tuple[Server, ...]:
        """One for each listener."""
        return tuple(listener.server for listener in self.listeners)


@dataclass(frozen=True, kw_only=True)
class Parent:
    """A Gateway, or some of its listeners, to which a route wants to be attached."""

    namespace: str
    name: str
    section: str = ""
    """Name of the listener; empty for all of them."""
    port: int = 0
    """Of the listeners; 0 for all of them."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A port of a Service, and its share of the requests."""

    namespace: str
    name: str
    port: int
    weight: int = 1


@dataclass(frozen=True, kw_only=True)
class HttpRule:
    """One match of a rule of an HTTPRoute."""

    route: HttpRoute
    """What happens, without destinations: which of them are allowed is not the rule's to say."""
    backends: tuple[Backend, ...] = ()


@dataclass(frozen=True, kw_only=True)
class KubernetesHttpRoute(Manifest):
    """How requests are routed at the listeners to which it is attached (the Gateway API's HTTPRoute)."""

    kind: ClassVar[str] = "HTTPRoute"
    parents: tuple[Parent, ...] = ()
    hosts: tuple[str, ...] = ("*",)
    """`*`: whatever the listener has."""
    rules: tuple[HttpRule, ...] = ()
