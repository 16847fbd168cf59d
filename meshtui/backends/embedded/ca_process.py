"""Runs the CA as a process of its own, which alone holds the CA's keys, and hears what it decides."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from meshtui.errors import StateError
from meshtui.private_files import write_file
from meshtui.settings import Settings, StatePaths

_LOG = logging.getLogger(__name__)
_START_DEADLINE = 30.0
_STOP_DEADLINE = 5.0
_LONGEST_BACKOFF = 30.0


@dataclass(frozen=True)
class CaAddress:
    """Where the CA serves."""

    port: int
    root: str
    """Path of the PEM that verifies its server, and every SVID it signs."""
    notice: str
    """Sentences for the person: a port that was taken, what is odd about the CA's files."""
    mtls_port: int = 0
    """Where workloads renew by certificate; 0 when that is off."""

    def __str__(self) -> str:
        return f"127.0.0.1:{self.port}"


class CaProcess:
    """The CA, started again with backoff when it dies."""

    def __init__(self, settings: Settings, paths: StatePaths, token_issuer: str, jwks: str) -> None:
        self._settings = settings
        self._paths = paths
        self._token_issuer = token_issuer
        self._jwks = jwks
        self._process: asyncio.subprocess.Process | None = None
        self._minding: asyncio.Task[None] | None = None
        self._port = settings.ca_port
        self._mtls_port = settings.mtls_port

    @property
    def gateway_socket(self) -> str:
        """Unix socket on which it signs gateway certificates, for its owner alone."""
        return str(self._paths.socket("gateway-ca", "authority"))

    async def start(self, on_event: Callable[[dict[str, Any]], None], on_life: Callable[[bool], None]) -> CaAddress:
        """Start it and wait until it serves. Raises StateError with its own reason when it does not.

        `on_event` then hears each decision, `on_life` when it dies and when it is back.
        """
        write_file(self._paths.state / "tokens.jwks", self._jwks.encode())
        address = await self._launch()
        self._port = address.port  # the next start takes the same ones
        if self._mtls_port is not None:
            self._mtls_port = address.mtls_port
        self._minding = asyncio.create_task(self._mind(on_event, on_life))
        return address

    async def stop(self) -> None:
        """End it in order: closing its standard input is its sign to leave."""
        if self._minding is not None:
            self._minding.cancel()
        process = self._process
        if process is not None and process.returncode is None:
            assert process.stdin is not None
            process.stdin.close()
            try:
                async with asyncio.timeout(_STOP_DEADLINE):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()

    async def _relaunch(self) -> None:
        """Start it where it was: agents and strangers know that address. Raises StateError when that is taken."""
        address = await self._launch()
        if address.port != self._port:
            assert self._process is not None
            self._process.kill()
            await self._process.wait()
            raise StateError(f"Port {self._port}, where the CA was, is taken.", fix="Free it: the CA waits for it.")

    async def _launch(self) -> CaAddress:
        settings, paths = self._settings, self._paths
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "meshtui.ca"),
            *("--directory", str(paths.ca)),
            *("--trust-domain", settings.trust_domain),
            *("--port", str(self._port)),
            *("--gateway-socket", self.gateway_socket),
            *("--token-jwks", str(paths.state / "tokens.jwks")),
            *("--token-issuer", self._token_issuer),
            *("--workload-ttl", str(int(settings.workload_ttl.total_seconds()))),
            *("--inventory", str(paths.inventory)),
            *("--token-every", str(int(settings.token_every.total_seconds()))),
            *("--trusted-node-accounts", settings.trusted_node_accounts),
            *(("--ca-dir", str(settings.ca_dir)) if settings.ca_dir is not None else ()),
            *(("--oidc", str(settings.oidc_file)) if settings.oidc_file is not None else ()),
            *(("--mtls-port", str(self._mtls_port)) if self._mtls_port is not None else ()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(_START_DEADLINE):
                line = await self._process.stdout.readline()
        except TimeoutError as error:
            self._process.kill()
            raise StateError(f"The CA did not start within {_START_DEADLINE:g} s.") from error
        try:
            said = json.loads(line)
        except ValueError as error:
            raise StateError("The CA ended before it served.", fix=f"See {paths.log}.") from error
        if "error" in said:
            await self._process.wait()
            raise StateError(said["error"], fix=said.get("fix", ""))
        return CaAddress(said["port"], said["root"], said.get("notice", ""), said.get("mtls_port", 0))

    async def _mind(self, on_event: Callable[[dict[str, Any]], None], on_life: Callable[[bool], None]) -> None:
        backoff = 0.5
        while True:
            assert self._process is not None
            assert self._process.stdout is not None
            while line := await self._process.stdout.readline():
                with contextlib.suppress(ValueError):
                    on_event(json.loads(line))
                backoff = 0.5
            await self._process.wait()
            _LOG.error("the CA ended with status %s and is started again", self._process.returncode)
            on_life(False)
            while True:
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, _LONGEST_BACKOFF)
                try:
                    await self._relaunch()
                except (StateError, OSError) as error:
                    _LOG.error("the CA does not start again: %s", error)
                    continue
                break
            on_life(True)
