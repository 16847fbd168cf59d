"""Why the CA says no. One error with one reason code; which gRPC status that is, is `ca.service`'s to say.

`message` is safe to tell a caller who may know; `detail` is for the ledger alone.
"""

from __future__ import annotations

from enum import StrEnum

from meshtui.errors import RefusedError


class Reason(StrEnum):
    """Stable, for the ledger and for programs that read it."""

    NO_CREDENTIAL = "no-credential"
    BAD_CREDENTIAL = "bad-credential"
    EXPIRED_CREDENTIAL = "expired-credential"
    UNKNOWN_ACCOUNT = "unknown-account"
    """A good credential of a service account or pod that is gone."""
    RENEWED_TOO_LONG = "token-needed"
    """Renewed by certificate for so long that a token is due."""
    CANNOT_VERIFY = "cannot-verify"
    """The keys of an issuer, or the list of what exists, cannot be had."""
    IMPERSONATION = "impersonation"
    UNKNOWN_SIGNER = "unknown-signer"
    BAD_REQUEST = "bad-request"
    BAD_CSR = "bad-csr"
    BAD_LIFETIME = "bad-lifetime"
    BAD_HOST = "bad-host"
    FORBIDDEN_KEY = "forbidden-key"
    SIGNER_EXPIRED = "signer-expired"
    SIGNED_WRONG = "signed-wrong"


class Failure(StrEnum):
    """Why a certificate came to nothing after it had been decided on, besides `Reason.SIGNED_WRONG`. As stable."""

    INTERRUPTED = "interrupted"
    """The CA stopped before it was recorded."""
    CANCELLED = "cancelled"
    """The caller hung up."""
    NOT_RECORDED = "not-recorded"
    """The ledger could not be written when its certificate was to be recorded."""


class RefusalError(RefusedError):
    """A request that is not granted."""

    def __init__(self, reason: Reason, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.detail = detail or message
        """What happened, for those who may read the ledger. Never contains a token or a key."""
