"""Every check of one endpoint, in the order in which a connection meets them. Pure.

One that failed hides no other, and one that could not be made says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from meshtui.findings import Check
from meshtui.probe.certificate_checks import chain, days_left, host, same
from meshtui.probe.client_checks import client_checks
from meshtui.probe.connection_checks import old_tls, server_name, tcp, tls
from meshtui.probe.contexts import Contexts
from meshtui.probe.question import Observation, Question
from meshtui.probe.request_check import request
from meshtui.probe.staple import staple


def judge(question: Question, contexts: Contexts, seen: Observation, now: datetime) -> tuple[Check, ...]:
    """What was seen, and what to do where it is wrong."""
    return tuple(
        replace(check, host=question.host, address=str(question.address))
        for check in _checks(question, contexts, seen, now)
    )


def _checks(question: Question, contexts: Contexts, seen: Observation, now: datetime) -> Iterator[Check]:
    yield tcp(question, seen)
    yield tls(seen)
    yield old_tls(seen)
    if seen.nameless is not None:
        yield server_name(question, seen)
    yield chain(question, contexts.roots, seen)
    yield host(question, seen)
    if question.expected:
        yield same(question, seen)
    yield days_left(question, seen, now)
    yield from client_checks(question, contexts.client, seen)
    if (check := staple(question, seen, now)) is not None:
        yield check
    yield request(question, seen)
