"""What the embedded mesh knows of one proxy and its manifests cannot: where its sockets and ports are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class ProxyContext:
    """Of one proxy. A sidecar has `inbound`, `outbound` and `app`; a gateway has `ports`."""

    target: str
    """Of its workload."""
    trust_domain: str
    inbound: Path | None = None
    """Unix socket on which it takes mutual TLS from other proxies."""
    outbound: Path | None = None
    """Unix socket on which it takes its own workload's plain HTTP."""
    app: Path | None = None
    """Unix socket of its own workload."""
    inbound_of: Mapping[str, Path] = field(default_factory=dict)
    """`inbound` of every sidecar of the mesh, by target."""
    ports: Mapping[int, int] = field(default_factory=dict)
    """Port that the workload would have in a pod → port on 127.0.0.1 that stands for it here."""
