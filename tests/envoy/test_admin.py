"""Asking an Envoy over its admin socket: a real one, and servers that misbehave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from meshtui.envoy import admin as admin_module
from meshtui.envoy import http
from meshtui.envoy.admin import EnvoyAdmin
from meshtui.envoy.process import EnvoyProcess, ProxyState
from meshtui.errors import UnreachableError
from tests.envoy.proxies import Statuses, alone, envoy

WAITING = {
    "name": "waiting",
    "type": "STATIC",
    "transport_socket": {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            "common_tls_context": {
                "tls_certificate_sds_secret_configs": [
                    {
                        "name": "default",
                        "sds_config": {
                            "resource_api_version": "V3",
                            "initial_fetch_timeout": "0s",
                            "api_config_source": {
                                "api_type": "GRPC",
                                "transport_api_version": "V3",
                                "grpc_services": [{"envoy_grpc": {"cluster_name": "sds-grpc"}}],
                            },
                        },
                    }
                ]
            },
        },
    },
}


@asynccontextmanager
async def server(directory: Path, answer: bytes, *, hold: bool = False) -> AsyncIterator[EnvoyAdmin]:
    """Answers everything with the same bytes, and then closes, or holds, the connection."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        if not hold:
            writer.close()

    listening = await asyncio.start_unix_server(serve, directory / "admin")
    try:
        yield EnvoyAdmin(directory / "admin")
    finally:
        listening.close()
        for writer in writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


def whole(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


async def test_a_secret_that_envoy_waits_for_is_shown_as_warming(tmp_path: Path) -> None:
    """An Envoy whose agent does not answer is not ready, and names what it waits for."""
    configuration: dict[str, Any] = alone(tmp_path)
    configuration["static_resources"]["clusters"].append(WAITING)
    statuses = Statuses()
    process = EnvoyProcess(envoy(), tmp_path, "proxy", configuration, statuses)
    await process.start()
    try:
        await statuses.until(lambda status: status.state is ProxyState.STARTING)
        async with asyncio.timeout(10):
            while not (found := await answered(process.admin)):
                pass
        assert {"default"} == set(found)
        assert found["default"].warming
        assert found["default"].chain == ()
        assert not await process.admin.ready()
    finally:
        await process.stop()


async def answered(admin: EnvoyAdmin) -> Any:
    try:
        return await admin.secrets()
    except UnreachableError:
        await asyncio.sleep(0)  # a refused connection does not give way to the deadline
        return None


async def test_nobody_there(tmp_path: Path) -> None:
    """Without an Envoy it is not ready, and questions say where nobody answered."""
    admin = EnvoyAdmin(tmp_path / "admin")
    assert not await admin.ready()
    with pytest.raises(UnreachableError, match=str(tmp_path / "admin")):
        await admin.secrets()


async def test_answers_in_chunks_are_joined(tmp_path: Path) -> None:
    """A chunked answer is read to its end."""
    body = b'{"version": "abc/1.40.0/Clean"}'
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n" + body[:5] + b"\r\n"
    chunked += f"{len(body) - 5:x}".encode() + b"\r\n" + body[5:] + b"\r\n0\r\n\r\n"
    async with server(tmp_path, chunked, hold=True) as admin:
        assert await admin.version() == "1.40.0"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffff\r\n",
        whole(b"no JSON"),
        whole(b"[]"),
        whole(b'{"version": 7}'),
        whole(b"{}", "404 Not Found").replace(b"{}", b"??"),
    ],
)
async def test_answers_that_are_no_answer(tmp_path: Path, answer: bytes) -> None:
    """Whatever else listens there, or breaks off, is an UnreachableError."""
    async with server(tmp_path, answer) as admin:
        with pytest.raises(UnreachableError):
            await admin.version()


async def test_an_answer_without_end_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither size nor time of an answer is unlimited."""
    monkeypatch.setattr(http, "BODY_MAX", 1000)
    async with server(tmp_path, b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001) as admin:
        with pytest.raises(UnreachableError, match="longer than 1000 bytes"):
            await admin.version()
    monkeypatch.setattr(admin_module, "TIMEOUT", 0.05)
    async with server(tmp_path, b"HTTP/1.1 200 OK\r\n\r\n", hold=True) as admin:
        with pytest.raises(UnreachableError, match="no answer in time"):
            await admin.version()


async def test_a_chain_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A secret whose certificate is damaged is listed with the reason, not dropped and not fatal."""
    secret = {"name": "default", "tls_certificate": {"certificate_chain": {"inline_bytes": "bm90IGEgUEVN"}}}
    entry = {"name": "default", "version_info": "7", "secret": secret}
    async with server(tmp_path, whole(json.dumps({"configs": [entry]}).encode())) as admin:
        (found,) = (await admin.secrets()).values()
    assert ((found.version, found.chain), bool(found.problem)) == (("7", ()), True)
