"""Everything that is wrong with one gateway credential where it stands, worst first. Pure.

What the clock alone changes is in `aging`, so that the rest needs no second look while nothing else changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from meshtui.findings import Severity
from meshtui.gateway.contents import Contents
from meshtui.gateway.flaws import Code, Flaw
from meshtui.gateway.hosts import covers, host_flaw, names_of
from meshtui.gateway.issuers import NO_ROOTS, Roots, chain_flaws
from meshtui.gateway.references import Listener, SecretRef
from meshtui.gateway.strength import strength_flaws
from meshtui.manifest.model import ObjectKey

_READABLE = frozenset({Code.PEM_BROKEN, Code.ONLY_CA, Code.LEAF_NOT_FIRST})
"""While one of these is true, what the certificates say about hosts would mislead."""


@dataclass(frozen=True)
class Rival:
    """An older Gateway that has a host of this credential on the same port."""

    host: str
    port: int
    winner: ObjectKey
    loser: ObjectKey
    same_certificate: bool


@dataclass(frozen=True, kw_only=True)
class Case:
    """One credential and its surroundings."""

    ref: SecretRef
    contents: Contents | None
    """None when there is no such Secret."""
    made_here: bool = True
    """Whether a rotation can make another certificate for it."""
    own: Roots = NO_ROOTS
    """The CAs in the Secret itself."""
    users: tuple[Listener, ...] = ()
    """The listeners that are to present it."""
    rivals: tuple[Rival, ...] = ()
    sharers: tuple[Listener, ...] = ()
    """Listeners that present this certificate, from whichever Secret, beside others at the same workload and port."""


def judge(case: Case, roots: Roots) -> tuple[Flaw, ...]:
    """What is wrong with it whatever the time is. An unused Secret is only that: nobody is hurt by the rest."""
    if not case.users:
        return (_unused(case.ref),)
    found = [*_secret_flaws(case, roots), *_rival_flaws(case), *_sharing(case)]
    return tuple(sorted(found, key=lambda flaw: list(Severity).index(flaw.severity)))


def aging(contents: Contents, target: str, now: datetime) -> Iterator[Flaw]:
    """What is wrong with its certificates by the clock."""
    fix = f"meshtui rotate {target}, or bring a new one: --cert FILE --key FILE."
    for number, each in enumerate(contents.chain):
        start, end = each.not_valid_before_utc, each.not_valid_after_utc
        if now > end and number == 0:
            yield Flaw(Code.EXPIRED, Severity.CRITICAL, f"The certificate has expired on {_time(end)}.", fix)
        elif now > end:
            text = f"Certificate {number + 1} of its chain has expired on {_time(end)}: clients refuse all of it."
            yield Flaw(Code.CHAIN_EXPIRED, Severity.CRITICAL, text, fix)
        elif now < start:
            whose = "The certificate" if number == 0 else f"Certificate {number + 1} of its chain"
            text = f"{whose} is not valid before {_time(start)}."
            yield Flaw(Code.NOT_YET_VALID, Severity.CRITICAL, text, f"Compare the clocks; or {fix}")


def _secret_flaws(case: Case, roots: Roots) -> Iterator[Flaw]:
    target, contents = case.ref.target, case.contents
    if contents is None:
        text = "The Secret is missing, so nothing answers for its hosts."
        yield Flaw(Code.SECRET_MISSING, Severity.CRITICAL, text, f"meshtui issue {target}")
        return
    yield from contents.flaws
    if contents.leaf is None or _READABLE & {flaw.code for flaw in contents.flaws}:
        return
    yield from chain_flaws(contents.chain, case.own, roots, target)
    yield from strength_flaws(contents.chain, target)
    hosts = sorted({host for user in case.users for host in user.binding.server.hosts})
    if (flaw := host_flaw(contents.leaf, hosts, target, made_here=case.made_here)) is not None:
        yield flaw


def _rival_flaws(case: Case) -> Iterator[Flaw]:
    for rival in case.rivals:
        what = "with the same certificate" if rival.same_certificate else "with another certificate"
        text = f"{rival.host} on port {rival.port} is answered by the {rival.winner}, which is older, {what}."
        severity = Severity.WARNING if rival.same_certificate else Severity.CRITICAL
        loser = rival.loser
        fix = f"Take the host out of one of the two, or: meshtui delete {loser.kind} {loser.name} -n {loser.namespace}"
        yield Flaw(Code.HOST_CONFLICT, severity, text, fix)


def _sharing(case: Case) -> Iterator[Flaw]:
    if case.contents is None or case.contents.leaf is None:
        return
    names = names_of(case.contents.leaf)
    exposed = [
        each for each in case.sharers if any(host == "*" or covers(names, host) for host in each.binding.server.hosts)
    ]
    servers = sorted({f"{each.binding.gateway.key} ({each.binding.server.name})" for each in exposed})
    if len(servers) > 1:
        text = (
            f"{', '.join(servers)} present the same certificate for different hosts: a client that has an HTTP/2"
            " connection to one uses it for the others too, and is answered 404 there."
        )
        fix = "Put the hosts into one server, or issue a certificate of its own for each."
        yield Flaw(Code.SHARED, Severity.WARNING, text, fix)


def _unused(ref: SecretRef) -> Flaw:
    fix = f"meshtui delete Secret {ref.name} -n {ref.namespace}, if nothing else needs it."
    return Flaw(Code.UNUSED, Severity.INFO, "No Gateway refers to this Secret.", fix)


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
