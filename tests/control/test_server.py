"""The operator socket, talked to as a program would that knows nothing of meshtui."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from meshtui.control.protocol import MAX_LINE, VERSION
from meshtui.control.server import MAX_CALLS, OperatorServer
from meshtui.errors import UsageError
from meshtui.mesh.fake import FakeMesh
from meshtui.mesh.interface import Mesh
from meshtui.mesh.rows import Query

DEADLINE = 5.0
HELLO = {"id": 1, "method": "hello", "params": {"role": "command"}}


class Setting:
    """A server over the fake mesh, and what it was told of its peers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fake = FakeMesh()
        self.opened: list[tuple[str, bool]] = []
        self.terminals: asyncio.Queue[int] = asyncio.Queue()
        self.server = OperatorServer(path, self.open_mesh, self.terminals.put_nowait)

    def open_mesh(self, user: str, read_only: bool) -> Mesh:
        self.opened.append((user, read_only))
        return self.fake


class Peer:
    """One raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, path: Path) -> Peer:
        return cls(*await asyncio.open_unix_connection(path, limit=MAX_LINE))

    async def say(self, *messages: dict[str, Any] | bytes) -> None:
        for message in messages:
            self.writer.write(message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n")
        await self.writer.drain()

    async def hear(self) -> Any:
        async with asyncio.timeout(DEADLINE):
            line = await self.reader.readline()
        return json.loads(line) if line else None


@pytest_asyncio.fixture
async def setting(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Setting]:
    setting = Setting(tmp_path_factory.mktemp("s") / "operator.sock")
    await setting.server.start()
    yield setting
    await setting.server.stop()


@pytest_asyncio.fixture
async def peer(setting: Setting) -> AsyncIterator[Peer]:
    peer = await Peer.connect(setting.path)
    yield peer
    peer.writer.close()


async def test_the_peer_is_known_by_its_unix_user(setting: Setting, peer: Peer) -> None:
    """As the kernel says, not as the peer does."""
    await peer.say(HELLO)
    assert await peer.hear() == {"id": 1, "result": {"protocol": VERSION}}
    assert setting.opened == [(pwd.getpwuid(os.getuid()).pw_name, False)]


async def test_a_connection_may_ask_to_be_kept_from_changing_anything(setting: Setting, peer: Peer) -> None:
    """The owner hears of it before the first call."""
    await peer.say({"id": 1, "method": "hello", "params": {"role": "terminal", "read_only": True}})
    await peer.hear()
    assert setting.opened[0][1] is True


async def test_calls_are_answered_by_their_number(peer: Peer) -> None:
    """Whatever order they end in."""
    await peer.say(HELLO, {"id": 7, "method": "info"}, {"id": 8, "method": "rows", "params": {"query": {"limit": 2}}})
    answers = {answer["id"]: answer for answer in [await peer.hear() for _ in range(3)]}
    assert answers[7]["result"]["backend"] == "fake"
    assert len(answers[8]["result"]["rows"]) == 2


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (b"nonsense\n", "not a request"),
        (b'{"id": "seven", "method": "info"}\n', "not a request"),
        (b'{"id": 7, "method": "info", "extra": 1}\n', "not a request"),
        ({"id": 7, "method": "__class__"}, "no method"),
        ({"id": 7, "method": "close"}, "no method"),
        ({"id": 7, "method": "detail", "params": {}}, "missing required field `target`"),
        ({"id": 7, "method": "rows", "params": {"query": {"limit": "many"}}}, "Expected `int`"),
        ({"id": 7, "method": "plan", "params": {"action": {"type": "explode"}}}, "Invalid value"),
        ({"id": 7, "method": "detail", "params": {"target": "workload/no/body"}}, "workload/no/body"),
    ],
)
async def test_bad_requests_get_a_sentence_and_the_connection_goes_on(
    peer: Peer, message: dict[str, Any] | bytes, words: str
) -> None:
    """Nothing unknown has an effect, and the next call works."""
    await peer.say(HELLO)
    await peer.hear()
    await peer.say(message)
    assert words in (await peer.hear())["error"]["message"]
    await peer.say({"id": 9, "method": "info"})
    assert (await peer.hear())["id"] == 9


async def test_nothing_works_before_hello(peer: Peer) -> None:
    """Who it is comes first."""
    await peer.say({"id": 1, "method": "info"})
    assert "before hello" in (await peer.hear())["error"]["message"]


async def test_a_line_beyond_the_limit_ends_the_connection(setting: Setting, peer: Peer) -> None:
    """Memory is bounded; others are served."""
    other = await Peer.connect(setting.path)
    with suppress(ConnectionError):  # it is ended while we are still talking, which is the point
        await peer.say(HELLO, b"x" * (MAX_LINE + 2))
    assert (await peer.hear() or {}).get("id") in (1, None)
    await other.say(HELLO)
    assert await other.hear()
    other.writer.close()


async def test_calls_at_once_are_bounded(peer: Peer) -> None:
    """One connection cannot pile up work without end."""
    await peer.say(HELLO)
    await peer.hear()
    await peer.say(*({"id": number, "method": "watch"} for number in range(10, 11 + MAX_CALLS)))
    refused = await peer.hear()
    assert refused["error"]["code"] == "refused"


async def test_a_stream_ends_when_it_is_cancelled(setting: Setting, peer: Peer) -> None:
    """Then its number can be used again."""
    await peer.say(HELLO)
    await peer.hear()
    await peer.say({"id": 5, "method": "watch"}, {"id": 6, "method": "info"})
    await peer.hear()
    row = (await setting.fake.rows(Query())).rows[0]
    setting.fake.put(row)
    assert (await peer.hear())["item"]["row"]["target"] == row.target
    await peer.say({"id": 7, "method": "cancel", "params": {"call": 5}}, {"id": 8, "method": "info"})
    assert (await peer.hear())["id"] == 8
    setting.fake.put(row)
    await peer.say({"id": 5, "method": "info"})
    assert "result" in await peer.hear()


async def test_terminals_are_counted_and_commands_are_not(setting: Setting, peer: Peer) -> None:
    """A mesh that was started for terminals knows when the last one left."""
    await peer.say(HELLO)
    await peer.hear()
    terminal = await Peer.connect(setting.path)
    await terminal.say({"id": 1, "method": "hello", "params": {"role": "terminal"}})
    counts = [await asyncio.wait_for(setting.terminals.get(), DEADLINE) for _ in range(2)]
    assert counts == [0, 1]
    terminal.writer.close()
    assert await asyncio.wait_for(setting.terminals.get(), DEADLINE) == 0


async def test_the_socket_is_the_owners_alone(setting: Setting) -> None:
    """Mode 0600 without a group."""
    assert setting.path.stat().st_mode & 0o777 == 0o600


async def test_an_unknown_group_is_named(tmp_path: Path) -> None:
    """And nothing is served to it."""
    server = OperatorServer(tmp_path / "o", lambda _user, _read_only: FakeMesh(), lambda _: None)
    with pytest.raises(UsageError, match="no-such-group"):
        await server.start("no-such-group")
    await server.stop()
