"""The agent by itself, against any CA that speaks Istio's contract. Only puts the parts together.

The same parts serve the workloads of the embedded mesh; what is here is what a mesh does for them otherwise: files
instead of an issuer of tokens, log lines instead of rows, a status port instead of a console.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

from meshtui.agent.issuance import Issuance
from meshtui.agent.metrics import CONTENT_TYPE, Metrics, Readings
from meshtui.agent.options import AgentOptions
from meshtui.agent.output_writer import OutputWriter
from meshtui.agent.publisher import Publisher
from meshtui.agent.schedule import Schedule
from meshtui.agent.sds_service import register_sds, secrets_of
from meshtui.agent.sds_socket import claimed
from meshtui.agent.secrets import SecretManager
from meshtui.agent.standing import Health, health
from meshtui.agent.states import Failed, Ready
from meshtui.agent.status_server import Page, StatusServer
from meshtui.identity.facts import CertificateFacts
from meshtui.identity.svid import Svid
from meshtui.wire.discovery import Rejected, Verdict
from meshtui.wire.streams import DiscoveryServer, Distributor

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Serving:
    """What is true when the first certificate is held and the socket listens."""

    facts: CertificateFacts
    metrics: str
    """HOST:PORT of the status page; empty without one."""


class StandaloneAgent:
    """One identity, one socket. `run` it."""

    def __init__(self, options: AgentOptions, on_ready: Callable[[Serving], None]) -> None:
        """`on_ready` is called once."""
        self._options = options
        self._on_ready = on_ready
        self._started = time.monotonic()
        self._startup: float | None = None
        self._issuance = Issuance(options, _clock, self._held)
        self._secrets = SecretManager(
            self._issuance.fetch,
            share=options.rotate_at,
            jitter=options.jitter,
            clock=_clock,
            on_change=self._changed,
            key_kind=options.key_kind,
        )
        self._sds = DiscoveryServer(options.sds_socket, register_sds, Distributor(self._judged, lambda _: None))
        self._publisher = Publisher(self._sds)
        self._output = OutputWriter(options.output_certs, self._held) if options.output_certs is not None else None
        self._rejects = 0
        self._rejection = ""
        self._told: Ready | Failed | None = None
        self._metrics = ""

    async def run(self, until: asyncio.Event) -> None:
        """Serve and rotate until told to stop; a CA that is not there is no reason to.

        Raises StateError when the socket or the status port cannot be had.
        """
        async with AsyncExitStack() as stack:
            if self._options.metrics_port is not None:
                status = self._status_server()
                stack.push_async_callback(status.stop)
                self._metrics = await status.start(self._options.metrics_port)
            with claimed(self._options.sds_socket):
                await self._sds.start()
            stack.push_async_callback(self._sds.stop)
            stack.callback(self._publisher.close)
            schedule = Schedule(_clock)
            schedule.add(self._secrets)
            running = [asyncio.create_task(schedule.run())]
            if self._output is not None:
                running.append(asyncio.create_task(self._output.run()))
            stopping = asyncio.create_task(until.wait())
            try:
                await asyncio.wait([stopping, *running], return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (stopping, *running):
                    task.cancel()
                endings = await asyncio.gather(*running, return_exceptions=True)
            for ending in endings:
                if isinstance(ending, Exception):
                    raise ending

    def _held(self) -> Svid | None:
        ready = self._secrets.ready
        return ready.svid if ready is not None else None

    def _changed(self) -> None:
        state = self._secrets.state
        if state is self._told:
            return
        match state:
            case Ready(svid=svid, due_at=due_at):
                self._told, self._rejection = state, ""
                self._publisher.publish(secrets_of(svid))
                if self._output is not None:
                    self._output.look()
                _LOG.info(
                    "Holds the certificate %s of %s until %s; the next is due at %s.",
                    svid.facts.serial,
                    svid.spiffe_id,
                    _text(svid.facts.not_after),
                    _text(due_at),
                )
                if self._startup is None:
                    self._startup = time.monotonic() - self._started
                    self._on_ready(Serving(svid.facts, self._metrics))
            case Failed(error=error):
                self._told = state
                _LOG.warning("%s Trying again at %s; %s.", error, _text(self._secrets.next_at), self._at_stake())

    def _at_stake(self) -> str:
        now = self._health()
        if now.seconds_left is None:
            return "there is no certificate yet"
        if now.seconds_left <= 0:
            return "the certificate in service has expired"
        return f"the certificate in service is good for {now.seconds_left:.0f} s more"

    def _judged(self, verdict: Verdict) -> None:
        if isinstance(verdict, Rejected):
            self._rejects += 1
            self._rejection = f"A proxy refused {', '.join(verdict.versions)}: {verdict.reason}"
            _LOG.error("%s", self._rejection)
        self._publisher.hear(verdict)

    def _health(self) -> Health:
        problems = [self._rejection, self._output.problem if self._output is not None else ""]
        if not self._options.sds_socket.is_socket():
            problems.append(f"Somebody removed {self._options.sds_socket}; only a restart brings it back.")
        return health(self._secrets.state, " ".join(filter(None, problems)), _clock())

    def _status_server(self) -> StatusServer:
        metrics = Metrics(self._readings)

        def numbers() -> Page:
            return Page(200, CONTENT_TYPE, metrics.page())

        def ready() -> Page:
            now = self._health()
            body = {"ready": now.ready, "reason": now.reason, "seconds_left": now.seconds_left}
            return Page(200 if now.ready else 503, "application/json", json.dumps(body).encode() + b"\n")

        # istio-agent has its numbers at both paths
        return StatusServer({"/metrics": numbers, "/stats/prometheus": numbers, "/healthz/ready": ready})

    def _readings(self) -> Readings:
        return Readings(self._issuance.calls, self._health().seconds_left, self._startup, self._rejects)


def _clock() -> datetime:
    return datetime.now(UTC)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
