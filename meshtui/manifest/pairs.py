"""Whether the key pair of a Secret is one: what Envoy would refuse is refused before it replaces anything.

Whether an RSA key is sound in itself is not asked here: that takes its time.
"""

from __future__ import annotations

from meshtui.errors import IdentityError
from meshtui.identity.facts import CertificateFacts
from meshtui.identity.inspect import facts, load_certificates
from meshtui.identity.keys import load_key, public_key_sha256
from meshtui.manifest.model import Manifest, Secret
from meshtui.manifest.secret_data import key_pair


def pair_problem(manifest: Manifest) -> str:
    """Why the certificate and key of a Secret cannot be used together; empty when they can, or there are none."""
    pair = key_pair(manifest) if isinstance(manifest, Secret) else None
    if pair is None:
        return ""
    try:
        leaf = facts(load_certificates(pair[0])[0])
    except IdentityError as error:
        return f"{manifest.key}: its certificate cannot be read: {error.message}"
    try:
        own = public_key_sha256(load_key(pair[1], validate=False).public_key())
    except IdentityError as error:
        return f"{manifest.key}: its private key cannot be read: {error.message}"
    if own != leaf.public_key_sha256:
        return f"{manifest.key}: its private key does not match its certificate {leaf.serial}"
    return ""


def leaf_of(secret: Secret | None) -> CertificateFacts | None:
    """The certificate of a Secret; None where there is none, or none that can be read."""
    pair = key_pair(secret) if secret is not None else None
    if pair is None:
        return None
    try:
        return facts(load_certificates(pair[0])[0])
    except IdentityError:
        return None
