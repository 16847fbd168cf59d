"""Does a certificate lead to a trusted root? Path building and path validation after RFC 5280, section 6.

Not `cryptography.x509.verification`, which adds the rules of the public web (a DNS name, no more than 398 days, …)
that SVIDs and their roots do not follow. Revocation, name constraints and policies are not judged: a certificate
that makes them critical is refused, as RFC 5280, section 4.2 asks of those who do not know an extension.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtensionOID

from meshtui.errors import IdentityError
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.inspect import UNDECODABLE

MAX_CHAIN = 10
"""Certificates that a peer may present."""

T = TypeVar("T", bound=x509.ExtensionType)

_JUDGED = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
}
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


def verify_chain(chain: Sequence[x509.Certificate], bundle: TrustBundle, now: datetime) -> tuple[x509.Certificate, ...]:
    """The path from the leaf, `chain[0]`, over the other certificates of the chain to a root of the bundle.

    Checks of every issuer on the path: its signature, CA flag, keyCertSign, path length and validity at `now`.
    The leaf's own lifetime is `verify_lifetime`'s to check. The order of the intermediates does not matter.
    Raises IdentityError with the reason why the most promising path ends.
    """
    if not chain or len(chain) > MAX_CHAIN:
        raise IdentityError(f"A chain has 1 to {MAX_CHAIN} certificates, not {len(chain)}.")
    try:
        return _search(chain, bundle, now)
    except UNDECODABLE as error:
        raise IdentityError(f"A certificate of the chain cannot be decoded: {error}.") from error


def _search(chain: Sequence[x509.Certificate], bundle: TrustBundle, now: datetime) -> tuple[x509.Certificate, ...]:
    """Breadth first over (certificate, CAs below it): no such pair is gone through twice, however the names loop."""
    leaf = chain[0]
    if problem := _unjudged(leaf):
        raise IdentityError(f"The leaf {problem}.")
    if leaf in bundle:
        return (leaf,)
    candidates = tuple(dict.fromkeys((*bundle.certificates, *chain[1:])))
    reason = f"no certificate of the chain or bundle is named {_name(leaf.issuer)}"
    waiting: deque[tuple[x509.Certificate, ...]] = deque([(leaf,)])
    seen: set[tuple[x509.Certificate, int]] = set()
    while waiting:
        path = waiting.popleft()
        below = _cas_below(path)
        for issuer in candidates:
            if issuer.subject != path[-1].issuer or issuer in path or (issuer, below) in seen:
                continue
            if problem := next(_problems(issuer, path[-1], below, now), ""):
                reason = f"{_name(issuer.subject)} {problem}"
            elif issuer in bundle:
                return (*path, issuer)
            else:
                seen.add((issuer, below))
                waiting.append((*path, issuer))
                reason = f"no certificate of the chain or bundle is named {_name(issuer.issuer)}"
    raise IdentityError(
        f"The chain does not lead to a trusted root: {reason}.", fix="Compare the trust bundle with the CA that signed."
    )


def _cas_below(path: Sequence[x509.Certificate]) -> int:
    """CA certificates between a new issuer and the leaf; self-issued ones do not count (RFC 5280, 4.2.1.9)."""
    return sum(certificate.subject != certificate.issuer for certificate in path[1:])


def _problems(issuer: x509.Certificate, child: x509.Certificate, below: int, now: datetime) -> Iterator[str]:
    """Why `issuer` cannot vouch for `child`, cheap reasons first."""
    constraints = _extension(issuer, x509.BasicConstraints)
    usage = _extension(issuer, x509.KeyUsage)
    if constraints is None or not constraints.ca:
        yield "is not a CA"
    if usage is not None and not usage.key_cert_sign:
        yield "may not sign certificates (no keyCertSign)"
    if constraints is not None and constraints.path_length is not None and constraints.path_length < below:
        yield f"allows {constraints.path_length} CAs below it, not {below}"
    if now < issuer.not_valid_before_utc:
        yield f"is not valid before {issuer.not_valid_before_utc.isoformat()}"
    if now > issuer.not_valid_after_utc:
        yield f"expired at {issuer.not_valid_after_utc.isoformat()}"
    if problem := _unjudged(issuer):
        yield problem
    if not _signed(issuer, child):
        yield "did not sign it: the name fits, the signature does not"


def _signed(issuer: x509.Certificate, child: x509.Certificate) -> bool:
    """Whether the signature fits, made over a hash that still means something."""
    hashed = child.signature_hash_algorithm
    if hashed is not None and not isinstance(hashed, _HASHES):
        return False
    try:
        child.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _unjudged(certificate: x509.Certificate) -> str:
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in _JUDGED:
            return f"has a critical extension that is not judged here ({extension.oid.dotted_string})"
    return ""


def _extension(certificate: x509.Certificate, kind: type[T]) -> T | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _name(name: x509.Name) -> str:
    return name.rfc4514_string() or "(empty name)"
