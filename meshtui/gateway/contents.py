"""What a Secret holds for a gateway, read once, with what is wrong with it whatever host it is for.

Keeps certificates and what was found, never a key: that one is compared and forgotten. RSA keys are not validated
here (which takes tens of milliseconds each); whoever brings a new key does that once, when it is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from meshtui.errors import IdentityError
from meshtui.findings import Severity
from meshtui.gateway.flaws import Code, Flaw
from meshtui.identity.inspect import CERTIFICATE_LABELS, UNDECODABLE, load_der_whole
from meshtui.identity.keys import MAX_PEM_BYTES, public_key_sha256
from meshtui.identity.pem import blocks
from meshtui.manifest.model import Secret
from meshtui.manifest.secret_data import PAIR_NAMES, key_pair

_NAMES_SHOWN = 3
"""As many as Istio names in its own words for wrong keys."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The certificates of a Secret, in its order, and what is wrong with it by itself."""

    chain: tuple[x509.Certificate, ...] = ()
    """Those that can be read."""
    sha256: str = ""
    """Fingerprint of the leaf, lower-case hexadecimal; empty without one."""
    key_place: int | None = None
    """Position in `chain` of the certificate that the key belongs to; None when it belongs to none."""
    flaws: tuple[Flaw, ...] = field(default=())

    @property
    def leaf(self) -> x509.Certificate | None:
        """What is presented."""
        return self.chain[0] if self.chain else None


def examine(secret: Secret) -> Contents:
    """Read a Secret that is, or could be, a gateway's certificate."""
    pair = key_pair(secret)
    if pair is None:
        return Contents(flaws=(_no_pair(secret),))
    target = f"gateway/{secret.namespace}/{secret.name}"
    chain, broken = read_certificates(pair[0], f"meshtui verify {target}")
    place, key_flaws = _place_of_key(chain, pair[1], target) if chain else (None, ())
    return Contents(
        chain=chain,
        sha256=_fingerprint(chain[0]) if chain else "",
        key_place=place,
        flaws=(*broken, *key_flaws),
    )


def read_certificates(pem: bytes, fix: str) -> tuple[tuple[x509.Certificate, ...], tuple[Flaw, ...]]:
    """Every certificate that can be read, and one flaw for everything that cannot."""
    try:
        found, text_outside = blocks(pem)
    except IdentityError as error:
        return (), (Flaw(Code.PEM_BROKEN, Severity.CRITICAL, f"Its certificates cannot be read: {error}", fix),)
    chain, problems = list[x509.Certificate](), list[str]()
    for number, block in enumerate(found, 1):
        if block.problem or block.label not in CERTIFICATE_LABELS:
            problems.append(f"block {number} {_why(block.label, block.problem)}")
            continue
        try:
            chain.append(load_der_whole(block.der))
        except IdentityError:
            problems.append(f"block {number} is no certificate that can be decoded")
    if not found:
        problems.append("there is no PEM block in it" if text_outside else "it is blank")
    if not problems:
        return tuple(chain), ()
    good = f"; the other {len(chain)} of {len(found)} can be read" if chain else ""
    text = f"Its certificates are damaged, and Envoy refuses all of them: {', '.join(problems)}{good}."
    return tuple(chain), (Flaw(Code.PEM_BROKEN, Severity.CRITICAL, text, f"Write the whole chain again; see {fix}"),)


def _why(label: str, problem: str) -> str:
    return f"is broken: {problem}" if problem else f"is a {label}, not a certificate"


def _no_pair(secret: Secret) -> Flaw:
    names = [name for pair in PAIR_NAMES for name in pair]
    here = [name for name in names if name in secret.data]
    blank = [name for name in here if not secret.data[name].strip()]
    fix = f"meshtui issue gateway/{secret.namespace}/{secret.name}, or apply it with tls.crt and tls.key."
    if blank or not secret.data:
        text = (
            f"{' and '.join(blank)} in it {'is' if len(blank) == 1 else 'are'} empty." if blank else "It holds nothing."
        )
        return Flaw(Code.EMPTY, Severity.CRITICAL, text, fix)
    if here:
        missing = next(name for pair in PAIR_NAMES if here[0] in pair for name in pair if name not in here)
        return Flaw(Code.WRONG_KEYS, Severity.CRITICAL, f"It has {here[0]} but no {missing}.", fix)
    found = sorted(secret.data)
    more = ", …" if len(found) > _NAMES_SHOWN else ""
    text = f"It has the keys {', '.join(found[:_NAMES_SHOWN])}{more}, not tls.crt and tls.key (or cert and key)."
    return Flaw(Code.WRONG_KEYS, Severity.CRITICAL, text, fix)


def _place_of_key(chain: tuple[x509.Certificate, ...], pem: bytes, target: str) -> tuple[int | None, tuple[Flaw, ...]]:
    """Which certificate the key belongs to, and what is wrong with the two together."""
    digest, flaw = _key_digest(pem, target)
    if flaw is not None:
        return None, (flaw,)
    place = next((place for place, each in enumerate(chain) if _digest(each) == digest), None)
    return place, tuple(_order_flaws(chain, place, target))


def _order_flaws(chain: tuple[x509.Certificate, ...], place: int | None, target: str) -> Iterator[Flaw]:
    bring = f"meshtui rotate {target} --cert FILE --key FILE, with the certificate of the key first."
    leaf = next((number for number, each in enumerate(chain) if not is_ca(each)), None)
    if leaf is None:
        severity = Severity.WARNING if place == 0 else Severity.CRITICAL
        text = "All of its certificates are a CA's: there is none for a server."
        yield Flaw(Code.ONLY_CA, severity, text, bring)
    elif place not in (None, 0):
        text = f"The key belongs to certificate {place + 1 if place else 0}, but the first one is presented."
        yield Flaw(Code.LEAF_NOT_FIRST, Severity.CRITICAL, text, bring)
    elif place is None and leaf:
        text = f"The server's certificate is number {leaf + 1}; the first one is a CA's."
        yield Flaw(Code.LEAF_NOT_FIRST, Severity.CRITICAL, text, bring)
    if place is None and leaf is not None:
        text = "The private key does not match the certificate: Envoy refuses the pair and keeps what it had."
        yield Flaw(
            Code.KEY_MISMATCH,
            Severity.CRITICAL,
            text,
            f"meshtui rotate {target}, or bring a pair: --cert FILE --key FILE",
        )


def _key_digest(pem: bytes, target: str) -> tuple[str, Flaw | None]:
    try:
        key = load_pem_private_key(pem[:MAX_PEM_BYTES], password=None, unsafe_skip_rsa_key_validation=True)
    except TypeError:
        text = "The private key is encrypted, and Envoy has no passphrase for it."
        return "", Flaw(Code.KEY_ENCRYPTED, Severity.CRITICAL, text, "Decrypt it: openssl pkey -in KEY -out PLAIN.")
    except (ValueError, UnsupportedAlgorithm):  # what they say may quote the key
        text = "The private key cannot be read: it is no PEM key."
        return "", Flaw(Code.KEY_UNREADABLE, Severity.CRITICAL, text, f"Bring it again; or meshtui rotate {target}")
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        text = f"Envoy takes EC and RSA keys; this one is {type(key).__name__.removesuffix('PrivateKey')}."
        return "", Flaw(Code.KEY_UNREADABLE, Severity.CRITICAL, text, f"meshtui rotate {target}")
    return public_key_sha256(key.public_key()), None


def is_ca(certificate: x509.Certificate) -> bool:
    """Whether it says that it is a CA's."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _digest(certificate: x509.Certificate) -> str:
    try:
        return public_key_sha256(certificate.public_key())
    except UNDECODABLE:
        return ""


def _fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(SHA256()).hex()
