"""The commands are run as they stand: they succeed where the checks pass, and fail where they fail."""

from __future__ import annotations

import asyncio
import ipaddress
from pathlib import Path

import pytest
from cryptography import x509

from meshtui.identity.inspect import facts
from meshtui.identity.keys import new_key
from meshtui.probe.prober import Probed
from meshtui.probe.question import Expected, Question
from tests.identity.forge import Pair
from tests.probe.asking import as_client, probe, trusting
from tests.probe.servers import (
    DAY,
    HOST,
    leaf,
    new_intermediate,
    new_root,
    presenting,
    s_server,
    serving,
    written,
)

ROOT = new_root()
MIDDLE = new_intermediate(ROOT)
CLIENTS = new_root("clients")
JUDGED = ("TCP", "TLS", "chain", "host")
DEADLINE = 20


async def run(command: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_shell(
        command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(DEADLINE):
        output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(errors="replace")


def fine(probed: Probed) -> bool:
    return all(check.passed for check in probed.checks if check.name in JUDGED)


@pytest.mark.parametrize(
    ("chain", "host", "expected"),
    [
        (lambda: [leaf(ROOT)], HOST, True),
        (lambda: [leaf(MIDDLE), MIDDLE], HOST, True),
        (lambda: [leaf(ROOT, "*.a.example")], "b.a.example", True),
        (lambda: [leaf(ROOT, "xn--bcher-kva.example")], "xn--bcher-kva.example", True),
        (lambda: [leaf(ROOT, "b.example")], HOST, False),
        (lambda: [leaf(ROOT, "*.a.example")], "c.b.a.example", False),
        (lambda: [leaf(ROOT, "*.example")], HOST, False),
        (lambda: [leaf(MIDDLE)], HOST, False),
        (lambda: [leaf(ROOT, end=-1 * DAY, start=-9 * DAY)], HOST, False),
        (lambda: [leaf(None)], HOST, False),
        (lambda: [leaf(new_root())], HOST, False),
    ],
    ids=[
        "fine",
        "chain",
        "wildcard",
        "IDN",
        "other",
        "two labels",
        "too wide",
        "incomplete",
        "expired",
        "self-signed",
        "stranger",
    ],
)
async def test_curl_and_openssl_agree_with_the_checks(tmp_path: Path, chain: object, host: str, expected: bool) -> None:
    """Both of them, on every verdict about chain and host."""
    directory = tmp_path / "it's a directory"
    directory.mkdir()
    async with serving(presenting(directory, *chain())) as address:  # type: ignore[operator]
        probed = await probe(address, trusting(ROOT, directory=directory), host=host)
        assert fine(probed) is expected
        curl, openssl = [await run(command) for command in probed.by_hand]
    assert (curl[0] == 0, openssl[0] == 0) == (expected, expected), (curl, openssl)
    if expected:
        assert curl[1].startswith("418 in 0.")


@pytest.mark.parametrize("where", ["127.0.0.1", "::1"])
async def test_ip_addresses_are_asked_for_as_such(tmp_path: Path, where: str) -> None:
    """In brackets where they need them, and matched with an IP name."""
    pair = leaf(ROOT, x509.IPAddress(ipaddress.ip_address(where)))
    async with serving(presenting(tmp_path, pair), host=where) as address:
        probed = await probe(address, trusting(ROOT, directory=tmp_path), host=where)
        assert [(await run(command))[0] for command in probed.by_hand] == [0, 0]
        other = await probe(address, trusting(ROOT, directory=tmp_path), host=HOST)
        assert all([(await run(command))[0] for command in other.by_hand])


async def test_an_intermediate_as_root_is_trusted_by_both(tmp_path: Path) -> None:
    """openssl has to be told."""
    async with serving(presenting(tmp_path, leaf(MIDDLE))) as address:
        probed = await probe(address, trusting(MIDDLE, directory=tmp_path))
        assert fine(probed)
        assert [(await run(command))[0] for command in probed.by_hand] == [0, 0]


async def test_without_a_root_nothing_is_verified(tmp_path: Path) -> None:
    """The commands say so, and go through."""
    async with serving(presenting(tmp_path, leaf(ROOT))) as address:
        probed = await probe(address, trusting())
        assert "--insecure" in probed.by_hand[0]
        assert [(await run(command))[0] for command in probed.by_hand] == [0, 0]


async def test_a_path_is_quoted(tmp_path: Path) -> None:
    """Nothing in it is for the shell."""
    path = "/a;touch%20x?q=$(id)&'b'"

    async with serving(presenting(tmp_path, leaf(ROOT))) as address:
        question = Question(address=address, host=HOST, path=path, speaks_http=True)
        probed = await probe(address, trusting(ROOT, directory=tmp_path), question=question)
        status, output = await run(probed.by_hand[0])
    assert (status, output[:3]) == (0, "418")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize(("trusted", "chained"), [(True, False), (True, True), (False, False)])
async def test_mutual_tls_by_hand(tmp_path: Path, version: str, trusted: bool, chained: bool) -> None:
    """With the certificate as the check says, without it refused; its file may have a colon and a space in its name."""
    directory = tmp_path / "a: b"
    directory.mkdir()
    issuer: Pair = CLIENTS if trusted else new_root("strangers")
    middle = new_intermediate(issuer, "middle")
    chain = [leaf(middle, "client"), middle] if chained else [leaf(issuer, "client")]
    clients = written(tmp_path / "clients.pem", CLIENTS)
    options = [version, "-CAfile", str(clients), "-verify_return_error", "-Verify", "2"]
    with s_server(tmp_path, [leaf(ROOT)], *options) as address:
        roots = trusting(ROOT, directory=directory)
        probed = await probe(address, roots, client=as_client(directory, *chain))
        found = {check.name: check.passed for check in probed.checks}
        with_it, without_it, openssl = [await run(command) for command in probed.by_hand]
    assert found["with client cert"] is trusted
    assert found["without client cert"] is True
    assert (with_it[0] == 0) is trusted, with_it
    assert without_it[0] != 0
    if trusted or version == "-tls1_2":  # a refusal after the handshake of TLS 1.3 comes when s_client is gone
        assert (openssl[0] == 0) is trusted, openssl


async def test_what_speaks_no_http_is_not_given_to_curl(tmp_path: Path) -> None:
    """Its handshake is all that can be repeated."""
    async with serving(presenting(tmp_path, leaf(ROOT)), b"220 hello\r\n" * 9) as address:
        question = Question(address=address, host=HOST)
        probed = await probe(address, trusting(ROOT, directory=tmp_path), question=question)
        (openssl,) = probed.by_hand
        assert openssl.startswith("openssl s_client")
        assert (await run(openssl))[0] == 0


async def test_the_kind_of_key_that_is_expected_is_asked_for_by_hand_too(tmp_path: Path) -> None:
    """Of a server with both kinds: the other one has expired, which curl and openssl then do not see."""
    wanted = leaf(ROOT, key=new_key("RSA 2048"))
    context = presenting(tmp_path, leaf(ROOT, start=-9 * DAY, end=-1 * DAY))
    context.load_cert_chain(written(tmp_path / "rsa.pem", wanted, key=True))
    async with serving(context) as address:
        expected = (Expected("the Secret", facts(wanted.certificate)),)
        question = Question(address=address, host=HOST, speaks_http=True, expected=expected)
        probed = await probe(address, trusting(ROOT, directory=tmp_path), question=question)
        statuses = [(await run(command))[0] for command in probed.by_hand]
    assert (fine(probed), statuses) == (True, [0, 0])
