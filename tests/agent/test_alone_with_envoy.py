"""A real Envoy takes its secrets from `meshtui agent`, through rotations, and through the death of the agent."""

from __future__ import annotations

import asyncio
import ssl
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from meshtui.agent.client_pair import CHAIN, KEY
from meshtui.agent.output import ROOTS
from meshtui.envoy.binary import find_envoy
from meshtui.envoy.bootstrap import ProxySockets, bootstrap
from meshtui.envoy.process import EnvoyProcess, ProxyState, ProxyStatus
from meshtui.identity.inspect import facts, load_certificates
from meshtui.probe.tls import Address, seen
from tests.agent.alone import DEADLINE, Alone, options
from tests.ca.test_main import Home, Running
from tests.xds.live import free_port

_TYPE = "type.googleapis.com/envoy.extensions"


@pytest.fixture
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Home]:
    found = Home(tmp_path_factory.mktemp("e"))
    yield found
    await found.stop()


@pytest.fixture
async def ca(home: Home) -> Running:
    return await home.start()


class Envoy:
    """One, with a TLS port that demands a certificate of the mesh and answers every request with 200."""

    def __init__(self, directory: Path, sds: Path) -> None:
        self.port = free_port()
        self.address = Address("127.0.0.1", self.port)
        self._ready = asyncio.Event()
        sockets = ProxySockets(ads=directory / "ads", sds=sds, admin=directory / "admin")
        configuration = bootstrap("anything", "httpbin", sockets)
        del configuration["dynamic_resources"]
        configuration["static_resources"]["listeners"] = [_listener(self.port)]
        binary = find_envoy()
        assert binary is not None
        self.process = EnvoyProcess(binary, directory, "alone", configuration, self._told)

    def _told(self, status: ProxyStatus) -> None:
        if status.state is ProxyState.READY:
            self._ready.set()

    async def start(self) -> None:
        await self.process.start()
        async with asyncio.timeout(DEADLINE):
            await self._ready.wait()

    async def presents(self, serial: str) -> None:
        """Returns when the wire does."""
        async with asyncio.timeout(DEADLINE):
            while (await seen(self.address)).facts.serial != serial:
                pass

    async def answers(self, certs: Path) -> bool:
        """Whether a caller with the files of --output-certs is served, both sides verified."""

        def ask() -> bool:
            context = ssl.create_default_context(cafile=str(certs / ROOTS))
            context.check_hostname = False  # an SVID has no host
            context.load_cert_chain(certs / CHAIN, certs / KEY)
            with urllib.request.urlopen(f"https://127.0.0.1:{self.port}/", timeout=DEADLINE, context=context) as answer:
                return bool(answer.status == 200)

        return await asyncio.to_thread(ask)


def _listener(port: int) -> dict[str, Any]:
    source = {
        "resource_api_version": "V3",
        "api_config_source": {
            "api_type": "GRPC",
            "transport_api_version": "V3",
            "grpc_services": [{"envoy_grpc": {"cluster_name": "sds-grpc"}}],
        },
    }
    route = {"match": {"prefix": "/"}, "direct_response": {"status": 200}}
    return {
        "name": "in",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [
            {
                "transport_socket": {
                    "name": "tls",
                    "typed_config": {
                        "@type": f"{_TYPE}.transport_sockets.tls.v3.DownstreamTlsContext",
                        "require_client_certificate": True,
                        "common_tls_context": {
                            "tls_certificate_sds_secret_configs": [{"name": "default", "sds_config": source}],
                            "validation_context_sds_secret_config": {"name": "ROOTCA", "sds_config": source},
                        },
                    },
                },
                "filters": [
                    {
                        "name": "http",
                        "typed_config": {
                            "@type": f"{_TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager",
                            "stat_prefix": "in",
                            "route_config": {"virtual_hosts": [{"name": "a", "domains": ["*"], "routes": [route]}]},
                            "http_filters": [
                                {
                                    "name": "router",
                                    "typed_config": {"@type": f"{_TYPE}.filters.http.router.v3.Router"},
                                }
                            ],
                        },
                    }
                ],
            }
        ],
    }


async def test_envoy_serves_what_the_agent_holds(home: Home, ca: Running) -> None:
    """Rotated while requests run, killed, started again: every request is answered, and the wire follows."""
    out = home.directory / "out"
    said = options(home, ca, "--output-certs", out, "--ttl", "60s", "--rotate-at", "0.1", "--jitter", "0")
    agents = [await Alone.start(*said)]
    envoy = Envoy(home.directory, home.directory / "sds" / "s")
    try:
        first = (await agents[0].ready())["serial"]
        await agents[0].says("Wrote the certificate")
        await envoy.start()
        await envoy.presents(first)
        pid = envoy.process.status.pid

        holding, answered = asyncio.create_task(agents[0].holds(after=2)), 0
        while not holding.done():
            assert await envoy.answers(out)
            answered += 1
        assert answered > 0
        second = await holding
        assert second != first
        await envoy.presents(second)
        # files come last: one that is killed between two of them leaves those that do not fit together
        await agents[0].says(
            "Wrote the certificate", after=next(n for n, line in enumerate(agents[0].said) if second in line)
        )

        agents[0].process.kill()
        await agents[0].ended()
        assert (home.directory / "sds" / "s").is_socket()
        assert await envoy.answers(out)
        assert (await seen(envoy.address)).facts.serial == second

        agents.append(await Alone.start(*said))
        third = (await agents[1].ready())["serial"]
        await envoy.presents(third)
        await agents[1].says("Wrote the certificate")
        assert await envoy.answers(out)
        assert third == facts(load_certificates((out / CHAIN).read_bytes())[0]).serial
        assert (envoy.process.status.pid, envoy.process.status.restarts) == (pid, 0)
    finally:
        await envoy.process.stop()
        for agent in agents:
            await agent.stop()
