"""What stands or falls with each target of the embedded mesh: the facts that `mesh.blast_radius` puts into words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from cryptography import x509

from meshtui.backends.embedded.authorities import chain_of
from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.credential import CredentialRuntime
from meshtui.backends.embedded.edge import presenting, proxies_of
from meshtui.backends.embedded.workload import WorkloadRuntime
from meshtui.gateway.issuers import Roots, root_above
from meshtui.gateway.reach import reach_of_workload
from meshtui.identity.inspect import facts, load_certificates
from meshtui.mesh.blast_radius import called, grouped, held_alone, needed, presented, signed, trusted
from meshtui.mesh.targets import TargetKind

_NO_CERTIFICATE = "nothing presents it: there is no certificate"


def of_workload(core: MeshCore, runtime: WorkloadRuntime) -> tuple[str, ...]:
    """Who presents its certificate and who trusts it, what leads to the workload, and who has called it."""
    return (
        _presented_by_workload(runtime),
        *_trusted_chain(core, runtime),
        *grouped(reach_of_workload(core.catalog, runtime.workload)),
        *_called(core, runtime),
    )


def of_credential(core: MeshCore, runtime: CredentialRuntime) -> tuple[str, ...]:
    """Where it is presented, which root its clients need, and its hosts, gateways and routes."""
    reached = grouped(core.desired.edge.reach_of(runtime.target))
    return (_presented_by_gateways(core, runtime), *_needed(core, runtime), *reached)


def of_authority(core: MeshCore, target: str) -> tuple[str, ...]:
    """Who trusts what it signs, or must, and what of that is in service."""
    chain = chain_of(target, core.paths.ca, core.ca_root)
    root = facts(root_above(chain[:1], Roots(chain)) or chain[0])
    file = core.gateway_root(target.removeprefix(f"{TargetKind.AUTHORITY}/"))
    by_clients = () if core.authorities[target].trusted else (needed(root.subject, f"in {file}"),)
    return (trusted(root, core.holdings.bundles), *by_clients, *_signed(core, target))


def _presented_by_workload(runtime: WorkloadRuntime) -> str:
    if runtime.svid is None:
        return _NO_CERTIFICATE
    if runtime.proxy is None:
        return held_alone(f"unix:{runtime.sds_socket}" if runtime.sds_socket is not None else "")
    if runtime.served is None:
        return "nothing presents it: what its Envoy does needs no certificate"
    inbound = runtime.inbound_mtls
    served = runtime.served.certificate == runtime.held.certificate
    return presented([runtime.proxy.version], [str(inbound)] if inbound is not None else [], served=served)


def _presented_by_gateways(core: MeshCore, runtime: CredentialRuntime) -> str:
    if runtime.facts is None:
        return _NO_CERTIFICATE
    presenters = presenting(runtime.credential, core.workloads)
    if not presenters:
        return "nothing presents it: no Envoy opens a Gateway that refers to it"
    names = [f"{proxy.version} of {each.target}" for each in presenters for proxy in proxies_of([each])]
    served = runtime.served is not None and runtime.served.certificate == runtime.facts
    return presented(names, sorted({str(address) for _, address in core.endpoints(runtime.target)}), served=served)


def _trusted_chain(core: MeshCore, runtime: WorkloadRuntime) -> Iterator[str]:
    svid = runtime.svid
    root = root_above(svid.chain, Roots(svid.bundle.certificates)) if svid is not None else None
    if root is not None:
        yield trusted(facts(root), core.holdings.bundles)


def _signed(core: MeshCore, target: str) -> list[str]:
    subjects = {each.target: each.certificate.subject for each in core.authorities.values()}
    below = defaultdict[str, list[str]](list)
    for each in core.authorities.values():
        below[each.certificate.issuer].append(each.target)
    return signed(
        target,
        {name: below[subject] for name, subject in subjects.items()},
        {name: core.holdings.signed_by(subject) for name, subject in subjects.items()},
    )


def _needed(core: MeshCore, runtime: CredentialRuntime) -> Iterator[str]:
    if not runtime.chain:
        return
    own, known = core.desired.edge.roots_of(runtime.target)
    root = root_above(runtime.chain, own, known)
    if root is None:
        yield needed(runtime.chain[-1].issuer.rfc4514_string(), "")
    else:
        yield needed(root.subject.rfc4514_string(), _where(core, runtime, root, own))


def _where(core: MeshCore, runtime: CredentialRuntime, root: x509.Certificate, own: Roots) -> str:
    path, sha256 = core.root_of(runtime), facts(root).sha256
    if path is not None and root in load_certificates(path.read_bytes()):
        return f"in {path}"
    if root in own:
        return f"in {runtime.key}"
    if root in runtime.chain:
        return "which it presents itself"
    found = next((each.target for each in core.authorities.values() if each.certificate.sha256 == sha256), None)
    return f"which is {found}" if found is not None else "which this system trusts"


def _called(core: MeshCore, runtime: WorkloadRuntime) -> Iterator[str]:
    recorder = core.observed.recorder
    callers = recorder.counts.callers_of(runtime.target)
    # without a sidecar nobody would tell
    if callers or runtime.inbound is not None:
        yield called(callers, recorder.since)
