"""Calls that were made in the mesh, as the proxies tell them: counted by pair, denied ones kept one by one."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

PLAINTEXT = "plaintext"
"""Who proves no identity, and sends no TLS either."""
STRANGER = "no identity"
"""Who speaks TLS without a certificate of its own, as the clients of most gateways do."""


class Outcome(StrEnum):
    """How a call ended, in the one word that matters to identities. The order is that of the traffic view."""

    DENIED = "denied"
    """By a policy: 401 or 403 of a proxy, or a plaintext caller that was turned away."""
    FAILED = "failed"
    """No answer of the destination came about: TLS, secure naming, connection."""
    ERROR = "error"
    """The destination answered with 5xx."""
    OK = "ok"


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request, as one proxy saw it."""

    at: datetime
    reporter: str
    """`destination` (inbound at a sidecar or gateway) or `source` (outbound)."""
    source: str
    """SPIFFE ID that the caller proved; empty when none."""
    source_target: str = ""
    """The workload that has it, where one does."""
    destination: str
    """Target of the workload; of a call that reached none, the host that was asked for."""
    destination_identity: str = ""
    method: str
    host: str
    path: str
    status: int
    """HTTP status; 0 without an answer."""
    outcome: Outcome
    policy: str = ""
    """`AuthorizationPolicy prod/deny-all` that decided; empty when none did."""
    tls: str = ""
    """`TLSv1.3`; empty for plaintext."""
    details: str = ""
    """Envoy's response code details and flags."""
    milliseconds: float = 0.0


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Calls that are alike: same two ends, policy, outcome and TLS version."""

    source: str
    """SPIFFE ID; empty for plaintext."""
    source_target: str
    destination: str
    destination_identity: str
    policy: str
    outcome: Outcome
    tls: str
    reporter: str
    count: int
    per_second: float
    """Over the last ten seconds."""
    last_at: datetime
    last_status: int
    last_text: str
    """`GET httpbin.prod:8000/status/418`."""


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen, denied first."""

    since: datetime
    """When counting began."""
    pairs: tuple[Pair, ...]
    denied: tuple[Call, ...]
    """Newest first, as many as were asked for."""
    dropped: int = 0
    """Calls that could not be counted because there were too many pairs."""


class TrafficQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which calls."""

    filter: str = ""
    """See `mesh.filter`; fields of `filters.calls`."""
    denied_only: bool = False
    limit: int = 200


KINDS = ("issued", "refused", "configuration", "denied", "operator")
"""What an entry of the audit can be about."""


class AuditQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of the time line: newest first."""

    filter: str = ""
    """See `mesh.filter`: words are sought in kind, target, actor, text and outcome; fields of `filters.audit`."""
    kinds: tuple[str, ...] = ()
    """Some of `KINDS`; empty: all."""
    target: str = ""
    since: datetime | None = None
    limit: int = 200
