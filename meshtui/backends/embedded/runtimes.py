"""What runs for the manifests: starts what is new in a catalog, stops what is gone, and configures the proxies.

Knows nothing of rows, rotations or operators.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from meshtui.backends.embedded.context import Context
from meshtui.backends.embedded.credential import CredentialRuntime
from meshtui.backends.embedded.edge import no_credential
from meshtui.backends.embedded.fleet import fleet_uid, fleet_workloads
from meshtui.backends.embedded.following import Edge
from meshtui.backends.embedded.inventory import write_inventory
from meshtui.backends.embedded.ports import PortMap
from meshtui.backends.embedded.versions import SecretVersions
from meshtui.backends.embedded.workload import WorkloadRuntime
from meshtui.backends.embedded.worlds import Worlds, bundles_of
from meshtui.gateway.credential import Credential, credentials_of
from meshtui.gateway.listeners import secret_of
from meshtui.gateway.references import SecretRef
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Deployment, ObjectKey
from meshtui.manifest.workload import Proxy, Workload
from meshtui.mesh.targets import Target
from meshtui.xds.gateway import wanted_ports

_LOG = logging.getLogger(__name__)
AT_ONCE = 100
"""Workloads that are started in one turn of the event loop, which has others to look after."""


class Runtimes:
    """Workloads and gateway certificates, by target."""

    def __init__(self, ports: PortMap, uid: Callable[[ObjectKey], str], fleet: int, *, fleet_sockets: bool) -> None:
        """`uid` is that of a manifest; `fleet` is how many agents run without one."""
        self.workloads: dict[str, WorkloadRuntime] = {}
        self.serving: tuple[WorkloadRuntime, ...] = ()
        """Those of them that are to serve someone: not the fleet, unless it was given sockets."""
        self.credentials: dict[str, CredentialRuntime] = {}
        self._expected: list[str] = []
        """Gateway certificates that are being issued, once for each attempt."""
        self._ports = ports
        self._uid = uid
        self._fleet = fleet_workloads(fleet, sockets=fleet_sockets)
        self._pods: dict[str, WorkloadRuntime] = {}
        self._worlds = Worlds()

    async def reconcile(
        self, catalog: Catalog, context: Context, edge: Edge, versions: SecretVersions
    ) -> tuple[list[str], list[str]]:
        """Let run what the catalog wants; returns the targets that are gone, and those that are new or different."""
        wanted = {workload.target: workload for workload in catalog.workloads()}
        wanted |= {target: workload for target, workload in self._fleet.items() if target not in wanted}
        gone = [target for target, runtime in self.workloads.items() if runtime.workload != wanted.get(target)]
        for target in gone:
            await self.workloads.pop(target).stop()
        new = [self._runtime(each, context) for target, each in wanted.items() if target not in self.workloads]
        self.workloads |= {runtime.target: runtime for runtime in new}
        self.serving = tuple(each for each in self.workloads.values() if each.sds_socket is not None)
        self._pods = {each.pod_uid: runtime for runtime in self.workloads.values() for each in runtime.identities}
        # before anyone shows a token
        write_inventory(context.paths.inventory, catalog, self._fleet.values(), self.workloads.values())
        lost = await self._stop_credentials(catalog)
        changed = self._start_credentials(catalog, context, edge, versions)
        self._configure(catalog, context)
        for begin in range(0, len(new), AT_ONCE):
            await asyncio.gather(*(runtime.start() for runtime in new[begin : begin + AT_ONCE]))
        return [*gone, *lost], [*changed, *(runtime.target for runtime in new)]

    async def stop(self) -> None:
        """Stop all of them, whatever one of them has to complain about."""
        stops = [each.stop() for each in self.credentials.values()] + [each.stop() for each in self.workloads.values()]
        for outcome in await asyncio.gather(*stops, return_exceptions=True):
            if isinstance(outcome, Exception):
                _LOG.error("a part did not stop in order", exc_info=outcome)

    def of_pod(self, uid: str) -> WorkloadRuntime | None:
        """The workload that one of its pods belongs to."""
        return self._pods.get(uid)

    def serve(self) -> bool:
        """Whether everything that is wanted is there and runs. Nobody waits for agents that serve nobody."""
        certificates = [runtime.svid is not None for runtime in self.serving]
        proxies = [runtime.proxy.running for runtime in self.serving if runtime.proxy is not None]
        gateways = [bool(each.chain) or not each.expected for each in self.credentials.values()]
        truths = [each.served for each in self.serving] + [each.served for each in self.credentials.values()]
        served = [truth is None or truth.certificate is not None for truth in truths]
        return all(certificates) and all(proxies) and all(gateways) and all(served)

    def expect(
        self, target: str, catalog: Catalog, context: Context, edge: Edge, versions: SecretVersions
    ) -> CredentialRuntime:
        """The runtime of a gateway certificate whose Secret may only be about to be made; it stays until then."""
        self._expected.append(target)
        if target not in self.credentials:
            parsed = Target.parse(target)
            secret = secret_of(catalog, SecretRef(parsed.namespace, parsed.name))
            self._start_credential(no_credential(target, secret), context, edge, versions)
        return self.credentials[target]

    async def expect_no_more(self, target: str, catalog: Catalog) -> list[str]:
        """The end of that; returns the targets that are gone."""
        self._expected.remove(target)
        return await self._stop_credentials(catalog)

    def _start_credential(self, credential: Credential, context: Context, edge: Edge, versions: SecretVersions) -> None:
        self.credentials[credential.target] = CredentialRuntime(credential, context, versions, edge)
        self.credentials[credential.target].start()

    async def _stop_credentials(self, catalog: Catalog) -> list[str]:
        wanted = {credential.target for credential in credentials_of(catalog)}
        gone = list(self.credentials.keys() - wanted - set(self._expected))
        for target in gone:
            await self.credentials.pop(target).stop()
        return gone

    def _start_credentials(self, catalog: Catalog, context: Context, edge: Edge, versions: SecretVersions) -> list[str]:
        changed = []
        for credential in credentials_of(catalog):
            target, known = credential.target, self.credentials.get(credential.target)
            if known is None:
                self._start_credential(credential, context, edge, versions)
                changed.append(target)
            elif known.credential != credential:
                known.take(credential)
                changed.append(target)
        return changed

    def _configure(self, catalog: Catalog, context: Context) -> None:
        """Give every proxy its configuration for the manifests as they are."""
        for runtime in self.serving:
            if runtime.proxy is not None and runtime.workload.proxy is Proxy.GATEWAY:
                for number in wanted_ports(catalog, runtime.workload):
                    self._ports.give(number)
        inbound = {each.target: Path(each.inbound.path) for each in self.serving if each.inbound}
        context.observed.know(catalog, inbound)
        for runtime in self.serving:
            runtime.trust(bundles_of(catalog, runtime.workload))
        proxies = [runtime for runtime in self.serving if runtime.proxy is not None]
        contexts = [runtime.proxy_context(inbound, self._ports.ports) for runtime in proxies]
        for runtime, world in zip(proxies, self._worlds.of(catalog, contexts), strict=True):
            runtime.configure(world, catalog)

    def _runtime(self, workload: Workload, context: Context) -> WorkloadRuntime:
        made_up = workload is self._fleet.get(workload.target)
        key = ObjectKey(Deployment.kind, workload.namespace, workload.name)
        return WorkloadRuntime(workload, fleet_uid(workload.target) if made_up else self._uid(key), context)
