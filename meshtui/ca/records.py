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
    """Empty for a refusal, like everything below but the last two fields."""
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
