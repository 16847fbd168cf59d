"""The CA's process with a hierarchy, issuers and an inventory of somebody else's: wired as its command line says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import grpc.aio
import msgspec
import pytest
from cryptography import x509

from meshtui.ca.ledger_reader import LedgerReader
from meshtui.ca.renewal import Renewal
from meshtui.identity.csr import make_csr
from meshtui.identity.keys import key_pem, new_key
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.svid import svid_from_response
from meshtui.wire.istio_ca_pb2 import IstioCertificateRequest
from meshtui.wire.istio_ca_pb2_grpc import IstioCertificateServiceStub
from tests.ca.hierarchy import Hierarchy
from tests.ca.hostile import INVENTORY, OUTSIDE, OUTSIDE_KEY, PODS, outside_jwks
from tests.ca.test_main import DEADLINE, Home, Running
from tests.identity.forge import HTTPBIN, ca


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    found = Home(tmp_path)
    pods = (msgspec.structs.replace(PODS[0], uid="uid-1"),)
    document = type(INVENTORY)(service_accounts=INVENTORY.service_accounts, pods=pods)
    (tmp_path / "inventory.json").write_bytes(msgspec.json.encode(document))
    yield found
    await found.stop()


async def test_a_hierarchy_of_ones_own_signs_everything(home: Home) -> None:
    """With --ca-dir, leaves and the CA's own server lead over the intermediate to the roots that it names."""
    hierarchy = Hierarchy()
    directory = hierarchy.write(home.directory / "cacerts", chain=[*hierarchy.chain, hierarchy.root.pem])
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    inventory = home.directory / "inventory.json"
    running = await home.start(more=["--ca-dir", directory, "--mtls-port", 0, "--inventory", inventory])
    assert "39001" in running.first["notice"]
    assert running.root_pem() == hierarchy.root.pem.encode()
    async with home.channel(running) as channel:  # verified against the root alone: the server sends its intermediate
        chain = await home.issue(channel)
    assert list(chain[1:]) == [hierarchy.signer.pem, hierarchy.root.pem]
    svid_from_response(chain, home.key, SpiffeId.parse(HTTPBIN), datetime.now(UTC))
    renewed = await _renewed(home, running, "".join(chain[:-1]))
    assert [len(renewed), renewed[1:]] == [3, tuple(chain[1:])]
    assert before == {path.name: path.read_bytes() for path in directory.iterdir()}
    assert not list(home.ca.glob("root-*"))
    running.process.terminate()
    assert await running.ended() == 0
    again = await home.start(more=["--ca-dir", directory])
    assert again.first["ready"]


async def test_a_bad_hierarchy_does_not_start(home: Home) -> None:
    """What is wrong with the files is the process's one line."""
    end = datetime.now(UTC) - timedelta(hours=1)
    expired = Hierarchy(signing=ca("signing", Hierarchy().root, start=end - timedelta(days=1), end=end))
    running = await home.start(more=["--ca-dir", expired.write(home.directory / "cacerts")])
    assert "expired at" in running.first["error"]
    assert await running.ended() == 5
    assert await running.errors() == ""


async def test_all_ways_in_are_open(home: Home) -> None:
    """Token, outside issuer and certificate each get a leaf, and what needs the inventory is refused without it."""
    (home.directory / "keys.json").write_bytes(outside_jwks())
    rules = home.directory / "oidc.json"
    rules.write_text(json.dumps([{"issuer": OUTSIDE, "audiences": ["istio-ca"], "jwks_file": "keys.json"}]))
    inventory = home.directory / "inventory.json"
    options: list[str | Path | int] = [
        "--inventory",
        inventory,
        "--oidc",
        rules,
        "--mtls-port",
        0,
        "--token-every",
        3600,
    ]
    running = await home.start(more=[*options, "--trusted-node-accounts", "istio-system/ztunnel"])
    async with home.channel(running) as channel:
        first = await home.issue(channel)
        outside = grpc.aio.Metadata(("authorization", f"Bearer {_outside_token()}"))
        request = IstioCertificateRequest(csr=make_csr(new_key()))
        stub = IstioCertificateServiceStub(channel)
        answer = await stub.CreateCertificate(request, metadata=tuple(outside), timeout=DEADLINE)
        assert len(answer.cert_chain) == 2
    renewed = await _renewed(home, running, first[0])
    latest = LedgerReader(home.ca / "ledger.db").latest_for_pod("uid-1")
    assert latest is not None
    assert latest.pem == renewed[0]
    renewal = Renewal.parse(latest.authenticator)
    assert renewal is not None
    assert int(renewal.serial, 16) == x509.load_pem_x509_certificate(first[0].encode()).serial_number


async def _renewed(home: Home, running: Running, chain: str) -> tuple[str, ...]:
    """By certificate, without a token."""
    credentials = grpc.ssl_channel_credentials(running.root_pem(), key_pem(home.key), chain.encode())
    request = IstioCertificateRequest(csr=make_csr(new_key()))
    async with grpc.aio.secure_channel(f"127.0.0.1:{running.first['mtls_port']}", credentials) as channel:
        answer = await IstioCertificateServiceStub(channel).CreateCertificate(request, timeout=DEADLINE)
    return tuple(answer.cert_chain)


def _outside_token() -> str:
    from joserfc import jwt  # noqa: PLC0415

    claims = {
        "iss": OUTSIDE,
        "aud": "istio-ca",
        "sub": "system:serviceaccount:prod:sleep",
        "exp": int(datetime.now(UTC).timestamp()) + 60,
    }
    return jwt.encode({"alg": "RS256", "kid": "outside"}, claims, OUTSIDE_KEY)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--mtls-port", 0], "--mtls-port needs to know what exists"),
        (["--trusted-node-accounts", "a/b"], "--trusted-node-accounts needs to know"),
        (["--trusted-node-accounts", "a", "--inventory", "x"], "'a' is not a service account"),
        (["--oidc", "/nowhere"], "/nowhere cannot be read"),
        (["--ca-dir", "/nowhere"], "/nowhere is not a directory"),
        (["--workload-ttl", 0], "out of range"),
        (["--token-every", 0], "out of range"),
    ],
)
async def test_wrong_options_are_one_line(home: Home, options: list[str], says: str) -> None:
    """An option that cannot work stops the start with its reason."""
    running = await home.start(more=options)
    assert says in running.first["error"]
    assert running.first["fix"]
    assert await running.ended() == 5
