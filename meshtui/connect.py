"""Opens the mesh that a front end is to work with: the only module that knows every backend."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path

from meshtui.backends.remote import RemoteMesh
from meshtui.errors import MeshError, RefusedError, StateError, UnreachableError
from meshtui.mesh.interface import Mesh
from meshtui.settings import Settings, StatePaths, private_directory

_START_DEADLINE = 40.0
_APPEAR_DEADLINE = 20.0
_LOOK_AGAIN = 0.05


async def attach(state: Path, role: str = "command", *, read_only: bool = False) -> Mesh:
    """The mesh that runs in `state`, perhaps only to look at. Raises UnreachableError when none does."""
    return await RemoteMesh.connect(StatePaths(state).operator_socket, role, read_only=read_only)


async def attach_or_start(settings: Settings, *, keep: bool, read_only: bool = False) -> Mesh:
    """The mesh that runs in the state directory, for a terminal, perhaps only to look at; started as a process of its
    own when none does.

    It then ends with its last terminal, unless `keep`. Raises MeshError with the reason when it cannot start.
    """
    try:
        return await attach(settings.state, "terminal", read_only=read_only)
    except UnreachableError:
        pass
    with contextlib.suppress(RefusedError):  # another terminal was faster: its mesh is about to appear
        await _start(settings, keep=keep)
    return await _appear(settings.state, read_only=read_only)


async def _appear(state: Path, *, read_only: bool) -> Mesh:
    deadline = asyncio.get_running_loop().time() + _APPEAR_DEADLINE
    while True:
        try:
            return await attach(state, "terminal", read_only=read_only)
        except UnreachableError:
            if asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(_LOOK_AGAIN)


async def _start(settings: Settings, *, keep: bool) -> None:
    paths = StatePaths(settings.state)
    private_directory(paths.state, group_may_enter=bool(settings.operator_group))
    log = os.open(paths.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "meshtui", "serve", "--for-terminal", *_arguments(settings)),
            *([] if keep else ["--until-detached"]),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # Ctrl-C and a hang-up are for the terminal, not for the mesh
        )
    finally:
        os.close(log)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_START_DEADLINE):
            said = json.loads(await process.stdout.readline() or b"{}")
    except (TimeoutError, ValueError) as error:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        raise StateError("The mesh did not start.", fix=f"See {paths.log}.") from error
    if "error" in said:
        kind: type[MeshError] = RefusedError if said.get("running") else StateError
        raise kind(said["error"], fix=said.get("fix", ""))
    if not said:
        raise StateError("The mesh ended while it started.", fix=f"See {paths.log}.")


def _arguments(settings: Settings) -> list[str]:
    """The command line of `meshtui serve` that gives these settings."""
    arguments = [
        *("--state", str(settings.state)),
        *("--trust-domain", settings.trust_domain),
        *("--workload-ttl", f"{settings.workload_ttl.total_seconds():.3f}s"),
        *("--rotate-at", str(settings.rotate_at)),
        *("--ca-port", str(settings.ca_port)),
        *("--gateway-port", str(settings.gateway_port)),
        *("--token-every", f"{settings.token_every.total_seconds():.3f}s"),
        *("--fleet", str(settings.fleet)),
    ]
    if settings.overdue_at is not None:
        arguments += ["--overdue-at", str(settings.overdue_at)]
    if settings.mesh_file is not None:
        arguments += ["--mesh", str(settings.mesh_file)]
    if settings.ca_dir is not None:
        arguments += ["--ca-dir", str(settings.ca_dir)]
    if settings.oidc_file is not None:
        arguments += ["--oidc", str(settings.oidc_file)]
    if settings.mtls_port is not None:
        arguments += ["--mtls-port", str(settings.mtls_port)]
    if settings.metrics_port is not None:
        arguments += ["--metrics-port", str(settings.metrics_port)]
    if settings.trusted_node_accounts:
        arguments += ["--trusted-node-accounts", settings.trusted_node_accounts]
    if settings.operator_group:
        arguments += ["--operator-group", settings.operator_group]
    flags = {
        "--no-envoy": not settings.envoy,
        "--fleet-sockets": settings.fleet_sockets,
        "--read-only": settings.read_only,
    }
    return arguments + [name for name, said in flags.items() if said]
