"""`policies`, `traffic` and `audit` as scripts rely on them: over a fake mesh, through its operator socket."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from meshtui.control.server import OperatorServer
from meshtui.mesh.fake import FakeMesh
from meshtui.mesh.traffic import TrafficQuery
from meshtui.settings import StatePaths
from tests.terminal import Terminal

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
DEADLINE = 20.0


class Served:
    """A fake mesh where `meshtui --state` finds it."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.mesh = FakeMesh()

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        """Start a command, as a program would."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "meshtui", "--state", str(self.state), *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={name: text for name, text in os.environ.items() if name != "COLUMNS"},
        )

    async def run(self, *arguments: str, status: int = 0) -> str:
        """What a command prints; of one that fails, what it complains of."""
        process = await self.start(*arguments)
        async with asyncio.timeout(DEADLINE):
            output, errors = await process.communicate()
        assert process.returncode == status, errors
        return (errors if status else output).decode()

    async def json(self, *arguments: str) -> Any:
        """The JSON that a command prints."""
        return json.loads(await self.run(*arguments, "--json"))

    async def rows(self, *arguments: str) -> list[list[str]]:
        """The fields of every line that a command prints."""
        return [line.split("\t") for line in (await self.run(*arguments)).splitlines()]


@pytest_asyncio.fixture
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    serving = Served(tmp_path_factory.mktemp("s"))
    path = StatePaths(serving.state).operator_socket
    path.parent.mkdir(parents=True, exist_ok=True)
    server = OperatorServer(path, lambda _user, _read_only: serving.mesh, lambda _: None)
    await server.start()
    yield serving
    await server.stop()


async def test_policies_are_a_contract(served: Served) -> None:
    """Every name that other programs rely on is there; nothing is null but what there is not."""
    policies = {each["policy"]: each for each in (await served.json("policies"))["policies"]}
    assert policies["AuthorizationPolicy prod/httpbin"] == {
        "policy": "AuthorizationPolicy prod/httpbin",
        "kind": "AuthorizationPolicy",
        "namespace": "prod",
        "name": "httpbin",
        "says": "ALLOW 2 rules",
        "scope": "app=httpbin in prod",
        "workloads": 1,
        "state": "in force",
        "problem": None,
        "decisions": 1804,
    }
    assert policies["AuthorizationPolicy prod/ratings"]["problem"].startswith("Envoy rejected it")


async def test_policies_for_programs_are_whole_fields(served: Served) -> None:
    """One line each, between tabs; of one namespace where that is asked for."""
    rows = await served.rows("policies", "-n", "payments")
    assert [row[:4] for row in rows] == [
        ["AuthorizationPolicy", "payments", "not-from-batch", "in force"],
        ["AuthorizationPolicy", "payments", "only-checkout", "dry run"],
        ["DestinationRule", "payments", "ledger-plaintext", "in force"],
    ]
    assert {len(row) for row in rows} == {9}


async def test_traffic_is_a_contract(served: Served) -> None:
    """Pairs, denied calls, since when, and what could not be counted; a source that proved nothing is null."""
    traffic = await served.json("traffic")
    assert traffic.keys() == {"since", "pairs", "denied", "dropped"}
    assert TIME.fullmatch(traffic["since"])
    pair = next(each for each in traffic["pairs"] if each["source_target"] == "workload/prod/sleep")
    assert pair.keys() == {
        *("source", "source_target", "destination", "destination_identity", "policy", "outcome", "tls", "reporter"),
        *("count", "per_second", "last_at", "last_status", "last_text"),
    }
    assert (pair["outcome"], pair["policy"], pair["count"], pair["last_status"]) == ("denied", None, 38, 403)
    call = traffic["denied"][0]
    assert call.keys() == {
        *("at", "reporter", "source", "source_target", "destination", "destination_identity", "method", "host", "path"),
        *("status", "outcome", "policy", "tls", "details", "milliseconds"),
    }
    assert TIME.fullmatch(call["at"])
    assert None in {each["source"] for each in traffic["pairs"]}


async def test_traffic_is_filtered_by_words(served: Served) -> None:
    """Those that must all occur, and those that must not."""
    rows = await served.rows("traffic", "sleep", "httpbin", "!denied")
    assert [row[:2] for row in rows] == [["ok", "38"]]
    assert rows[0][3:7:2] == ["spiffe://cluster.local/ns/prod/sa/sleep", "workload/prod/httpbin"]
    assert len(await served.rows("traffic", "--limit", "3")) == 3


async def test_traffic_and_the_audit_are_filtered_by_fields(served: Served) -> None:
    """The same as in the console; what is odd about a filter is said beside the answer."""
    rows = await served.rows("traffic", "from:sleep", "count>10", "!outcome:ok")
    assert [row[:2] for row in rows] == [["denied", "38"]]
    entries = (await served.json("audit", "--filter", "by:ana target:ledger-plaintext at<1h"))["entries"]
    assert [entry["target"] for entry in entries] == ["DestinationRule payments/ledger-plaintext"]
    process = await served.start("traffic", "form:sleep")
    async with asyncio.timeout(DEADLINE):
        output, errors = await process.communicate()
    assert (process.returncode, output) == (0, b"")
    assert errors.decode().strip() == "The filter: 'form' is no field and sought as a word; did you mean from?"


async def test_denied_calls_are_listed_one_by_one(served: Served) -> None:
    """Newest first, with what was asked for and what denied it."""
    rows = await served.rows("traffic", "--denied", "batch")
    assert len(rows) == 3
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)
    assert rows[0][6:11] == [
        *("POST", "checkout.payments:8000", "/v1/bulk", "403"),
        "AuthorizationPolicy payments/not-from-batch",
    ]
    assert {len(row) for row in rows} == {13}


async def test_denied_calls_can_be_followed(served: Served) -> None:
    """Those that are there, the oldest first, and then each that comes, once; an interrupt ends it in good order."""
    process = await served.start("traffic", "--follow", "sleep", "--json")
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE):
        before = [json.loads(await process.stdout.readline()) for _ in range(5)]
        assert [call["at"] for call in before] == sorted(call["at"] for call in before)
        traffic = await served.mesh.traffic(TrafficQuery())
        fresh = replace(traffic.denied[0], path="/new")
        served.mesh.set_traffic(replace(traffic, denied=(fresh, *traffic.denied)))
        assert json.loads(await process.stdout.readline())["path"] == "/new"
        process.send_signal(signal.SIGINT)
        rest, _ = await process.communicate()
    assert rest == b""


async def test_the_audit_is_a_contract(served: Served) -> None:
    """The same entries as in the history, of every kind; of one target, some kinds, some words, some time."""
    entries = (await served.json("audit", "--limit", "100"))["entries"]
    assert {entry["kind"] for entry in entries} == {"issued", "refused", "configuration", "denied"}
    assert {"at", "kind", "target", "actor", "text", "outcome", "serial", "policy", "reason"} <= entries[0].keys()
    assert [entry["at"] for entry in entries] == sorted((entry["at"] for entry in entries), reverse=True)
    some = (await served.json("audit", "--kind", "refused", "--kind", "configuration"))["entries"]
    assert {entry["kind"] for entry in some} == {"refused", "configuration"}
    own = (await served.json("audit", "workload/prod/httpbin", "--filter", "status !issued"))["entries"]
    assert {(entry["target"], entry["kind"]) for entry in own} == {("workload/prod/httpbin", "denied")}
    late = (await served.json("audit", "--since", "10m"))["entries"]
    assert 0 < len(late) < len(entries)


async def test_the_audit_for_programs_has_widgets_fields(served: Served) -> None:
    """As the history is."""
    rows = await served.rows("audit", "--kind", "refused")
    assert [row[1:4] for row in rows] == [["refused", "refused", "workload/batch/loader"]]
    assert len(rows[0]) == 10


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("audit", "--since", "yesterday"), "'yesterday' is not a duration"),
        (("audit", "--kind", "rumour"), "rumour"),
        (("traffic", "--limit", "0"), "--limit"),
    ],
)
async def test_what_cannot_be_asked_is_said(served: Served, arguments: tuple[str, ...], part: str) -> None:
    """With the value that is wrong, and the status of a wrong request."""
    assert part in await served.run(*arguments, status=2)


@pytest.mark.parametrize(
    ("command", "parts"),
    [
        ("policies", ("POLICY", "✗ rejected", "prod/ratings", "24,806")),
        ("traffic", ("OUTCOME", "! denied", "plaintext", "prod/httpbin", "12,407", "/default pa")),
        ("traffic --denied", ("WHEN", "403", "prod/sleep", "GET /status/418", "-from-batch ap")),
        ("audit", ("WHAT", "! denied ×5", "✓ configuration", "ledger-plaintext")),
    ],
)
async def test_people_get_columns_that_fit(served: Served, command: str, parts: tuple[str, ...]) -> None:
    """On a terminal, the lines of the console, under their titles."""
    words = [sys.executable, "-m", "meshtui", "--state", str(served.state), *command.split()]
    terminal = Terminal(words, columns=80, rows=40)
    try:
        for part in parts:
            await asyncio.to_thread(terminal.until, part)
    finally:
        terminal.close()
