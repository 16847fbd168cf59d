"""Makes the connections that a question needs, no more of them at a time than a bound, and has them judged."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from OpenSSL import SSL

from meshtui.errors import IdentityError
from meshtui.findings import Check
from meshtui.identity.inspect import facts
from meshtui.probe.announced import Announcer
from meshtui.probe.attempt import Attempt, End
from meshtui.probe.by_hand import commands
from meshtui.probe.contexts import Contexts
from meshtui.probe.http import Exchange
from meshtui.probe.judgement import judge
from meshtui.probe.place import is_address
from meshtui.probe.question import Observation, Question
from meshtui.probe.tls import DEADLINE
from meshtui.probe.tls_client import TlsClient
from meshtui.probe.wire import attempt

AT_ONCE = 64
"""Connections that are open at a time."""
_NOTHING_MORE_TO_ASK = (End.NO_CONNECTION, End.NO_ROUTE, End.SILENT, End.FOREIGN)


@dataclass(frozen=True)
class Probed:
    """What came of one question."""

    checks: tuple[Check, ...]
    by_hand: tuple[str, ...]
    """Commands that ask the same."""


class Prober:
    """Shared by all who ask at a time."""

    def __init__(self, at_once: int = AT_ONCE, deadline: float = DEADLINE, announcer: Announcer | None = None) -> None:
        """`deadline` is in seconds: for a connection, for its handshake, and for an answer.

        `announcer` is told of every connection.
        """
        self._announcer = announcer
        self._slots = asyncio.Semaphore(at_once)
        self._deadline = deadline

    async def probe(self, question: Question, contexts: Contexts, now: datetime) -> Probed:
        """Ask, and judge what was seen at `now`."""
        seen = await self.observe(question, contexts)
        return Probed(judge(question, contexts, seen, now), commands(question, contexts, seen))

    async def observe(self, question: Question, contexts: Contexts) -> Observation:
        """The first connection decides which others are worth making; those are made side by side."""
        main = await self._attempt(question, contexts.stranger, asks=True)
        if main.end in _NOTHING_MORE_TO_ASK:
            return Observation(main=main)
        wants_1_2 = main.version == "TLSv1.3"
        wants_nameless = not is_address(question.host)
        wants_guest = main.asked and contexts.client is not None
        kind = _other_kind(question, main)
        only_1_2, (old, oldest), nameless, guest, of_its_kind = await asyncio.gather(
            self._attempt(question, contexts.only_1_2) if wants_1_2 else _nothing(),
            self._old(question, contexts),
            self._attempt(question, contexts.stranger, named=False) if wants_nameless else _nothing(),
            self._attempt(question, contexts.guest, asks=True) if wants_guest else _nothing(),
            self._attempt(question, contexts.of_kind(kind)) if kind else _nothing(),
        )
        return Observation(
            main=main,
            only_1_2=only_1_2,
            old=old,
            oldest=oldest,
            nameless=nameless,
            guest=guest,
            of_its_kind=of_its_kind,
            kind=kind,
        )

    async def _old(self, question: Question, contexts: Contexts) -> tuple[Attempt, Attempt | None]:
        old = await self._attempt(question, contexts.old)
        both = old.version == "TLSv1.1"
        return old, await self._attempt(question, contexts.oldest) if both else None

    async def _attempt(
        self, question: Question, context: SSL.Context, *, named: bool = True, asks: bool = False
    ) -> Attempt:
        async with self._slots:
            alpn = ("http/1.1",) if asks and question.speaks_http else ()
            client = TlsClient(context, question.host if named else "", alpn)
            exchange = Exchange(question.host, question.address.port, question.path) if asks else None
            return await attempt(question.address, client, exchange, self._deadline, self._announcer)


def _other_kind(question: Question, main: Attempt) -> str:
    """`EC` or `RSA` if that is expected and the other one was presented; else empty."""
    kinds = {each.certificate.key.partition(" ")[0] for each in question.expected} & {"EC", "RSA"}
    if len(kinds) != 1 or not main.presented:
        return ""
    try:
        presented = facts(main.chain[0]).key.partition(" ")[0]
    except IdentityError:
        return ""
    return next(iter(kinds - {presented}), "")


async def _nothing() -> None:
    """For a connection that is not worth making."""
