"""A signing hierarchy that somebody else made, read from a directory: Istio's `cacerts` layout or that of a TLS secret.

Reads and names files; what is in them is judged by `signing_checks`. Nothing is ever written there.
"""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from meshtui.ca.signer import Signer
from meshtui.ca.signing_checks import SigningMaterial, check_material
from meshtui.errors import IdentityError, StateError
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.inspect import load_certificates
from meshtui.identity.keys import PrivateKey, load_key
from meshtui.identity.pem import blocks

INTERMEDIATE = "intermediate"
ROOT = "root"
MAX_BYTES = 1024 * 1024

_GLUED = re.compile(rb"-----END [A-Z0-9 ]+-----[ \t]*-----BEGIN")


@dataclass(frozen=True)
class _Layout:
    certificate: str
    key: str
    chain: str
    roots: str

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.certificate, self.key, self.chain, self.roots)))

    def missing(self, directory: Path) -> list[str]:
        return [name for name in self.files if not (directory / name).exists()]


TLS = _Layout("tls.crt", "tls.key", "tls.crt", "ca.crt")
"""A `kubernetes.io/tls` secret: the signing certificate is the first of `tls.crt`."""
CACERTS = _Layout("ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem")
"""The secret `cacerts`."""


@dataclass(frozen=True)
class OpenedSigner:
    """What a directory holds."""

    signer: Signer
    notices: tuple[str, ...]
    """Sentences for the person who runs the CA."""


def open_signing_directory(directory: Path, now: datetime) -> OpenedSigner:
    """Load and check the hierarchy in `directory`; raises StateError with what is wrong and in which file."""
    layout = _layout(directory)
    key, key_notices = _read_key(directory / layout.key)
    roots_pem = _read(directory / layout.roots)
    certificates = _certificates(directory / layout.certificate)
    if layout is CACERTS and len(certificates) != 1:
        raise StateError(
            f"{directory / layout.certificate} has {len(certificates)} certificates, not one.",
            fix=f"Leave the signing certificate alone there; the ones above it belong in {layout.chain}.",
        )
    chain = certificates if layout is TLS else _certificates(directory / layout.chain, may_be_empty=True)
    material = SigningMaterial(
        certificate=certificates[0],
        key=key,
        chain=chain,
        roots=tuple(dict.fromkeys(_certificates(directory / layout.roots))),
        certificate_file=str(directory / layout.certificate),
        key_file=str(directory / layout.key),
        chain_file=str(directory / layout.chain),
        root_file=str(directory / layout.roots),
    )
    path = check_material(material, now)
    name = INTERMEDIATE if path.above else ROOT
    bundle, notices = _bundle(roots_pem, material)
    signer = Signer(name, material.certificate, key, path.above, bundle)
    return OpenedSigner(signer, (*key_notices, *path.notices, *notices))


def _bundle(pem: bytes, material: SigningMaterial) -> tuple[str, tuple[str, ...]]:
    """The root bundle as it stands; of one with explanations in it, which not every client reads, the certificates."""
    if not blocks(pem)[1]:
        return pem.decode("ascii"), ()
    notice = f"{material.root_file} has text around its certificates, which is not sent."
    return TrustBundle(material.roots).pem.decode(), (notice,)


def _layout(directory: Path) -> _Layout:
    """The complete layout, that of a TLS secret first, as Istio looks for them."""
    if not directory.is_dir():
        raise StateError(f"{directory} is not a directory.", fix="Name the directory of the CA's files with --ca-dir.")
    for layout in (TLS, CACERTS):
        if not layout.missing(directory):
            return layout
    for layout in (CACERTS, TLS):
        missing = layout.missing(directory)
        if len(missing) < len(layout.files):
            raise StateError(
                f"{directory} holds an incomplete signing CA bundle: {', '.join(missing)} is missing.",
                fix=f"It takes {', '.join(layout.files)}.",
            )
    raise StateError(
        f"{directory} holds no signing CA.", fix=f"It takes {', '.join(CACERTS.files)}, or {', '.join(TLS.files)}."
    )


def _read(path: Path) -> bytes:
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise StateError(f"{path} is not a file.", fix="Put the PEM file itself there.")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise StateError(f"{path} cannot be read: {error.strerror}.", fix="Check its owner and mode.") from error
    if len(data) > MAX_BYTES:
        raise StateError(f"{path} is larger than {MAX_BYTES} bytes.", fix="Is it the right file?")
    if _GLUED.search(data):
        raise StateError(
            f"{path} lacks a line break between two PEM blocks.", fix="End each block with a line break before joining."
        )
    return data


def _certificates(path: Path, *, may_be_empty: bool = False) -> tuple[x509.Certificate, ...]:
    data = _read(path)
    if may_be_empty and not data.strip():
        return ()
    try:
        return load_certificates(data)
    except IdentityError as error:
        raise StateError(f"{path} cannot be used: {error.message}", fix="Give PEM certificates only.") from error


def _read_key(path: Path) -> tuple[PrivateKey, tuple[str, ...]]:
    data = _read(path)
    try:
        key = load_key(data)
        mode = stat.S_IMODE(path.stat().st_mode)
    except IdentityError as error:
        raise StateError(f"The CA's key {path} cannot be used: {error.message}", fix=error.fix) from error
    except OSError as error:
        raise StateError(f"{path} cannot be read: {error.strerror}.", fix="Check its owner and mode.") from error
    if mode & 0o077:
        return key, (f"The CA's key {path} is open to others (mode {mode:04o}); run: chmod 600 {path}",)
    return key, ()
