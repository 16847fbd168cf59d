"""MUTUAL with and without a client certificate: openssl's server, whose refusal comes in TLS 1.2 and after 1.3."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from meshtui.findings import Check
from meshtui.probe.attempt import Attempt, End
from meshtui.probe.client_checks import WITH, WITHOUT, client_checks
from meshtui.probe.contexts import ClientPair
from meshtui.probe.prober import Prober
from meshtui.probe.question import Observation, Question
from meshtui.probe.tls import Address
from tests.identity.forge import Pair
from tests.probe.asking import as_client, checks, trusting, verdicts
from tests.probe.servers import (
    HOST,
    demanding,
    leaf,
    listening,
    new_intermediate,
    new_root,
    presenting,
    s_server,
    serving,
    written,
)

SERVERS = new_root("servers")
CLIENTS = new_root("clients")
STRANGERS = new_root("strangers")
VERSIONS = pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])


def mutual(directory: Path, *, insists: bool) -> list[str]:
    file = written(directory / "clients.pem", CLIENTS)
    return ["-CAfile", str(file), "-verify_return_error", "-Verify" if insists else "-verify", "1"]


async def asked(
    directory: Path, options: list[str], *, mode: str = "", client: ClientPair | None = None
) -> dict[str, Check]:
    with s_server(directory, [leaf(SERVERS)], *options) as address:
        question = Question(address=address, host=HOST, speaks_http=True, tls_mode=mode)
        return await checks(address, trusting(SERVERS), question=question, client=client)


@VERSIONS
@pytest.mark.parametrize("mode", ["MUTUAL", ""])
async def test_a_server_that_insists_refuses_strangers(tmp_path: Path, version: str, mode: str) -> None:
    """That it does is what passes; what lies behind stays open, and --client-cert is named."""
    found = await asked(tmp_path, [version, *mutual(tmp_path, insists=True)], mode=mode)
    assert found[WITHOUT].passed is True
    assert found[WITHOUT].seen.startswith("refused: TLS alert ")
    assert ("TLS alert 116, certificate required" in found[WITHOUT].seen) is (version == "-tls1_3")
    assert found[WITH].passed is None
    assert found["HTTP"].passed is None
    assert all("--client-cert" in found[name].fix for name in (WITH, "HTTP"))
    assert all(check.passed for name, check in found.items() if name not in (WITH, "HTTP"))


@VERSIONS
@pytest.mark.parametrize(("mode", "insists"), [("MUTUAL", True), ("OPTIONAL_MUTUAL", False), ("", True), ("", False)])
async def test_a_client_that_is_trusted_gets_in(tmp_path: Path, version: str, mode: str, insists: bool) -> None:
    """And the request is made as that client."""
    client = as_client(tmp_path, leaf(CLIENTS, "client"))
    found = await asked(tmp_path, [version, *mutual(tmp_path, insists=insists)], mode=mode, client=client)
    assert {name: verdict for name, verdict in verdicts(found).items() if not verdict} == {}
    assert found[WITH].seen == f"{client.certificate_file} is accepted"
    assert found[WITHOUT].seen.startswith("refused" if insists else "accepted: it asks for one, but does not insist")
    assert "answered 200" in found["HTTP"].seen


@VERSIONS
@pytest.mark.parametrize("insists", [True, False])
async def test_a_client_that_is_not_trusted_is_refused(tmp_path: Path, version: str, insists: bool) -> None:
    """With the reason that the server gives."""
    client = as_client(tmp_path, leaf(STRANGERS, "client"))
    found = await asked(tmp_path, [version, *mutual(tmp_path, insists=insists)], client=client)
    assert found[WITH].passed is False
    assert "TLS alert 48, unknown CA" in found[WITH].seen
    assert found["HTTP"].passed is False


async def test_the_intermediates_of_a_client_are_sent_too(tmp_path: Path) -> None:
    """Its server knows the root only."""
    middle = new_intermediate(CLIENTS, "middle")
    client = as_client(tmp_path, leaf(middle, "client"), middle)
    found = await asked(tmp_path, mutual(tmp_path, insists=True), client=client)
    assert found[WITH].passed is True


@VERSIONS
async def test_a_mutual_gateway_that_lets_anybody_in_fails(tmp_path: Path, version: str) -> None:
    """Whether it does not ask, or asks and does not insist."""
    silent = await asked(tmp_path, [version], mode="MUTUAL")
    lax = await asked(tmp_path, [version, *mutual(tmp_path, insists=False)], mode="MUTUAL")
    assert (silent[WITHOUT].passed, lax[WITHOUT].passed) == (False, False)
    assert silent[WITHOUT].seen == "it does not ask for a client certificate, though the Gateway says MUTUAL"
    assert lax[WITHOUT].seen == "accepted, though the Gateway says MUTUAL"


async def test_a_gateway_that_asks_too_much_fails(tmp_path: Path) -> None:
    """SIMPLE asks for nothing, OPTIONAL_MUTUAL does not insist."""
    simple = await asked(tmp_path, mutual(tmp_path, insists=False), mode="SIMPLE")
    optional = await asked(tmp_path, mutual(tmp_path, insists=True), mode="OPTIONAL_MUTUAL")
    assert (simple[WITHOUT].passed, optional[WITHOUT].passed) == (False, False)


async def test_a_certificate_that_nobody_asks_for_is_not_shown(tmp_path: Path) -> None:
    """That it would be accepted is then not known."""
    found = await asked(tmp_path, [], client=as_client(tmp_path, leaf(CLIENTS, "client")))
    assert (found[WITHOUT].passed, found[WITHOUT].seen) == (True, "accepted: it does not ask for one")
    assert (found[WITH].passed, found[WITH].seen) == (None, "it does not ask for one, so yours is not shown")
    assert found["HTTP"].passed is True


async def test_a_server_that_hangs_up_instead_of_refusing_is_understood(tmp_path: Path) -> None:
    """Python's closes the connection without an alert."""
    context = demanding(presenting(tmp_path, leaf(SERVERS)), CLIENTS)
    client = as_client(tmp_path, leaf(CLIENTS, "client"))
    async with serving(context) as address:
        found = await checks(address, trusting(SERVERS), client=client)
    assert (found[WITHOUT].passed, found[WITH].passed, found["HTTP"].passed) == (True, True, True)
    assert found[WITHOUT].seen.startswith("refused: ")


async def test_one_that_asks_and_then_says_nothing_has_let_us_in(tmp_path: Path) -> None:
    """What is no HTTP server may wait for something else."""

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1 << 16):
            pass

    context = demanding(presenting(tmp_path, leaf(SERVERS)), CLIENTS, ssl.CERT_OPTIONAL)
    async with listening(mute, context) as address:
        question = Question(address=address, host=HOST)
        found = await checks(address, trusting(SERVERS), question=question, prober=Prober(deadline=1))
    assert found[WITHOUT].passed is True
    assert found["HTTP"].passed is None


def test_without_a_handshake_nothing_is_known() -> None:
    """One open check, whatever was given."""
    seen = Observation(main=Attempt(end=End.SILENT, reason="nothing came"))
    (check,) = client_checks(Question(address=Address(host="192.0.2.1", port=1), host=HOST), None, seen)
    assert check.passed is None


def test_the_key_is_not_in_the_words_of_a_pair(tmp_path: Path) -> None:
    """Wherever it is printed."""
    pair: Pair = leaf(CLIENTS, "client")
    assert "key=" not in repr(as_client(tmp_path, pair))
