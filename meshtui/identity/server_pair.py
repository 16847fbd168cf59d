"""Whether a certificate and key that were made elsewhere can be served for some hosts: asked before they replace any.

Pure. Whether an RSA key is sound in itself is left to `keys.load_key`, which takes its time for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from meshtui.errors import IdentityError
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.chain import MAX_CHAIN
from meshtui.identity.inspect import UNDECODABLE, facts, load_certificates
from meshtui.identity.keys import PrivateKey, describe_key, load_key, public_key_sha256
from meshtui.identity.verify import verify_chain, verify_host, verify_lifetime
from meshtui.identity.weak_keys import weakness

SERVED_KEYS = "EC P-256, P-384, P-521 or RSA of 2048 to 8192 bits"
"""What Envoy 1.40 takes and every client can do with; it would serve Ed25519 too, to those few that ask for it."""

_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_PURPOSES = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}


def check_server_pair(
    certificate: bytes, private_key: bytes, hosts: Sequence[str], now: datetime, *, roots: bytes = b""
) -> tuple[x509.Certificate, ...]:
    """The chain, PEM of which is `certificate`, leaf first; `roots` (PEM) are what it must lead to, if there are any.

    Raises IdentityError with the first reason why it cannot be served.
    """
    key = load_key(private_key, validate=False)
    _check_key(key)
    try:
        chain = load_certificates(certificate)
    except IdentityError as error:
        raise IdentityError(f"The certificate cannot be read: {error.message}", fix=error.fix) from error
    if len(chain) > MAX_CHAIN:
        raise IdentityError(f"A chain of {len(chain)} certificates is more than clients take ({MAX_CHAIN}).")
    leaf = _leaf(chain, key)
    _check_use(leaf)
    try:
        verify_lifetime(leaf, now)
    except IdentityError as error:
        raise IdentityError(error.message, fix="Bring one that is valid now.") from error
    if missing := uncovered(leaf, hosts):
        raise IdentityError(
            f"The certificate is for {', '.join(facts(leaf).sans) or 'no host at all'}, not for {', '.join(missing)}.",
            fix="Bring one for all of its hosts, or name those that it is for.",
        )
    if roots:
        verify_chain(chain, _bundle(roots), now)
    return chain


def uncovered(leaf: x509.Certificate, hosts: Iterable[str]) -> tuple[str, ...]:
    """Those of the hosts that no name of the certificate covers. `*` is no host; `*.NAME` stands for any below NAME."""
    missing = []
    for host in hosts:
        try:
            if host != "*":
                verify_host(leaf, host.replace("*", "any", 1))
        except IdentityError:
            missing.append(host)
    return tuple(missing)


def _check_key(key: PrivateKey) -> None:
    public = key.public_key()
    kind = describe_key(public)
    match public:
        case rsa.RSAPublicKey():
            taken = 2048 <= public.key_size <= 8192
            if taken and (problem := weakness(public.public_numbers().n)):
                raise IdentityError(f"The private key has {problem}.", fix="Make a new key.")
        case ec.EllipticCurvePublicKey():
            taken = isinstance(public.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1)
    if not taken:
        raise IdentityError(f"Envoy does not take a key of kind {kind}.", fix=f"Use {SERVED_KEYS}.")


def _leaf(chain: Sequence[x509.Certificate], key: PrivateKey) -> x509.Certificate:
    """The first certificate, if it is the key's."""
    own = public_key_sha256(key.public_key())
    read = [facts(certificate) for certificate in chain]
    place = next((place for place, each in enumerate(read, 1) if each.public_key_sha256 == own), 0)
    if not place:
        raise IdentityError(
            f"The private key does not match the certificate {read[0].serial}.",
            fix="Bring the key that it was made for.",
        )
    if place > 1:
        raise IdentityError(
            f"The certificate of the key is number {place} of {len(chain)}, not the first.",
            fix="Write it first, then each CA behind the one that it signed.",
        )
    return chain[0]


def _check_use(leaf: x509.Certificate) -> None:
    if facts(leaf).is_ca:
        raise IdentityError("The certificate is a CA's, not a server's.", fix="Bring one that this CA has signed.")
    try:
        purposes = set(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        hashed = leaf.signature_hash_algorithm
    except x509.ExtensionNotFound:
        purposes, hashed = _PURPOSES, leaf.signature_hash_algorithm
    except UNDECODABLE as error:
        raise IdentityError(f"The certificate cannot be decoded: {error}.") from error
    if not purposes & _PURPOSES:
        raise IdentityError("The certificate is not for servers (its extended key usage lacks serverAuth).")
    if hashed is not None and not isinstance(hashed, _HASHES):
        raise IdentityError(f"The certificate is signed over {hashed.name}, which clients refuse.", fix="Use SHA-256.")


def _bundle(roots: bytes) -> TrustBundle:
    try:
        return TrustBundle.parse(roots)
    except IdentityError as error:
        raise IdentityError(f"The CA cannot be read: {error.message}", fix=error.fix) from error
