"""The values in which access is asked and answered.

Nothing here decides: `authorization`, `peer_authentication`, `request_authentication` and `secure_naming` do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from meshtui.manifest.model import ObjectKey
from meshtui.manifest.policy_model import MtlsMode, PolicyAction


@dataclass(frozen=True, kw_only=True)
class AccessRequest:
    """One HTTP request as a proxy sees it, before its policies. What is not known of a request is empty."""

    principal: str = ""
    """The name that the peer's certificate proves, `spiffe://…` included; empty for plaintext, and for TLS without a
    client certificate."""
    source_ip: str = ""
    """Of who opened the connection; empty where that is a Unix socket, as between the proxies of the embedded mesh."""
    remote_ip: str = ""
    """Of the client that a trusted proxy named; else the same as `source_ip`."""
    host: str = ""
    """The Host header (`:authority`), with its port if it was sent."""
    port: int = 0
    """Of the workload, as it would be in a pod."""
    method: str = "GET"
    path: str = "/"
    """Normalized, without the query."""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name."""
    claims: Mapping[str, Any] | None = None
    """Of the valid token that it carries; None without one."""
    sni: str = ""
    """The name that the client asked for by TLS."""
    destination_ip: str = ""


class Match(StrEnum):
    """How one policy stood to a request."""

    MATCHED = "matched"
    NOT_MATCHED = "not matched"
    DRY_RUN = "would match"
    """It matched and is a dry run."""


@dataclass(frozen=True, kw_only=True)
class Considered:
    """One policy that was asked."""

    policy: ObjectKey
    action: PolicyAction
    match: Match
    rule: int | None = None
    """Index of the rule that matched; None when none did."""
    why: str = ""
    """What did not match, in words, of the rule that came closest: `source.principals: spiffe://… is none of …`."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether a request may pass, and which policy says so."""

    allowed: bool
    policy: ObjectKey | None
    """The one that decided; None when no ALLOW policy is there (allowed) or none matches (denied)."""
    rule: int | None = None
    reason: str = ""
    """A sentence."""
    trail: tuple[Considered, ...] = ()
    """Every policy about the workload, in the order in which they were asked."""
    audited: tuple[ObjectKey, ...] = ()
    """AUDIT policies that matched."""


@dataclass(frozen=True, kw_only=True)
class EffectiveMode:
    """The mTLS mode of one port of a workload, and where it comes from."""

    mode: MtlsMode
    """Never UNSET."""
    policy: ObjectKey | None
    """None: nothing says anything, which is PERMISSIVE."""
    scope: str
    """`port`, `workload`, `namespace`, `mesh` or `default`."""


class Transport(StrEnum):
    """How a client's proxy speaks to a service."""

    MTLS = "mTLS"
    PLAINTEXT = "plaintext"


@dataclass(frozen=True, kw_only=True)
class Hop:
    """Both ends of a call, as far as transport goes."""

    client: Transport
    client_policy: ObjectKey | None
    """The DestinationRule that says so; None: auto mTLS, or a client without a sidecar."""
    server: EffectiveMode
    identities: tuple[str, ...]
    """SPIFFE IDs that the client accepts of who answers; empty for plaintext."""
    problem: str = ""
    """Why no request can pass this hop, a sentence; empty when it can."""

    @property
    def works(self) -> bool:
        """Whether a connection comes about."""
        return not self.problem
