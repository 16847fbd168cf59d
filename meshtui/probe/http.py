"""One HTTPS request to one address, as curl with `--resolve` and `--cacert` would make it."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass

import h11

from meshtui.errors import UnreachableError
from meshtui.probe.tls import DEADLINE, Address, limit


@dataclass(frozen=True)
class Answer:
    """Status line of the answer and who gave it."""

    status: int
    server: str


async def get(address: Address, host: str, path: str, ca_pem: str) -> Answer:
    """GET `https://host/path` at `address`, verified against `ca_pem`. Raises UnreachableError when it fails."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=ca_pem)
    limit(context, address)
    try:
        async with asyncio.timeout(DEADLINE):
            reader, writer = await asyncio.open_connection(
                address.host, address.port, ssl=context, server_hostname=host
            )
            try:
                return await _exchange(reader, writer, f"{host}:{address.port}", path)
            finally:
                writer.transport.abort()
    except TimeoutError as error:
        raise UnreachableError(f"https://{host}{path} at {address} gave no answer within {DEADLINE:g} s.") from error
    except (OSError, h11.ProtocolError) as error:
        raise UnreachableError(f"https://{host}{path} at {address} failed: {error}.") from error


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, path: str) -> Answer:
    connection = h11.Connection(h11.CLIENT)
    request = h11.Request(method="GET", target=path, headers=[("host", host), ("user-agent", "meshtui")])
    writer.write((connection.send(request) or b"") + (connection.send(h11.EndOfMessage()) or b""))
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(1 << 16))
        elif isinstance(event, h11.Response):
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
            return Answer(event.status_code, headers.get("server", ""))
        elif isinstance(event, h11.ConnectionClosed | h11.EndOfMessage):
            raise UnreachableError(f"{host} closed the connection without an answer.")
