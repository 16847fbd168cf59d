"""What every part of the embedded mesh is handed: its surroundings, assembled once by `core`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from meshtui.agent.ca_client import CaClient
from meshtui.agent.gateway_client import GatewayClient
from meshtui.agent.schedule import Schedule
from meshtui.backends.embedded.observed import Observed
from meshtui.ca.ledger import LedgerReader
from meshtui.config.tokens import TokenIssuer
from meshtui.envoy.binary import EnvoyBinary
from meshtui.mesh.rows import Step
from meshtui.probe.prober import Prober
from meshtui.settings import Settings, StatePaths

Report = Callable[[Step, str], None]
"""Hears how far an issue or rotation has come."""


@dataclass(frozen=True)
class Context:
    """The surroundings of a workload or gateway certificate."""

    settings: Settings
    paths: StatePaths
    clock: Callable[[], datetime]
    envoy: EnvoyBinary | None
    """None when there is no binary, or it is not wanted."""
    tokens: TokenIssuer
    ca: CaClient
    gateway_ca: GatewayClient
    schedule: Schedule
    """Keeps the SVIDs of all workloads fresh."""
    ledger: LedgerReader
    observed: Observed
    changed: Callable[[str], None]
    """To be called with a target whose truths may be different now."""
    prober: Prober
    """Bounds what all verifications together ask of the wire."""
