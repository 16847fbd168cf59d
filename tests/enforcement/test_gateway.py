"""Policies at a real gateway, where connections have addresses and ports: what Envoy does and what the pure function
says are the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from meshtui.manifest.policy_model import AuthorizationPolicy, Condition, RequestTo, Rule, Source
from meshtui.policy.authorization import authorize
from meshtui.policy.model import AccessRequest
from meshtui.xds import naming
from tests.enforcement.calls import Answer, Call, Connection
from tests.enforcement.proxy import GATEWAY, EnforcingProxy
from tests.enforcement.tokens import Issuer, request_authentication
from tests.manifest.writing import gateway, http, https, read, virtual_service
from tests.policy.authorizing import TRUST_DOMAIN, identity, policy

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOST = "edge.example.com"
PASSED = 301
LOCAL = "127.0.0.1"


def edge() -> list[dict[str, object]]:
    """Plain HTTP on 80 and mutual TLS of the mesh on 443, answered by a redirect: nothing has to stand behind."""
    mutual = https(HOST, number=443, mode="ISTIO_MUTUAL")
    del mutual["tls"]["credentialName"]
    return [
        gateway("edge", http(HOST, number=80), mutual),
        virtual_service("edge", {"redirect": {"uri": "/elsewhere"}}, hosts=(HOST,)),
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def proxy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EnforcingProxy]:
    """The ingress gateway."""
    started = EnforcingProxy(tmp_path_factory.mktemp("g"), GATEWAY, beside=read(*edge()))
    try:
        await started.start()
        yield started
    finally:
        await started.stop()


async def ask(proxy: EnforcingProxy, port: int, call: Call, principal: str = "") -> Answer:
    context = proxy.client_context(principal) if principal else None
    connection = await Connection.over_tcp(proxy.ports[port], context, HOST if principal else "")
    try:
        return await connection.ask(call)
    finally:
        await connection.close()


async def passes(
    proxy: EnforcingProxy, policies: Sequence[AuthorizationPolicy], port: int, principal: str = "", **headers: str
) -> bool:
    """Whether Envoy lets a request pass, when that is what the pure function says."""
    named = {"host": HOST} | {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await ask(proxy, port, Call(headers=named), principal)
    request = AccessRequest(
        principal=principal,
        source_ip=LOCAL,
        remote_ip=LOCAL,
        destination_ip=LOCAL,
        host=HOST,
        port=port,
        headers=named,
        sni=HOST if principal else "",
    )
    decision = authorize(policies, request, TRUST_DOMAIN)
    assert answer.status == (PASSED if decision.allowed else 403), answer
    if not decision.allowed:
        found = naming.policy_in(answer.details)
        assert (found[0] if found is not None else None) == decision.policy
    return decision.allowed


PLAIN, MUTUAL = 8080, 8443
RULES = {
    "port": (Rule(operations=(RequestTo(ports=("8080",)),)), True, False),
    "not a port": (Rule(operations=(RequestTo(not_ports=("8080",)),)), False, True),
    "a port that nobody opens": (Rule(operations=(RequestTo(ports=("9999",)),)), False, False),
    "when port": (Rule(conditions=(Condition(key="destination.port", values=("8443",)),)), False, True),
    "IP block": (Rule(sources=(Source(ip_blocks=("127.0.0.0/8",)),)), True, True),
    "another IP block": (Rule(sources=(Source(ip_blocks=("10.0.0.0/8",)),)), False, False),
    "not an IP block": (Rule(sources=(Source(not_ip_blocks=("127.0.0.1",)),)), False, False),
    "remote IP block": (Rule(sources=(Source(remote_ip_blocks=("127.0.0.1",)),)), True, True),
    "remote IP block that a client claims": (Rule(sources=(Source(remote_ip_blocks=("10.1.2.3",)),)), False, False),
    "when source IP": (Rule(conditions=(Condition(key="source.ip", values=("127.0.0.1",)),)), True, True),
    "when destination IP": (Rule(conditions=(Condition(key="destination.ip", values=("127.0.0.1",)),)), True, True),
    "when not destination IP": (
        Rule(conditions=(Condition(key="destination.ip", not_values=("127.0.0.1",)),)),
        False,
        False,
    ),
    "principal": (Rule(sources=(Source(principals=("cluster.local/ns/prod/sa/sleep",)),)), False, True),
    "namespace": (Rule(sources=(Source(not_namespaces=("prod",)),)), True, False),
    "server name": (Rule(conditions=(Condition(key="connection.sni", values=(HOST,)),)), False, True),
    "host": (Rule(operations=(RequestTo(hosts=("EDGE.*",)),)), True, True),
}


@pytest.mark.parametrize("name", RULES)
async def test_a_feature_decides(proxy: EnforcingProxy, name: str) -> None:
    """As ALLOW and as DENY, on the port for plain HTTP and on that for mutual TLS; no claimed address counts."""
    rule, plain, mutual = RULES[name]
    for action in ("ALLOW", "DENY"):
        policies = [policy("p", action, rule, namespace="istio-system")]
        await proxy.put(*policies)
        found = (
            await passes(proxy, policies, PLAIN, x_forwarded_for="10.1.2.3"),
            await passes(proxy, policies, MUTUAL, identity("sleep"), x_forwarded_for="10.1.2.3"),
        )
        assert found == ((plain, mutual) if action == "ALLOW" else (not plain, not mutual))


async def test_tokens(proxy: EnforcingProxy) -> None:
    """A gateway checks tokens of its namespace's policies, and knows the claims of those that are valid."""
    issuer = Issuer("a")
    tokens = request_authentication("t", issuer.rule(), namespace="istio-system")
    wants = policy("p", "ALLOW", Rule(sources=(Source(request_principals=("a/alice",)),)), namespace="istio-system")
    await proxy.put(tokens, wants)

    async def status(token: str) -> int:
        headers = {"host": HOST} | ({"authorization": f"Bearer {token}"} if token else {})
        return (await ask(proxy, PLAIN, Call(headers=headers))).status

    assert await status(issuer.token()) == PASSED
    assert await status(issuer.token("bob")) == 403
    assert await status("") == 403
    assert await status("abc") == 401


async def test_policies_of_other_namespaces(proxy: EnforcingProxy) -> None:
    """What is about prod is enforced at prod's sidecars, not at the gateway."""
    await proxy.put(policy("p", "DENY", Rule(), namespace="prod"))
    assert await passes(proxy, [], PLAIN)
