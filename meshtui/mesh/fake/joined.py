"""The fake mesh's rows in full: the detail of one, and the snapshot of all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from meshtui.findings import Finding, Severity
from meshtui.mesh.fake.blast_radius import CA_ROOT, depends_on, inbound_of, is_trusted, sds_socket_of
from meshtui.mesh.fake.certificates import certificate, chain_of, held_truth, issued_truth, served_truth
from meshtui.mesh.fake.journal import Journal
from meshtui.mesh.fake.judgement import findings_of
from meshtui.mesh.overview import Census, Overview
from meshtui.mesh.rates import RateCounter
from meshtui.mesh.rows import Detail, HistoryEntry, Row
from meshtui.mesh.snapshot import Authority, Gateway, Identity, MeshInfo, Rotation, Snapshot
from meshtui.mesh.targets import Target, TargetKind
from meshtui.mesh.traffic import Traffic
from meshtui.mesh.trouble import in_trouble


def authorities_of(rows: Iterable[Row]) -> dict[str, Row]:
    """The rows that sign, by the name that issuers are called."""
    prefix = f"{TargetKind.AUTHORITY}/"
    return {row.target.removeprefix(prefix): row for row in rows if row.target.startswith(prefix)}


def detail_of(row: Row, rows: Mapping[str, Row], history: tuple[HistoryEntry, ...], traffic: Traffic) -> Detail:
    """Everything about one row; `rows` and `traffic` are of all, `history` is of this target, newest first."""
    chain = chain_of(row, authorities_of(rows.values()))
    return Detail(
        row=row,
        desired=_desired(row),
        issued=issued_truth(row),
        held=held_truth(row),
        served=served_truth(row),
        chain=chain,
        depends=depends_on(row, rows, chain, traffic),
        history=history,
        findings=findings_of(row),
    )


def snapshot_of(
    info: MeshInfo, rows: Mapping[str, Row], counts: Mapping[str, int], before: Mapping[str, Row]
) -> Snapshot:
    """Everything at once; `counts` says how many certificates each target has received, `before` what undo has."""
    by_kind: dict[TargetKind, list[Row]] = {kind: [] for kind in TargetKind}
    for row in rows.values():
        by_kind[Target.parse(row.target).kind].append(row)
    return Snapshot(
        info=info,
        identities=tuple(_identity(row, counts) for row in by_kind[TargetKind.WORKLOAD]),
        gateways=tuple(_gateway(row, counts, before.get(row.target)) for row in by_kind[TargetKind.GATEWAY]),
        authorities=tuple(_authority(row) for row in by_kind[TargetKind.AUTHORITY] if row.serial),
        findings=tuple(finding for row in rows.values() for finding in findings_of(row)),
    )


def overview_of(rows: Sequence[Row], journal: Journal, now: datetime) -> Overview:
    """How the mesh stands, with the rates that its journal tells."""
    census, counter = Census(now), RateCounter()
    census.count(rows)
    for at, issued in journal.decisions():
        counter.count(at, issued=issued)
    authorities = [_authority(row) for row in authorities_of(rows).values() if row.serial]
    findings = (finding for row in rows if in_trouble(row) for finding in findings_of(row))
    return census.overview(authorities, findings, counter.rates(now))


def worst_first(rows: Iterable[Row]) -> tuple[Finding, ...]:
    """What is wrong with all rows."""
    found = (finding for row in rows if in_trouble(row) for finding in findings_of(row))
    return tuple(sorted(found, key=lambda each: list(Severity).index(each.severity)))


def _desired(row: Row) -> dict[str, str]:
    target = Target.parse(row.target)
    if target.kind is TargetKind.WORKLOAD:
        account = row.identity.rpartition("/")[2]
        return {"service account": f"{target.namespace}/{account}", "proxy": _proxy(row), "mTLS": "STRICT"}
    if target.kind is TargetKind.GATEWAY:
        return {"gateway": f"{target.namespace}/{target.name}", "hosts": row.identity, "TLS mode": "SIMPLE"}
    return {"role": _role(row), "subject": row.identity}


def _identity(row: Row, counts: Mapping[str, int]) -> Identity:
    proxy = _proxy(row)
    return Identity(
        target=row.target,
        spiffe_id=row.identity,
        proxy=proxy,
        sds_socket=sds_socket_of(row),
        inbound=f"unix:{inbound_of(row)}" if proxy == "envoy" else "",
        issued=issued_truth(row),
        held=held_truth(row),
        served=served_truth(row),
        rotation=_rotation(row, counts),
        mtls="STRICT",
        disagreement=row.disagreement,
    )


def _gateway(row: Row, counts: Mapping[str, int], before: Row | None) -> Gateway:
    target = Target.parse(row.target)
    return Gateway(
        target=row.target,
        gateway=f"{target.namespace}/{target.name}",
        hosts=tuple(row.identity.split(", ")),
        tls_mode="SIMPLE",
        ca_root=CA_ROOT,
        issued=issued_truth(row),
        held=held_truth(row),
        served=served_truth(row),
        rotation=_rotation(row, counts),
        previous=held_truth(before).certificate if before is not None else None,
        disagreement=row.disagreement,
    )


def _authority(row: Row) -> Authority:
    assert row.issued_at is not None  # an authority of the fake mesh that has a serial number has dates
    assert row.not_after is not None
    return Authority(
        target=row.target,
        role=_role(row),
        signing=True,
        trusted=is_trusted(row),
        certificate=certificate(row, row.serial, row.issued_at, row.not_after),
    )


def _rotation(row: Row, counts: Mapping[str, int]) -> Rotation:
    return Rotation(
        state=row.state,
        at_risk=row.at_risk,
        due_at=row.due_at,
        last_rotated_at=row.issued_at,
        last_error=row.last_error,
        count=counts.get(row.target, 1 if row.serial else 0),
        manual=row.manual,
    )


def _proxy(row: Row) -> str:
    return row.served_by.partition(" ")[0] or "none"


def _role(row: Row) -> str:
    return "root" if row.target == f"{TargetKind.AUTHORITY}/{row.issuer}" else "intermediate"
