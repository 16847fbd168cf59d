"""Which of the certificates of one server a client gets: Envoy's choice, as far as it can be known beforehand.

One with the very name that the client asks for comes before one with a wildcard for it; among those, ECDSA before RSA
where the client can check both, then the first by order. Where none has the name, the first by order is presented,
whatever its key; and where no name is asked for, all count alike (Envoy's DefaultTlsCertificateSelector).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from meshtui.errors import IdentityError
from meshtui.gateway.listeners import secret_of
from meshtui.gateway.references import Listener, SecretRef
from meshtui.identity.inspect import UNDECODABLE, load_certificates, san_texts
from meshtui.identity.verify import verify_host
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.secret_data import key_pair

Leaves = Mapping[SecretRef, x509.Certificate]
"""In the order in which the server names them."""


class Clients(StrEnum):
    """Who gets a certificate."""

    ALL = "all"
    """Those that can check both kinds of keys, as all common ones can."""
    RSA_ONLY = "RSA only"
    """Those that cannot check ECDSA."""
    NONE = "none"


def presented_to(catalog: Catalog, listener: Listener, certificate: SecretRef, host: str) -> Clients:
    """Who gets one of a listener's certificates when it asks for `host` (empty: for no name at all)."""
    if listener.certificates == (certificate,):
        return Clients.ALL
    found = {ref: _leaf(catalog, ref) for ref in listener.certificates}
    leaves = {ref: leaf for ref, leaf in found.items() if leaf is not None}
    if certificate not in leaves:
        return Clients.NONE
    if not _is_rsa(leaves[certificate]):
        return Clients.ALL if _chosen(leaves, host, rsa_only=False) == certificate else Clients.NONE
    if _chosen(leaves, host, rsa_only=True) != certificate:
        return Clients.NONE
    # of one that cannot be read Envoy may still have what was there before, of whatever kind
    sure = len(leaves) == len(found) and _chosen(leaves, host, rsa_only=False) == certificate
    return Clients.ALL if sure else Clients.RSA_ONLY


def _chosen(leaves: Leaves, host: str, *, rsa_only: bool) -> SecretRef:
    for group in _groups(leaves, host):
        ecdsa = [ref for ref in group if not _is_rsa(leaves[ref])]
        usable = [ref for ref in group if ref not in ecdsa] if rsa_only else ecdsa or group
        if usable:
            return usable[0]
    return next(iter(leaves))


def _groups(leaves: Leaves, host: str) -> tuple[list[SecretRef], ...]:
    if not host:
        return (list(leaves),)
    covering = [ref for ref, leaf in leaves.items() if _covers(leaf, host)]
    exact = [ref for ref in covering if host.lower() in map(str.lower, san_texts(leaves[ref].extensions))]
    return exact, [ref for ref in covering if ref not in exact]


def _leaf(catalog: Catalog, ref: SecretRef) -> x509.Certificate | None:
    secret = secret_of(catalog, ref)
    pair = key_pair(secret) if secret is not None else None
    try:
        return load_certificates(pair[0])[0] if pair is not None else None
    except IdentityError:
        return None


def _covers(leaf: x509.Certificate, host: str) -> bool:
    try:
        verify_host(leaf, host)
    except IdentityError:
        return False
    return True


def _is_rsa(leaf: x509.Certificate) -> bool:
    try:
        return isinstance(leaf.public_key(), rsa.RSAPublicKey)
    except UNDECODABLE:
        return False
