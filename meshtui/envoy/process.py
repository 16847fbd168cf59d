"""Keeps one Envoy alive: starts it, notices when it is ready, starts it again when it dies, stops it.

Where it gets its configuration is in `bootstrap`; when to restart, in `restarts`. Nothing here knows what
the proxy is for.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from meshtui.envoy.admin import EnvoyAdmin
from meshtui.envoy.binary import EnvoyBinary
from meshtui.envoy.files import ProxyFiles, write_private
from meshtui.envoy.restarts import failures_after, restart_delay
from meshtui.errors import StateError

LAUNCHER = Path(__file__).with_name("launcher.py")
STOP_WITHIN = 2.0
"""Seconds between asking an Envoy to go and killing it."""
DRAIN = 10
"""Seconds that connections of a removed or changed listener may go on with its old configuration."""


class ProxyState(StrEnum):
    """Where a proxy stands."""

    STARTING = "starting"
    """It runs; its configuration is not complete yet."""
    READY = "ready"
    DEAD = "dead"
    """It ended without being asked to and will be started again."""
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True)
class ProxyStatus:
    """What became of a proxy."""

    state: ProxyState
    pid: int = 0
    """0 while nothing runs."""
    restarts: int = 0
    """How often it was started again since the first start."""
    exit_status: int | None = None
    """Of one that died: negative for a signal, None when it could not be started."""
    last_words: str = ""
    """Of one that died: the last line of its log, or why it could not be started."""
    retry_in: float = 0.0
    """Of one that died: seconds until it is started again."""


class EnvoyProcess:
    """One supervised Envoy, in a private `directory`, with a `configuration` from `bootstrap`.

    Start it in a thread that lives as long as the mesh: Envoy is killed when that thread ends. `on_change`
    is called in the event loop with every new status.
    """

    def __init__(
        self,
        binary: EnvoyBinary,
        directory: Path,
        name: str,
        configuration: Mapping[str, Any],
        on_change: Callable[[ProxyStatus], None],
    ) -> None:
        self._binary = binary
        self._files = ProxyFiles(directory, name)
        self._configuration = configuration
        self._on_change = on_change
        self._admin = EnvoyAdmin(Path(configuration["admin"]["address"]["pipe"]["path"]))
        self._status = ProxyStatus(state=ProxyState.STOPPED)
        self._restarts = 0
        self._stopping = asyncio.Event()
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def status(self) -> ProxyStatus:
        """What was last reported to `on_change`."""
        return self._status

    @property
    def admin(self) -> EnvoyAdmin:
        """To ask it."""
        return self._admin

    @property
    def log(self) -> Path:
        """The file that it writes to."""
        return self._files.log

    async def start(self) -> None:
        """Write the bootstrap file and begin to supervise; returns before the proxy is ready. Raises StateError."""
        try:
            write_private(self._files.bootstrap, msgspec.json.encode(self._configuration))
        except OSError as error:
            raise StateError(
                f"{self._files.bootstrap} cannot be written: {error.strerror}.", fix="Make room, or check its owner."
            ) from error
        self._stopping.clear()
        self._supervisor = asyncio.create_task(self._supervise(), name=f"envoy {self._files.name}")

    async def stop(self) -> None:
        """Ask it to go, kill it after 2 seconds. Idempotent."""
        self._stopping.set()
        if self._supervisor:
            await self._supervisor
            self._supervisor = None

    async def _supervise(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            exit_status, last_words, up_for = await self._run_once()
            if self._stopping.is_set():
                break
            failures = failures_after(failures, up_for)
            delay = restart_delay(failures)
            self._tell(ProxyState.DEAD, exit_status=exit_status, last_words=last_words, retry_in=delay)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._stopping.wait()
            self._restarts += 1
        self._tell(ProxyState.STOPPED)

    async def _run_once(self) -> tuple[int | None, str, float]:
        """Run one Envoy to its end; returns its exit status, its last words and for how many seconds it was ready."""
        try:
            process = await self._spawn()
        except OSError as error:
            return None, f"cannot be started: {error.strerror}", 0.0
        loop = asyncio.get_running_loop()
        ended = asyncio.create_task(process.wait())
        watching = asyncio.create_task(self._await_ready(process.pid))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            with contextlib.suppress(OSError):  # the file only helps an owner after one that was killed
                write_private(self._files.pid, str(process.pid).encode())
            self._tell(ProxyState.STARTING, pid=process.pid)
            await asyncio.wait((ended, stopping), return_when=asyncio.FIRST_COMPLETED)
            up_for = loop.time() - watching.result() if watching.done() else 0.0
        finally:
            watching.cancel()
            stopping.cancel()
            exit_status = await _end(process, ended)
            self._files.pid.unlink(missing_ok=True)
        return exit_status, self._files.last_words(), up_for

    async def _spawn(self) -> asyncio.subprocess.Process:
        log = self._files.open_log()
        try:
            return await asyncio.create_subprocess_exec(
                # an isolated Python without site-packages: nothing of the environment runs before Envoy does
                *(sys.executable, "-I", "-S", LAUNCHER, str(os.getpid())),
                *(self._binary.path, "-c", self._files.bootstrap, "--concurrency", "1", "--log-level", "warning"),
                # without hot restart: it would leave shared memory behind when Envoy is killed
                *("--disable-hot-restart", "--drain-time-s", str(DRAIN)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for the owner, who then stops its proxies in order
            )
        finally:
            os.close(log)

    async def _await_ready(self, pid: int) -> float:
        """Report when the proxy is ready; returns when that was, on the loop's clock."""
        pause = 0.01
        while not await self._admin.ready():
            await asyncio.sleep(pause)
            pause = min(pause * 1.2, 1.0)
        self._tell(ProxyState.READY, pid=pid)
        return asyncio.get_running_loop().time()

    def _tell(self, state: ProxyState, **more: Any) -> None:
        self._status = ProxyStatus(state=state, restarts=self._restarts, **more)
        self._on_change(self._status)


async def _end(process: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> int:
    """Make sure that a process is gone, politely first; returns its exit status."""
    if not ended.done():
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        _, running = await asyncio.wait((ended,), timeout=STOP_WITHIN)
        if running:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
    return await ended
