"""An SVID with its private key: what an agent holds. Reads a CA's answer and believes nothing of it unchecked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meshtui.errors import IdentityError
from meshtui.identity import inspect
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.chain import MAX_CHAIN
from meshtui.identity.facts import CertificateFacts
from meshtui.identity.keys import PrivateKey, key_pem, public_key_sha256
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.verify import verify_chain, verify_key, verify_lifetime, verify_spiffe_rules

SKEW = timedelta(minutes=5)
"""How far our clock may be behind the CA's."""


@dataclass(frozen=True)
class Svid:
    """A certificate, its key, and the roots that its holder believes in."""

    spiffe_id: SpiffeId
    chain: tuple[x509.Certificate, ...]
    """Leaf first, then the intermediates in order, without roots."""
    private_key_pem: bytes = field(repr=False)
    """PKCS#8. Secret."""
    bundle: TrustBundle = field(repr=False)
    issued_at: datetime
    """When the holder received it: NotBefore is back-dated and says less."""

    @property
    def leaf(self) -> x509.Certificate:
        """The certificate that carries the identity."""
        return self.chain[0]

    @cached_property
    def facts(self) -> CertificateFacts:
        """What the leaf says."""
        return inspect.facts(_unread(self.leaf))

    @property
    def leaf_pem(self) -> bytes:
        """The leaf by itself."""
        return self.leaf.public_bytes(Encoding.PEM)

    @property
    def chain_pem(self) -> bytes:
        """Leaf and intermediates, concatenated."""
        return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in self.chain)


def svid_from_response(
    cert_chain: Sequence[str],
    key: PrivateKey,
    expected: SpiffeId,
    now: datetime,
    longest: timedelta | None = None,
) -> Svid:
    """Read `IstioCertificateResponse.cert_chain`: leaf, one element for each intermediate, the root bundle last.

    Raises IdentityError unless it is a certificate for `key` and `expected`, valid at `now` (or within SKEW of it)
    and for no longer than `longest`, which is what was asked for (None: whatever the CA thinks right), that leads in
    order to a root of the answer's own bundle. Some Istio CAs repeat a root among the intermediates
    (istio/istio#39001): that repetition is dropped.
    """
    if not 2 <= len(cert_chain) <= MAX_CHAIN + 1:
        raise IdentityError(f"The CA answered with {len(cert_chain)} parts, not with a leaf and a root bundle.")
    bundle = _bundle(cert_chain[-1])
    certificates = [_single(index, element) for index, element in enumerate(cert_chain[:-1], 1)]
    chain = (certificates[0], *(each for each in certificates[1:] if each not in bundle))
    for child, issuer in pairwise(chain):
        if child.issuer != issuer.subject:
            raise IdentityError("The CA's chain is out of order.")
    # a clock that is behind the CA's must not make fresh intermediates invalid either
    verify_chain(chain, bundle, max(now, min(now + SKEW, chain[0].not_valid_before_utc)))
    spiffe_id = verify_spiffe_rules(chain[0])
    if spiffe_id != expected:
        raise IdentityError(f"The CA answered with a certificate for {spiffe_id}, not for {expected}.")
    verify_key(chain[0], public_key_sha256(key.public_key()))
    verify_lifetime(chain[0], now, SKEW)
    if longest is not None and chain[0].not_valid_after_utc > now + longest + SKEW:
        raise IdentityError(
            f"The CA answered with a certificate until {chain[0].not_valid_after_utc:%Y-%m-%d %H:%M:%SZ},"
            f" longer than the {longest} that was asked for."
        )
    return Svid(spiffe_id, tuple(map(_unread, chain)), key_pem(key), bundle, now)


def _unread(certificate: x509.Certificate) -> x509.Certificate:
    """The same one, without the parts of it that were read so far: it keeps them, and a process holds thousands."""
    return x509.load_der_x509_certificate(certificate.public_bytes(Encoding.DER))


@lru_cache(maxsize=8)
def _bundle(pem: str) -> TrustBundle:
    """Remembered: the agents of a process get the same one again and again, and hold it once."""
    try:
        return TrustBundle.parse(pem, text_allowed=False)
    except IdentityError as error:
        raise IdentityError(f"The root bundle of the CA's answer is unusable: {error.message}") from error


def _single(index: int, pem: str) -> x509.Certificate:
    try:
        certificates = inspect.load_certificates(pem, text_allowed=False)
    except IdentityError as error:
        raise IdentityError(f"Part {index} of the CA's answer is unusable: {error.message}") from error
    if len(certificates) != 1:
        raise IdentityError(f"Part {index} of the CA's answer has {len(certificates)} certificates, not one.")
    return certificates[0]
