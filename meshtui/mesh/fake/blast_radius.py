"""What stands or falls with each row of the fake mesh, and where its certificates are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from meshtui.mesh.blast_radius import grouped, held_alone, needed, presented, signed, trusted
from meshtui.mesh.fake.certificates import held_truth
from meshtui.mesh.rows import ChainLink, Row
from meshtui.mesh.targets import Target, TargetKind

CA_ROOT = "/run/fake/example.com.pem"
"""What verifies the certificates of the gateways."""
_GATEWAY = "127.0.0.1:8443"
_ROOT = f"{TargetKind.AUTHORITY}/root"


def sds_socket_of(row: Row) -> str:
    """Where its agent serves it."""
    return f"/run/fake/sds-{row.serial[:12]}"


def inbound_of(row: Row) -> str:
    """Where its sidecar takes requests."""
    return f"/run/fake/in-{row.serial[:12]}"


def depends_on(
    row: Row, authorities: Mapping[str, Row], rows: Mapping[str, Row], chain: Sequence[ChainLink]
) -> tuple[str, ...]:
    """Of one row; `authorities` are those of `rows` that sign, by the name that issuers are called."""
    kind = Target.parse(row.target).kind
    if kind is TargetKind.AUTHORITY:
        return _of_authority(row, authorities, rows, chain)
    if not row.serial:
        return ("nothing presents it: there is no certificate",)
    if kind is TargetKind.GATEWAY:
        return _of_gateway(row, chain)
    return _of_workload(row, rows, chain)


def _of_workload(row: Row, rows: Mapping[str, Row], chain: Sequence[ChainLink]) -> tuple[str, ...]:
    root = chain[-1].certificate
    if not row.served_by.startswith("envoy"):
        return (held_alone(f"unix:{sds_socket_of(row)}"), trusted(root, _bundles(rows)))
    return (
        presented([row.served_by], [f"unix:{inbound_of(row)}"], served=row.served_serial == row.serial),
        trusted(root, _bundles(rows)),
        f"Service {row.target.removeprefix('workload/')}",
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


def _of_authority(
    row: Row, authorities: Mapping[str, Row], rows: Mapping[str, Row], chain: Sequence[ChainLink]
) -> tuple[str, ...]:
    below, holders = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for each in rows.values():
        if each.serial and each.issuer in authorities:
            among = below if each.target.startswith(f"{TargetKind.AUTHORITY}/") else holders
            among[authorities[each.issuer].target].append(each.target)
    roots = [link.certificate for link in chain[-1:]]
    by_clients = [needed(root.subject, f"in {CA_ROOT}") for root in roots if row.target != _ROOT and len(chain) == 1]
    return (*(trusted(root, _bundles(rows)) for root in roots), *by_clients, *signed(row.target, below, holders))


def _bundles(rows: Mapping[str, Row]) -> Iterator[tuple[str, Collection[str]]]:
    """Every workload with a certificate believes in the root of the mesh."""
    root = held_truth(rows[_ROOT]).certificate if _ROOT in rows else None
    bundle = frozenset((root.sha256,) if root is not None else ())
    prefix = f"{TargetKind.WORKLOAD}/"
    return ((row.target, bundle if row.serial else ()) for row in rows.values() if row.target.startswith(prefix))
