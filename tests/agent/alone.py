"""`meshtui agent` as a process, and what tests ask of it. Not a test."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.ca.test_main import Home, Running
from tests.conftest import MESHTUI
from tests.identity.forge import HTTPBIN

DEADLINE = 20.0
_HOLDS = re.compile(r"Holds the certificate ([0-9a-f]+) ")


class Alone:
    """One agent: its first line, everything it says to stderr, its end."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said: list[str] = []
        self._news = asyncio.Condition()
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, *options: str | Path, environment: Mapping[str, str] | None = None) -> Alone:
        """Start it; nothing is waited for."""
        process = await asyncio.create_subprocess_exec(
            *(*MESHTUI, "agent"),
            *map(str, options),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | (environment or {}),
        )
        return cls(process)

    async def _listen(self) -> None:
        assert self.process.stderr is not None
        while line := await self.process.stderr.readline():
            async with self._news:
                self.said.append(line.decode())
                self._news.notify_all()

    async def ready(self) -> dict[str, Any]:
        """Its line of JSON."""
        assert self.process.stdout is not None
        async with asyncio.timeout(DEADLINE):
            line = await self.process.stdout.readline()
        assert line, "".join(self.said)
        return dict(json.loads(line))

    async def says(self, text: str, after: int = 0) -> str:
        """The first line with `text` among all but the first `after`."""
        async with asyncio.timeout(DEADLINE), self._news:
            await self._news.wait_for(lambda: any(text in line for line in self.said[after:]))
        return next(line for line in self.said[after:] if text in line)

    async def holds(self, after: int = 0) -> str:
        """The serial of the first certificate that it got after that many lines."""
        found = _HOLDS.search(await self.says("Holds the certificate", after))
        assert found is not None
        return found[1]

    async def ended(self) -> int:
        """Its exit status; everything is then in `said`."""
        async with asyncio.timeout(DEADLINE):
            await self._listening
            return await self.process.wait()

    async def stop(self) -> None:
        """Leave nothing behind."""
        if self.process.returncode is None:
            self.process.kill()
        await self.ended()


def options(home: Home, running: Running, *more: str | Path) -> tuple[str | Path, ...]:
    """What every agent of httpbin is told; its token is in `token`, its socket `sds/s`."""
    write_token(home)
    return (
        *("--ca", f"127.0.0.1:{running.first['port']}", "--ca-root", running.first["root"]),
        *("--token-file", home.directory / "token", "--identity", HTTPBIN),
        *("--sds-socket", home.directory / "sds" / "s"),
        *more,
    )


def write_token(home: Home) -> None:
    """A fresh one, with the white space that editors leave."""
    token = home.headers()[0][1].removeprefix("Bearer ")
    draft = home.directory / "token.new"
    draft.write_text(f" {token}\n\n")
    draft.rename(home.directory / "token")
