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
from meshtui.ca.refusal import Failure
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
    otherwise: Callable[[], None] | None = None
    """Closes the intent whose outcome `write` was to record, where that has failed."""


class GroupCommit:
    """Each method is on disk when its await ends; raises StateError otherwise. On one event loop."""

    def __init__(self, ledger: Ledger, failing: Callable[[StateError], None] = lambda _: None) -> None:
        """`failing` hears of each transaction that could not be written; it must not block."""
        self._ledger = ledger
        self._failing = failing
        self._waiting: list[_Waiting] = []
        self._committing: asyncio.Task[None] | None = None
        self._expected = 1
        """Decisions that the next group waits for: as many as the last one had, so that a lone caller never waits."""
        self._owed: list[Callable[[], None]] = []
        """Close the intents that were left open when the ledger could not be written; part of each transaction."""
        self._complete: asyncio.Event | None = None
        """Set when the group that gathers is as large as expected; one for each, as loops may come and go."""

    async def intend(self, intent: Intent) -> int:
        """Record what is about to be signed; returns its number. Raises SerialTakenError.

        An intent whose caller hangs up meanwhile becomes a failure by itself.
        """
        return await self._recorded(partial(self._ledger.rows.intend, intent), self._give_up)

    async def issued(self, number: int, pem: str) -> None:
        """Record the certificate of an intent. When this returns, it may be handed out.

        Where it raises, the intent becomes a failure as soon as the ledger can be written again.
        """
        write = partial(self._ledger.rows.issued, number, pem)
        await self._recorded(write, otherwise=partial(self._close, number))

    async def failed(self, number: int, reason: str, detail: str) -> None:
        """Record that nothing came of an intent, as soon as that is possible where it raises."""
        write = partial(self._ledger.rows.failed, number, reason, detail)
        await self._recorded(write, otherwise=write)

    async def refused(self, applicant: Applicant, reason: str, detail: str, now: datetime) -> None:
        """Record that a request was turned down."""
        await self._recorded(partial(self._ledger.rows.refused, applicant, reason, detail, now))

    def owe(self, number: int) -> None:
        """Let an intent become a failure with the next transaction that succeeds."""
        self._owed.append(partial(self._close, number))

    def _close(self, number: int) -> None:
        detail = "The ledger could not be written when the certificate was to be recorded."
        self._ledger.rows.failed(number, Failure.NOT_RECORDED, detail)

    def _give_up(self, number: int) -> None:
        write = partial(self._ledger.rows.failed, number, Failure.CANCELLED, "The caller hung up.")
        given_up = self._enqueue(write, otherwise=write)
        given_up.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody waits for it

    async def _recorded(
        self,
        write: Callable[[], T],
        abandoned: Callable[[Any], None] | None = None,
        otherwise: Callable[[], None] | None = None,
    ) -> T:
        done = self._enqueue(write, abandoned, otherwise)
        try:
            return cast(T, await done)
        except asyncio.CancelledError:
            # it was recorded, and the caller hung up before it could hear of it
            if abandoned is not None and done.done() and not done.cancelled() and done.exception() is None:
                abandoned(done.result())
            raise

    def _enqueue(
        self,
        write: Callable[[], Any],
        abandoned: Callable[[Any], None] | None = None,
        otherwise: Callable[[], None] | None = None,
    ) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        self._waiting.append(_Waiting(write, done, abandoned, otherwise))
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
        written: list[Any] = []
        owed = len(self._owed)  # more may be owed while this one waits for the disk
        try:
            written = outcomes = self._written(group)
            await asyncio.get_running_loop().run_in_executor(None, self._ledger.commit)
            del self._owed[:owed]
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            outcomes = [error] * len(group)
            if isinstance(error, StateError):
                # not before those are told whose group was written: they would seem to come after it
                asyncio.get_running_loop().call_soon(self._failing, error)
            for waiting, number in zip(group, written, strict=False):
                if waiting.abandoned is not None and isinstance(number, int):
                    self.owe(number)  # should it be there, whatever the commit reported
        for waiting, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, BaseException) and waiting.otherwise is not None:
                self._owed.append(waiting.otherwise)
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
            # before anything is added: what was rolled back had numbers that will be given again
            for close in self._owed:
                with contextlib.suppress(StateError):  # it is no intent: it was never there, or has its outcome
                    close()
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
