"""The options that say what the certificate of a gateway is to be, and the files that it may come from."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from meshtui.errors import UsageError
from meshtui.identity.signers import MESH_CA
from meshtui.manifest.grants import KEYS
from meshtui.manifest.lifetimes import parse_lifetime
from meshtui.mesh.actions import Brought, Terms

_LARGEST = 1024 * 1024
"""Bytes of a file: what a Secret may hold."""
_CERTIFICATE = re.compile(r"-----BEGIN ([A-Z0-9]+ )?CERTIFICATE-----")
_KEY = re.compile(r"-----BEGIN ([A-Z0-9]+ )?PRIVATE KEY-----")


def terms_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; the command gets what was said as `terms`."""

    @click.option("--host", "hosts", multiple=True, metavar="HOST", help="A name that it is for (repeat for more).")
    @click.option("--issuer", default="", metavar="NAME", help="Root that signs; made when it is first named.")
    @click.option("--mesh-ca", is_flag=True, help="Let the mesh's own CA sign.")
    @click.option(
        "--key-kind", type=click.Choice(KEYS, case_sensitive=False), metavar="KIND", help=f"One of {', '.join(KEYS)}."
    )
    @click.option("--lifetime", metavar="TIME", help="How long it lives: 90d, 24h.")
    @click.option("--cert", type=click.Path(path_type=Path), help="Take this certificate (PEM, leaf first).")
    @click.option("--key", type=click.Path(path_type=Path), help="Its private key (PEM, not encrypted).")
    @click.option("--ca", type=click.Path(path_type=Path), help="Root that it must lead to; kept to verify it by.")
    @functools.wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        names = ("hosts", "issuer", "mesh_ca", "key_kind", "lifetime", "cert", "key", "ca")
        return command(*arguments, terms=_terms(**{name: options.pop(name) for name in names}), **options)

    return wrapped


def _terms(
    *,
    hosts: tuple[str, ...],
    issuer: str,
    mesh_ca: bool,
    key_kind: str | None,
    lifetime: str | None,
    cert: Path | None,
    key: Path | None,
    ca: Path | None,
) -> Terms:
    if issuer and mesh_ca:
        raise UsageError("--issuer and --mesh-ca name two that are to sign.", fix="Name one.")
    if issuer == MESH_CA:
        raise UsageError(f"{MESH_CA} is no root.", fix="Write --mesh-ca.")
    return Terms(
        hosts=hosts,
        issuer=MESH_CA if mesh_ca else issuer,
        key_kind=key_kind or "",
        lifetime=parse_lifetime(lifetime) if lifetime is not None else None,
        brought=_brought(cert, key, ca),
    )


def _brought(cert: Path | None, key: Path | None, ca: Path | None) -> Brought | None:
    if cert is None or key is None:
        if not (cert is None and key is None and ca is None):
            raise UsageError("--cert and --key go together; --ca goes with both.", fix="Name the files of a pair.")
        return None
    files = [path for path in (cert, key, ca) if path is not None]
    certificate, private_key, *roots = map(_read, files)
    swapped = "did you swap --cert and --key?"
    if _KEY.search(certificate) and not _CERTIFICATE.search(certificate):
        raise UsageError(f"{cert} is a private key; {swapped}", fix="Name the certificate with --cert.")
    if _CERTIFICATE.search(private_key) and not _KEY.search(private_key):
        raise UsageError(f"{key} is a certificate; {swapped}", fix="Name the private key with --key.")
    return Brought(
        certificate=certificate, private_key=private_key, ca="".join(roots), files=tuple(str(path) for path in files)
    )


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", fix="Name a PEM file.") from error
    if len(content) > _LARGEST:
        raise UsageError(f"{path} is larger than {_LARGEST} bytes.", fix="Name a PEM file.")
    try:
        return content.decode("ascii")
    except UnicodeDecodeError:
        # not chained: the cause quotes what it could not read, which may be a key in DER
        raise UsageError(f"{path} is not PEM.", fix="Convert it: openssl x509 or pkey, -inform DER.") from None
