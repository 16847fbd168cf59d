"""What the CA's process is started with: its command line, read into values. Opens nothing."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from meshtui.ca.impersonation import parse_accounts
from meshtui.ca.validity import LifetimeLimits
from meshtui.errors import UsageError


@dataclass(frozen=True)
class Arguments:
    """Checked, but for what is in files."""

    directory: Path
    trust_domain: str
    port: int
    gateway_socket: Path
    token_jwks: Path
    token_issuer: str
    limits: LifetimeLimits
    ca_dir: Path | None
    oidc: Path | None
    inventory: Path | None
    mtls_port: int | None
    token_every: timedelta
    trusted_nodes: frozenset[tuple[str, str]]


def read_arguments(arguments: Sequence[str] | None) -> Arguments:
    """Raises UsageError for what is out of range; ends the process, as argparse does, for what it does not know."""
    said = _parser().parse_args(arguments)
    limits = LifetimeLimits(default=timedelta(seconds=said.workload_ttl))
    if not timedelta(0) < limits.default <= limits.maximum:
        raise UsageError(
            f"A workload's lifetime of {said.workload_ttl} seconds is out of range.",
            fix=f"Use up to {limits.maximum.days} days.",
        )
    if not 0 < said.token_every <= 10 * 365 * 86400:
        raise UsageError(f"--token-every of {said.token_every} seconds is out of range.", fix="Use up to ten years.")
    trusted_nodes = parse_accounts(said.trusted_node_accounts)
    for needs, option in ((said.mtls_port is not None, "--mtls-port"), (trusted_nodes, "--trusted-node-accounts")):
        if needs and said.inventory is None:
            raise UsageError(f"{option} needs to know what exists.", fix="Name a file with --inventory.")
    return Arguments(
        directory=said.directory,
        trust_domain=said.trust_domain,
        port=said.port,
        gateway_socket=said.gateway_socket,
        token_jwks=said.token_jwks,
        token_issuer=said.token_issuer,
        limits=limits,
        ca_dir=said.ca_dir,
        oidc=said.oidc,
        inventory=said.inventory,
        mtls_port=said.mtls_port,
        token_every=timedelta(seconds=said.token_every),
        trusted_nodes=trusted_nodes,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m meshtui.ca", description="The certificate authority of a mesh.")
    parser.add_argument("--directory", type=Path, required=True, help="keys, certificates and ledger")
    parser.add_argument("--trust-domain", required=True)
    parser.add_argument("--port", type=int, default=15012, help="0 for any free one")
    parser.add_argument("--gateway-socket", type=Path, required=True, help="Unix socket that signs for gateways")
    parser.add_argument("--token-jwks", type=Path, required=True, help="public keys of the token issuer")
    parser.add_argument("--token-issuer", required=True)
    parser.add_argument("--workload-ttl", type=int, default=86400, help="seconds, when a workload asks for none")
    parser.add_argument("--ca-dir", type=Path, help="signing CA of one's own, in Istio's layout; only read")
    parser.add_argument("--oidc", type=Path, help="issuers outside the mesh, JSON")
    parser.add_argument("--inventory", type=Path, help="which service accounts and pods exist, JSON")
    parser.add_argument("--mtls-port", type=int, help="renewal by client certificate; off without it")
    parser.add_argument("--token-every", type=int, default=7 * 86400, help="seconds that renewal by certificate lasts")
    parser.add_argument(
        "--trusted-node-accounts", default="", help="NAMESPACE/NAME,...: may ask for pods of their node"
    )
    return parser
