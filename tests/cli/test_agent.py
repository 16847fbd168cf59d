"""`meshtui agent` as a process of its own, against a real CA process over real TLS."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import grpc
import grpc.aio
import msgspec
import pytest
from envoy.service.secret.v3 import sds_pb2_grpc

from meshtui.ca.ledger import LedgerReader
from meshtui.identity.inspect import facts, load_certificates
from meshtui.identity.keys import key_pem, new_key
from tests.agent.alone import Alone, options, write_token
from tests.agent.test_sds_service import answer, ask
from tests.ca.hostile import INVENTORY, PODS
from tests.ca.test_main import Home, Running
from tests.conftest import meshtui
from tests.identity.forge import HTTPBIN

Start = Callable[..., Awaitable[Alone]]


@pytest.fixture
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Home]:
    found = Home(tmp_path_factory.mktemp("h"))
    pods = (msgspec.structs.replace(PODS[0], uid="uid-1"),)
    document = type(INVENTORY)(service_accounts=INVENTORY.service_accounts, pods=pods)
    (found.directory / "inventory.json").write_bytes(msgspec.json.encode(document))
    yield found
    await found.stop()


@pytest.fixture
async def ca(home: Home) -> Running:
    return await home.start(more=["--mtls-port", 0, "--inventory", home.directory / "inventory.json"])


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    started: list[Alone] = []

    async def begin(*said: str | Path, environment: dict[str, str] | None = None) -> Alone:
        started.append(await Alone.start(*said, environment=environment))
        return started[-1]

    yield begin
    for each in started:
        await each.stop()


async def get(address: str, path: str) -> tuple[int, str]:
    """Status and body of a page."""

    def ask() -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    return await asyncio.to_thread(ask)


def openssl(*arguments: str | Path) -> str:
    """What openssl prints; fails when openssl does."""
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def authenticators(home: Home) -> list[str]:
    """By what each certificate was got, newest first: `token`, or what a renewal was vouched for by."""
    entries = LedgerReader(home.ca / "ledger.db").entries(pod_uid="uid-1", limit=100)
    return [entry.authenticator for entry in entries]


async def test_one_line_then_files_metrics_and_a_clean_end(home: Home, ca: Running, start: Start) -> None:
    """The first line is the contract; SIGTERM ends it with 0 and takes the socket away."""
    out = home.directory / "out"
    agent = await start(*options(home, ca, "--output-certs", out, "--metrics-port", "0", "--key", "RSA 2048"))
    first = await agent.ready()
    assert first == {
        "ready": True,
        "sds_socket": str(home.directory / "sds" / "s"),
        "identity": HTTPBIN,
        "serial": first["serial"],
        "not_after": first["not_after"],
        "metrics": first["metrics"],
    }
    assert (home.directory / "sds").stat().st_mode & 0o777 == 0o700
    assert (home.directory / "sds" / "s").stat().st_mode & 0o777 == 0o600
    await agent.says("Wrote the certificate")
    openssl("verify", "-CAfile", out / "root-cert.pem", "-untrusted", out / "cert-chain.pem", out / "cert-chain.pem")
    assert openssl("x509", "-in", out / "cert-chain.pem", "-pubkey", "-noout") == openssl(
        "pkey", "-in", out / "key.pem", "-pubout"
    )
    assert first["serial"] in openssl("x509", "-in", out / "cert-chain.pem", "-noout", "-serial").lower()
    assert HTTPBIN in openssl("x509", "-in", out / "cert-chain.pem", "-noout", "-ext", "subjectAltName")
    assert facts(load_certificates((out / "cert-chain.pem").read_bytes())[0]).key == "RSA 2048"
    status, numbers = await get(first["metrics"], "/stats/prometheus")
    assert status == 200
    assert 'istio_agent_num_outgoing_requests{request_type="csr"} 1.0' in numbers
    assert 'istio_agent_cert_expiry_seconds{resource_name="default"} 86' in numbers
    status, healthy = await get(first["metrics"], "/healthz/ready")
    assert (status, json.loads(healthy)["reason"]) == (200, "")
    agent.process.send_signal(signal.SIGTERM)
    assert await agent.ended() == 0
    assert not (home.directory / "sds" / "s").exists()
    everything = "".join(agent.said)
    assert "Traceback" not in everything
    assert (home.directory / "token").read_text().strip() not in everything
    assert "PRIVATE" not in everything


async def test_ctrl_c_before_there_is_a_ca(home: Home, ca: Running, start: Start) -> None:
    """A CA that is not there is no reason to end; SIGINT is."""
    ca.process.kill()
    agent = await start(*options(home, ca, "--metrics-port", "0"))
    assert "there is no certificate yet" in await agent.says("does not answer")
    agent.process.send_signal(signal.SIGINT)
    assert await agent.ended() == 0
    assert not (home.directory / "sds" / "s").exists()


async def test_a_ca_that_comes_and_goes(home: Home, ca: Running, start: Start) -> None:
    """Down at the start: 503 with the reason, and ready by itself when it is there. Gone later: what is held stays."""
    port = ca.first["port"]
    ca.process.terminate()
    await ca.ended()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        metrics = listener.getsockname()[1]
    agent = await start(*options(home, ca, "--metrics-port", str(metrics), "--ttl", "20s", "--rotate-at", "0.1"))
    await agent.says("does not answer")
    status, body = await get(f"127.0.0.1:{metrics}", "/healthz/ready")
    assert status == 503
    assert "does not answer" in json.loads(body)["reason"]
    again = await home.start(port=port)
    await agent.ready()
    mark = len(agent.said)
    again.process.kill()
    assert "is good for" in await agent.says("does not answer", mark)
    status, body = await get(f"127.0.0.1:{metrics}", "/healthz/ready")
    assert status == 200
    assert "does not answer" in json.loads(body)["reason"]
    assert 0 < json.loads(body)["seconds_left"] < 20
    _, numbers = await get(f"127.0.0.1:{metrics}", "/metrics")
    assert 'istio_agent_num_outgoing_retries{request_type="csr"} 0.0' not in numbers
    await again.ended()
    mark = len(agent.said)
    await home.start(port=port)
    await agent.holds(mark)


async def test_the_token_is_read_for_every_call(home: Home, ca: Running, start: Start) -> None:
    """Missing: said and tried again, never the old one. There again: taken."""
    said = options(home, ca, "--ttl", "20s", "--rotate-at", "0.1")
    token = home.directory / "token"
    token.unlink()
    agent = await start(*said)
    await agent.says(f"The token file {token} cannot be read: No such file or directory.")
    write_token(home)
    await agent.ready()
    mark = len(agent.said)
    token.write_text("\n")
    await agent.says(f"The token file {token} is empty.", mark)
    token.write_text("not.a.token")
    await agent.says("refused (UNAUTHENTICATED)", mark)
    write_token(home)
    await agent.holds(len(agent.said))


async def test_the_root_is_read_for_every_call(home: Home, ca: Running, start: Start) -> None:
    """A new root on disk is trusted at the next call, and an old one no longer."""
    root = home.directory / "root.pem"
    right = ca.root_pem()
    said = [*options(home, ca, "--ttl", "20s", "--rotate-at", "0.1")]
    said[said.index("--ca-root") + 1] = root
    agent = await start(*said)
    await agent.says(f"The CA root {root} cannot be read")
    root.write_bytes(openssl_root(home.directory))
    await agent.says("is not who it should be")
    root.write_bytes(right)
    await agent.ready()
    mark = len(agent.said)
    root.write_bytes(b"garbage")
    await agent.says(f"The CA root {root} is unusable", mark)


def openssl_root(directory: Path) -> bytes:
    """Somebody else's CA."""
    path = directory / "stranger.pem"
    openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=stranger"),
        *("-keyout", directory / "stranger.key", "-out", path),
    )
    return path.read_bytes()


async def test_the_ca_may_have_another_name(home: Home, ca: Running, start: Start) -> None:
    """Only the name that was asked for is taken."""
    agent = await start(*options(home, ca), environment={"ISTIOD_SAN": "elsewhere.example.com"})
    await agent.says("is not who it should be")
    agent.process.terminate()
    await agent.ended()
    agent = await start(*options(home, ca, "--ca-server-name", "istiod.istio-system.svc"))
    await agent.ready()


async def test_renewal_by_certificate(home: Home, ca: Running, start: Start) -> None:
    """With --ca-mtls the token is shown once; without its pod, the certificate is refused and the token tried."""
    mtls = f"127.0.0.1:{ca.first['mtls_port']}"
    agent = await start(*options(home, ca, "--ca-mtls", mtls, "--ttl", "20s", "--rotate-at", "0.1"))
    await agent.ready()
    (home.directory / "token").unlink()
    await agent.holds(2)
    assert authenticators(home)[-1] == "token"
    assert "token" not in authenticators(home)[:-1]
    mark = len(agent.said)
    ca.process.kill()
    await ca.ended()
    line = await agent.says("With the certificate in service", mark)
    assert "Trying the token" in line
    await agent.says("The token file", mark)


async def test_a_refused_certificate_falls_back_to_the_token(home: Home, ca: Running, start: Start) -> None:
    """Where the CA's other port takes no certificates, the token gets the next one."""
    plain = f"127.0.0.1:{ca.first['port']}"  # takes tokens, and no certificates
    agent = await start(*options(home, ca, "--ca-mtls", plain, "--ttl", "20s", "--rotate-at", "0.1"))
    await agent.ready()
    line = await agent.says("With the certificate in service")
    assert "refused (UNAUTHENTICATED)" in line
    await agent.holds(agent.said.index(line))
    assert set(authenticators(home)) == {"token"}


async def test_a_provisioned_certificate_needs_no_token(home: Home, ca: Running, start: Start) -> None:
    """What one agent wrote with --output-certs begins the next one, as istio-agent does it on a virtual machine."""
    certs = home.directory / "certs"
    first = await start(*options(home, ca, "--output-certs", certs))
    await first.says("Wrote the certificate")
    first.process.terminate()
    await first.ended()
    said = [str(each) for each in options(home, ca, "--ca-mtls", f"127.0.0.1:{ca.first['mtls_port']}")]
    del said[said.index("--token-file") : said.index("--token-file") + 2]
    del said[said.index("--ca-root") : said.index("--ca-root") + 2]
    second = await start(*said, environment={"PROV_CERT": str(certs), "OUTPUT_CERTS": str(certs)})
    await second.ready()
    await second.says("Wrote the certificate")
    assert authenticators(home)[0] != "token"
    second.process.terminate()
    await second.ended()
    (certs / "key.pem").write_bytes(key_pem(new_key()))
    third = await start(*said, "--provisioned-certs", certs)
    await third.says("The provisioned certificate in")


async def test_a_live_socket_is_not_stolen(home: Home, ca: Running, start: Start) -> None:
    """Of two agents for one socket, started together, one serves and the other says so and ends with 5."""
    agents = [await start(*options(home, ca)) for _ in range(2)]
    endings = [asyncio.create_task(agent.process.wait()) for agent in agents]
    async with asyncio.timeout(20):
        done, running = await asyncio.wait(endings, return_when=asyncio.FIRST_COMPLETED)
    assert [task.result() for task in done] == [5]
    loser = agents[endings.index(done.pop())]
    await loser.ended()
    assert "Another agent serves" in "".join(loser.said)
    winner = agents[endings.index(running.pop())]
    await winner.ready()
    assert (home.directory / "sds" / "s").is_socket()
    winner.process.kill()
    await winner.ended()
    assert (home.directory / "sds" / "s").is_socket()
    await (await start(*options(home, ca))).ready()


async def test_an_output_directory_in_the_way_stops_nothing(home: Home, ca: Running, start: Start) -> None:
    """SDS serves, the health says what is wrong, and the files are there when the way is free."""
    out = home.directory / "out"
    out.write_text("in the way")
    agent = await start(*options(home, ca, "--output-certs", out, "--metrics-port", "0"))
    first = await agent.ready()
    await agent.says("cannot be written")
    status, body = await get(first["metrics"], "/healthz/ready")
    assert (status, str(out) in json.loads(body)["reason"]) == (200, True)
    out.unlink()
    await agent.says("Wrote the certificate")


async def test_what_a_proxy_refuses_is_shown_in_its_words(home: Home, ca: Running, start: Start) -> None:
    """In the log, inert, in the health and in the count; the agent goes on."""
    agent = await start(*options(home, ca, "--metrics-port", "0"))
    first = await agent.ready()
    async with grpc.aio.insecure_channel(f"unix:{first['sds_socket']}") as channel:
        stream = sds_pb2_grpc.SecretDiscoveryServiceStub(channel).StreamSecrets()
        await stream.write(ask("default", "ROOTCA"))
        response, secrets = await answer(stream)
        assert set(secrets) == {"default", "ROOTCA"}
        await stream.write(ask("default", "ROOTCA", nonce=response.nonce, error="\x1b[31mKEY_VALUES_MISMATCH"))
        line = await agent.says("KEY_VALUES_MISMATCH")
        assert "\\x1b[31m" in line
        assert "\x1b" not in line
        _, body = await get(first["metrics"], "/healthz/ready")
        assert "KEY_VALUES_MISMATCH" in json.loads(body)["reason"]
        _, numbers = await get(first["metrics"], "/metrics")
        assert 'istio_agent_pilot_total_xds_rejects{type="sds"} 1.0' in numbers


async def test_a_reader_who_left_ends_nothing(home: Home, ca: Running, start: Start) -> None:
    """Standard output may be closed."""
    agent = await start(*options(home, ca))
    assert agent.process.stdout is not None
    agent.process.stdout._transport.close()  # type: ignore[attr-defined]
    await agent.holds()
    agent.process.terminate()
    assert await agent.ended() == 0


@pytest.mark.parametrize(
    ("more", "status", "says"),
    [
        ([], 2, "--ca is missing."),
        (["--ca", "nowhere"], 2, "--ca: 'nowhere' is not an address."),
        (["--ca", "h:1", "--token-file", "t", "--ca-root", "r", "--identity", HTTPBIN], 2, "--sds-socket is missing."),
        (["--no-such-option"], 2, "No such option"),
    ],
)
def test_wrong_usage_is_a_sentence(more: list[str], status: int, says: str) -> None:
    """Exit 2, one line, and nothing on standard output."""
    result = meshtui("agent", *more)
    assert (result.returncode, result.stdout) == (status, "")
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_a_taken_metrics_port_is_said(tmp_path: Path) -> None:
    """Exit 5: this machine is in the way."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        said = ["--ca", "h:1", "--token-file", "t", "--ca-root", "r", "--identity", HTTPBIN, "--metrics-port", port]
        result = meshtui("agent", *said, "--sds-socket", str(tmp_path / "s"))
    assert result.returncode == 5
    assert f"Nobody can listen on 127.0.0.1:{port}" in result.stderr
