"""For the part `policies`: from the acceptance of an AuthorizationPolicy or RequestAuthentication to the first request
that it binds, on a connection that stays open."""

from __future__ import annotations

from typing import Any

from meshtui.mesh.interface import Mesh
from meshtui.settings import StatePaths
from tests.bench import policies
from tests.bench.table import Row
from tests.enforcement.tokens import Issuer


async def authorization(mesh: Mesh, paths: StatePaths) -> list[Row]:
    """Sleep calls httpbin by mTLS; the gateway's port is asked in plaintext."""
    client = policies.Client(paths.socket("out", policies.SLEEP), "httpbin:8000")
    assert (await client.get("/status/200"))[0] == 200
    before = await policies.connections_ended(paths)
    denied, allowed, tokens = [], [], []
    for number in range(policies.ROUNDS):
        denied.append(await policies.changed(mesh, _deny("/status/*"), _answered(client, 403)))
        allowed.append(await policies.changed(mesh, _deny("/nothing"), _answered(client, 200)))
        issuer = Issuer(f"https://{number}.example")
        rule = {"issuer": issuer.name, "jwks": issuer.jwks, "fromParams": ["t"]}
        document = policies.document("RequestAuthentication", "bench", "prod", jwtRules=[rule])
        tokens.append(await policies.changed(mesh, document, _answered(client, 200, f"/status/200?t={issuer.token()}")))
    ended = await policies.connections_ended(paths) - before
    client.close()
    return [
        policies.figure("an AuthorizationPolicy applied → 403 on an open connection", denied, policies.ECDS),
        policies.figure("the same → what it no longer denies is answered", allowed, policies.ECDS),
        policies.figure("a RequestAuthentication applied → its tokens are taken", tokens, policies.ECDS),
        (f"connections cut meanwhile ({3 * policies.ROUNDS} changes)", f"{ended}", "0"),
    ]


def _deny(path: str) -> dict[str, Any]:
    rules = [{"to": [{"operation": {"paths": [path]}}]}]
    return policies.document("AuthorizationPolicy", "bench", "prod", action="DENY", rules=rules)


def _answered(client: policies.Client, status: int, path: str = "/status/200") -> policies.Seen:
    async def seen() -> bool:
        return (await client.get(path))[0] == status

    return seen
