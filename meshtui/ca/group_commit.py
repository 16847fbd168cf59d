"""The ledger for many callers at once: what is ready is gathered into one transaction, and waited for together.

A certificate takes two commits, its intent's before the signature and its own before the answer. Reserving serials
ahead would save the first, and would leave a crash with signatures of which nobody knows for whom they are; instead
both commits are shared with everything else that is ready, intents and certificates alike, so that their price is
one wait for the disk per group. Statements run on the event loop's thread, where they cost microseconds; only the
wait for the disk is another thread's, which would otherwise fight for the interpreter at each row.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, cast

from meshtui.ca.ledger import Ledger
from meshtui.ca.records import Applicant, Intent
from meshtui.errors import StateError

T = TypeVar("T")

MOST = 128
"""Decisions in one transaction."""
PATIENCE = 0.004
"""Seconds that a group waits at most for others to join it."""


@dataclass(frozen=True)
class _Waiting:
    write: Callable[[], Any]
    done: asyncio.Future[Any]
    abandoned: Callable[[Any], None] | None = None
    """Called with what `write` gave, when nobody waits for it any more."""


class GroupCommit:
    """Each method is on disk when its await ends; raises StateError otherwise. On one event loop."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: list[_Waiting] = []
        self._committing: asyncio.Task[None] | None = None
        self._expected = 1
        """Decisions that the next group waits for: as many as the last one had, so that a lone caller never waits."""
        self._complete: asyncio.Event | None = None
        """Set when the group that gathers is as large as expected; one for each, as loops may come and go."""

    async def intend(self, intent: Intent) -> int:
        """Record what is about to be signed; returns its number. Raises SerialTakenError.

        An intent whose caller hangs up meanwhile becomes a failure by itself.
        """
        return await self._recorded(partial(self._ledger.rows.intend, intent), self._give_up)

    async def issued(self, number: int, pem: str) -> None:
        """Record the certificate of an intent. When this returns, it may be handed out."""
        await self._recorded(partial(self._ledger.rows.issued, number, pem))

    async def failed(self, number: int, reason: str, detail: str) -> None:
        """Record that nothing came of an intent."""
        await self._recorded(partial(self._ledger.rows.failed, number, reason, detail))

    async def refused(self, applicant: Applicant, reason: str, detail: str, now: datetime) -> None:
        """Record that a request was turned down."""
        await self._recorded(partial(self._ledger.rows.refused, applicant, reason, detail, now))

    def _give_up(self, number: int) -> None:
        given_up = self._enqueue(partial(self._ledger.rows.failed, number, "cancelled", "The caller hung up."))
        given_up.add_done_callback(lambda done: done.cancelled() or done.exception())  # the next start tries again

    async def _recorded(self, write: Callable[[], T], abandoned: Callable[[Any], None] | None = None) -> T:
        done = self._enqueue(write, abandoned)
        try:
            return cast(T, await done)
        except asyncio.CancelledError:
            # it was recorded, and the caller hung up before it could hear of it
            if abandoned is not None and done.done() and not done.cancelled() and done.exception() is None:
                abandoned(done.result())
            raise

    def _enqueue(self, write: Callable[[], Any], abandoned: Callable[[Any], None] | None = None) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        self._waiting.append(_Waiting(write, done, abandoned))
        if self._complete is not None and len(self._waiting) >= self._expected:
            self._complete.set()
        if self._committing is None:
            self._committing = loop.create_task(self._commit_all())
        return done

    async def _commit_all(self) -> None:
        try:
            while self._waiting:
                await self._gather()
                group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._commit(group)
        finally:
            self._committing = None

    async def _gather(self) -> None:
        if len(self._waiting) < self._expected:
            self._complete = asyncio.Event()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await self._complete.wait()
            self._complete = None
        self._expected = min(len(self._waiting), MOST)

    async def _commit(self, group: list[_Waiting]) -> None:
        try:
            outcomes = self._written(group)
            await asyncio.get_running_loop().run_in_executor(None, self._ledger.commit)
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            outcomes = [error] * len(group)
        for waiting, outcome in zip(group, outcomes, strict=True):
            if waiting.done.done():  # nobody waits any more; what is recorded is recorded
                if waiting.abandoned is not None and not isinstance(outcome, BaseException):
                    waiting.abandoned(outcome)
            elif isinstance(outcome, BaseException):
                waiting.done.set_exception(outcome)
            else:
                waiting.done.set_result(outcome)

    def _written(self, group: list[_Waiting]) -> list[Any]:
        outcomes: list[Any] = []
        self._ledger.begin()
        try:
            for waiting in group:
                try:
                    outcomes.append(waiting.write())
                except StateError as error:  # this decision's alone
                    outcomes.append(error)
            self._ledger.finish()
        except BaseException:
            self._ledger.rollback()
            raise
        return outcomes
