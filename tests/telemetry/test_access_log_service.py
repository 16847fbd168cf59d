"""Calls as real Envoys tell them: the right identity, policy, TLS version and outcome, once for each call."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
import pytest_asyncio
from envoy.data.accesslog.v3 import accesslog_pb2
from envoy.service.accesslog.v3 import als_pb2, als_pb2_grpc

from meshtui.errors import UnreachableError
from meshtui.manifest.model import ObjectKey
from meshtui.mesh.traffic import Call, Outcome
from meshtui.probe.contexts import UNKNOWN_ROOTS, Contexts
from meshtui.probe.plaintext import takes_plaintext
from meshtui.probe.prober import Prober
from meshtui.probe.question import Question
from meshtui.probe.tls import Address, seen
from meshtui.telemetry.access_log_service import AccessLogService, with_access_logs
from meshtui.telemetry.calls import read_request
from meshtui.telemetry.directory import Directory
from meshtui.telemetry.own_connections import OwnConnections
from meshtui.wire.streams import DiscoveryServer, Distributor
from meshtui.xds import naming
from meshtui.xds.access_logs import Log
from tests.policy.tokens import Issuer
from tests.telemetry.told import Heard, ToldMesh
from tests.xds.live import DEADLINE, GATEWAY, HTTPBIN, SLEEP, Reply, Unix, ask, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

SLEEP_ID = "spiffe://cluster.local/ns/prod/sa/sleep"
HTTPBIN_ID = "spiffe://cluster.local/ns/prod/sa/httpbin"
GATEWAY_ID = "spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway"
POLICIES = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: who-may, namespace: prod}
spec:
  selector: {matchLabels: {app: httpbin}}
  action: ALLOW
  rules:
    - from: [{source: {principals: [cluster.local/ns/prod/sa/sleep]}}]
      to: [{operation: {paths: [/get, /get/*, /status/500]}}]
    - from: [{source: {principals: [cluster.local/ns/istio-system/sa/istio-ingressgateway]}}]
    - from: [{source: {notPrincipals: ["*"]}}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: not-that, namespace: prod}
spec:
  selector: {matchLabels: {app: httpbin}}
  action: DENY
  rules: [{to: [{operation: {paths: [/get/denied]}}]}]
"""
PERMISSIVE = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: prod}
spec: {mtls: {mode: PERMISSIVE}}
"""
OTHER_NAME = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: httpbin, namespace: prod}
spec:
  host: httpbin.prod.svc.cluster.local
  trafficPolicy: {tls: {mode: ISTIO_MUTUAL, subjectAltNames: ["spiffe://cluster.local/ns/prod/sa/nobody"]}}
"""
TOKENS = """
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens, namespace: prod}
spec:
  selector: {matchLabels: {app: httpbin}}
  jwtRules:
    - issuer: https://issuer.example.com
      jwks: '%s'
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ToldMesh]:
    """The demo mesh with policies in force, when all its proxies are ready."""
    live = ToldMesh(tmp_path_factory.mktemp("t"))
    try:
        await live.start()
        live.apply(POLICIES)
        await until(lambda: answers(live, "/status/418", 403))
        yield live
    finally:
        await live.stop()


async def outbound(mesh: ToldMesh, path: str, host: str = "httpbin.prod", **headers: str) -> Reply:
    client = Unix(mesh.path("out", SLEEP), host)
    if not headers:
        return await ask(client, path)

    def exchange() -> Reply:
        client.request("GET", path, headers=headers)
        answer = client.getresponse()
        reply = Reply(answer.status, {}, answer.read())
        client.close()
        return reply

    return await asyncio.to_thread(exchange)


async def answers(mesh: ToldMesh, path: str, status: int) -> bool:
    return (await outbound(mesh, path)).status == status


def remove(mesh: ToldMesh, kind: str, name: str) -> None:
    mesh.catalog = mesh.catalog.remove(ObjectKey(kind, "prod", name))
    mesh.publish()


def facts(call: Call) -> dict[str, Any]:
    """What a call says of the two ends and the decision."""
    names = ("source", "source_target", "destination", "destination_identity", "policy", "outcome", "tls", "status")
    return {name: getattr(call, name) for name in names}


async def test_allowed_call_is_told_once_by_the_destination(mesh: ToldMesh) -> None:
    """With the name that the caller proved, the policy that let it in, and nothing of the query."""
    assert (await outbound(mesh, "/get/allowed?token=secret")).status == 404
    call = await mesh.heard.one(lambda call: call.path == "/get/allowed")
    assert facts(call) == {
        "source": SLEEP_ID,
        "source_target": SLEEP,
        "destination": HTTPBIN,
        "destination_identity": HTTPBIN_ID,
        "policy": "AuthorizationPolicy prod/who-may",
        "outcome": Outcome.OK,
        "tls": "TLSv1.3",
        "status": 404,
    }
    assert call.reporter == "destination"
    assert (call.method, call.host) == ("GET", "httpbin.prod")
    assert "secret" not in str(call)
    # by the time that a later call of the same source is told, so is all of this one
    await outbound(mesh, "/x", host="later.example.com")
    await mesh.heard.one(lambda call: call.host == "later.example.com")
    assert len(mesh.heard.of("/get/allowed")) == 1


async def test_denied_call_names_the_policy(mesh: ToldMesh) -> None:
    """A DENY policy by its name; where no ALLOW policy fits, those that there are, and the details say so."""
    assert (await outbound(mesh, "/get/denied")).status == 403
    call = await mesh.heard.one(lambda call: call.path == "/get/denied")
    assert facts(call) | {"policy": call.policy} == {
        "source": SLEEP_ID,
        "source_target": SLEEP,
        "destination": HTTPBIN,
        "destination_identity": HTTPBIN_ID,
        "policy": "AuthorizationPolicy prod/not-that",
        "outcome": Outcome.DENIED,
        "tls": "TLSv1.3",
        "status": 403,
    }
    assert (await outbound(mesh, "/headers")).status == 403
    call = await mesh.heard.one(lambda call: call.path == "/headers")
    assert (call.outcome, call.policy) == (Outcome.DENIED, "AuthorizationPolicy prod/who-may")
    assert "matched_policy[none]" in call.details


async def test_error_of_the_workload_is_no_denial(mesh: ToldMesh) -> None:
    """5xx of the destination's own is an error."""
    assert (await outbound(mesh, "/status/500")).status == 500
    call = await mesh.heard.one(lambda call: call.path == "/status/500")
    assert (call.outcome, call.status) == (Outcome.ERROR, 500)


async def test_gateway_is_the_destination_of_its_clients_and_the_source_of_what_follows(mesh: ToldMesh) -> None:
    """Two hops, each told by who was called."""
    assert (await ask(mesh.client(), "/status/207")).status == 207
    first = await mesh.heard.one(lambda call: call.path == "/status/207" and call.destination == GATEWAY)
    second = await mesh.heard.one(lambda call: call.path == "/status/207" and call.destination == HTTPBIN)
    assert (first.source, first.destination_identity, first.tls) == ("", GATEWAY_ID, "TLSv1.3")
    assert (second.source, second.source_target, second.tls) == (GATEWAY_ID, GATEWAY, "TLSv1.3")
    assert second.policy == "AuthorizationPolicy prod/who-may"
    assert len(mesh.heard.of("/status/207")) == 2


async def test_call_to_nobody_is_told_by_the_source(mesh: ToldMesh) -> None:
    """No destination saw it; the host that was asked for stands in its place."""
    assert (await outbound(mesh, "/nothing", host="nobody.prod")).status == 502
    call = await mesh.heard.one(lambda call: call.path == "/nothing")
    assert (call.reporter, call.source, call.destination) == ("source", SLEEP_ID, "nobody.prod")
    assert (call.outcome, call.destination_identity) == (Outcome.FAILED, "")


async def test_plaintext_is_denied_where_it_must_not_be(mesh: ToldMesh) -> None:
    """It never comes to a request; the PeerAuthentication that says so is named."""
    with pytest.raises(OSError, match=r"."):
        await ask(Unix(mesh.path("in", HTTPBIN), "httpbin.prod"), "/get")
    call = await mesh.heard.one(lambda call: call.destination == HTTPBIN and not call.source and not call.method)
    assert (call.outcome, call.tls, call.status) == (Outcome.DENIED, "", 0)
    assert call.policy == "PeerAuthentication istio-system/default"


async def test_plaintext_that_is_let_in_has_no_name(mesh: ToldMesh) -> None:
    """In PERMISSIVE; and when the mode turns STRICT, by which policy it is refused."""
    mesh.apply(PERMISSIVE)

    async def lets_in(path: str) -> bool:
        try:
            return (await ask(Unix(mesh.path("in", HTTPBIN), "httpbin.prod"), path)).status == 200
        except OSError:
            return False

    try:
        await until(lambda: lets_in("/get?in"))
        call = await mesh.heard.one(lambda call: call.path == "/get" and not call.source)
        assert (call.outcome, call.tls, call.policy) == (Outcome.OK, "", "AuthorizationPolicy prod/who-may")
        before = len(mesh.heard.calls)
        mesh.apply(PERMISSIVE.replace("PERMISSIVE", "STRICT"))

        async def is_refused() -> bool:
            return not await lets_in("/get?out")

        await until(is_refused)
        told = await mesh.heard.one(lambda call: call in mesh.heard.calls[before:] and call.outcome is Outcome.DENIED)
        assert told.policy == "PeerAuthentication prod/default"
        assert (told.source, told.destination, told.tls) == ("", HTTPBIN, "")
    finally:
        remove(mesh, "PeerAuthentication", "default")


async def test_name_that_is_not_accepted_is_told_by_the_source(mesh: ToldMesh) -> None:
    """Secure naming: the source turns away who answers, and says as whom it came and whom it had meant."""
    mesh.apply(OTHER_NAME)
    try:
        await until(lambda: answers(mesh, "/get/name", 503))
        call = await mesh.heard.one(lambda call: call.path == "/get/name" and call.outcome is Outcome.FAILED)
        assert facts(call) | {"tls": ""} == {
            "source": SLEEP_ID,
            "source_target": SLEEP,
            "destination": HTTPBIN,
            "destination_identity": HTTPBIN_ID,
            "policy": "",
            "outcome": Outcome.FAILED,
            "tls": "",
            "status": 503,
        }
        assert call.reporter == "source"
        assert "CERTIFICATE_VERIFY_FAILED" in call.details
    finally:
        remove(mesh, "DestinationRule", "httpbin")
        await until(lambda: answers(mesh, "/get", 200))


async def test_bad_token_names_the_request_authentication(mesh: ToldMesh) -> None:
    """401 of the proxy, by the only policy that looks at tokens there."""
    mesh.apply(TOKENS % Issuer().jwks())

    async def refuses() -> bool:
        return (await outbound(mesh, "/get/token", Authorization="Bearer a.b.c")).status == 401

    try:
        await until(refuses)
        call = await mesh.heard.one(lambda call: call.path == "/get/token" and call.status == 401)
        assert (call.outcome, call.policy) == (Outcome.DENIED, "RequestAuthentication prod/tokens")
        assert "a.b.c" not in str(call)
    finally:
        remove(mesh, "RequestAuthentication", "tokens")


async def test_nobody_who_reads_holds_up_no_request(mesh: ToldMesh) -> None:
    """Envoy drops what is not read, and tells again when it is. Long paths fill what it keeps for a reader at once."""

    async def dropped() -> int:
        answer = await mesh.proxies[HTTPBIN].process.admin._get("/stats?filter=access_log.logs_dropped")
        return int(answer.body.decode().rpartition(" ")[2])

    assert await dropped() == 0
    mesh.reads.clear()
    path = "/get/" + "x" * 7000
    connections = [Unix(mesh.path("out", SLEEP), "httpbin.prod") for _ in range(8)]
    async with asyncio.timeout(3 * DEADLINE):
        while not await dropped():
            replies = await asyncio.gather(*(ask(each, path, keep=True) for each in connections))
            assert {404} == {reply.status for reply in replies}
    for connection in connections:
        connection.close()
    mesh.reads.set()

    async def is_told_again() -> bool:
        assert (await outbound(mesh, "/get/again")).status == 404
        return bool(mesh.heard.of("/get/again"))

    await until(is_told_again)


def handshake(mesh: ToldMesh, certificate: Path | None) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if certificate is not None:
        context.load_cert_chain(certificate)
    with socket.socket(socket.AF_UNIX) as plain:
        plain.settimeout(DEADLINE)
        plain.connect(str(mesh.path("in", HTTPBIN)))
        with context.wrap_socket(plain) as wrapped:
            wrapped.sendall(b"GET /get HTTP/1.1\r\nhost: httpbin\r\n\r\n")
            wrapped.recv(100)


async def test_caller_without_a_good_certificate_is_told(mesh: ToldMesh) -> None:
    """None at all is denied by the mode; one of another trust domain fails, and its name is not taken for proven."""
    for certificate, words, outcome in (
        (None, "no certificate", Outcome.DENIED),
        (mesh.svid_file("sleep", "elsewhere.example.com")[1], "TLS failed", Outcome.FAILED),
    ):
        with pytest.raises(OSError, match=r"."):
            await asyncio.to_thread(handshake, mesh, certificate)
        call = await mesh.heard.one(lambda call, words=words: words in call.details)  # type: ignore[misc]
        assert (call.outcome, call.source, call.tls) == (outcome, "", "TLSv1.3")


async def test_plaintext_that_is_let_in_is_not_told_as_refused(mesh: ToldMesh) -> None:
    """Envoy notes of it that it is no TLS, as of what is refused; told is what the policies said of its request."""
    mesh.apply(PERMISSIVE)

    async def is_let_in() -> bool:
        with suppress(OSError):
            return (await ask(Unix(mesh.path("in", HTTPBIN), "httpbin.prod"), "/get?let-in")).status == 200
        return False

    async def turned_away() -> int:
        """Where in all that was heard a connection stands that was turned away just now."""
        before = len(mesh.heard.calls)
        with pytest.raises(OSError, match=r"."):
            await asyncio.to_thread(handshake, mesh, None)
        told = await mesh.heard.one(
            lambda call: "no certificate" in call.details and any(call is each for each in mesh.heard.calls[before:])
        )
        return next(index for index, call in enumerate(mesh.heard.calls) if call is told)

    try:
        await until(is_let_in)
        # what came of the connections before has been told when this has
        start = await turned_away()
        assert await is_let_in()
        end = await turned_away()
        assert [call for call in mesh.heard.calls[start + 1 : end] if not call.method] == []
    finally:
        remove(mesh, "PeerAuthentication", "default")


async def test_tls_where_only_plaintext_is_taken_is_told_as_that(mesh: ToldMesh) -> None:
    """A workload with DISABLE has no chain for it."""
    mesh.apply(PERMISSIVE.replace("PERMISSIVE", "DISABLE"))

    async def is_reset() -> bool:
        try:
            await asyncio.to_thread(handshake, mesh, None)
        except OSError:
            return any("it spoke TLS where" in call.details for call in mesh.heard.calls)
        return False

    try:
        await until(is_reset)
        call = await mesh.heard.one(lambda call: "it spoke TLS where" in call.details)
        assert (call.outcome, call.policy, call.tls) == (Outcome.DENIED, "PeerAuthentication prod/default", "")
    finally:
        remove(mesh, "PeerAuthentication", "default")


async def test_what_the_mesh_asks_itself_is_no_call(mesh: ToldMesh) -> None:
    """Handshakes and plaintext at a sidecar, requests at a gateway; the same of anybody else is told."""
    inbound, own = Address(path=str(mesh.path("in", HTTPBIN))), mesh.own
    edge = Address("127.0.0.1", mesh.ports[8443])
    question = Question(address=edge, host="httpbin.example.com", speaks_http=True, path="/own")

    async def takes_tls() -> bool:
        with suppress(UnreachableError):
            return bool(await seen(inbound, announcer=own))
        return False

    await until(takes_tls)
    before = len(mesh.heard.calls)
    assert not await takes_plaintext(inbound, own)
    observed = await Prober(announcer=own).observe(question, Contexts(UNKNOWN_ROOTS))
    assert observed.main.answer is not None
    # what came before these has been told when they have
    await seen(inbound)
    assert not await takes_plaintext(inbound)
    await Prober().observe(replace(question, path="/stranger"), Contexts(UNKNOWN_ROOTS))
    for words in ("no certificate", "spoke no TLS"):
        await mesh.heard.one(lambda call, words=words: words in call.details and call in mesh.heard.calls[before:])  # type: ignore[misc]
    await mesh.heard.one(lambda call: call.path == "/stranger" and call.destination == GATEWAY)
    told = mesh.heard.calls[before:]
    assert len([call for call in told if "no certificate" in call.details or "spoke no TLS" in call.details]) == 2
    # what the gateway then calls is the gateway's call
    assert {call.destination for call in mesh.heard.of("/own")} <= {HTTPBIN}


@pytest.fixture
def heard() -> Heard:
    """What is heard over one socket."""
    return Heard()


@pytest_asyncio.fixture(loop_scope="module")
async def served(tmp_path: Path, heard: Heard) -> AsyncIterator[grpc.aio.Channel]:
    """The socket of httpbin's proxy, and somebody who is connected to it."""
    directory = Directory(identities={HTTPBIN: HTTPBIN_ID})
    service = AccessLogService(HTTPBIN, lambda: directory, OwnConnections(lambda: datetime.now(UTC)), heard)
    server = DiscoveryServer(
        tmp_path / "socket",
        with_access_logs(lambda *_: None, service),
        Distributor(lambda _: None, lambda _: None),
    )
    await server.start()
    async with grpc.aio.insecure_channel(f"unix:{tmp_path / 'socket'}") as channel:
        yield channel
    await server.stop()


def message(log: str, *paths: str, node: str = "") -> Any:
    """What an Envoy would send."""
    entries = [{"request": {"path": path, "request_method": "GET"}} for path in paths]
    identifier = {"node": {"id": node}, "log_name": log} if log else None
    return als_pb2.StreamAccessLogsMessage(identifier=identifier, http_logs={"log_entry": entries})


async def test_socket_says_who_tells(served: grpc.aio.Channel, heard: Heard) -> None:
    """Whatever node it claims to be, and in whichever message."""

    def messages() -> Iterator[Any]:
        yield message(Log.INBOUND.value, "/first", node=SLEEP)
        yield message("", "/second")

    await als_pb2_grpc.AccessLogServiceStub(served).StreamAccessLogs(messages())
    assert [(call.destination, call.path) for call in heard.calls] == [(HTTPBIN, "/first"), (HTTPBIN, "/second")]


async def test_entry_that_cannot_be_read_costs_itself_alone(served: grpc.aio.Channel, heard: Heard) -> None:
    """A time beyond all calendars, in the midst of others."""
    sent = message(Log.INBOUND.value, "/before", "/never", "/after")
    sent.http_logs.log_entry[1].common_properties.start_time.seconds = 1 << 60
    await als_pb2_grpc.AccessLogServiceStub(served).StreamAccessLogs(iter([sent]))
    assert [call.path for call in heard.calls] == ["/before", "/after"]


@pytest.mark.parametrize("marked", ["a", "z"])
@pytest.mark.parametrize("allowing", [True, False])
async def test_policy_that_only_marks_decides_nothing(*, allowing: bool, marked: str) -> None:
    """Of what an AUDIT policy matched and an ALLOW policy let in, the latter is told; without one there is none."""
    rules = {"audit": naming.policy_rule(ObjectKey("AuthorizationPolicy", marked, marked), 0)}
    if allowing:
        rules["allow"] = naming.policy_rule(ObjectKey("AuthorizationPolicy", "prod", "m"), 0)
    entry = accesslog_pb2.HTTPAccessLogEntry(request={"path": "/"}, response={"response_code_details": "via_upstream"})
    found = {f"{action}_enforced_effective_policy_id": rule for action, rule in rules.items()}
    entry.common_properties.metadata.filter_metadata["envoy.filters.http.rbac"].update(found)
    told = read_request(entry, Log.INBOUND, HTTPBIN, Directory())
    assert told is not None
    assert told.call.policy == ("AuthorizationPolicy prod/m" if allowing else "")


async def test_log_that_nobody_asked_for_ends_the_stream(served: grpc.aio.Channel, heard: Heard) -> None:
    """It is refused, and nothing of it is counted."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await als_pb2_grpc.AccessLogServiceStub(served).StreamAccessLogs(iter([message("other", "/x")]))
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert heard.calls == []


async def test_texts_of_peers_are_bounded(served: grpc.aio.Channel, heard: Heard) -> None:
    """However long they are, and a host that looks like a target is not taken for one."""
    sent = message(Log.OUTBOUND.value, "/" + "p" * 5000)
    sent.http_logs.log_entry[0].request.authority = HTTPBIN
    sent.http_logs.log_entry[0].response.response_code_details = "d" * 5000
    sent.http_logs.log_entry.append(accesslog_pb2.HTTPAccessLogEntry(request={"authority": "h" * 5000}))
    await als_pb2_grpc.AccessLogServiceStub(served).StreamAccessLogs(iter([sent]))
    first, second = heard.calls
    assert (len(first.path), len(first.details), first.destination) == (200, 300, "")
    assert (len(second.host), len(second.destination)) == (260, 260)
