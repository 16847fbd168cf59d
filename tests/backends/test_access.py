"""What `explain` says beside what callers of a real mesh see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.mesh import EmbeddedMesh
from meshtui.mesh.access import AccessQuestion, Explanation, Reach
from tests.manifest.policy_writing import (
    authorization_policy,
    destination_rule,
    operation,
    peer_authentication,
    request_authentication,
    source,
)
from tests.manifest.writing import read
from tests.policy.tokens import Issuer

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEADLINE = 20.0
HTTPBIN, SLEEP, GATEWAY = "workload/prod/httpbin", "workload/prod/sleep", "workload/istio-system/istio-ingressgateway"
HOST = "httpbin.prod.svc.cluster.local"
ISSUER = Issuer()
ONLY_HTTPBIN = {"matchLabels": {"app": "httpbin"}}
SEED = authorization_policy(
    "httpbin",
    source(principals=["cluster.local/ns/prod/sa/sleep"]) | operation(methods=["GET"], paths=["/get"]),
    source(principals=["cluster.local/ns/istio-system/sa/istio-ingressgateway"]),
    selector=ONLY_HTTPBIN,
)
TOKEN_RULE = {"issuer": ISSUER.name, "jwks": ISSUER.jwks(), "audiences": ["api"]}


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def as_before(core: MeshCore) -> AsyncIterator[None]:
    """Each test leaves the policies of the demo mesh behind."""
    before = core.catalog
    yield
    for item in core.catalog:
        if before.get(item.key) is None:
            await core.remove(item.key)
    await core.apply(read(peer_authentication("default", "STRICT", "istio-system")))


async def seen(core: MeshCore, question: AccessQuestion) -> str:
    """The status that a caller gets, or that its connection was reset."""
    runtime = core.workloads[SLEEP if question.source == SLEEP else HTTPBIN]
    socket = runtime.outbound
    if question.source != SLEEP:
        assert runtime.inbound is not None
        socket = Path(runtime.inbound.path)
    assert socket is not None
    reader, writer = await asyncio.open_unix_connection(str(socket))
    headers = {"Host": f"{HOST}:8000", "Connection": "close", **question.headers}
    lines = [f"{question.method} {question.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode())
        await writer.drain()
        answer = await reader.readline()
    except (ConnectionError, BrokenPipeError):
        answer = b""
    finally:
        writer.close()
    return answer.split()[1].decode() if answer else "connection reset"


async def agree(core: MeshCore, opened: EmbeddedMesh, question: AccessQuestion, own: str = "200") -> Explanation:
    """Wait until the caller sees what is explained, which it does when the proxies have the policies."""
    answer = await opened.explain(question)
    expected = own if answer.allowed else answer.outcome
    found = ""
    try:
        async with asyncio.timeout(DEADLINE):
            while (found := await seen(core, question)) != expected:
                pass
    except TimeoutError:
        pytest.fail(f"{question} is explained by {answer}, and {found} was seen")
    return answer


def ask(caller: str = SLEEP, path: str = "/get", method: str = "GET", **headers: str) -> AccessQuestion:
    return AccessQuestion(source=caller, destination=HTTPBIN, method=method, path=path, headers=headers)


async def test_the_seed_case(core: MeshCore, opened: EmbeddedMesh) -> None:
    """`sleep` may GET /get and not /status/418; a plaintext caller is refused; the gateway may call."""
    assert (await agree(core, opened, ask(path="/status/418"), own="418")).allowed
    await core.apply(read(SEED))
    assert not (await agree(core, opened, ask(path="/status/418"))).allowed
    assert (await agree(core, opened, ask())).policy == "AuthorizationPolicy prod/httpbin"
    refused = await agree(core, opened, ask("plaintext"))
    assert (refused.policy, refused.outcome) == ("PeerAuthentication istio-system/default", "connection reset")
    assert (await opened.explain(ask(GATEWAY, "/status/418"))).allowed
    cells = {cell.source: cell.reach for cell in (await opened.matrix("prod")).cells if cell.destination == HTTPBIN}
    assert cells == {"plaintext": Reach.BROKEN, GATEWAY: Reach.ALL, HTTPBIN: Reach.NONE, SLEEP: Reach.SOME}


@pytest.mark.parametrize(
    ("policies", "outcomes"),
    [
        ((peer_authentication("default", "PERMISSIVE", "istio-system"),), ("", "")),
        ((peer_authentication("default", "PERMISSIVE", "istio-system"), SEED), ("", "403")),
        ((peer_authentication("default", "DISABLE", "istio-system"),), ("", "")),
        ((peer_authentication("own", "DISABLE", selector=ONLY_HTTPBIN),), ("503", "")),
        ((destination_rule("plain", HOST, "DISABLE"),), ("503", "connection reset")),
        (
            (
                destination_rule("plain", HOST, "DISABLE"),
                peer_authentication("default", "PERMISSIVE", "istio-system"),
                SEED,
            ),
            ("403", "403"),
        ),
        (
            (
                destination_rule(
                    "names", HOST, tls={"mode": "ISTIO_MUTUAL", "subjectAltNames": ["spiffe://cluster.local/ns/x/sa/y"]}
                ),
            ),
            ("503", "connection reset"),
        ),
    ],
    ids=["permissive", "permissive-rules", "disable", "own-disable", "plain-client", "plain-client-rules", "naming"],
)
async def test_transport(
    core: MeshCore, opened: EmbeddedMesh, policies: tuple[dict[str, Any], ...], outcomes: tuple[str, str]
) -> None:
    """What a caller with a proxy sees, and one without; empty is the workload's own answer."""
    await core.apply(read(*policies))
    answers = [await agree(core, opened, ask(caller)) for caller in (SLEEP, "plaintext")]
    assert list(outcomes) == ["" if each.allowed else each.outcome for each in answers]


async def test_tokens(core: MeshCore, opened: EmbeddedMesh) -> None:
    """401 for one that is not valid, 403 for another's, and claims that rules can ask for."""
    await core.apply(
        read(
            request_authentication("jwt", TOKEN_RULE, selector=ONLY_HTTPBIN),
            authorization_policy("mia", source(requestPrincipals=[f"{ISSUER.name}/mia"]), selector=ONLY_HTTPBIN),
        )
    )
    good, expired, another = (ISSUER.token(exp=exp, aud=aud) for exp, aud in ((None, "api"), (1, "api"), (None, "x")))
    for token, outcome in ((good, ""), (expired, "401"), (another, "403"), ("rubbish", "401")):
        answer = await agree(core, opened, ask(Authorization=f"Bearer {token}"))
        assert outcome == ("" if answer.allowed else answer.outcome)
    assert (await agree(core, opened, ask())).stage == "authorization"


async def test_denials_and_forwarded_addresses(core: MeshCore, opened: EmbeddedMesh) -> None:
    """By method, path template, host with its port, header, and the client that another proxy named."""
    await core.apply(
        read(
            authorization_policy(
                "no",
                operation(methods=["DELETE"]),
                operation(paths=["/status/{*}"]),
                operation(hosts=["*:8000"], paths=["/ip"]),
                {"when": [{"key": "request.headers[x-no]", "values": ["*"]}]},
                source(remoteIpBlocks=["192.0.2.0/24"]),
                action="DENY",
                selector=ONLY_HTTPBIN,
            )
        )
    )
    for question in (
        ask(path="/anything", method="DELETE"),
        ask(path="/status/200"),
        ask(path="/a/../status/200?x=1"),
        ask(path="/ip"),
        ask(**{"X-No": ""}),
        ask(**{"X-Forwarded-For": "10.0.0.1, 192.0.2.9"}),
    ):
        assert (await agree(core, opened, question)).policy == "AuthorizationPolicy prod/no"
    for question in (ask(), ask(path="/status/200/"), ask(**{"X-Forwarded-For": "192.0.2.9, 10.0.0.1"})):
        assert (await opened.explain(question)).allowed
    await agree(core, opened, ask())
    await agree(core, opened, ask(**{"X-Forwarded-For": "192.0.2.9, 10.0.0.1"}))
