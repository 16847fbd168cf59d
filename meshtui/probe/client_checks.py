"""Checks of how a server treats those who show a certificate, and those who show none. Pure."""

from __future__ import annotations

from meshtui.findings import Check
from meshtui.probe.attempt import Attempt, End
from meshtui.probe.connection_checks import unasked
from meshtui.probe.contexts import ClientPair
from meshtui.probe.question import Observation, Question

WITHOUT = "without client cert"
WITH = "with client cert"
_GIVE = "Give one that it accepts: --client-cert FILE --client-key FILE."
_ASKS = {"SIMPLE": False, "MUTUAL": True, "OPTIONAL_MUTUAL": True}


def client_checks(question: Question, client: ClientPair | None, seen: Observation) -> list[Check]:
    """One check where none is asked for, else one without and one with a certificate."""
    main = seen.main
    if not main.presented:
        return [unasked(WITHOUT, seen)]
    checks = [_without(question, main)]
    if main.asked or client is not None or question.tls_mode in ("MUTUAL", "OPTIONAL_MUTUAL"):
        checks.append(_with(client, seen))
    return checks


def _without(question: Question, main: Attempt) -> Check:
    mode = question.tls_mode
    if mode in _ASKS and main.asked != _ASKS[mode]:
        verb = "asks" if main.asked else "does not ask"
        text = f"it {verb} for a client certificate, though the Gateway says {mode}"
        return Check(name=WITHOUT, passed=False, seen=text, fix="See what its Envoy was told: meshtui status")
    if not main.asked:
        return Check(name=WITHOUT, passed=True, seen="accepted: it does not ask for one")
    if main.turned_away:
        reason = main.reason or main.after_reason
        refused = f"refused: {reason}"
        if mode == "OPTIONAL_MUTUAL":
            fix = "OPTIONAL_MUTUAL is to accept clients without one: see what its Envoy was told: meshtui status"
            return Check(name=WITHOUT, passed=False, seen=refused, fix=fix)
        return Check(name=WITHOUT, passed=True, seen=refused)
    if main.after is End.BROKEN:
        return Check(name=WITHOUT, passed=None, seen=main.after_reason)
    if mode == "MUTUAL":
        fix = "Anybody gets in: see what its Envoy was told: meshtui status"
        return Check(name=WITHOUT, passed=False, seen="accepted, though the Gateway says MUTUAL", fix=fix)
    return Check(name=WITHOUT, passed=True, seen="accepted: it asks for one, but does not insist")


def _with(client: ClientPair | None, seen: Observation) -> Check:
    guest = seen.guest
    if client is None:
        return Check(name=WITH, passed=None, seen="there is none to show", fix=_GIVE)
    if guest is None:
        return Check(name=WITH, passed=None, seen="it does not ask for one, so yours is not shown")
    if guest.end is End.DONE and not guest.turned_away:
        return Check(name=WITH, passed=True, seen=f"{client.certificate_file} is accepted")
    if guest.turned_away:
        reason = guest.reason or guest.after_reason
        text = f"{client.certificate_file} is not accepted: {reason}"
        return Check(name=WITH, passed=False, seen=text, fix="Present one of a CA that it trusts for clients.")
    return Check(name=WITH, passed=None, seen=guest.reason)
