"""What the ledger keeps, as values. No SQL, no certificates being made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """How far a decision has come."""

    INTENT = "intent"
    """About to be signed. Nobody has the certificate."""
    ISSUED = "issued"
    """Signed and recorded; it may have been handed out."""
    FAILED = "failed"
    """Never handed out."""
    REFUSED = "refused"


class Policy(StrEnum):
    """The rule of the CA by which an applicant may have a certificate for an identity. Words that stay as they are."""

    OWN_IDENTITY = "own-identity"
    """A token of the mesh's own names the service account that the certificate is for."""
    OUTSIDE_ISSUER = "outside-issuer"
    """The same with a token of an issuer outside the mesh, which `--oidc` says to believe."""
    RENEWAL = "renewal"
    """The holder of a certificate that this CA has issued gets another for the same identity (`ca.renewal`)."""
    TRUSTED_NODE = "trusted-node"
    """A trusted account asks for what runs on its own node (`ca.impersonation`), however it proved who it is."""
    GATEWAY = "gateway"
    """The owner of the mesh asks for a gateway. Which authority signs for it is on record beside this."""
    OWN_SERVER = "own-server"
    """The CA asks itself, for the server that it answers on."""


@dataclass(frozen=True, kw_only=True)
class Applicant:
    """Who asks, as far as it is known; empty before anyone is authenticated."""

    target: str = ""
    """What the certificate is for, where the applicant says so: a gateway's target. Workloads are known by pod."""
    namespace: str = ""
    pod_name: str = ""
    pod_uid: str = ""
    actor: str = ""
    """The service account (`NAMESPACE/NAME`), or the person who asked."""
    authenticator: str = ""
    """What vouched for the applicant."""


@dataclass(frozen=True, kw_only=True)
class Intent:
    """A certificate that is about to be signed."""

    at: datetime
    applicant: Applicant
    authority: str
    serial: str
    """Lower-case hexadecimal."""
    identity: str
    """The SPIFFE ID, or the hosts of a server certificate with `, ` between them."""
    csr_sha256: str
    """Empty for a key that the CA made for itself."""
    public_key_sha256: str
    requested_names: str
    """What the CSR would have liked, with `, ` between the names. For the record only."""
    requested_seconds: int
    effective_seconds: int
    limited_by: str
    not_before: datetime
    not_after: datetime
    policy: Policy


@dataclass(frozen=True, kw_only=True)
class LedgerEntry:
    """One decision of the CA, as it is read back."""

    number: int
    """Grows with every decision."""
    state: State
    at: datetime
    target: str
    namespace: str
    pod_name: str
    pod_uid: str
    actor: str
    authenticator: str
    authority: str
    serial: str
    """Empty for a refusal, like everything below but `reason` to `last_at`."""
    identity: str
    csr_sha256: str
    public_key_sha256: str
    requested_names: str
    requested_seconds: int
    effective_seconds: int
    limited_by: str
    not_before: datetime | None
    not_after: datetime | None
    pem: str
    """The leaf."""
    reason: str
    """Code of a refusal or failure: `ca.refusal.Reason` or `Failure`."""
    detail: str
    """What happened, for those who may read the ledger."""
    count: int = 1
    """Refusals before anyone is authenticated are one entry for each reason and minute; `detail` is the first's."""
    last_at: datetime | None = None
    """When the last of them was."""
    policy: str = ""
    """A word of `Policy`; empty for refusals, and for certificates from before the ledger kept it."""
