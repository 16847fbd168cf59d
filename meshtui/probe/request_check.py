"""Check of the request: which status came after how long. Pure."""

from __future__ import annotations

from meshtui.findings import Check
from meshtui.probe.attempt import Attempt, End
from meshtui.probe.connection_checks import milliseconds, unasked
from meshtui.probe.question import Observation, Question

_NAME = "HTTP"
_LONGEST_SERVER = 60


def request(question: Question, seen: Observation) -> Check:
    """A status below 500 is fine: the endpoint answers, whatever it has to say."""
    if not seen.main.presented:
        return unasked(_NAME, seen)
    asked = seen.guest if seen.guest is not None else seen.main
    if asked is seen.main and asked.turned_away:
        fix = "Give one: --client-cert FILE --client-key FILE."
        return Check(name=_NAME, passed=None, seen="it answers those with a client certificate only", fix=fix)
    if asked.answer is None:
        return _unanswered(question, asked)
    by = f" from {asked.answer.server[:_LONGEST_SERVER]}" if asked.answer.server else ""
    verified = " (asked for although the certificate does not verify)" if seen.main.faults else ""
    text = f"GET {question.path} answered {asked.answer.status} in {milliseconds(asked.answered_after)}{by}{verified}"
    if asked.answer.status >= 500:
        return Check(name=_NAME, passed=False, seen=text, fix="Look at what it leads to, and at its log.")
    return Check(name=_NAME, passed=True, seen=text)


def _unanswered(question: Question, asked: Attempt) -> Check:
    reason = asked.after_reason or asked.reason
    text = f"GET {question.path} was not answered: {reason}"
    if question.speaks_http and asked.after is not End.BROKEN:
        return Check(name=_NAME, passed=False, seen=text, fix="Look at what it leads to, and at its log.")
    fix = "" if question.speaks_http else "Ask with https:// if it is to speak HTTP."
    return Check(name=_NAME, passed=None, seen=text, fix=fix)
