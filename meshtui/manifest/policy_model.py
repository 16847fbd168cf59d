"""Policies as values: who may call whom, with which proof, and how each end of a hop speaks TLS.

Istio's PeerAuthentication, AuthorizationPolicy, RequestAuthentication and DestinationRule, as far as meshtui acts on
them. Nothing in this module reads text or decides anything: the readers beside it make these values, `policy` says
what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from meshtui.manifest.model import Manifest

ROOT_NAMESPACE = "istio-system"
"""Policies in it are about the whole mesh (Istio's `rootNamespace`)."""


class MtlsMode(StrEnum):
    """What a workload asks of those who connect to it (PeerAuthentication `mtls.mode`)."""

    UNSET = "UNSET"
    """As the wider scope says."""
    DISABLE = "DISABLE"
    """Plaintext only."""
    PERMISSIVE = "PERMISSIVE"
    """Mutual TLS and plaintext."""
    STRICT = "STRICT"
    """Mutual TLS only."""


@dataclass(frozen=True, kw_only=True)
class Policy(Manifest):
    """What is about some workloads: those of its namespace, or of the mesh, with the labels of `selector`."""

    selector: Mapping[str, str] = field(default_factory=dict)
    """Empty: all of them."""


@dataclass(frozen=True, kw_only=True)
class PeerAuthentication(Policy):
    """Which mTLS mode workloads have."""

    kind: ClassVar[str] = "PeerAuthentication"
    mode: MtlsMode = MtlsMode.UNSET
    port_modes: Mapping[int, MtlsMode] = field(default_factory=dict)
    """By port of the workload, not of its Service. Only with a selector."""


class PolicyAction(StrEnum):
    """What an AuthorizationPolicy does with a request that matches it. CUSTOM is not supported."""

    ALLOW = "ALLOW"
    DENY = "DENY"
    AUDIT = "AUDIT"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Who calls. All that is set must match; of each, one value must, and none of the `not_…` ones may.

    Texts are as written: `abc`, `abc*`, `*abc`, or `*` for presence.
    """

    principals: tuple[str, ...] = ()
    """SPIFFE IDs without `spiffe://`."""
    not_principals: tuple[str, ...] = ()
    request_principals: tuple[str, ...] = ()
    """`ISSUER/SUBJECT` of a valid token."""
    not_request_principals: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    """In these, `*` stands for any text wherever it is."""
    not_namespaces: tuple[str, ...] = ()
    service_accounts: tuple[str, ...] = ()
    """`NAMESPACE/NAME`, completed with the policy's namespace."""
    not_service_accounts: tuple[str, ...] = ()
    ip_blocks: tuple[str, ...] = ()
    """Addresses or CIDRs of who opened the connection."""
    not_ip_blocks: tuple[str, ...] = ()
    remote_ip_blocks: tuple[str, ...] = ()
    """Of the client that a trusted proxy names in X-Forwarded-For."""
    not_remote_ip_blocks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RequestTo:
    """What is asked for (`to[].operation`). All that is set must match, as in `Source`."""

    hosts: tuple[str, ...] = ()
    not_hosts: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    not_ports: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    not_methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    """Also Envoy's templates: `/a/{*}/b`, `/a/{**}`."""
    not_paths: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Condition:
    """`when[]`: an attribute of the request, such as `request.headers[x-token]`. At least one tuple has something.

    Service accounts are completed as in `Source`.
    """

    key: str
    """As it was written, with the name of a header in lower case."""
    values: tuple[str, ...] = ()
    not_values: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Matches when any of `sources`, any of `operations` and all `conditions` do; what is empty always does."""

    sources: tuple[Source, ...] = ()
    operations: tuple[RequestTo, ...] = ()
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AuthorizationPolicy(Policy):
    """Which requests may pass. Without rules it matches none, with one empty rule it matches all."""

    kind: ClassVar[str] = "AuthorizationPolicy"
    action: PolicyAction = PolicyAction.ALLOW
    rules: tuple[Rule, ...] = ()
    dry_run: bool = False
    """Annotation `istio.io/dry-run: "true"`: what it would do is told, and not done."""


@dataclass(frozen=True, kw_only=True)
class JwtHeader:
    """A header that a token may come in, behind `prefix`."""

    name: str
    """In lower case."""
    prefix: str = ""


@dataclass(frozen=True, kw_only=True)
class JwtRule:
    """Whose tokens are accepted, and where they are looked for."""

    issuer: str
    audiences: tuple[str, ...] = ()
    """One of which the token must have; empty: any."""
    jwks: str = field(default="", repr=False)
    """The issuer's public keys, a JSON Web Key Set: those that verify tokens, without what that does not take."""
    from_headers: tuple[JwtHeader, ...] = ()
    from_params: tuple[str, ...] = ()
    """Query parameters. Without headers and parameters: `Authorization: Bearer`, then `access_token`."""
    forward: bool = False
    """Whether the workload gets to see the token."""


@dataclass(frozen=True, kw_only=True)
class RequestAuthentication(Policy):
    """Which tokens of end users are valid. A request without one passes; a wrong one is answered with 401."""

    kind: ClassVar[str] = "RequestAuthentication"
    rules: tuple[JwtRule, ...] = ()


class ClientTlsMode(StrEnum):
    """How a client speaks to a service (DestinationRule `trafficPolicy.tls.mode`)."""

    DISABLE = "DISABLE"
    ISTIO_MUTUAL = "ISTIO_MUTUAL"


@dataclass(frozen=True, kw_only=True)
class ClientTls:
    """TLS of the client's side of a hop."""

    mode: ClientTlsMode
    sni: str = ""
    subject_alt_names: tuple[str, ...] = ()
    """Who may answer, in place of the service accounts behind the service; empty: those."""


@dataclass(frozen=True, kw_only=True)
class DestinationRule(Manifest):
    """How clients speak to `host`."""

    kind: ClassVar[str] = "DestinationRule"
    host: str = ""
    """Full name of a Service, or a wildcard: `*.prod.svc.cluster.local`."""
    tls: ClientTls | None = None
    """None: as auto mTLS finds out."""
    port_tls: Mapping[int, ClientTls] = field(default_factory=dict)
    """By port of the Service, in place of `tls`."""
