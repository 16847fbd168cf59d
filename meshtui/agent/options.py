"""What an agent that runs by itself is started with. Where each value comes from is `environment`'s to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from meshtui.identity.spiffe import SpiffeId

KEY_KINDS = ("EC P-256", "EC P-384", "RSA 2048", "RSA 3072", "RSA 4096")


@dataclass(frozen=True, kw_only=True)
class AgentOptions:
    """Read and checked; files are named here, not opened."""

    ca: str
    """HOST:PORT."""
    ca_root: Path | None
    """PEM that verifies the CA's server; None for the operating system's roots."""
    identity: SpiffeId
    sds_socket: Path
    token_file: Path | None = None
    """None for an agent that never shows a token."""
    ca_server_name: str = ""
    """The name in the CA's server certificate, where it is not the host of its address."""
    ca_mtls: str = ""
    """HOST:PORT that takes client certificates; empty for none."""
    provisioned_certs: Path | None = None
    """Directory with key.pem and cert-chain.pem for the first call."""
    output_certs: Path | None = None
    ttl: timedelta = timedelta(hours=24)
    rotate_at: float = 0.5
    """Share of the lifetime after which the certificate is replaced."""
    jitter: float = 0.01
    """Share of the lifetime by which that moment is moved, either way, at random."""
    key_kind: str = "EC P-256"
    metrics_port: int | None = None
    """On the loopback; 0 for any free one, None for no such server."""
