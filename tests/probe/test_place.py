"""How an address outside of the mesh is named, and what is no such name."""

from __future__ import annotations

import pytest

from meshtui.errors import UsageError
from meshtui.probe.place import Place, is_address, read_resolve


@pytest.mark.parametrize(
    ("text", "host", "port", "path"),
    [
        ("https://a.example", "a.example", 443, "/"),
        ("HTTPS://A.Example:8443/x?y=1#z", "a.example", 8443, "/x?y=1"),
        ("https://a.example.:443/", "a.example", 443, "/"),
        ("https://a.example:/", "a.example", 443, "/"),
        ("https://a.example?q", "a.example", 443, "/?q"),
        ("https://[::1]:8443/a", "::1", 8443, "/a"),
        ("https://[0:0::1]", "::1", 443, "/"),
        ("https://127.0.0.1", "127.0.0.1", 443, "/"),
        ("https://bücher.example/straße", "xn--bcher-kva.example", 443, "/stra%C3%9Fe"),
        ("https://BÜCHER.example", "xn--bcher-kva.example", 443, "/"),
        ("https://faß.example", "xn--fa-hia.example", 443, "/"),
        ("https://a.example/[1-9]{a}%20", "a.example", 443, "/%5B1-9%5D%7Ba%7D%20"),
        ("https://_a-b.example", "_a-b.example", 443, "/"),
    ],
)
def test_urls(text: str, host: str, port: int, path: str) -> None:
    """Hosts as they stand in certificates, paths as they stand in requests."""
    assert Place.parse(text) == Place(text, host, port, path, is_url=True)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("a.example:443", "a.example", 443),
        ("LOCALHOST:1", "localhost", 1),
        ("[::1]:65535", "::1", 65535),
        ("[fe80::1%lo]:443", "fe80::1%lo", 443),
        ("bücher.example:443", "xn--bcher-kva.example", 443),
    ],
)
def test_addresses(text: str, host: str, port: int) -> None:
    """Nothing is said about HTTP."""
    assert Place.parse(text) == Place(text, host, port)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "there is no port"),
        ("nonsense", "there is no port"),
        ("https://", "there is no host"),
        ("https://:443", "there is no host"),
        ("https://::1/", "there is no host"),
        (":443", "there is no host"),
        ("https://[::1]:x", "'x' is not a port"),
        ("https://[::1", "its host cannot be read"),
        ("https://a:0", "'0' is not a port"),
        ("a:65536", "'65536' is not a port"),
        ("a:٤٤٣", "is not a port"),
        ("a:" + "4" * 5000, "too many"),
        ("::1:443", "an IPv6 address stands in brackets"),
        ("http://a", "only https is asked"),
        ("ftp://a", "only https is asked"),
        ("https://user:secret@a", "a name and password are not sent"),
        ("https://a b", "spaces"),
        ("https://a\n", "control characters"),
        ("https://a\x1b[31m", "control characters"),
        ("https://a\u202e.example", "control characters"),
        ("a..b:443", "'a..b' is not a host"),
        ("é..b:443", "is not a host"),
        ("*.example:443", "'*.example' is not a host"),
        ("-a.example:443", "is not a host"),
        ("x" * 64 + ":443", "is not a host"),
        ("a.$(id):443", "is not a host"),
    ],
)
def test_what_is_no_address_is_told_why(text: str, why: str) -> None:
    """With both forms, and without a password that was in it."""
    with pytest.raises(UsageError) as caught:
        Place.parse(text)
    assert why in caught.value.message
    assert "secret" not in str(caught.value)
    assert "HOST:PORT" in caught.value.fix


def test_resolve_is_curls() -> None:
    """Host and port, then one address or more; the last one counts."""
    given = ["a.example:443:192.0.2.1", "B.example:8443:[::1],192.0.2.2", "a.example:443:192.0.2.3"]
    assert read_resolve(given) == {
        ("a.example", 443): ("192.0.2.3",),
        ("b.example", 8443): ("::1", "192.0.2.2"),
    }


@pytest.mark.parametrize("text", ["", "a", "a:443", "a:443:", "a:443:b.example", "a:443:1.2.3", "a:443:1.2.3.4,"])
def test_what_resolve_cannot_be(text: str) -> None:
    """Names are not resolved once more."""
    with pytest.raises(UsageError, match="HOST:PORT:ADDRESS"):
        read_resolve([text])


@pytest.mark.parametrize(("text", "expected"), [("::1", True), ("192.0.2.1", True), ("a.example", False), ("", False)])
def test_what_is_an_ip_address(text: str, expected: bool) -> None:
    """Without brackets."""
    assert is_address(text) is expected
