"""The connection: TCP, versions, SNI and request, of servers that are well, broken, or no TLS servers at all."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from pathlib import Path

import pytest

from meshtui.probe.prober import Prober
from meshtui.probe.question import Question
from meshtui.probe.tls import Address
from tests.probe.asking import checks, trusting, verdicts
from tests.probe.servers import HOST, leaf, listening, new_root, presenting, s_server, serving, written

ALL = ["TCP", "TLS", "old TLS", "SNI", "chain", "host", "days left", "without client cert", "HTTP"]
SOON = Prober(deadline=0.3)


async def test_a_server_that_is_well_passes_every_check_in_order(tmp_path: Path) -> None:
    """As a connection meets them; each says what was seen, and nothing is to be mended."""
    root = new_root()
    async with serving(presenting(tmp_path, leaf(root))) as address:
        found = await checks(address, trusting(root))
    assert verdicts(found) == dict.fromkeys(ALL, True)
    assert all(check.seen and not check.fix for check in found.values())
    assert {(check.host, check.address) for check in found.values()} == {(HOST, str(address))}
    assert found["TCP"].seen.startswith(f"{address} connected in ")
    assert found["TLS"].seen == "TLS 1.3, TLS_AES_256_GCM_SHA384; TLS 1.2 too"
    assert found["old TLS"].seen == "TLS 1.0 and 1.1 are refused"
    assert found["HTTP"].seen.startswith("GET / answered 418 in ")
    assert found["HTTP"].seen.endswith(" from pot")


@pytest.mark.parametrize(
    ("lowest", "highest", "seen"),
    [
        (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2, "TLS 1.2, ECDHE-ECDSA-AES256-GCM-SHA384; not TLS 1.3"),
        (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3, "TLS 1.3, TLS_AES_256_GCM_SHA384; not TLS 1.2"),
    ],
)
async def test_a_version_that_is_not_offered_is_said(
    tmp_path: Path, lowest: ssl.TLSVersion, highest: ssl.TLSVersion, seen: str
) -> None:
    """One of the good ones is enough."""
    root = new_root()
    context = presenting(tmp_path, leaf(root))
    context.minimum_version, context.maximum_version = lowest, highest
    async with serving(context) as address:
        found = await checks(address, trusting(root))
    assert found["TLS"].seen == seen
    assert verdicts(found) == dict.fromkeys(ALL, True)


@pytest.mark.parametrize(
    ("options", "seen", "offers_tls"),
    [
        (["-tls1"], "TLS 1.0 is accepted", False),
        (["-tls1_1"], "TLS 1.1 is accepted", False),
        (["-no_tls1_2", "-no_tls1_3"], "TLS 1.0 and 1.1 are accepted", False),
        ([], "TLS 1.0 and 1.1 are accepted", True),
    ],
)
async def test_old_versions_that_are_accepted_fail(
    tmp_path: Path, options: list[str], seen: str, offers_tls: bool
) -> None:
    """Whether or not there are good ones beside them, and the fix names the setting."""
    root = new_root()
    with s_server(tmp_path, [leaf(root)], *options, "-cipher", "ALL:@SECLEVEL=0") as address:
        found = await checks(address, trusting(root))
    assert (found["old TLS"].passed, found["old TLS"].seen) == (False, seen)
    assert "minProtocolVersion" in found["old TLS"].fix
    assert found["TLS"].passed is offers_tls
    if not offers_tls:
        assert "TLS alert 70, protocol version" in found["TLS"].seen
        assert "minProtocolVersion" in found["TLS"].fix
        assert found["chain"].passed is None


async def test_what_comes_without_a_server_name_is_told_apart(tmp_path: Path) -> None:
    """The same, another, or nothing; which one it is is no fault."""
    root = new_root()
    named, nameless = leaf(root), leaf(root, "b.example")
    context, other = presenting(tmp_path, named), presenting(tmp_path, nameless)
    async with serving(context) as address:
        same = await checks(address, trusting(root))
    other.sni_callback = lambda session, name, _: setattr(session, "context", context) if name == HOST else None
    async with serving(other) as address:
        different = await checks(address, trusting(root))
    strict = presenting(tmp_path, named)
    strict.sni_callback = lambda _s, name, _c: None if name else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    async with serving(strict) as address:
        nothing = await checks(address, trusting(root))
    serial = f"{nameless.certificate.serial_number:x}"
    assert same["SNI"].seen.endswith("a client without SNI sees the same")
    assert different["SNI"].seen.endswith(serial)
    assert nothing["SNI"].seen.endswith("a client without SNI gets no handshake (it closed the connection)")
    assert {found["SNI"].passed for found in (same, different, nothing)} == {True}


async def test_a_host_that_nobody_serves_is_told_from_a_server_that_is_down(tmp_path: Path) -> None:
    """The connection works, and without SNI something would come."""
    root = new_root()
    other = str(written(tmp_path / "other.pem", leaf(root, "b.example"), key=True))
    strict = ["-servername", "b.example", "-servername_fatal", "-cert2", other, "-key2", other]
    with s_server(tmp_path, [leaf(root)], *strict) as address:
        found = await checks(address, trusting(root))
    assert [name for name, check in found.items() if check.passed] == ["TCP"]
    assert found["TLS"].seen == "no handshake: TLS alert 112, unrecognized name"
    assert found["SNI"].passed is False
    assert found["chain"].seen == "there is no handshake"


async def test_nobody_there_leaves_the_rest_open() -> None:
    """One check fails, and the others say why they were not made."""
    found = await checks(Address(host="127.0.0.1", port=1), trusting(new_root()))
    assert found["TCP"].passed is False
    assert "nothing listens there" in found["TCP"].seen
    others = [check for name, check in found.items() if name != "TCP"]
    assert {(check.passed, check.seen) for check in others} == {(None, "there is no connection")}


async def test_one_that_hangs_after_tcp_costs_one_deadline() -> None:
    """No other connection is made to it."""
    came: list[str] = []

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append("")
        while await reader.read(1 << 16):
            pass

    async with listening(hang) as address:
        found = await checks(address, trusting(new_root()), prober=SOON)
    assert len(came) == 1
    assert found["TCP"].passed is True
    assert (found["TLS"].passed, found["TLS"].seen) == (False, "no handshake: nothing came within 0.3 s")
    assert found["old TLS"].passed is None


async def test_one_that_never_finishes_the_handshake_is_given_up(tmp_path: Path) -> None:
    """A trickle of bytes does not prolong it."""

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1 << 16)
        writer.write(b"\x16\x03\x03\x40\x00\x02")
        while not reader.at_eof():
            writer.write(b"\x00")
            await writer.drain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.02)

    async with listening(trickle) as address:
        found = await checks(address, trusting(new_root()), prober=SOON)
    assert found["TLS"].passed is False


async def test_a_flood_does_not_prolong_a_handshake() -> None:
    """Hello requests, which a client ignores, as fast as they can be sent: others go on, and the deadline holds."""
    listener = socket.create_server(("127.0.0.1", 0))
    hello_requests = b"\x16\x03\x03\x00\x04\x00\x00\x00\x00" * 5000

    def flood() -> None:
        wire, _ = listener.accept()
        with wire, contextlib.suppress(OSError):
            while True:
                wire.sendall(hello_requests)

    thread = threading.Thread(target=flood, daemon=True)
    thread.start()
    address = Address(host="127.0.0.1", port=listener.getsockname()[1])
    asking = asyncio.create_task(checks(address, trusting(new_root()), prober=SOON))
    turns = 0
    while not asking.done():
        turns += 1
        await asyncio.sleep(0)
    assert (await asking)["TLS"].seen == "no handshake: nothing came within 0.3 s"
    assert turns > 50
    await asyncio.to_thread(thread.join, 20)
    listener.close()
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "it answers in plain HTTP, without TLS"),
        (b"220 mail.example ESMTP\r\n" * 10, "what it answers is not TLS"),
        (bytes(range(256)), "what it answers is not TLS"),
        (b"\x16\x03\x03\x00\x10" + b"\xff" * 16, "OpenSSL cannot go on with what it sent"),
        (b"", "it closed the connection"),
    ],
    ids=["http", "smtp", "garbage", "garbage in a record", "nothing"],
)
async def test_what_is_no_tls_is_said(answer: bytes, seen: str) -> None:
    """In words that tell plain HTTP from garbage, and both from one that hangs up."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1 << 16)
        writer.write(answer)
        await writer.drain()

    async with listening(handle) as address:
        found = await checks(address, trusting(new_root()))
    assert found["TCP"].passed is True
    assert found["TLS"].passed is False
    assert seen in found["TLS"].seen


async def test_one_that_resets_is_said() -> None:
    """The connection was there, and was reset."""

    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        wire: socket.socket = writer.get_extra_info("socket")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with listening(reset) as address:
        found = await checks(address, trusting(new_root()))
    assert (found["TCP"].passed, found["TLS"].passed) == (True, False)
    assert found["TLS"].seen == "no handshake: it reset the connection"


@pytest.mark.parametrize(
    ("answer", "as_url", "as_address"),
    [
        (b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n", False, False),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", True, True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", True, True),
        (b"-ERR not for you\r\n" * 20, False, None),
        (b"HTTP/1.1 200 \x00\x1b[31m\r\n\r\n", False, None),
        (b"x: y\r\n" * 100_000, False, None),
    ],
    ids=["503", "404", "100 then 204", "not HTTP", "control characters", "no end"],
)
async def test_the_request_is_judged_by_its_status(
    tmp_path: Path, answer: bytes, as_url: bool, as_address: bool | None
) -> None:
    """From 500 on it fails; what is no HTTP fails only where it was said that HTTP is spoken."""
    root = new_root()
    async with serving(presenting(tmp_path, leaf(root)), answer) as address:
        url = await checks(address, trusting(root))
        plain = await checks(address, trusting(root), question=Question(address=address, host=HOST))
    assert url["HTTP"].passed is as_url
    assert plain["HTTP"].passed is as_address
    assert all(check.passed for name, check in url.items() if name != "HTTP")


async def test_one_that_does_not_answer_is_given_up(tmp_path: Path) -> None:
    """After the handshake there is a deadline too."""
    root = new_root()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1 << 16):
            pass

    async with listening(mute, presenting(tmp_path, leaf(root))) as address:
        found = await checks(address, trusting(root), prober=Prober(deadline=1))
    assert found["HTTP"].seen == "GET / was not answered: nothing came within 1 s"
    assert found["HTTP"].passed is False
    assert found["chain"].passed is True


async def test_no_more_connections_than_the_bound(tmp_path: Path) -> None:
    """Many at once wait for each other, and all are answered."""
    root, open_now, most = new_root(), 0, 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        try:
            if await reader.read(1 << 16):
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                await writer.drain()
                await reader.read()
        finally:
            open_now -= 1

    prober = Prober(at_once=5)
    async with listening(count, presenting(tmp_path, leaf(root))) as address:
        every = await asyncio.gather(*(checks(address, trusting(root), prober=prober) for _ in range(20)))
    assert [verdicts(found) for found in every] == [dict.fromkeys(ALL, True)] * 20
    # a connection that was hung up on is counted a moment longer here than there
    assert 2 <= most <= 8
