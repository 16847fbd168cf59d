"""Is this certificate what it claims to be? One function for each question, each usable as one check of many.

Every function raises IdentityError with a sentence that says what was seen; none of them looks at a clock.
Whether it leads to a trusted root is `chain.verify_chain`'s to say, which is offered here as well.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from meshtui.errors import IdentityError
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.chain import verify_chain
from meshtui.identity.inspect import UNDECODABLE
from meshtui.identity.keys import public_key_sha256 as key_digest
from meshtui.identity.spiffe import SpiffeId

__all__ = [
    "VerifiedSvid",
    "verify_chain",
    "verify_host",
    "verify_key",
    "verify_lifetime",
    "verify_spiffe_rules",
    "verify_svid",
]


@dataclass(frozen=True)
class VerifiedSvid:
    """An SVID that passed everything; made by `verify_svid` only."""

    spiffe_id: SpiffeId
    path: tuple[x509.Certificate, ...]
    """Leaf first, root last."""


def verify_svid(
    chain: Sequence[x509.Certificate], bundle: TrustBundle, now: datetime, expected: SpiffeId | None = None
) -> VerifiedSvid:
    """Everything that makes an X.509-SVID good at `now`: path, SPIFFE rules, lifetime and, if given, whose it is."""
    path = verify_chain(chain, bundle, now)
    spiffe_id = verify_spiffe_rules(chain[0])
    verify_lifetime(chain[0], now)
    if expected is not None and spiffe_id != expected:
        raise IdentityError(f"The certificate is for {spiffe_id}, not for {expected}.")
    return VerifiedSvid(spiffe_id, path)


def verify_spiffe_rules(leaf: x509.Certificate) -> SpiffeId:
    """The MUSTs of the X.509-SVID standard (sections 2 to 4) for a leaf; gives its SPIFFE ID."""
    try:
        extensions = leaf.extensions
        spiffe_id = _only_uri(leaf, extensions)
        _check_leaf_usage(extensions)
    except UNDECODABLE as error:
        raise IdentityError(f"The certificate cannot be decoded: {error}.") from error
    return spiffe_id


def _only_uri(leaf: x509.Certificate, extensions: x509.Extensions) -> SpiffeId:
    try:
        san = extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound as error:
        raise IdentityError("The certificate has no subject alternative name.") from error
    uris = san.value.get_values_for_type(x509.UniformResourceIdentifier)
    if len(uris) != 1:
        raise IdentityError(f"The certificate has {len(uris)} URI names; an SVID has exactly one.")
    if not list(leaf.subject) and not san.critical:
        raise IdentityError("The subject is empty but the subject alternative name is not critical.")
    return SpiffeId.parse(uris[0])


def _check_leaf_usage(extensions: x509.Extensions) -> None:
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage)
    except x509.ExtensionNotFound as error:
        raise IdentityError("The certificate has no key usage.") from error
    if not usage.critical:
        raise IdentityError("The certificate's key usage is not critical.")
    if not usage.value.digital_signature:
        raise IdentityError("The certificate's key may not make digital signatures.")
    if usage.value.key_cert_sign or usage.value.crl_sign:
        raise IdentityError("The certificate may sign certificates or CRLs, which no leaf may.")
    for extension in extensions:
        match extension.value:
            case x509.BasicConstraints(ca=True):
                raise IdentityError("The certificate is a CA's; a CA never authenticates itself with it.")
            case x509.ExtendedKeyUsage() as purposes:
                if not {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH} <= set(purposes):
                    raise IdentityError("The certificate is not for both server and client authentication.")


def verify_lifetime(certificate: x509.Certificate, now: datetime, skew: timedelta = timedelta(0)) -> None:
    """Valid at `now`, both ends included (RFC 5280, 4.1.2.5).

    `skew` is how far our clock may be behind the signer's; nothing makes an expired certificate good.
    """
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < start - skew:
        raise IdentityError(f"The certificate is not valid before {start.isoformat()}.", fix="Compare the clocks.")
    if now > end:
        raise IdentityError(f"The certificate expired at {end.isoformat()}.", fix="Rotate it.")


def verify_key(leaf: x509.Certificate, public_key_sha256: str) -> None:
    """The certificate is for the public key with that digest."""
    try:
        seen = key_digest(leaf.public_key())
    except UNDECODABLE as error:
        raise IdentityError(f"The certificate's public key cannot be read: {error}.") from error
    if seen != public_key_sha256:
        raise IdentityError(f"The certificate is for the key {seen[:16]}…, not for {public_key_sha256[:16]}….")


def verify_host(leaf: x509.Certificate, host: str) -> None:
    """A name of the certificate covers `host` (RFC 6125; RFC 9525, 6.3): SAN only, never the common name.

    An IP address matches IP names only. A wildcard is a whole first label and stands for exactly one label.
    """
    try:
        san = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound as error:
        raise IdentityError("The certificate has no subject alternative name.") from error
    except UNDECODABLE as error:
        raise IdentityError(f"The certificate cannot be decoded: {error}.") from error
    addresses = san.get_values_for_type(x509.IPAddress)
    names = san.get_values_for_type(x509.DNSName)
    try:
        covered = ipaddress.ip_address(host) in addresses
    except ValueError:
        covered = any(_covers(name.lower(), host.lower()) for name in names)
    if not covered:
        seen = ", ".join([*names, *(str(address) for address in addresses)]) or "no host at all"
        raise IdentityError(f"The certificate is for {seen}, not for {host!r}.")


def _covers(pattern: str, host: str) -> bool:
    if not pattern.startswith("*."):
        return bool(pattern) and pattern == host
    first, dot, rest = host.partition(".")
    return bool(first and dot) and rest == pattern[2:]
