"""Agents by the thousand, for load tests and demonstrations: workloads that no manifest describes.

Keys, tokens, certificates and rotations are as real as everybody else's; only the pods are made up.
"""

from __future__ import annotations

import uuid

from meshtui.manifest.workload import Proxy, Workload

NAMESPACE = "fleet"
_UIDS = uuid.UUID("8a0e5c1e-6a57-5a4e-9c36-3d8f5a1f7b1d")
"""Where the uids of made-up Deployments come from: the same at every start, so that the ledger knows them again."""


def fleet_workloads(count: int, *, sockets: bool) -> dict[str, Workload]:
    """By target: `count` agents, with an SDS socket each if wanted."""
    workloads = (_workload(f"agent-{number:05}", sockets=sockets) for number in range(1, count + 1))
    return {workload.target: workload for workload in workloads}


def fleet_uid(target: str) -> str:
    """In the place of the uid of a Deployment."""
    return str(uuid.uuid5(_UIDS, target))


def _workload(name: str, *, sockets: bool) -> Workload:
    return Workload(
        namespace=NAMESPACE,
        name=name,
        service_account=name,
        proxy=Proxy.AGENT if sockets else Proxy.NONE,
        labels={"app": name},
        image="",
        ports=(),
        secret_ttl=None,
    )
