"""May this CA certificate sign for a mesh, and do its chain and roots hold? Pure: values in, a path or an error out.

Each way that a signing hierarchy can be wrong has a sentence of its own, which names the file. The rules are
Istio's (security/pkg/pki/util/keycertbundle.go, Verify) and those of RFC 5280, section 6, that its clients apply.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from meshtui.errors import IdentityError, StateError
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.chain import verify_chain
from meshtui.identity.inspect import UNDECODABLE
from meshtui.identity.keys import PrivateKey, describe_key

_E = TypeVar("_E", bound=x509.ExtensionType)

KEYS = "EC P-256, EC P-384 or RSA of 2048 to 8192 bits"


@dataclass(frozen=True)
class SigningMaterial:
    """What was read from the files of a signing hierarchy, with the names of the files for messages."""

    certificate: x509.Certificate
    key: PrivateKey
    chain: tuple[x509.Certificate, ...]
    roots: tuple[x509.Certificate, ...]
    certificate_file: str
    key_file: str
    chain_file: str
    root_file: str


@dataclass(frozen=True)
class SigningPath:
    """A hierarchy that holds."""

    above: tuple[x509.Certificate, ...]
    """From the CA above the signing one up to the root; none when the signing one is a root itself."""
    notices: tuple[str, ...]
    """Sentences about what is odd and does no harm."""


def check_material(material: SigningMaterial, now: datetime) -> SigningPath:
    """Find the path from the signing certificate to a root. Raises StateError with what is wrong."""
    try:
        _check_roots(material)
        _check_key(material)
        is_root = material.certificate in material.roots
        _check_ca(material.certificate, material.certificate_file, 0, now, root=is_root)
        if is_root:
            return SigningPath((), tuple(_notices(material, now)))
        between = _ordered(material)
        root = _root_of(material, between[-1] if between else material.certificate)
        above = (*between, root)
        for below, ca in enumerate(above, 1):
            file = material.root_file if ca is root else material.chain_file
            _check_ca(ca, file, _below((material.certificate, *above[: below - 1])), now, root=ca is root)
        _check_as_clients_do(material, above, now)
    except UNDECODABLE as error:
        raise StateError(f"A certificate of the signing hierarchy cannot be decoded: {error}.", fix=_FIX) from error
    return SigningPath(above, tuple(_notices(material, now)))


def _below(cas: Sequence[x509.Certificate]) -> int:
    """How many CAs of a path length there are among these; self-issued ones do not count (RFC 5280, 4.2.1.9)."""
    return sum(ca.subject != ca.issuer for ca in cas)


def _check_roots(material: SigningMaterial) -> None:
    try:
        TrustBundle(material.roots)
    except IdentityError as error:
        raise StateError(f"{material.root_file} cannot be trusted: {error.message}", fix=_FIX) from error


def _check_key(material: SigningMaterial) -> None:
    match material.key.public_key():
        case ec.EllipticCurvePublicKey(curve=ec.SECP256R1() | ec.SECP384R1()):
            pass
        case rsa.RSAPublicKey(key_size=size) if 2048 <= size <= 8192:
            pass
        case other:
            raise StateError(
                f"{material.key_file} holds a key of kind {describe_key(other)}, which peers do not accept.",
                fix=f"Use {KEYS}.",
            )
    if material.certificate.public_key() != material.key.public_key():
        raise StateError(
            f"{material.key_file} is not the key of {material.certificate_file}.", fix="Put the matching pair there."
        )


def _check_ca(ca: x509.Certificate, file: str, below: int, now: datetime, *, root: bool = False) -> None:
    """`below`: CAs between it and a leaf."""
    name = f"The certificate {_name(ca)} in {file}"
    constraints = _find(ca, x509.BasicConstraints)
    usage = _find(ca, x509.KeyUsage)
    if constraints is None or not constraints.ca:
        raise StateError(f"{name} is not a CA's (no CA:TRUE in its basic constraints).", fix=_FIX)
    if usage is not None and not usage.key_cert_sign:
        raise StateError(f"{name} may not sign certificates (no keyCertSign in its key usage).", fix=_FIX)
    if constraints.path_length is not None and constraints.path_length < below:
        raise StateError(
            f"{name} allows {constraints.path_length} CAs below it, but there are {below} (pathLen is too short).",
            fix="Sign the intermediate with a CA that allows it.",
        )
    # what a root says of itself proves nothing, so its own signature may be of any kind
    if not root and isinstance(hashed := ca.signature_hash_algorithm, hashes.SHA1 | hashes.MD5):
        raise StateError(
            f"{name} is signed with {hashed.name.upper()}, which can be forged.", fix="Sign it with SHA-256."
        )
    if now >= ca.not_valid_after_utc:
        raise StateError(f"{name} expired at {ca.not_valid_after_utc.isoformat()}.", fix="Renew it.")
    if now < ca.not_valid_before_utc:
        raise StateError(
            f"{name} is not valid before {ca.not_valid_before_utc.isoformat()}.", fix="Set this machine's clock."
        )


def _ordered(material: SigningMaterial) -> tuple[x509.Certificate, ...]:
    """The chain's CAs above the signing one, without roots; raises StateError when they do not follow each other."""
    chain = tuple(dict.fromkeys(ca for ca in material.chain if ca not in material.roots))
    if material.certificate in chain[1:]:
        raise _wrong_order(material, material.certificate)
    between = tuple(ca for ca in chain if ca != material.certificate)
    child = material.certificate
    for position, ca in enumerate(between):
        if not _signed(child, ca):
            if any(_signed(child, other) for other in between[position + 1 :]):
                raise _wrong_order(material, ca)
            if any(_signed(child, root) for root in material.roots):
                raise StateError(
                    f"{material.chain_file} has {_name(ca)}, which signed none of the certificates before it.",
                    fix="Take it out: the chain is complete without it.",
                )
            raise _leads_nowhere(material, child)
        child = ca
    return between


def _root_of(material: SigningMaterial, top: x509.Certificate) -> x509.Certificate:
    for root in material.roots:
        if _signed(top, root):
            return root
    raise _leads_nowhere(material, top)


def _check_as_clients_do(material: SigningMaterial, above: Sequence[x509.Certificate], now: datetime) -> None:
    try:
        verify_chain((material.certificate, *above[:-1]), TrustBundle(material.roots), now)
    except IdentityError as error:
        raise StateError(f"{material.certificate_file} would not be accepted: {error.message}", fix=_FIX) from error


def _signed(child: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        child.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _notices(material: SigningMaterial, now: datetime) -> Iterator[str]:
    if material.chain_file != material.certificate_file and any(ca in material.roots for ca in material.chain):
        yield f"{material.chain_file} repeats a root, which is not sent twice (istio/istio#39001)."
    if material.certificate not in (*material.chain, *material.roots):
        yield f"{material.chain_file} does not begin with {material.certificate_file}; it is sent first nevertheless."
    if _find(material.certificate, x509.SubjectKeyIdentifier) is None:
        yield f"{material.certificate_file} has no subject key identifier (RFC 5280, 4.2.1.2)."
    for root in material.roots:
        if not root.not_valid_before_utc <= now < root.not_valid_after_utc:
            yield f"The root {_name(root)} in {material.root_file} is out of its time; peers get it all the same."


def _wrong_order(material: SigningMaterial, ca: x509.Certificate) -> StateError:
    return StateError(
        f"{material.chain_file} is in the wrong order: {_name(ca)} does not stand behind what it signed.",
        fix="Write the signing certificate first, then each CA behind the one that it signed.",
    )


def _leads_nowhere(material: SigningMaterial, top: x509.Certificate) -> StateError:
    return StateError(
        f"The chain of {material.certificate_file} does not lead to a root of {material.root_file}:"
        f" nothing there signed {_name(top)}, which was issued by {_shown(top.issuer)}.",
        fix=f"Put the missing intermediate into {material.chain_file}, or the right root into {material.root_file}.",
    )


def _find(certificate: x509.Certificate, kind: type[_E]) -> _E | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _name(certificate: x509.Certificate) -> str:
    return _shown(certificate.subject)


def _shown(name: x509.Name) -> str:
    return name.rfc4514_string()[:120] or "without a name"


_FIX = "Make the certificate anew, or choose another directory with --ca-dir."
