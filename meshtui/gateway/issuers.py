"""Who signed the certificates of a Secret: gaps in its chain, and leaves that outlive what signed them. Pure.

Links are told by names and key identifiers; signatures are for `meshtui verify`, which builds the path in full.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from meshtui.findings import Severity
from meshtui.gateway.flaws import Code, Flaw


class Roots:
    """Certificates that may have signed what a Secret holds: the mesh's gateway roots, the system's."""

    def __init__(self, certificates: Iterable[x509.Certificate] = ()) -> None:
        self._certificates = frozenset(certificates)
        self._by_name: dict[x509.Name, list[x509.Certificate]] = defaultdict(list)
        for certificate in self._certificates:
            self._by_name[certificate.subject].append(certificate)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Roots) and self._certificates == other._certificates

    def __hash__(self) -> int:
        return hash(self._certificates)

    def __contains__(self, certificate: x509.Certificate) -> bool:
        return certificate in self._certificates

    def issuer_of(self, certificate: x509.Certificate) -> x509.Certificate | None:
        """The one that signed it, by name and key identifier; None when none did."""
        found = self._by_name.get(certificate.issuer, ())
        return next((each for each in found if fits(each, certificate)), None)


NO_ROOTS = Roots()


def root_above(chain: Sequence[x509.Certificate], *known: Roots) -> x509.Certificate | None:
    """The last certificate to which a chain leads: one of these, or itself if it signed itself; else None."""
    last, seen = chain[-1], {chain[-1]}
    while last.issuer != last.subject:
        above = next(filter(None, (roots.issuer_of(last) for roots in known)), None)
        if above is None or above in seen:
            return last if last is not chain[-1] else None
        last = above
        seen.add(last)
    return last


def chain_flaws(chain: Sequence[x509.Certificate], own: Roots, roots: Roots, target: str) -> Iterator[Flaw]:
    """What is wrong between the certificates of a chain. `own` are the CAs that the Secret itself brings beside it."""
    for number, (child, parent) in enumerate(pairwise(chain), 1):
        if not fits(parent, child):
            text = (
                f"Certificate {number} was issued by {_name(child.issuer)}, and number {number + 1} is"
                f" {_name(parent.subject)}: clients cannot follow the chain."
            )
            yield Flaw(Code.CHAIN_INCOMPLETE, Severity.WARNING, text, _put_in_order(target))
            break
    else:
        if chain and (flaw := _open_end(chain[-1], own, roots, target)) is not None:
            yield flaw
    yield from _outliving(chain, own, roots, target)


def fits(parent: x509.Certificate, child: x509.Certificate) -> bool:
    """Whether the names and, where both have one, the key identifiers say that one signed the other."""
    if parent.subject != child.issuer:
        return False
    wanted, have = _authority_key(child), _subject_key(parent)
    return wanted is None or have is None or wanted == have


def _open_end(last: x509.Certificate, own: Roots, roots: Roots, target: str) -> Flaw | None:
    """Nobody knows the issuer of the last one: an intermediate is missing, or its root is one that only others know."""
    if last.issuer == last.subject or own.issuer_of(last) or roots.issuer_of(last):
        return None
    text = f"The chain ends with a certificate by {_name(last.issuer)}, which is neither in it nor a root known here"
    if _says_where_issuer_is(last):
        text = f"{text}: an intermediate is missing."
        return Flaw(Code.CHAIN_INCOMPLETE, Severity.WARNING, text, _put_in_order(target))
    text = f"{text}: clients must know {_name(last.issuer)} already."
    fix = f"If it is a root of your own: meshtui rotate {target} --cert FILE --key FILE --ca FILE"
    return Flaw(Code.CHAIN_INCOMPLETE, Severity.INFO, text, fix)


def _outliving(chain: Sequence[x509.Certificate], own: Roots, roots: Roots, target: str) -> Iterator[Flaw]:
    among = Roots(chain)
    for child in chain:
        issuer = among.issuer_of(child) or own.issuer_of(child) or roots.issuer_of(child)
        if issuer is not None and issuer != child and issuer.not_valid_after_utc < child.not_valid_after_utc:
            text = (
                f"It is valid until {_time(child.not_valid_after_utc)}, but what signed it, {_name(issuer.subject)},"
                f" only until {_time(issuer.not_valid_after_utc)}: it is good for nothing after that."
            )
            yield Flaw(Code.OUTLIVES_ISSUER, Severity.WARNING, text, f"Renew the issuer, then meshtui rotate {target}")
            return


def _says_where_issuer_is(certificate: x509.Certificate) -> bool:
    """CAs of the public web write there where their intermediate can be fetched (RFC 5280, 4.2.2.1)."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return False
    return any(each.access_method == AuthorityInformationAccessOID.CA_ISSUERS for each in access)


def _authority_key(certificate: x509.Certificate) -> bytes | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except x509.ExtensionNotFound:
        return None


def _subject_key(certificate: x509.Certificate) -> bytes | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return None


def _put_in_order(target: str) -> str:
    return f"Bring the leaf, then each intermediate after what it signed; see meshtui inspect {target}"


def _name(name: x509.Name) -> str:
    return name.rfc4514_string() or "(empty name)"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
