"""One GET without a connection."""

from __future__ import annotations

import pytest

from meshtui.probe.http import Answer, Exchange, NotHttpError


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [("a.example", 443, "a.example"), ("a.example", 8443, "a.example:8443"), ("::1", 8443, "[::1]:8443")],
)
def test_the_request_names_the_host_as_curl_does(host: str, port: int, expected: str) -> None:
    """The port is left out where it goes without saying."""
    request = Exchange(host, port, "/status/418?x").request.decode()
    assert request.startswith("GET /status/418?x HTTP/1.1\r\n")
    assert f"\r\nhost: {expected}\r\n" in request.lower()
    assert request.endswith("\r\n\r\n")


def test_the_answer_comes_when_its_head_is_complete() -> None:
    """Byte by byte, past an informational one, without waiting for the body."""
    exchange = Exchange("a.example", 443, "/")
    head = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nServer: x\xff\r\ncontent-length: 9\r\n\r\n"
    answers = [exchange.take(bytes([byte])) for byte in head]
    assert answers[:-1] == [None] * (len(head) - 1)
    assert answers[-1] == Answer(200, "x\xff")


@pytest.mark.parametrize("data", [b"", b"SSH-2.0-x\r\n\r\n", b"\x00" * 99, b"HTTP/1.1 99999 X\r\n\r\n"])
def test_what_is_no_answer(data: bytes) -> None:
    """A connection that ends, and other protocols."""
    with pytest.raises(NotHttpError):
        Exchange("a.example", 443, "/").take(data)
