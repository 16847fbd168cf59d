"""What the mesh is told, as values: one frozen class for each kind of object that can be applied.

Only what meshtui acts on is here; everything else of an object stays in its `document`. Nothing in this
module reads text or decides anything: `documents` makes these values, `catalog` joins them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from meshtui.manifest.grants import Grant
from meshtui.manifest.names import SERVICE_DOMAIN
from meshtui.manifest.server import Server

DEFAULT_NAMESPACE = "default"
"""Of what is applied without a namespace; always there."""


@dataclass(frozen=True, order=True)
class ObjectKey:
    """What names one object: `Deployment prod/httpbin`."""

    kind: str
    namespace: str
    """Empty for a kind without namespaces."""
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """Of every object. What only an API server sets (uid, resourceVersion, …) is not kept."""

    name: str
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One object of the mesh. The base of all kinds."""

    kind: ClassVar[str]
    metadata: Metadata
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """As it was applied, without status and what an API server sets; may hold private keys."""
    created_at: str = field(default="", compare=False)
    """RFC 3339; of two that contradict each other the older one stands, as in Istio. Empty before it is stored."""

    @property
    def key(self) -> ObjectKey:
        """Its name among all objects."""
        return ObjectKey(self.kind, self.metadata.namespace, self.metadata.name)

    @property
    def name(self) -> str:
        """Its name within its namespace."""
        return self.metadata.name

    @property
    def namespace(self) -> str:
        """Empty for a kind without namespaces."""
        return self.metadata.namespace


@dataclass(frozen=True, kw_only=True)
class Namespace(Manifest):
    """Where names are unique and credentials are shared."""

    kind: ClassVar[str] = "Namespace"


@dataclass(frozen=True, kw_only=True)
class ServiceAccount(Manifest):
    """Who a workload is: `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/NAME`."""

    kind: ClassVar[str] = "ServiceAccount"
    reads_secrets: bool = True
    """Whether it may read the Secrets of its namespace; not with the annotation `meshtui.io/secrets: none`."""


@dataclass(frozen=True, kw_only=True)
class ServicePort:
    """One port of a Service."""

    name: str
    port: int
    target_port: int | str
    """Number, or name, of the workload's port."""


@dataclass(frozen=True, kw_only=True)
class Service(Manifest):
    """A name for the workloads whose pods carry the labels of `selector`; of none when it is empty."""

    kind: ClassVar[str] = "Service"
    ports: tuple[ServicePort, ...] = ()
    selector: Mapping[str, str] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """`httpbin.prod.svc.cluster.local`."""
        return f"{self.name}.{self.namespace}.{SERVICE_DOMAIN}"


@dataclass(frozen=True, kw_only=True)
class Secret(Manifest):
    """Data that only its users may see."""

    kind: ClassVar[str] = "Secret"
    type: str = "Opaque"
    data: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    issuer: str = ""
    """Annotation `meshtui.io/issuer`: who signs what is missing here; a gateway root, or `mesh/ca`."""
    lifetime: timedelta | None = None
    """Annotation `meshtui.io/lifetime`: of each certificate that is issued for it."""
    key_kind: str = ""
    """Annotation `meshtui.io/key`: kind of each key that is made for it; empty where that is left open."""
    rotation: str = ""
    """Annotation `meshtui.io/rotation`: `manual`, or `undone` for as long as a version is to stay that was brought
    back. Empty: it is rotated by itself, if it has an issuer."""
    roots: str = ""
    """Annotation `meshtui.io/roots`: PEM of what a pair that was made elsewhere leads to."""


@dataclass(frozen=True, kw_only=True)
class ContainerPort:
    """A port that a container listens on."""

    name: str
    port: int


@dataclass(frozen=True, kw_only=True)
class Container:
    """One process of a pod."""

    name: str
    image: str
    ports: tuple[ContainerPort, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Deployment(Manifest):
    """What runs: the pods of one template."""

    kind: ClassVar[str] = "Deployment"
    replicas: int = 1
    """0 or 1."""
    selector: Mapping[str, str] = field(default_factory=dict)
    pod_labels: Mapping[str, str] = field(default_factory=dict)
    pod_annotations: Mapping[str, str] = field(default_factory=dict)
    service_account: str = "default"
    containers: tuple[Container, ...] = ()
    secret_ttl: timedelta | None = None
    """`SECRET_TTL` in the pod's `proxy.istio.io/config` annotation: the lifetime that its agent asks for."""
    grants: tuple[Grant, ...] = ()
    """Annotation `meshtui.io/identities`: what else its agent is to have."""
    bundles: tuple[str, ...] = ()
    """Annotation `meshtui.io/bundles`: Secrets with CA certificates that its agent is to serve."""


@dataclass(frozen=True, kw_only=True)
class Gateway(Manifest):
    """What the gateway workloads with the labels of `selector` let in (Istio's Gateway)."""

    kind: ClassVar[str] = "Gateway"
    selector: Mapping[str, str] = field(default_factory=dict)
    servers: tuple[Server, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StringMatch:
    """One way to compare a text: `exact`, `prefix` or `regex` (RE2, of the whole text).

    Of a path also `elements`, a prefix of whole path elements: `/a` is one of `/a/b`, and not of `/ab`.
    """

    how: str
    value: str


@dataclass(frozen=True, kw_only=True)
class HttpMatch:
    """A request matches when everything that is set here does."""

    uri: StringMatch | None = None
    ignore_uri_case: bool = False
    method: StringMatch | None = None
    headers: Mapping[str, StringMatch] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where a share of the requests goes."""

    host: str
    """A Service: its short name (in the VirtualService's namespace) or its full one."""
    port: int | None = None
    """None: the only port of the Service."""
    weight: int = 0


@dataclass(frozen=True, kw_only=True)
class RegexRewrite:
    """What matches `pattern` (RE2) in a path becomes `substitution`, in which `\\1` is its first group."""

    pattern: str
    substitution: str


@dataclass(frozen=True, kw_only=True)
class Redirect:
    """An answer that sends the client elsewhere. Empty fields stay as in the request."""

    uri: str = ""
    authority: str = ""
    scheme: str = ""
    code: int = 301
    port: int = 0
    """In place of the request's; of a gateway, as its Service has it."""
    regex: RegexRewrite | None = None
    """In place of `uri`."""


@dataclass(frozen=True, kw_only=True)
class Rewrite:
    """What the destination sees instead. Empty fields stay as in the request."""

    uri: str = ""
    authority: str = ""
    regex: RegexRewrite | None = None
    """In place of `uri`."""


@dataclass(frozen=True, kw_only=True)
class HttpRoute:
    """What happens to the requests that match any of `matches` (all requests when there is none)."""

    name: str = ""
    matches: tuple[HttpMatch, ...] = ()
    destinations: tuple[Destination, ...] = ()
    redirect: Redirect | None = None
    rewrite: Rewrite | None = None
    timeout: timedelta | None = None
    without_destination: int = 503
    """The answer when a destination does not exist; 500 in the Gateway API."""


@dataclass(frozen=True, kw_only=True)
class VirtualService(Manifest):
    """How requests for `hosts` are routed, at the gateways that it names (`mesh` is every sidecar)."""

    kind: ClassVar[str] = "VirtualService"
    hosts: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ("mesh",)
    """`NAMESPACE/NAME` or `mesh`."""
    http: tuple[HttpRoute, ...] = ()
