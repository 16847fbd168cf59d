"""How policies reach a real Envoy: at once, on connections that are open, and never half."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshtui.manifest.policy_model import JwtRule, Rule
from meshtui.wire.discovery import EXTENSION
from meshtui.xds.extensions import ENFORCED
from tests.enforcement.calls import Call
from tests.enforcement.proxy import EnforcingProxy, RefusedError
from tests.enforcement.tokens import Issuer, request_authentication
from tests.policy.authorizing import policy

DENY_ALL = policy("p", "DENY", Rule())
NO_KEYS = request_authentication("bad", JwtRule(issuer="x", jwks="{"))


@pytest.mark.asyncio(loop_scope="module")
async def test_open_connections_are_bound_and_not_cut(sidecar: EnforcingProxy) -> None:
    """Fifty changes, each in force for the next request of one connection."""
    await sidecar.put()
    connection = await sidecar.connect()
    for _ in range(50):
        await sidecar.put(DENY_ALL)
        assert (await connection.ask(Call())).status == 403
        await sidecar.put()
        assert (await connection.ask(Call())).status == 200
    await connection.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_what_envoy_refuses_leaves_the_version_before_in_force(sidecar: EnforcingProxy) -> None:
    """Its words say what is wrong; other filters go on with what they got, and the next good one is taken."""
    issuer = Issuer("a")
    good = request_authentication("good", issuer.rule())
    await sidecar.put(good)
    with pytest.raises(RefusedError, match="invalid local jwks"):
        await sidecar.put(good, NO_KEYS, DENY_ALL)
    connection = await sidecar.connect()
    assert (await connection.ask(Call())).status == 403
    wrong = Call(headers={"host": "a", "authorization": "Bearer abc"})
    assert (await connection.ask(wrong)).status == 401
    await sidecar.put(good)
    assert (await connection.ask(Call())).status == 200
    await connection.close()


async def test_without_an_accepted_configuration_nothing_passes(tmp_path: Path) -> None:
    """An Envoy that refuses the first that it gets is ready without waiting, lets nothing pass, and takes the next."""
    proxy = EnforcingProxy(tmp_path)
    try:
        with pytest.raises(RefusedError, match="invalid local jwks"):
            await proxy.start(NO_KEYS)
        connection = await proxy.connect()
        assert (await connection.ask(Call())).status == 500
        await connection.close()
        await proxy.put()
        connection = await proxy.connect()
        assert (await connection.ask(Call())).status == 200
        await connection.close()
    finally:
        await proxy.stop()


@pytest.mark.asyncio(loop_scope="module")
async def test_only_the_filter_that_changed_is_sent(sidecar: EnforcingProxy) -> None:
    """A DENY policy is no news for the filters of tokens, AUDIT and ALLOW."""
    await sidecar.put()
    before = {name: resource.version for name, resource in sidecar.world[EXTENSION].items()}
    await sidecar.put(DENY_ALL)
    after = {name: resource.version for name, resource in sidecar.world[EXTENSION].items()}
    assert {name for name in ENFORCED if before[name] != after[name]} == {"authorization-deny"}
    await sidecar.put()
