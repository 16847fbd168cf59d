"""Trust bundles: the CA certificates that a trust domain believes in. Of one domain; never merged with another's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from meshtui.errors import IdentityError
from meshtui.identity.inspect import facts, load_certificates


@dataclass(frozen=True, eq=False)
class TrustBundle:
    """At least one CA certificate, each once. Two bundles with the same certificates are equal in any order."""

    certificates: tuple[x509.Certificate, ...]

    def __post_init__(self) -> None:
        if not self.certificates:
            raise IdentityError("A trust bundle without certificates trusts nothing.")
        for certificate in self.certificates:
            read = facts(certificate)
            if not read.is_ca:
                raise IdentityError(
                    f"The certificate {read.serial} ({read.subject}) in the trust bundle is not a CA's."
                )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TrustBundle) and set(self.certificates) == set(other.certificates)

    def __hash__(self) -> int:
        return hash(frozenset(self.certificates))

    def __contains__(self, certificate: x509.Certificate) -> bool:
        return certificate in self.certificates

    @classmethod
    def parse(cls, pem: bytes | str, *, text_allowed: bool = True) -> TrustBundle:
        """Read concatenated PEM certificates; raises IdentityError as `load_certificates` does, or for a non-CA."""
        return cls(tuple(dict.fromkeys(load_certificates(pem, text_allowed=text_allowed))))

    @cached_property
    def fingerprints(self) -> frozenset[str]:
        """SHA-256 of each certificate."""
        return frozenset(each.fingerprint(hashes.SHA256()).hex() for each in self.certificates)

    @property
    def pem(self) -> bytes:
        """Concatenated PEM."""
        return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in self.certificates)
