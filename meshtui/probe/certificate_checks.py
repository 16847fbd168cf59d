"""Checks of what is presented: its chain, its host, whether it is the one that should be, and its days. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from cryptography import x509

from meshtui.errors import IdentityError
from meshtui.findings import Check
from meshtui.identity.inspect import facts
from meshtui.identity.lifetime import Lifetime, is_due, is_overdue
from meshtui.identity.verify import verify_host
from meshtui.probe.attempt import Attempt
from meshtui.probe.connection_checks import unasked
from meshtui.probe.contexts import Roots
from meshtui.probe.place import is_address
from meshtui.probe.question import Observation, Question
from meshtui.probe.tls_words import FOLLOWS, NO_ISSUER, fault_text

_ROUND = timedelta(seconds=59)
"""A life of 90 days is some seconds shorter where the moment of issue is known to the millisecond."""


def chain(question: Question, roots: Roots, seen: Observation) -> Check:
    """Whether what is presented leads to a root that is trusted, as OpenSSL judges it."""
    main = seen.presenting
    if not main.presented:
        return unasked("chain", seen)
    if not roots.known:
        fix = "Name the root that it should lead to: --ca FILE."
        return Check(name="chain", passed=None, seen=f"{_presented(main.chain)}; its root is not known", fix=fix)
    objections = [fault for fault in main.faults if fault.code not in FOLLOWS] or main.faults
    if not objections:
        top = _name(main.path[-1].subject) if main.path else "a root"
        fix = "" if _is_in_order(main.chain) else "Present each certificate before the one that signed it."
        return Check(name="chain", passed=True, seen=f"{_presented(main.chain)}, up to {top} in {roots.name}", fix=fix)
    said = [_objection(main, fault.code, fault.depth, roots) for fault in objections]
    fix = next((fix for _, fix in said if fix), "") or question.mend or "Replace what is named by one that verifies."
    return Check(name="chain", passed=False, seen="; ".join(dict.fromkeys(text for text, _ in said)), fix=fix)


def host(question: Question, seen: Observation) -> Check:
    """Whether a name in the certificate covers the host; its common name is not looked at."""
    main = seen.presenting
    if not main.presented:
        return unasked("host", seen)
    try:
        verify_host(main.chain[0], question.host)
        _verify_breadth(main.chain[0], question.host)
    except IdentityError as error:
        named = "an IP name" if is_address(question.host) else "a DNS name"
        fix = f"Ask for a host that it is for, or issue one with {question.host} as {named} (SAN)."
        return Check(name="host", passed=False, seen=error.message, fix=error.fix or fix)
    return Check(name="host", passed=True, seen=f"it is for {question.host}")


def same(question: Question, seen: Observation) -> Check:
    """Whether it is the certificate that others say is in service."""
    main, name = seen.presenting, "serial"
    if not main.presented:
        return unasked(name, seen)
    try:
        presented = facts(main.chain[0])
    except IdentityError as error:
        return Check(name=name, passed=False, seen=error.message, fix=question.mend)
    if _hides_another_kind(seen):
        text = f"it presents {presented.serial}; whether it has one with a key of another kind only TLS 1.2 can tell"
        return Check(name=name, passed=None, seen=text)
    others = [each for each in question.expected if each.certificate.sha256 != presented.sha256]
    if others:
        differing = ", ".join(f"{each.where} has {each.certificate.serial}" for each in others)
        text = f"it presents {presented.serial}; {differing}"
        return Check(name=name, passed=False, seen=text, fix=question.mend)
    where = " and ".join(each.where for each in question.expected)
    return Check(name=name, passed=True, seen=f"{presented.serial}, as in {where}")


def _hides_another_kind(seen: Observation) -> bool:
    """In TLS 1.3 nobody here can say which kind of key it wants."""
    without_1_2 = seen.only_1_2 is None or not seen.only_1_2.presented
    return seen.of_its_kind is not None and not seen.of_its_kind.presented and without_1_2


def days_left(question: Question, seen: Observation, now: datetime) -> Check:
    """Whether it is valid now, for how long, and whether it should have been replaced by now."""
    main, name = seen.presenting, "days left"
    if not main.presented:
        return unasked(name, seen)
    leaf = main.chain[0]
    start, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    fix = question.mend or "Renew it."
    if now < start:
        text = f"it is not valid before {_at(start)}, {span(start - now)} from now"
        return Check(name=name, passed=False, seen=text, fix="Compare the clocks.")
    if now > end:
        return Check(name=name, passed=False, seen=f"it expired at {_at(end)}, {span(now - end)} ago", fix=fix)
    lifetime = Lifetime(question.issued_at or start, end)
    due_at = lifetime.at(question.due_at)
    text = f"{span(end - now)} of {span(lifetime.length + _ROUND)}, until {_at(end)}"
    if is_overdue(lifetime, due_at, now, question.overdue_after):
        share = f"{question.due_at + question.overdue_after:.0%}"
        text += f"; its rotation is overdue: more than {share} of its life has passed"
        return Check(name=name, passed=True, seen=text, fix=fix)
    if is_due(lifetime, due_at, now):
        text += f"; it is due for rotation: more than {question.due_at:.0%} of its life has passed"
    return Check(name=name, passed=True, seen=text)


def span(duration: timedelta) -> str:
    """`89 days`, `23 hours`, `12 minutes`: what is whole of the largest unit that there are two of."""
    seconds = int(duration.total_seconds())
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} seconds"


def _verify_breadth(leaf: x509.Certificate, host: str) -> None:
    """No wildcard of a whole top-level domain: curl, openssl and browsers take none."""
    if host.count(".") != 1 or is_address(host):
        return
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    if host not in {name.lower() for name in names.get_values_for_type(x509.DNSName)}:
        wide = f"*.{host.partition('.')[2]}"
        raise IdentityError(f"Only {wide} covers {host!r}, and clients take no wildcard for a whole top-level domain.")


def _objection(main: Attempt, code: int, depth: int, roots: Roots) -> tuple[str, str]:
    """One of OpenSSL's in words, and what to do about it if that is not to replace the certificate."""
    found = main.path or main.chain
    certificate = found[depth] if depth < len(found) else main.chain[0]
    if code in NO_ISSUER:
        issuer = _name(certificate.issuer)
        if depth == 0 and len(main.chain) == 1:
            text = f"only the certificate itself is presented, and {issuer}, which signed it, is not in {roots.name}"
            fix = f"If {issuer} is an intermediate, let the server present it too; if it is the root, trust it: --ca."
            return text, fix
        text = f"unknown issuer: {issuer}, which signed {_which(depth, certificate)}, is neither presented nor in"
        return f"{text} {roots.name}", f"Let the server present {issuer}, or trust the root above it: --ca FILE."
    fix = f"Trust it if it is yours: --ca FILE. It is {_name(certificate.subject)}." if code in (18, 19) else ""
    return f"{_which(depth, certificate)}: {fault_text(code)}", fix


def _which(depth: int, certificate: x509.Certificate) -> str:
    return "the certificate" if depth == 0 else _name(certificate.subject)


def _presented(chain: Sequence[x509.Certificate]) -> str:
    """How many there are, and whether they stand in the order of RFC 8446, section 4.4.2."""
    if len(chain) == 1:
        return "1 certificate"
    if not _is_in_order(chain):
        return f"{len(chain)} certificates, not each signed by the next"
    root = ", the root among them, which nobody needs" if chain[-1].subject == chain[-1].issuer else ""
    return f"{len(chain)} certificates, leaf first{root}"


def _is_in_order(chain: Sequence[x509.Certificate]) -> bool:
    return all(below.issuer == above.subject for below, above in pairwise(chain))


def _name(name: x509.Name) -> str:
    return name.rfc4514_string() or "(empty name)"


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z"
