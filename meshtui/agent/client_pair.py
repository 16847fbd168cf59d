"""A certificate with its key to show to the CA: the one in service, or one that somebody provisioned in a directory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from meshtui.agent.foreign_file import read_file
from meshtui.errors import IdentityError, StateError
from meshtui.identity.inspect import load_certificates
from meshtui.identity.keys import MAX_PEM_BYTES, key_pem, load_key, public_key_sha256
from meshtui.identity.svid import Svid
from meshtui.identity.verify import verify_key, verify_lifetime

KEY, CHAIN = "key.pem", "cert-chain.pem"
"""Names of Istio's PROV_CERT directory."""


@dataclass(frozen=True)
class ClientPair:
    """What a TLS client presents."""

    chain_pem: bytes
    """Leaf first."""
    private_key_pem: bytes = field(repr=False)
    """Secret."""

    @classmethod
    def of(cls, svid: Svid) -> ClientPair:
        """The certificate in service."""
        return cls(svid.chain_pem, svid.private_key_pem)


def read_pair(directory: Path, now: datetime) -> ClientPair:
    """The pair in a directory as it is now.

    Raises StateError when a file is missing or damaged, when they do not belong together (somebody is just replacing
    them) or when the certificate is not valid at `now`.
    """
    chain = read_file(directory / CHAIN, "provisioned certificate", 1024 * 1024)
    try:
        key = load_key(read_file(directory / KEY, "provisioned key", MAX_PEM_BYTES))
        leaf = load_certificates(chain)[0]
        verify_key(leaf, public_key_sha256(key.public_key()))
        verify_lifetime(leaf, now)
    except IdentityError as error:
        raise StateError(f"The provisioned certificate in {directory} is unusable: {error.message}") from error
    return ClientPair(chain, key_pem(key))
