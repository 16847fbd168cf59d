"""A signing hierarchy as files, right or wrong in exactly the way that a test asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from cryptography import x509

from meshtui.identity.keys import key_pem, new_key
from tests.identity.forge import NOW, Pair, ca

YEARS = timedelta(days=3650)


def authority(name: str, issuer: Pair | None = None, *, kind: str = "EC P-256", path_length: int | None = None) -> Pair:
    """A CA that lives long, with a key identifier, as others make them."""
    key = new_key(kind)
    more: list[tuple[x509.ExtensionType, bool]] = [(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)]
    if issuer is not None:
        key_id = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        more.append((x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id), False))
    return ca(
        name,
        issuer,
        key=key,
        path_length=path_length,
        more=more,
        start=NOW - YEARS,
        end=NOW + YEARS,
    )


@dataclass
class Hierarchy:
    """Root, perhaps a CA between, and the signing one."""

    root: Pair = field(default_factory=lambda: authority("root"))
    between: Pair | None = None
    signing: Pair | None = None

    def __post_init__(self) -> None:
        self.signing = self.signing or authority("signing", self.between or self.root)

    @property
    def signer(self) -> Pair:
        """The CA that signs."""
        assert self.signing is not None
        return self.signing

    @property
    def chain(self) -> list[str]:
        """`cert-chain.pem` as Istio's own Makefile writes it, but for the root."""
        return [self.signer.pem, *([self.between.pem] if self.between else [])]

    def write(
        self,
        directory: Path,
        *,
        certificate: str | None = None,
        key: bytes | None = None,
        chain: Sequence[str] | None = None,
        root: str | None = None,
    ) -> Path:
        """Istio's `cacerts`, but for what is given."""
        directory.mkdir(exist_ok=True)
        (directory / "ca-cert.pem").write_text(self.signer.pem if certificate is None else certificate)
        _private(directory / "ca-key.pem", key_pem(self.signer.key) if key is None else key)
        (directory / "cert-chain.pem").write_text("".join(self.chain if chain is None else chain))
        (directory / "root-cert.pem").write_text(self.root.pem if root is None else root)
        return directory

    def write_tls(self, directory: Path) -> Path:
        """The files of a `kubernetes.io/tls` secret."""
        directory.mkdir(exist_ok=True)
        (directory / "tls.crt").write_text("".join(self.chain))
        _private(directory / "tls.key", key_pem(self.signer.key))
        (directory / "ca.crt").write_text(self.root.pem)
        return directory


def _private(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0o600)
