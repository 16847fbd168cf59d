"""A server of a Gateway at one of the gateway workloads that are to open it."""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.manifest.model import Gateway, Server
from meshtui.manifest.workload import Workload


@dataclass(frozen=True)
class Binding:
    """A gateway workload with a server that it is to open."""

    workload: Workload
    gateway: Gateway
    server: Server
