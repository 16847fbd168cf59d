"""httpbin as people know it, on a Unix socket."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from meshtui.workloads.httpbin import Httpbin, answer


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/status/418", 418),
        ("GET", "/status/200", 200),
        ("GET", "/status/99", 404),
        ("GET", "/status/600", 404),
        ("GET", "/status/٤١٨", 404),
        ("GET", "/status/", 404),
        ("GET", "/headers", 200),
        ("GET", "/get?a=1", 200),
        ("POST", "/get", 405),
        ("GET", "/nothing", 404),
        ("TRACE", "/get", 405),
    ],
)
def test_every_path_has_its_status(method: str, path: str, status: int) -> None:
    """Known ones answer, everything else is 404 or 405."""
    assert answer(method, path, {}).status == status


def test_get_tells_what_was_asked() -> None:
    """Arguments and headers come back."""
    said = json.loads(answer("GET", "/get?a=1&b=two", {"host": "x", "user-agent": "me"}).body)
    assert said == {
        "args": {"a": "1", "b": "two"},
        "headers": {"host": "x", "user-agent": "me"},
        "url": "http://x/get?a=1&b=two",
    }


def test_a_delay_is_bounded() -> None:
    """Nobody waits for an hour."""
    assert answer("GET", "/delay/0.5", {}).delay == 0.5
    assert answer("GET", "/delay/3600", {}).delay == 10


@pytest_asyncio.fixture
async def socket(tmp_path: Path) -> AsyncIterator[Path]:
    path = tmp_path / "app"
    server = Httpbin(path)
    await server.start()
    yield path
    await server.stop()
    assert not path.exists()


async def _curl(socket: Path, *arguments: str) -> str:
    def run() -> str:
        command = ["curl", "-sS", "--unix-socket", str(socket), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout

    return await asyncio.to_thread(run)


async def test_curl_gets_several_answers_on_one_connection(socket: Path) -> None:
    """Keep-alive works, HEAD and 204 have no body."""
    codes = ["-o", "/dev/null", "-w", "%{http_code} %{num_connects}\n"]
    said = await _curl(socket, *codes, "http://a/status/418", *codes, "http://a/status/204", *codes, "http://a/get")
    assert said.split("\n")[:3] == ["418 1", "204 0", "200 0"]
    assert "content-length" in await _curl(socket, "-I", "http://a/get")


async def test_garbage_ends_the_connection_and_nothing_else(socket: Path) -> None:
    """The next caller is served."""
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
    assert await reader.read() == b""
    writer.close()
    assert "headers" in await _curl(socket, "http://a/headers")
