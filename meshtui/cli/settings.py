"""The options of a mesh, read into Settings."""

from __future__ import annotations

from pathlib import Path

from meshtui.cli.options import Common
from meshtui.errors import IdentityError, UsageError
from meshtui.identity.spiffe import check_trust_domain
from meshtui.settings import Settings, parse_duration


def read_settings(
    common: Common,
    *,
    mesh_file: Path | None,
    trust_domain: str,
    workload_ttl: str,
    rotate_at: float | None,
    overdue_at: float | None,
    ca_port: int,
    gateway_port: int,
    ca_dir: Path | None,
    oidc_file: Path | None,
    mtls_port: int | None,
    token_every: str,
    trusted_node_accounts: str,
    metrics_port: int | None,
    no_envoy: bool,
    fleet: int,
    fleet_sockets: bool,
    operator_group: str,
    until_detached: bool = False,
) -> Settings:
    """Settings as the person said them, or prefers them. Raises UsageError for what is out of range.

    Thresholds belong together: who says when certificates are due does not mean when they were to be overdue else.
    """
    try:
        check_trust_domain(trust_domain)
    except IdentityError as error:
        raise UsageError(error.message, fix="Name one with --trust-domain.") from error
    preferred = common.found.preferences.thresholds
    if rotate_at is None:
        rotate_at = preferred.due
        overdue_at = preferred.overdue if overdue_at is None else overdue_at
    return Settings(
        state=common.directory,
        trust_domain=trust_domain,
        workload_ttl=parse_duration(workload_ttl),
        rotate_at=rotate_at,
        overdue_at=overdue_at,
        ca_port=ca_port,
        gateway_port=gateway_port,
        mesh_file=mesh_file.absolute() if mesh_file is not None else None,
        ca_dir=ca_dir.absolute() if ca_dir is not None else None,
        oidc_file=oidc_file.absolute() if oidc_file is not None else None,
        mtls_port=mtls_port,
        token_every=parse_duration(token_every),
        trusted_node_accounts=trusted_node_accounts,
        metrics_port=metrics_port,
        envoy=not no_envoy,
        read_only=bool(common.read_only),
        operator_group=operator_group,
        fleet=fleet,
        fleet_sockets=fleet_sockets,
        until_detached=until_detached,
    )
