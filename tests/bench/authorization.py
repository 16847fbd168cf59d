"""The part `authorization`: from the acceptance of an AuthorizationPolicy or RequestAuthentication to the first request
that it binds, on a connection that stays open. Sleep calls httpbin by mTLS meanwhile."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Any

from meshtui.connect import attach
from meshtui.mesh.interface import Mesh
from meshtui.settings import StatePaths
from tests.bench.mesh import serving
from tests.bench.policies import ECDS, ROUNDS, SLEEP, Client, Seen, changed, connections_ended, document, figure
from tests.bench.table import Row
from tests.enforcement.tokens import Issuer


def measure() -> list[Row]:
    """Name, figure reached, bound."""
    with tempfile.TemporaryDirectory(prefix="meshtui-authorization-") as folder:
        state = Path(folder) / "state"
        with serving(state) as owner:
            return asyncio.run(_figures(state, owner))


async def _figures(state: Path, owner: int) -> list[Row]:
    mesh = await attach(state)
    try:
        return await _measured(mesh, StatePaths(state), owner)
    finally:
        await mesh.close()


async def _measured(mesh: Mesh, paths: StatePaths, owner: int) -> list[Row]:
    client = Client(paths.socket("out", SLEEP), "httpbin:8000")
    assert (await client.get("/status/200"))[0] == 200
    spent, before = cpu_seconds(owner), await connections_ended(paths)
    denied, allowed, tokens = [], [], []
    # from here on tokens are looked for in the parameter, and those of unknown issuers are wrong
    await changed(mesh, _trust(Issuer("https://first.example")), _answered(client, 401, "/status/200?t=a"))
    for number in range(ROUNDS):
        denied.append(await changed(mesh, _deny("/status/*"), _answered(client, 403)))
        allowed.append(await changed(mesh, _deny("/nothing"), _answered(client, 200)))
        issuer = Issuer(f"https://{number}.example")
        seen = _answered(client, 200, f"/status/200?t={issuer.token()}")
        tokens.append(await changed(mesh, _trust(issuer), seen))
    spent = (cpu_seconds(owner) - spent) / (3 * ROUNDS)
    ended = await connections_ended(paths) - before
    client.close()
    return [
        figure("an AuthorizationPolicy applied → 403 on an open connection", denied, ECDS),
        figure("the same → what it no longer denies is answered", allowed, ECDS),
        figure("a RequestAuthentication applied → its tokens are taken", tokens, ECDS),
        (f"connections cut meanwhile ({3 * ROUNDS} changes)", f"{ended}", "0"),
        ("CPU of `meshtui serve` for each change", f"{spent * 1000:.0f} ms", ""),
    ]


def _deny(path: str) -> dict[str, Any]:
    rules = [{"to": [{"operation": {"paths": [path]}}]}]
    return document("AuthorizationPolicy", "bench", "prod", action="DENY", rules=rules)


def _trust(issuer: Issuer) -> dict[str, Any]:
    rule = {"issuer": issuer.name, "jwks": issuer.jwks, "fromParams": ["t"]}
    return document("RequestAuthentication", "bench", "prod", jwtRules=[rule])


def _answered(client: Client, status: int, path: str = "/status/200") -> Seen:
    async def seen() -> bool:
        return (await client.get(path))[0] == status

    return seen


def cpu_seconds(pid: int) -> float:
    """That a process has used, of one core."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
