"""Whether plaintext is taken, asked of servers that do one thing each."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from meshtui.errors import UnreachableError
from meshtui.probe.plaintext import takes_plaintext
from meshtui.probe.tls import Address


@pytest.fixture
def socket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A path that is short enough for a Unix socket."""
    return tmp_path_factory.mktemp("p") / "s"


@pytest.mark.parametrize(
    ("answer", "taken"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", True),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", True),
        (b"", False),
        (b"\x15\x03\x01\x00\x02\x02\x46", False),
        (b"HT", False),
    ],
)
async def test_an_answer_in_http_is_what_counts(socket: Path, answer: bytes, taken: bool) -> None:
    """Whatever status it has; hanging up, an alert of TLS and half an answer are none. The question has no Host."""
    asked = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        writer.close()

    async with await asyncio.start_unix_server(serve, socket):
        assert await takes_plaintext(Address(path=str(socket))) is taken
    assert b"host" not in asked[0].lower()


async def test_nobody_there_is_said_as_such(socket: Path) -> None:
    """A missing socket and a closed port are no refusals of plaintext."""
    for address, words in ((Address(path=str(socket)), "No such file"), (Address("127.0.0.1", 1), "refused")):
        with pytest.raises(UnreachableError, match=f"does not take a connection: .*{words}"):
            await takes_plaintext(address)
