"""Keeps the certificate files equal to the certificate in service, whatever becomes of them: errors are tried again."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from meshtui.agent.output import files_of, write_files
from meshtui.agent.rotation import retry_delay
from meshtui.errors import StateError
from meshtui.identity.svid import Svid

_LOG = logging.getLogger(__name__)
LOOK_EVERY = 30.0
"""Seconds after which files that somebody else changed or removed are there again."""


class OutputWriter:
    """Writes in a thread: a slow disk stops neither SDS nor rotation."""

    def __init__(self, directory: Path, held: Callable[[], Svid | None]) -> None:
        self._directory = directory
        self._held = held
        self._wake = asyncio.Event()
        self._failures = 0
        self.problem = ""
        """Why the files are not what they should be; empty when they are."""

    def look(self) -> None:
        """There is a new certificate."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._wake.clear()
            svid = self._held()
            if svid is not None:
                await self._write(svid)
            delay = retry_delay(self._failures, random.random(), None) if self._failures else LOOK_EVERY  # noqa: S311
            with suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._wake.wait()

    async def _write(self, svid: Svid) -> None:
        try:
            changed = await asyncio.to_thread(write_files, self._directory, files_of(svid))
        except StateError as error:
            self._failures += 1
            self.problem = error.message
            _LOG.error("%s SDS goes on; trying again.", error.message)
            return
        self._failures, self.problem = 0, ""
        if changed:
            _LOG.info("Wrote the certificate %s to %s.", svid.facts.serial, self._directory)
