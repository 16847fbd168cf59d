"""Checks of the connection itself: TCP, the versions of TLS, and what a host name changes. Pure."""

from __future__ import annotations

from cryptography import x509

from meshtui.findings import Check
from meshtui.identity.facts import serial_text
from meshtui.probe.attempt import Attempt, End
from meshtui.probe.question import Observation, Question
from meshtui.probe.tls_words import version_text

_RAISE = "Set the lowest version to TLS 1.2 (in a Gateway: tls.minProtocolVersion: TLSV1_2)."


def tcp(question: Question, seen: Observation) -> Check:
    """Whether anything takes the connection, and how long that took."""
    main, address = seen.main, question.address
    if main.end is End.NO_ROUTE:
        return Check(name="TCP", passed=None, seen=f"{address}: {main.reason}", fix="Ask from where there is a route.")
    if main.end is End.NO_CONNECTION:
        fix = "Start what is to listen there, or look at what is in between: a firewall, a Service, a security group."
        return Check(name="TCP", passed=False, seen=f"{address}: {main.reason}", fix=fix)
    return Check(name="TCP", passed=True, seen=f"{address} connected in {milliseconds(main.connected_after)}")


def tls(seen: Observation) -> Check:
    """Which of the versions that are good there are, and what was chosen of them."""
    main = seen.main
    if main.end in (End.NO_CONNECTION, End.NO_ROUTE):
        return unasked("TLS", seen)
    if not main.presented:
        return Check(name="TLS", passed=False, seen=f"no handshake: {main.reason}", fix=_no_handshake(seen))
    chosen = f"{version_text(main.version)}, {main.cipher}"
    if main.version != "TLSv1.3":
        return Check(name="TLS", passed=True, seen=f"{chosen}; not TLS 1.3")
    older = "TLS 1.2 too" if seen.only_1_2 is not None and seen.only_1_2.presented else "not TLS 1.2"
    return Check(name="TLS", passed=True, seen=f"{chosen}; {older}")


def old_tls(seen: Observation) -> Check:
    """Whether the versions that RFC 8996 forbids are refused."""
    name, old = "old TLS", seen.old
    if old is None:
        return unasked(name, seen)
    if old.presented:
        both = seen.oldest is not None and seen.oldest.presented
        accepted = "TLS 1.0 and 1.1 are" if both else f"{version_text(old.version)} is"
        return Check(name=name, passed=False, seen=f"{accepted} accepted", fix=_RAISE)
    if not seen.main.presented:
        return unasked(name, seen)  # whatever the version, nothing is served
    if old.end in (End.REFUSED, End.CLOSED):
        return Check(name=name, passed=True, seen="TLS 1.0 and 1.1 are refused")
    return Check(name=name, passed=None, seen=f"TLS 1.0 and 1.1 are not known: {old.reason}")


def server_name(question: Question, seen: Observation) -> Check:
    """What is presented for the host, and what without one."""
    main, nameless = seen.main, seen.nameless
    assert nameless is not None
    without = f"a client without SNI sees {_identity(nameless.chain[0])}" if nameless.presented else ""
    if not main.presented:
        fix = f"Let a server answer for {question.host}."
        return Check(name="SNI", passed=False, seen=f"nothing for {question.host}; {without or 'nor without'}", fix=fix)
    if nameless.presented and nameless.chain[0] == main.chain[0]:
        without = "a client without SNI sees the same"
    text = f"{question.host} has {_identity(main.chain[0])}; {without or _nothing_without(nameless)}"
    return Check(name="SNI", passed=True, seen=text)


def unasked(name: str, seen: Observation) -> Check:
    """A check for which the connection did not come far enough."""
    main = seen.main
    if main.end in (End.NO_CONNECTION, End.NO_ROUTE):
        return Check(name=name, passed=None, seen="there is no connection")
    return Check(name=name, passed=None, seen="there is no handshake")


def milliseconds(seconds: float) -> str:
    """`0.4 ms`, `38 ms`."""
    return f"{seconds * 1000:.1f} ms" if seconds < 0.01 else f"{seconds * 1000:.0f} ms"


def _identity(certificate: x509.Certificate) -> str:
    return serial_text(certificate.serial_number)


def _nothing_without(nameless: Attempt) -> str:
    return f"a client without SNI gets no handshake ({nameless.reason})"


def _no_handshake(seen: Observation) -> str:
    if seen.main.end is End.FOREIGN:
        return "Ask the port that speaks TLS."
    if seen.old is not None and seen.old.presented:
        return _RAISE
    if seen.nameless is not None and seen.nameless.presented:
        return "It answers without a host name only: ask for a host that it serves."
    return "Look at its log, and whether it has a certificate for this host."
