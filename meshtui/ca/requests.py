"""What may be asked of the CA, as values, and the checks that need nothing but the request itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from meshtui.ca.caller import Credentials, Metadata
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
    certificate: str = ""
    """The client's, PEM, as TLS has verified it; empty where the listener asks for none."""

    @property
    def credentials(self) -> Credentials:
        """What may say who asks."""
        return Credentials(self.headers, self.certificate)


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
    """Raises RefusalError for what this CA does not do; agents send `CertSigner` empty when they want nothing.

    Who may be impersonated is `ca.impersonation`'s to say.
    """
    for name in OPTIONS:
        if options.get(name, "") is None:
            raise RefusalError(Reason.BAD_REQUEST, f"{name} is not a string")
    if signer := options.get("CertSigner"):
        raise RefusalError(Reason.UNKNOWN_SIGNER, f"no signer is called {signer[:80]!r}")


def check_csr(pem: str, own_keys: Collection[str]) -> CsrFacts:
    """Read a CSR; raises RefusalError for a bad one, and for one on a key whose digest is among the CA's own."""
    try:
        csr = read_csr(pem)
    except IdentityError as error:
        raise RefusalError(Reason.BAD_CSR, f"CSR signing error ({error})", detail=error.message) from error
    if csr.public_key_sha256 in own_keys:
        raise RefusalError(Reason.FORBIDDEN_KEY, "CSR signing error (this key is not yours to certify)")
    return csr
