"""One GET as a conversation without I/O: bytes to send, bytes received, and the answer when its head is complete."""

from __future__ import annotations

from dataclasses import dataclass

import h11

from meshtui.probe.place import is_address

_HTTPS = 443


@dataclass(frozen=True)
class Answer:
    """Status line of the answer and who gave it."""

    status: int
    server: str


class NotHttpError(ValueError):
    """What came is no answer to an HTTP request."""


class Exchange:
    """GET `https://host:port/path` once."""

    def __init__(self, host: str, port: int, path: str) -> None:
        self._connection = h11.Connection(h11.CLIENT)
        name = f"[{host}]" if ":" in host and is_address(host) else host
        authority = name if port == _HTTPS else f"{name}:{port}"
        headers = [("host", authority), ("user-agent", "meshtui"), ("accept", "*/*"), ("connection", "close")]
        head = self._connection.send(h11.Request(method="GET", target=path, headers=headers)) or b""
        self.request = head + (self._connection.send(h11.EndOfMessage()) or b"")
        """To be sent first."""

    def take(self, data: bytes) -> Answer | None:
        """Bytes of the other side, none when it closed; the answer once its head is complete. Raises NotHttpError."""
        try:
            self._connection.receive_data(data)
            while True:
                event = self._connection.next_event()
                if event is h11.NEED_DATA:
                    return None
                if isinstance(event, h11.Response):
                    headers = {name: value for name, value in event.headers}  # noqa: C416 - h11's type is no dict's
                    return Answer(event.status_code, headers.get(b"server", b"").decode("latin-1"))
                if not isinstance(event, h11.InformationalResponse):
                    raise NotHttpError("it ended without an answer")
        except h11.RemoteProtocolError as error:
            raise NotHttpError(str(error)) from error
