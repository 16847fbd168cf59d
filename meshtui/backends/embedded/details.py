"""Everything about one target, for the detail view."""

from __future__ import annotations

from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meshtui.backends.embedded import blast_radius, views
from meshtui.backends.embedded.authorities import chain_of
from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.credential import CredentialRuntime
from meshtui.backends.embedded.held_identity import HeldIdentity
from meshtui.backends.embedded.workload import WorkloadRuntime
from meshtui.identity.inspect import facts, load_certificates
from meshtui.identity.lifetime import overdue_after
from meshtui.identity.signers import MESH_CA
from meshtui.manifest.issuance import UNDONE
from meshtui.manifest.workload import Workload
from meshtui.mesh.rows import ChainLink, Detail, HistoryEntry, Row
from meshtui.mesh.snapshot import Truth
from meshtui.policy.peer_authentication import effective_mode
from meshtui.present.times import length_in_words


def detail_of(core: MeshCore, row: Row, history: Iterable[HistoryEntry]) -> Detail:
    """The whole of what is known about the target of `row`."""
    target = row.target
    findings = views.findings_of(core, target, core.clock())
    if (workload := core.workloads.get(target)) is not None:
        desired, chain = _desired_workload(core, workload), _workload_chain(workload)
        depends = blast_radius.of_workload(core, workload)
        issued, held, served = workload.identity.issued, workload.identity.held, workload.served
    elif (credential := core.credentials.get(target)) is not None:
        desired, chain = _desired_credential(core, credential), _credential_chain(core, credential)
        depends = blast_radius.of_credential(core, credential)
        issued, held, served = credential.issued, credential.held, credential.served
    else:
        authority = core.authorities[target]
        desired = {"role": authority.role}
        chain = chain_of(target, core.paths.ca, core.ca_root)
        depends = blast_radius.of_authority(core, target)
        issued, held, served = Truth(), Truth(certificate=authority.certificate), None
    return Detail(
        row=row,
        desired=desired,
        issued=issued,
        held=held,
        served=served or Truth(),
        chain=tuple(_link(certificate) for certificate in chain),
        depends=depends,
        history=tuple(history),
        findings=findings,
    )


def _desired_workload(core: MeshCore, runtime: WorkloadRuntime) -> dict[str, str]:
    workload = runtime.workload
    lifetime = workload.secret_ttl or core.settings.workload_ttl
    return {
        "SPIFFE ID": str(runtime.identity.spiffe_id),
        "service account": f"{workload.namespace}/{workload.service_account}",
        "pod": f"{runtime.identity.pod_name} ({runtime.identity.pod_uid})",
        "lifetime": length_in_words(lifetime),
        "rotated at": f"{core.settings.rotate_at:.0%} of it, overdue at {_overdue_at(core):.0%}",
        **_serving(runtime),
        **{f"granted {each.spiffe_id}": _granted(each) for each in runtime.granted},
        **({"inbound": str(runtime.inbound), "mTLS": _mode(core, workload)} if runtime.inbound is not None else {}),
    }


def _overdue_at(core: MeshCore) -> float:
    rotate_at = core.settings.rotate_at
    return min(rotate_at + overdue_after(rotate_at, core.settings.overdue_at), 1.0)


def _mode(core: MeshCore, workload: Workload) -> str:
    mode = effective_mode(core.catalog, workload, workload.inbound_port)
    return f"{mode.mode}, by the {mode.policy}" if mode.policy is not None else f"{mode.mode}, by default"


def _granted(identity: HeldIdentity) -> str:
    facts = identity.held.certificate
    if facts is None:
        return f"no certificate: {identity.error or 'not received yet'}"
    return f"{facts.serial}, {facts.key}, until {facts.not_after:%Y-%m-%d %H:%M:%SZ}"


def _serving(runtime: WorkloadRuntime) -> dict[str, str]:
    if runtime.sds_socket is None:
        return {"proxy": "none; the agent serves nobody"}
    proxy = runtime.proxy.version if runtime.proxy is not None else "none; the agent serves SDS"
    return {"proxy": proxy, "SDS socket": str(runtime.sds_socket)}


def _desired_credential(core: MeshCore, runtime: CredentialRuntime) -> dict[str, str]:
    credential, previous = runtime.credential, runtime.previous
    return {
        "hosts": ", ".join(credential.hosts) or "none",
        "gateways": ", ".join(map(str, credential.gateways)) or "none refers to it",
        "TLS mode": credential.tls_mode or "none",
        "signed by": "the mesh’s CA" if runtime.authority == MESH_CA else runtime.authority or "somebody else",
        **({"lifetime": _lifetime(runtime)} if runtime.authority else {}),
        "rotated": _rotated(core, runtime),
        **({"before it": f"{previous.serial}, until {previous.not_after:%Y-%m-%d %H:%M:%SZ}"} if previous else {}),
    }


def _lifetime(runtime: CredentialRuntime) -> str:
    lifetime = runtime.credential.secret.lifetime if runtime.credential.secret is not None else None
    return length_in_words(lifetime) if lifetime is not None else "the CA's default"


def _rotated(core: MeshCore, runtime: CredentialRuntime) -> str:
    secret = runtime.credential.secret
    if secret is not None and secret.rotation == UNDONE:
        return "by you, once: an undone version stays until then"
    if runtime.manual or not runtime.authority:
        return "by you"
    return f"by itself, at {core.settings.rotate_at:.0%} of its life"


def _workload_chain(runtime: WorkloadRuntime) -> tuple[x509.Certificate, ...]:
    svid = runtime.svid
    return (*svid.chain, *svid.bundle.certificates) if svid is not None else ()


def _credential_chain(core: MeshCore, runtime: CredentialRuntime) -> tuple[x509.Certificate, ...]:
    path = core.root_of(runtime)
    root = load_certificates(path.read_bytes()) if path is not None else ()
    return (*runtime.chain, *root)


def _link(certificate: x509.Certificate) -> ChainLink:
    return ChainLink(certificate=facts(certificate), pem=certificate.public_bytes(Encoding.PEM).decode())
