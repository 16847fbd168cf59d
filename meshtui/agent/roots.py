"""What verifies the CA's server: a PEM file that may change at any time, or the operating system's roots."""

from __future__ import annotations

import ssl
from pathlib import Path

from meshtui.agent.foreign_file import read_file
from meshtui.errors import IdentityError, StateError
from meshtui.identity.inspect import load_certificates

MAX_BYTES = 1024 * 1024


def read_roots(path: Path | None) -> bytes:
    """The PEM as it is now; None for the operating system's. Raises StateError when there is nothing to trust."""
    if path is None:
        return _system()
    pem = read_file(path, "CA root", MAX_BYTES)
    try:
        load_certificates(pem)
    except IdentityError as error:
        raise StateError(f"The CA root {path} is unusable: {error.message}") from error
    return pem


def _system() -> bytes:
    found = ssl.create_default_context().get_ca_certs(binary_form=True)
    if not found:
        raise StateError("The operating system has no list of root certificates; name a file with --ca-root.")
    return "".join(ssl.DER_cert_to_PEM_cert(der) for der in found).encode()
