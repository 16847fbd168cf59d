"""What a mesh looks like at one moment: the four truths of every identity, joined.

The values here cross the operator socket and end up on screens; none of them can hold a private key.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from meshtui.findings import Finding
from meshtui.identity.facts import CertificateFacts


class RotationState(StrEnum):
    """Where a certificate stands in its life. `at_risk` (the CA does not answer) stands beside it."""

    FRESH = "fresh"
    DUE = "due"
    ROTATING = "rotating"
    OVERDUE = "overdue"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class Mark(StrEnum):
    """What one of the four truths says compared with the one before it."""

    AGREES = "agrees"
    DIFFERS = "differs"
    """Something else is there, or nothing where something should be."""
    UNKNOWN = "unknown"
    """It could not be asked. Never shown as fine."""
    ABSENT = "absent"
    """Nothing is expected there: a workload without a proxy serves nothing."""


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """What one place says about a certificate: this one; none (both fields empty); or it could not be asked."""

    certificate: CertificateFacts | None = None
    unknown: str = ""
    """Why it could not be learned; empty when it could."""


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """How the renewal of one certificate goes."""

    state: RotationState
    at_risk: bool = False
    due_at: datetime | None = None
    last_rotated_at: datetime | None = None
    last_error: str = ""
    count: int = 0
    """Certificates received since the holder started, the first one included."""
    failures: int = 0
    """Attempts that failed since then."""
    rejected: int = 0
    """Those of them whose answer the holder could not use: not the key, name or time that it had asked for."""
    manual: bool = False
    """Whether a person is to rotate it; `due_at` says when."""


class GrantedIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """A further SVID that a workload's agent holds and serves."""

    spiffe_id: str
    """Its SDS name too."""
    issued: Truth
    held: Truth
    due_at: datetime | None = None
    last_error: str = ""
    disagreement: str = ""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A workload and its SVID."""

    target: str
    spiffe_id: str
    proxy: str
    """`envoy`, `agent` (SDS is served, nobody is connected) or `none`."""
    sds_socket: str
    """Empty for `none`."""
    inbound: str
    """`unix:PATH` on which its sidecar takes mTLS; empty without a sidecar."""
    issued: Truth
    held: Truth
    served: Truth
    rotation: Rotation
    mtls: str
    granted: tuple[GrantedIdentity, ...] = ()
    """What its manifest grants it beside its own."""
    disagreement: str = ""
    """The first pair that differs, of its own SVID or a granted one, e.g. `issued≠held`; empty when all agree."""


class Gateway(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway certificate: the Secret that a Gateway's `credentialName` names."""

    target: str
    gateway: str
    """`NAMESPACE/NAME` of the Gateway that refers to it; empty when none does."""
    hosts: tuple[str, ...]
    tls_mode: str
    ca_root: str
    """Path of the PEM that verifies it."""
    issued: Truth
    held: Truth
    served: Truth
    rotation: Rotation
    previous: CertificateFacts | None = None
    """What undo would bring back."""
    disagreement: str = ""


class Authority(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that signs."""

    target: str
    role: str
    """`root` or `intermediate`."""
    signing: bool
    trusted: bool
    """Whether the mesh's workloads trust it."""
    certificate: CertificateFacts


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """Where the parts of the mesh listen. Empty strings where a part does not run."""

    ca: str = ""
    ca_mtls: str = ""
    """Where workloads renew by client certificate; empty when that is off."""
    ca_root: str = ""
    """Path of the PEM that verifies the CA's server."""
    operator: str = ""
    metrics: str = ""
    """Where Prometheus reads; empty when that is off."""
    gateway_https: str = ""
    gateway_http: str = ""
    gateway_ports: dict[str, str] = msgspec.field(default_factory=dict)
    """Port that a gateway would open in a pod → address that stands for it here."""
    outbound: dict[str, str] = msgspec.field(default_factory=dict)
    """Target of a workload → Unix socket on which its sidecar takes outbound HTTP."""


class Capability(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a verb works here, and if not, why."""

    verb: str
    available: bool
    reason: str = ""


class MeshInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the header of a screen says about the mesh."""

    name: str
    trust_domain: str
    backend: str
    """`embedded`, `kubernetes` or `fake`."""
    version: str
    """Of meshtui, where the mesh runs."""
    envoy: str
    """Envoy's version, or empty when the mesh runs without it."""
    proxies_running: int
    proxies_wanted: int
    ca_answers: bool
    ca_fault: str = ""
    """Why the CA could record nothing when it was last asked, so that it issues nothing; empty where it could."""
    read_only: bool
    endpoints: Endpoints
    capabilities: tuple[Capability, ...]
    notices: tuple[str, ...] = ()
    """Sentences for the person: a port that had to be changed, an Envoy that is missing and how to add it."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything, for `status`."""

    info: MeshInfo
    identities: tuple[Identity, ...]
    gateways: tuple[Gateway, ...]
    authorities: tuple[Authority, ...]
    findings: tuple[Finding, ...]
