"""Whether the CA of a Secret or ConfigMap, and its revocation lists, can be read: what Envoy refuses it never gets.

Envoy takes all of it or nothing: one damaged block among good ones, and it goes on with the CA that it had.
Whether it is a CA, valid, and has a list of each of its signers is not asked here: Envoy does not ask either.
"""

from __future__ import annotations

from cryptography import x509

from meshtui.errors import IdentityError
from meshtui.identity import pem as pem_format
from meshtui.identity.inspect import CERTIFICATE_LABELS, UNDECODABLE, load_der
from meshtui.manifest.api_model import ConfigMap
from meshtui.manifest.model import Manifest, Secret
from meshtui.manifest.secret_data import revoked, trusted_ca

_LIST = "X509 CRL"


def roots_problem(manifest: Manifest) -> str:
    """Why clients cannot be checked with the CA of a Secret or ConfigMap; empty when they can, or there is none."""
    if not isinstance(manifest, Secret | ConfigMap) or (roots := trusted_ca(manifest)) is None:
        return ""
    try:
        _read(roots, "certificate", CERTIFICATE_LABELS)
    except IdentityError as error:
        return f"{manifest.key}: its CA certificates cannot be read: {error.message}"
    lists = revoked(manifest)
    try:
        if lists is not None:
            _read(lists, "revocation list", (_LIST,))
    except IdentityError as error:
        return f"{manifest.key}: its revocation lists cannot be read: {error.message}"
    return ""


def _read(pem: bytes, wanted: str, labels: tuple[str, ...]) -> None:
    """Raises IdentityError unless all of it can be read, and something of it is what is wanted."""
    found, _ = pem_format.blocks(pem)
    if not any(block.label in labels for block in found):
        # of a list that is none Envoy says nothing, and lets nobody in
        raise IdentityError(f"There is no PEM {wanted}.")
    for position, block in enumerate(found, 1):
        problem = block.problem or _problem(block)
        if problem:
            raise IdentityError(f"PEM block {position} is damaged: {problem}.")


def _problem(block: pem_format.PemBlock) -> str:
    try:
        if block.label in CERTIFICATE_LABELS:
            load_der(block.der)
        elif block.label == _LIST:
            x509.load_der_x509_crl(block.der)
    except IdentityError as error:
        return error.message.removesuffix(".")
    except UNDECODABLE as error:
        return f"it cannot be decoded: {error}"
    return ""
