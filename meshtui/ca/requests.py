"""What may be asked of the CA, as values, and the checks that need nothing but the request itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from meshtui.ca.caller import Metadata
from meshtui.ca.refusal import Reason, RefusalError
from meshtui.errors import IdentityError
from meshtui.identity.csr import CsrFacts, read_csr


@dataclass(frozen=True)
class WorkloadRequest:
    """`IstioCertificateRequest` with the headers that it came with."""

    csr: str
    validity_seconds: int
    headers: Metadata = field(repr=False)
    """Contain the caller's token."""
    options: Mapping[str, str | None] = field(default_factory=dict)
    """The keys of the request's metadata that mean something; None for one that is not text."""


@dataclass(frozen=True)
class ServerRequest:
    """`SignServerCertificateRequest`."""

    authority: str
    csr: str
    hosts: tuple[str, ...]
    validity_seconds: int
    target: str
    actor: str


OPTIONS = ("CertSigner", "ImpersonatedIdentity")
"""Istio's keys (pkg/security/security.go); every other is ignored there and here."""


def check_options(options: Mapping[str, str | None]) -> None:
    """Raises RefusalError for what this CA does not do; agents send `CertSigner` empty when they want nothing."""
    for name in OPTIONS:
        if options.get(name, "") is None:
            raise RefusalError(Reason.BAD_REQUEST, f"{name} is not a string")
    if signer := options.get("CertSigner"):
        raise RefusalError(Reason.UNKNOWN_SIGNER, f"no signer is called {signer[:80]!r}")
    if wanted := options.get("ImpersonatedIdentity"):
        raise RefusalError(
            Reason.IMPERSONATION,
            "request impersonation authentication failure",
            detail=f"The caller wanted a certificate for {wanted[:100]!r}; nobody here may ask for others.",
        )


def check_csr(pem: str, own_keys: Collection[str]) -> CsrFacts:
    """Read a CSR; raises RefusalError for a bad one, and for one on a key whose digest is among the CA's own."""
    try:
        csr = read_csr(pem)
    except IdentityError as error:
        raise RefusalError(Reason.BAD_CSR, f"CSR signing error ({error})", detail=error.message) from error
    if csr.public_key_sha256 in own_keys:
        raise RefusalError(Reason.FORBIDDEN_KEY, "CSR signing error (this key is not yours to certify)")
    return csr
