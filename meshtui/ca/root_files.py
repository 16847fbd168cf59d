"""A self-signed root as a pair of files: made once, then loaded and checked, never made again.

The key is written first and the certificate is made from it, so that a crash between the two leaves something
from which the next start goes on. A certificate whose key is gone is never replaced.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meshtui.ca.profile import root_builder
from meshtui.ca.signer import Signer, new_serial
from meshtui.errors import IdentityError, StateError
from meshtui.identity.inspect import load_certificates
from meshtui.identity.keys import PrivateKey, key_pem, load_key, new_key, signing_hash
from meshtui.private_files import read_private, write_file


@dataclass(frozen=True)
class RootFiles:
    """Where a root is kept, and whose it must be."""

    name: str
    """Of the signer, for the ledger."""
    certificate: Path
    key: Path
    subject: x509.Name

    def open(self, now: datetime, *, may_create: bool) -> Signer:
        """Load the root, or make what is missing of it if `may_create`: nothing was signed with it yet.

        Raises StateError for files that are missing, damaged, open to others, or must not sign at `now`.
        """
        has_key, has_certificate = os.path.lexists(self.key), os.path.lexists(self.certificate)
        if not (has_key and has_certificate) and (has_certificate or not may_create):
            missing = self.certificate if has_key else self.key
            raise StateError(f"{missing} is gone, but the CA has been at work.", fix=_restore(missing))
        if not has_key:
            write_file(self.key, key_pem(new_key()))
        key = self._load_key()
        if not has_certificate:
            write_file(self.certificate, _self_signed(self.subject, key, now), mode=0o644)
        signer = Signer(self.name, self._load_certificate(), key)
        self._check(signer, now)
        return signer

    def _load_key(self) -> PrivateKey:
        try:
            return load_key(read_private(self.key))
        except IdentityError as error:
            raise StateError(f"The CA's key {self.key} is damaged: {error.message}", fix=_restore(self.key)) from error

    def _load_certificate(self) -> x509.Certificate:
        path = self.certificate
        try:
            certificates = load_certificates(path.read_bytes())
        except OSError as error:
            raise StateError(f"{path} cannot be read: {error.strerror}.", fix=_restore(path)) from error
        except IdentityError as error:
            raise StateError(f"The CA's certificate {path} is damaged: {error.message}", fix=_restore(path)) from error
        if len(certificates) != 1:
            raise StateError(f"{path} has {len(certificates)} certificates, not one.", fix=_restore(path))
        return certificates[0]

    def _check(self, signer: Signer, now: datetime) -> None:
        certificate, path = signer.certificate, self.certificate
        if not _may_sign(certificate):
            raise StateError(f"{path} is not a CA certificate that may sign certificates.", fix=_restore(path))
        if certificate.public_key() != signer.key.public_key():
            raise StateError(f"{self.key} is not the key of {path}.", fix=_restore(path))
        if certificate.subject != self.subject:
            found, wanted = certificate.subject.rfc4514_string(), self.subject.rfc4514_string()
            raise StateError(
                f"{path} is the root of {found}, not of {wanted}.",
                fix="Start with the trust domain that it was made for, or choose another directory with --state.",
            )
        if now >= certificate.not_valid_after_utc:
            raise StateError(
                f"The CA's certificate {path} expired at {certificate.not_valid_after_utc.isoformat()}.",
                fix="Choose another directory with --state to start a new CA.",
            )
        if now < certificate.not_valid_before_utc:
            raise StateError(
                f"The CA's certificate {path} is not valid before {certificate.not_valid_before_utc.isoformat()}.",
                fix="Set this machine's clock.",
            )


def _self_signed(subject: x509.Name, key: PrivateKey, now: datetime) -> bytes:
    certificate = root_builder(subject, key.public_key(), new_serial(), now).sign(key, signing_hash(key))
    return certificate.public_bytes(Encoding.PEM)


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        extensions = certificate.extensions
        constraints = extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    return constraints.ca and usage.key_cert_sign


def _restore(path: Path) -> str:
    return f"Restore {path.name} from a backup, or choose another directory with --state."
