"""The ledger for many callers at once: what is ready is gathered into one transaction, and waited for together.

A certificate takes two commits, its intent's before the signature and its own before the answer. Reserving serials
ahead would save the first, and would leave a crash with signatures of which nobody knows for whom they are; instead
both commits are shared with everything else that is ready, intents and certificates alike, so that their price is
one wait for the disk per group. Statements run on the event loop's thread, where they cost microseconds; only the
wait for the disk is another thread's, which would otherwise fight for the interpreter at each row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, cast

from meshtui.ca.ledger import Ledger
from meshtui.ca.records import Applicant, Intent
from meshtui.errors import StateError

T = TypeVar("T")
_Waiting = list[tuple[Callable[[], Any], asyncio.Future[Any]]]


class GroupCommit:
    """Each method is on disk when its await ends; raises StateError otherwise. On one event loop."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: _Waiting = []
        self._committing: asyncio.Task[None] | None = None

    async def intend(self, intent: Intent) -> int:
        """Record what is about to be signed; returns its number. Raises SerialTakenError."""
        return await self._recorded(partial(self._ledger.rows.intend, intent))

    async def issued(self, number: int, pem: str) -> None:
        """Record the certificate of an intent. When this returns, it may be handed out."""
        await self._recorded(partial(self._ledger.rows.issued, number, pem))

    async def failed(self, number: int, reason: str, detail: str) -> None:
        """Record that nothing came of an intent."""
        await self._recorded(partial(self._ledger.rows.failed, number, reason, detail))

    async def refused(self, applicant: Applicant, reason: str, detail: str, now: datetime) -> None:
        """Record that a request was turned down."""
        await self._recorded(partial(self._ledger.rows.refused, applicant, reason, detail, now))

    async def _recorded(self, write: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((write, done))
        if self._committing is None:
            self._committing = loop.create_task(self._commit_all())
        return cast(T, await done)

    async def _commit_all(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                await self._commit(group)
        finally:
            self._committing = None

    async def _commit(self, group: _Waiting) -> None:
        try:
            outcomes = self._written(group)
            await asyncio.get_running_loop().run_in_executor(None, self._ledger.commit)
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            outcomes = [error] * len(group)
        for (_, done), outcome in zip(group, outcomes, strict=True):
            if done.done():
                continue  # nobody waits any more; what is recorded is recorded
            if isinstance(outcome, BaseException):
                done.set_exception(outcome)
            else:
                done.set_result(outcome)

    def _written(self, group: _Waiting) -> list[Any]:
        outcomes: list[Any] = []
        self._ledger.begin()
        try:
            for write, _ in group:
                try:
                    outcomes.append(write())
                except StateError as error:  # this decision's alone
                    outcomes.append(error)
            self._ledger.finish()
        except BaseException:
            self._ledger.rollback()
            raise
        return outcomes
