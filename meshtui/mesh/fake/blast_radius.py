"""What stands or falls with each row of the fake mesh, and where its certificates are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from meshtui.mesh.blast_radius import called, grouped, held_alone, needed, presented, signed, trusted
from meshtui.mesh.fake.certificates import held_truth
from meshtui.mesh.rows import ChainLink, Row
from meshtui.mesh.targets import Target, TargetKind
from meshtui.mesh.traffic import Outcome, Traffic

CA_ROOT = "/run/fake/example.com.pem"
"""What verifies the certificates of the gateways."""
_GATEWAY = "127.0.0.1:8443"
_ROOT = f"{TargetKind.AUTHORITY}/root"


def is_authority(row: Row) -> bool:
    """Whether it signs others."""
    return row.target.startswith(f"{TargetKind.AUTHORITY}/")


def is_trusted(authority: Row) -> bool:
    """Whether workloads believe in what it signs; clients of gateways must in what the others sign."""
    return authority.issuer != "example.com"


def sds_socket_of(row: Row) -> str:
    """Where its agent serves it."""
    return f"/run/fake/sds-{row.serial[:12]}"


def inbound_of(row: Row) -> str:
    """Where its sidecar takes requests."""
    return f"/run/fake/in-{row.serial[:12]}"


def depends_on(row: Row, rows: Mapping[str, Row], chain: Sequence[ChainLink], traffic: Traffic) -> tuple[str, ...]:
    """Of one row among all `rows`; `chain` is its own, `traffic` what was seen of calls."""
    kind = Target.parse(row.target).kind
    if kind is TargetKind.AUTHORITY:
        return _of_authority(row, rows, chain)
    if not row.serial:
        return ("nothing presents it: there is no certificate",)
    if kind is TargetKind.GATEWAY:
        return _of_gateway(row, chain)
    return _of_workload(row, rows, chain, traffic)


def _of_workload(row: Row, rows: Mapping[str, Row], chain: Sequence[ChainLink], traffic: Traffic) -> tuple[str, ...]:
    trust = trusted(chain[-1].certificate, _bundles(rows))
    if not row.served_by.startswith("envoy"):
        return (held_alone(f"unix:{sds_socket_of(row)}"), trust)
    callers: Counter[str] = Counter()
    for pair in traffic.pairs:
        if pair.destination == row.target and pair.outcome is not Outcome.DENIED:
            callers[pair.source_target or pair.source] += pair.count
    return (
        presented([row.served_by], [f"unix:{inbound_of(row)}"], served=row.served_serial == row.serial),
        trust,
        f"Service {row.target.removeprefix('workload/')}",
        called([name for name, _ in callers.most_common()], traffic.since),
    )


def _of_gateway(row: Row, chain: Sequence[ChainLink]) -> tuple[str, ...]:
    hosts = row.identity.split(", ")
    routes = f"{len(hosts)} route{'s' if len(hosts) > 1 else ''}"
    route = f"VirtualService prod/{Target.parse(row.target).name} ({routes})"
    return (
        presented([row.served_by], [_GATEWAY], served=row.served_serial == row.serial),
        needed(chain[-1].certificate.subject, f"in {CA_ROOT}"),
        *grouped([*(f"host {host}" for host in hosts), route]),
    )


def _of_authority(row: Row, rows: Mapping[str, Row], chain: Sequence[ChainLink]) -> tuple[str, ...]:
    below, holders = defaultdict[str, list[str]](list), defaultdict[str, dict[str, int]](dict)
    for each in rows.values():
        signer = f"{TargetKind.AUTHORITY}/{each.issuer}"
        if each.serial and is_authority(each):
            below[signer].append(each.target)
        elif each.serial:
            holders[signer][each.target] = 1
    what_it_signed = signed(row.target, below, holders)
    if not chain:
        return tuple(what_it_signed)
    root = chain[-1].certificate
    by_clients = () if is_trusted(row) else (needed(root.subject, f"in {CA_ROOT}"),)
    return (trusted(root, _bundles(rows)), *by_clients, *what_it_signed)


def _bundles(rows: Mapping[str, Row]) -> Iterator[tuple[Collection[str], Collection[str]]]:
    """Every workload with a certificate believes in the root of the mesh."""
    root = held_truth(rows[_ROOT]).certificate if _ROOT in rows else None
    workloads = [row for row in rows.values() if row.target.startswith(f"{TargetKind.WORKLOAD}/")]
    yield (root.sha256,) if root is not None else (), [row.target for row in workloads if row.serial]
    yield (), [row.target for row in workloads if not row.serial]
