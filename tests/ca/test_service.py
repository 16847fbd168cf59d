"""The CA on the wire: real TLS, real gRPC, the statuses of Istio's CA."""

from __future__ import annotations

import asyncio
import ssl
import stat
import warnings
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from cryptography import x509

from meshtui.ca.refusal import Reason
from meshtui.ca.server import HOST, CaServer
from meshtui.ca.service import STATUS, status_of
from meshtui.errors import StateError
from meshtui.identity.inspect import facts
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.svid import svid_from_response
from meshtui.wire import gateway_authority_pb2 as gateway_pb
from meshtui.wire import istio_ca_pb2 as istio_pb
from meshtui.wire.gateway_authority_pb2_grpc import GatewayAuthorityStub
from meshtui.wire.istio_ca_pb2_grpc import IstioCertificateServiceStub
from tests.ca.setting import Setting
from tests.identity.forge import HTTPBIN

DEADLINE = 10.0
Headers = Sequence[tuple[str, str]]


class Served(Setting):
    """A CA that listens."""

    port: int = 0

    @property
    def socket(self) -> Path:
        """Where gateways are signed for."""
        return self.directory / "run" / "gateways"

    def channel(self, name: str = HOST) -> grpc.aio.Channel:
        """A verified TLS connection to the CA under one of its names."""
        credentials = grpc.ssl_channel_credentials(self.root.pem.encode())
        override = [("grpc.ssl_target_name_override", name)] if name != HOST else []
        return grpc.aio.secure_channel(f"{HOST}:{self.port}", credentials, options=override)

    async def ask(self, request: istio_pb.IstioCertificateRequest, headers: Headers, name: str = HOST) -> Sequence[str]:
        """One call."""
        async with self.channel(name) as channel:
            stub = IstioCertificateServiceStub(channel)
            answer = await stub.CreateCertificate(request, metadata=tuple(headers), timeout=DEADLINE)
            return tuple(answer.cert_chain)

    async def refused(
        self, request: istio_pb.IstioCertificateRequest, headers: Headers
    ) -> tuple[grpc.StatusCode, str | None]:
        """Status and text of a call that fails."""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.ask(request, headers)
        return caught.value.code(), caught.value.details()

    def bearer(self, token: str | None = None) -> Headers:
        """The header of a call."""
        return [("authorization", f"Bearer {self.token() if token is None else token}")]

    async def handshake(self) -> tuple[x509.Certificate, str | None]:
        """The certificate that a new connection presents, unverified, and the version of TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # its clock may be ahead of ours
        async with asyncio.timeout(DEADLINE):
            _, writer = await asyncio.open_connection(HOST, self.port, ssl=context)
        connection = writer.get_extra_info("ssl_object")
        der, version = connection.getpeercert(binary_form=True), connection.version()
        writer.close()
        return x509.load_der_x509_certificate(der), version


@pytest.fixture
async def ca(tmp_path: Path) -> AsyncIterator[Served]:
    setting = Served(tmp_path, now=datetime.now(UTC))
    server = CaServer(setting.authority, setting.clock, renewal_interval=0.02)
    setting.port = await server.start(0, setting.socket)
    yield setting
    await server.stop()


@pytest.mark.parametrize("name", [HOST, "localhost", "istiod.istio-system.svc", "istio-ca.istio-system.svc"])
async def test_an_agent_gets_its_svid(ca: Served, name: str) -> None:
    """Under each of its names the CA is trusted, and answers with leaf and root as Istio's agents want them."""
    request = istio_pb.IstioCertificateRequest(csr=ca.csr(), validity_duration=600)
    request.metadata.update({"CertSigner": ""})
    chain = await ca.ask(request, ca.bearer(), name)
    held = svid_from_response(chain, ca.key, SpiffeId.parse(HTTPBIN), ca.now)
    assert held.facts.not_after == ca.now.replace(microsecond=0) + timedelta(seconds=600)


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"token": ""}, grpc.StatusCode.UNAUTHENTICATED, "request authenticate failure"),
        ({"token": "x.y.z"}, grpc.StatusCode.UNAUTHENTICATED, "request authenticate failure"),
        ({"csr": "junk"}, grpc.StatusCode.INVALID_ARGUMENT, "CSR signing error ("),
        ({"seconds": 2**62}, grpc.StatusCode.INVALID_ARGUMENT, "CSR signing error (requested TTL"),
        ({"CertSigner": "x"}, grpc.StatusCode.INVALID_ARGUMENT, "no signer"),
        ({"CertSigner": 5.0}, grpc.StatusCode.INVALID_ARGUMENT, "CertSigner is not"),
        ({"CertSigner": {"a": "b"}}, grpc.StatusCode.INVALID_ARGUMENT, "CertSigner is not"),
        (
            {"ImpersonatedIdentity": HTTPBIN},
            grpc.StatusCode.UNAUTHENTICATED,
            "request impersonation authentication failure",
        ),
    ],
)
async def test_statuses_are_istios(ca: Served, changes: dict[str, Any], code: grpc.StatusCode, text: str) -> None:
    """Each kind of bad request has the status and text that Istio's CA gives it, and its reason in the ledger."""
    token = changes.pop("token", None)
    request = istio_pb.IstioCertificateRequest(
        csr=changes.pop("csr", ca.csr()), validity_duration=changes.pop("seconds", 0)
    )
    request.metadata.update(changes)
    status, details = await ca.refused(request, ca.bearer(token))
    assert (status, (details or "").startswith(text)) == (code, True)
    assert ca.reader.entries()[0].detail


async def test_unknown_metadata_is_ignored(ca: Served) -> None:
    """Keys that Istio's CA does not read are not read here either."""
    request = istio_pb.IstioCertificateRequest(csr=ca.csr())
    request.metadata.update({"WorkloadName": [1, None, {}], "CertSigner": None})
    assert await ca.ask(request, ca.bearer())


async def test_a_caller_without_a_token_is_unauthenticated(ca: Served) -> None:
    """No header, and two of them, are refused before the request is looked at."""
    for headers in ([], [*ca.bearer(), *ca.bearer()]):
        status, _ = await ca.refused(istio_pb.IstioCertificateRequest(csr="junk"), headers)
        assert status is grpc.StatusCode.UNAUTHENTICATED


async def test_large_requests_are_not_read(ca: Served) -> None:
    """A message or token beyond the bounds costs no parsing, and the CA goes on."""
    status, _ = await ca.refused(istio_pb.IstioCertificateRequest(csr="x" * 100_000), ca.bearer())
    assert status is grpc.StatusCode.RESOURCE_EXHAUSTED
    status, _ = await ca.refused(istio_pb.IstioCertificateRequest(csr=ca.csr()), ca.bearer("x" * 200_000))
    assert status in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAUTHENTICATED)
    assert await ca.ask(istio_pb.IstioCertificateRequest(csr=ca.csr()), ca.bearer())


async def test_many_at_once_are_all_served(ca: Served) -> None:
    """A crowd gets as many certificates, each with a serial of its own."""
    request = istio_pb.IstioCertificateRequest(csr=ca.csr())
    async with ca.channel() as channel:
        stub = IstioCertificateServiceStub(channel)
        calls = [stub.CreateCertificate(request, metadata=tuple(ca.bearer()), timeout=DEADLINE) for _ in range(100)]
        answers = await asyncio.gather(*calls)
    assert len({answer.cert_chain[0] for answer in answers}) == 100


async def test_the_server_certificate_renews_itself(ca: Served) -> None:
    """At half of its life the CA presents a new certificate to new connections, while older ones go on."""
    first, version = await ca.handshake()
    assert version in ("TLSv1.2", "TLSv1.3")
    assert first.not_valid_after_utc == ca.now.replace(microsecond=0) + timedelta(hours=24)
    assert (await ca.handshake())[0] == first
    async with ca.channel() as channel:
        stub = IstioCertificateServiceStub(channel)
        request = istio_pb.IstioCertificateRequest(csr=ca.csr())
        await stub.CreateCertificate(request, metadata=tuple(ca.bearer()), timeout=DEADLINE)
        ca.now += timedelta(hours=12)
        async with asyncio.timeout(DEADLINE):
            while (second := (await ca.handshake())[0]) == first:
                pass
        await stub.CreateCertificate(request, metadata=tuple(ca.bearer()), timeout=DEADLINE)
    assert second.not_valid_after_utc == ca.now.replace(microsecond=0) + timedelta(hours=24)
    entry = ca.reader.latest_for_target("ca-server")
    assert entry is not None
    assert (entry.serial, entry.policy) == (facts(second).serial, "own-server")


async def test_an_old_tls_is_refused(ca: Served) -> None:
    """TLS 1.1 gets no answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.wait_for(asyncio.open_connection(HOST, ca.port, ssl=context), DEADLINE)


def _gateway_request(ca: Served, **changes: Any) -> gateway_pb.SignServerCertificateRequest:
    asked = {"authority": "example.com", "csr": ca.csr(), "hosts": ["httpbin.example.com"], "target": "gateway/a/b"}
    return gateway_pb.SignServerCertificateRequest(**{**asked, **changes})


async def test_the_owner_gets_gateway_certificates(ca: Served) -> None:
    """On its private socket the CA signs for gateways, and says what is wrong with a bad request."""
    assert stat.S_IMODE(ca.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(ca.socket.parent.stat().st_mode) == 0o700
    async with grpc.aio.insecure_channel(f"unix:{ca.socket}") as channel:
        stub = GatewayAuthorityStub(channel)
        answer = await stub.SignServerCertificate(_gateway_request(ca), timeout=DEADLINE)
        assert len(answer.cert_chain) == 2
        assert [entry.policy for entry in ca.reader.entries(target="gateway/a/b")] == ["gateway"]
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.SignServerCertificate(_gateway_request(ca, authority="../x"), timeout=DEADLINE)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "'../x' is not a DNS name" in (caught.value.details() or "")
        (ca.directory / "gateways" / "example.org.pem").write_text("lost its key")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.SignServerCertificate(_gateway_request(ca, authority="example.org"), timeout=DEADLINE)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert "example.org.key is gone" in (caught.value.details() or "")


async def test_gateways_are_not_signed_for_on_the_network(ca: Served) -> None:
    """The service that asks for no token is not offered on the port, whatever one brings."""
    async with ca.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await GatewayAuthorityStub(channel).SignServerCertificate(
                _gateway_request(ca), metadata=tuple(ca.bearer()), timeout=DEADLINE
            )
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_ledger_that_fails_means_unavailable(ca: Served) -> None:
    """When decisions cannot be recorded, agents are told to come back, and nothing else."""
    ca.ledger.close()
    status, details = await ca.refused(istio_pb.IstioCertificateRequest(csr=ca.csr()), ca.bearer())
    assert (status, details) == (grpc.StatusCode.UNAVAILABLE, "the CA cannot record its decisions")


def test_every_reason_has_a_status() -> None:
    """No refusal is without a status; what nobody foresaw says nothing about itself."""
    assert set(STATUS) == set(Reason)
    assert status_of(StateError("/secret/path is full"))[0] is grpc.StatusCode.UNAVAILABLE
    assert status_of(ValueError("secret")) == (grpc.StatusCode.INTERNAL, "the CA cannot sign")


async def test_a_socket_that_cannot_be_is_an_error(tmp_path: Path) -> None:
    """A socket path that is too long is named before anything listens."""
    setting = Setting(tmp_path)
    server = CaServer(setting.authority, setting.clock)
    with pytest.raises(StateError, match="longer than"):
        await server.start(0, tmp_path / ("x" * 120))
    await server.stop()
