"""Who may call whom, as front ends ask it and are told."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class AccessQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """May this source call that destination?"""

    source: str
    """A target, a SPIFFE ID, or `plaintext`: somebody without an identity."""
    destination: str
    """A workload's target or SPIFFE ID."""
    port: int = 0
    """Of the Service or the workload; 0: its only or first one."""
    method: str = "GET"
    path: str = "/"
    host: str = ""
    """Host header; empty: the destination's Service."""
    headers: dict[str, str] = {}


class TrailStep(msgspec.Struct, frozen=True, kw_only=True):
    """One policy that was asked, in the order of asking."""

    policy: str
    """`AuthorizationPolicy prod/allow-sleep`."""
    action: str
    """`ALLOW`, `DENY`, `AUDIT`, or the mode of a PeerAuthentication or DestinationRule."""
    matched: bool
    dry_run: bool = False
    rule: int | None = None
    why: str = ""
    """What did not match; or of one that decided, what it says."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """The answer."""

    source: str
    """SPIFFE ID, or `plaintext`."""
    destination: str
    """Target."""
    identity: str
    """SPIFFE ID of the destination."""
    port: int
    """Of the workload."""
    method: str
    path: str
    host: str = ""
    """Host header that policies see."""
    allowed: bool
    stage: str
    """What decided: `transport`, `secure naming`, `request authentication`, `authorization`."""
    policy: str
    """The policy that decided; empty when none did."""
    reason: str
    """A sentence."""
    outcome: str
    """What the caller sees: `the workload's own answer`, `403`, `503`, `connection reset`."""
    client: str
    """`mTLS` or `plaintext`."""
    mtls: str
    """Effective mode of the destination's port."""
    mtls_policy: str
    """Where that comes from; empty for the default."""
    accepted: tuple[str, ...]
    """SPIFFE IDs that may answer (secure naming); empty for plaintext."""
    trail: tuple[TrailStep, ...]


class Reach(StrEnum):
    """What one workload may ask of another, over all requests that their policies tell apart."""

    ALL = "all"
    SOME = "some"
    """Some requests may pass: it depends on method, path, header or token."""
    NONE = "none"
    BROKEN = "broken"
    """Not even a connection comes about."""


class MatrixCell(msgspec.Struct, frozen=True, kw_only=True):
    """One source and one destination."""

    source: str
    """Target, or `plaintext`."""
    destination: str
    reach: Reach
    reason: str
    """A short sentence."""


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    """Who can call whom."""

    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    cells: tuple[MatrixCell, ...]
    """By destination, then source, in the order of those."""


SHORT_KINDS = {
    "PeerAuthentication": "pa",
    "AuthorizationPolicy": "ap",
    "RequestAuthentication": "ra",
    "DestinationRule": "dr",
}
"""As kubectl abbreviates them in a cluster with Istio."""


class PolicyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One policy of the mesh, for a list."""

    policy: str
    """`AuthorizationPolicy prod/allow-sleep`."""
    kind: str
    namespace: str
    name: str
    says: str
    """In a few words: `STRICT`, `ALLOW 2 rules`, `ISTIO_MUTUAL *.prod.svc.cluster.local`."""
    scope: str
    """`mesh`, `namespace prod`, `app=httpbin in prod`."""
    workloads: int
    """How many it is about."""
    state: str
    """`in force`, `dry run`, `without effect`, `rejected`, `pending`."""
    problem: str = ""
    """Envoy's words, or why it has no effect."""
    decisions: int = 0
    """Calls that it decided since the mesh started, as far as access logs tell."""
