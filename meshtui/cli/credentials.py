"""Files that say as whom a verification asks, read once: `--ca`, `--client-cert` and `--client-key`."""

from __future__ import annotations

import re
from pathlib import Path

from meshtui.errors import IdentityError, UsageError
from meshtui.mesh.caller import Caller

_MOST = 1 << 20
_KEY = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?-----END [A-Z0-9 ]*PRIVATE KEY-----", re.DOTALL)
_CERTIFICATE = re.compile(rb"-----BEGIN (?:X509 )?CERTIFICATE-----.*?-----END (?:X509 )?CERTIFICATE-----", re.DOTALL)


def read_caller(ca: Path | None, client_cert: Path | None, client_key: Path | None) -> Caller:
    """What the files have, checked. Raises UsageError with the file that is wrong and why."""
    if client_key is not None and client_cert is None:
        raise UsageError("--client-key goes with --client-cert.", fix="Name the certificate too.")
    roots = _roots(ca) if ca is not None else ""
    if client_cert is None:
        return Caller(roots_pem=roots, roots_file=_name(ca))
    key_file = client_key or client_cert
    certificate, key = _pair(client_cert, key_file)
    return Caller(
        roots_pem=roots,
        roots_file=_name(ca),
        certificate_pem=certificate,
        key_pem=key,
        certificate_file=_name(client_cert),
        key_file=_name(key_file),
    )


def _roots(file: Path) -> str:
    from meshtui.identity.inspect import load_certificates  # noqa: PLC0415 - cryptography, only for who names a file

    data = _read("--ca", file)
    try:
        load_certificates(data)
    except IdentityError as error:
        raise UsageError(f"--ca {file}: {error.message}", fix="Name a PEM file of CA certificates.") from error
    return data.decode("utf-8", "replace")


def _pair(certificate_file: Path, key_file: Path) -> tuple[str, str]:
    from meshtui.identity.inspect import load_certificates  # noqa: PLC0415
    from meshtui.identity.keys import load_key, public_key_sha256  # noqa: PLC0415
    from meshtui.identity.verify import verify_key  # noqa: PLC0415

    certificates = b"\n".join(_CERTIFICATE.findall(_read("--client-cert", certificate_file)))
    keys = _KEY.findall(_read("--client-key", key_file))
    if len(keys) != 1:
        count = "no private key" if not keys else f"{len(keys)} private keys"
        raise UsageError(f"There is {count} in {key_file}.", fix="Name a file with one: --client-key FILE.")
    try:
        leaf = load_certificates(certificates)[0]
    except IdentityError as error:
        raise UsageError(f"--client-cert {certificate_file}: {error.message}", fix=error.fix) from error
    try:
        verify_key(leaf, public_key_sha256(load_key(keys[0]).public_key()))
    except IdentityError as error:
        raise UsageError(f"--client-key {key_file}: {error.message}", fix=error.fix) from error
    return certificates.decode(), keys[0].decode()


def _read(option: str, file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(_MOST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(
            f"{option} {str(file)!r} cannot be read: {reason}.", fix="Name a readable PEM file."
        ) from error
    if len(data) > _MOST:
        raise UsageError(f"{option} {str(file)!r} has more than {_MOST >> 20} MiB.", fix="Name a PEM file.")
    return data


def _name(file: Path | None) -> str:
    return str(file.absolute()) if file is not None else ""
