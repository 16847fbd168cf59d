"""The system's curl and openssl as clients of a gateway."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

from tests.xds.live import DEADLINE, LiveMesh

RSA = ("-sigalgs", "rsa_pss_rsae_sha256")
ECDSA = ("-sigalgs", "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384")
REFUSED = "refused"


async def curl(
    mesh: LiveMesh, host: str, *options: str, cert: Path | None = None, root: str = "", path: str = "/status/418"
) -> str:
    """The status that curl gets from the gateway for `host`, verified; `refused` when TLS comes to nothing."""
    trusted = mesh.directory / "trusted.pem"
    trusted.write_text(root or mesh.edge_root.pem)
    port = mesh.ports[8443]
    command = ["curl", "--silent", "--show-error", "--max-time", f"{DEADLINE:g}", "--cacert", str(trusted)]
    command += ["--resolve", f"{host}:{port}:127.0.0.1", "--output", "/dev/null", "--write-out", "%{http_code}"]
    command += ["--cert", str(cert)] if cert else []
    done = await _run([*command, *options, f"https://{host}:{port}{path}"])
    # an alert in the handshake (35) or, about a client's certificate in TLS 1.3, while curl sends, reads or frames
    assert done.returncode in (0, 35, 55, 56, 16), done.stderr
    return done.stdout if done.returncode == 0 else REFUSED


async def s_client(mesh: LiveMesh, host: str, *options: str) -> str:
    """What openssl says of a handshake with the gateway for `host`."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{mesh.ports[8443]}", "-servername", host, *options]
    done = await _run(command)
    return done.stdout + done.stderr


async def kind_of(mesh: LiveMesh, host: str, *options: str) -> str:
    """`RSA-PSS` or `ECDSA`: by what the server proves who it is; empty without a handshake."""
    for line in (await s_client(mesh, host, *options)).splitlines():
        name, _, value = line.partition(": ")
        if name == "Peer signature type":
            return value
    return ""


async def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run, command, input="", capture_output=True, text=True, timeout=DEADLINE + 5, check=False
    )
