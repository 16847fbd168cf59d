"""What a mesh observes, from outside its process: its metrics, and what a kill leaves of its time line."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from meshtui.connect import attach
from meshtui.mesh.rows import HistoryEntry
from meshtui.mesh.traffic import AuditQuery
from tests.conftest import ServedMesh
from tests.xds.live import DEADLINE, HTTPBIN, SLEEP, Unix, ask


def requests_in(page: str) -> float:
    """How many requests of sleep to httpbin a page of metrics tells."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == "istio_requests_total" and sample.labels["source_workload"] == "sleep"
    )


async def test_prometheus_reads_what_was_called(start_mesh: Callable[..., ServedMesh]) -> None:
    """On the port that the mesh names, and nothing else is there."""
    mesh = start_mesh("--metrics-port", "0")
    endpoints = mesh.ready["endpoints"]
    host, _, port = endpoints["metrics"].partition(":")
    assert host == "127.0.0.1"
    assert endpoints["metrics"] == mesh.json("status")["endpoints"]["metrics"]

    def read(path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(host, int(port), timeout=DEADLINE)
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    reply = await ask(Unix(Path(endpoints["outbound"][SLEEP]), "httpbin.prod"), "/get")
    assert reply.status == 200
    async with asyncio.timeout(DEADLINE):
        while not requests_in((await asyncio.to_thread(read, "/metrics"))[1]):
            pass
    assert (await asyncio.to_thread(read, "/"))[0] == 404


def test_metrics_are_off_unless_asked_for(start_mesh: Callable[..., ServedMesh]) -> None:
    """Every user of the machine could read them; a port that is none is refused."""
    assert start_mesh("--no-envoy").ready["endpoints"]["metrics"] is None


@pytest.mark.parametrize("port", ["-1", "70000"])
def test_port_that_is_none_is_refused(start_mesh: Callable[..., ServedMesh], port: str) -> None:
    """In a sentence, before anything runs."""
    mesh = start_mesh("--no-envoy", "--metrics-port", port)
    assert f"--metrics-port {port} is not a port." in mesh.stop()
    assert mesh.process.returncode == 2


async def denials(state: Path) -> list[HistoryEntry]:
    """Those of a running mesh, when there are some."""
    mesh = await attach(state)
    try:
        async with asyncio.timeout(DEADLINE):
            while not (found := await mesh.audit(AuditQuery(kinds=("denied",)))):
                pass
        return found
    finally:
        await mesh.close()


async def test_denial_that_was_shown_survives_a_kill(start_mesh: Callable[..., ServedMesh]) -> None:
    """The next mesh of the directory tells it as the one before did."""
    mesh = start_mesh()
    inbound = Path(mesh.identity(HTTPBIN)["desired"]["inbound"].removeprefix("unix:"))
    with pytest.raises(OSError, match=r"."):
        await ask(Unix(inbound, "httpbin.prod"), "/get")
    before = await denials(mesh.state)
    assert [each.target for each in before] == [HTTPBIN]
    mesh.kill()
    again = start_mesh()
    assert before == await denials(again.state)
