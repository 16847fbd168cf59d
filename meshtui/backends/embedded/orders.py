"""What the next certificate of a gateway is to be: what is asked for, else as it was, else the default. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from meshtui.ca.profile import check_outside, server_profile
from meshtui.ca.refusal import RefusalError
from meshtui.ca.validity import GATEWAY_LIMITS
from meshtui.errors import RefusedError, UsageError
from meshtui.gateway.credential import Credential
from meshtui.identity.facts import CertificateFacts
from meshtui.identity.signers import MESH_CA
from meshtui.manifest.grants import KEYS
from meshtui.manifest.lifetimes import SHORTEST, lifetime_text
from meshtui.mesh.actions import Terms


@dataclass(frozen=True)
class Order:
    """A certificate that is to be made here."""

    authority: str
    """Who signs: a gateway root, or the mesh's CA."""
    hosts: tuple[str, ...]
    key_kind: str
    lifetime: timedelta | None
    """None leaves it to the CA."""


def order_for(credential: Credential, held: CertificateFacts | None, terms: Terms) -> Order:
    """The order for a credential that has the certificate `held` now. Raises UsageError or RefusedError.

    A rotation keeps the names that the certificate has, whatever Gateways say by now: what clients rely on does not
    change by itself.
    """
    secret = credential.secret
    hosts = terms.hosts or (held.sans if held is not None else ()) or hosts_of(credential)
    if not hosts:
        raise UsageError(f"It is not known for which hosts {credential.target} is.", fix="Name them with --host.")
    order = Order(
        authority=terms.issuer or (secret.issuer if secret is not None else "") or _domain(hosts),
        hosts=tuple(dict.fromkeys(hosts)),
        key_kind=terms.key_kind or (secret.key_kind if secret is not None else "") or _kind_of(held),
        lifetime=terms.lifetime or (secret.lifetime if secret is not None else None),
    )
    _check(order)
    return order


def hosts_of(credential: Credential) -> tuple[str, ...]:
    """The hosts of its Gateways that a certificate can be for."""
    return tuple(host for host in credential.hosts if host != "*")


def _domain(hosts: Sequence[str]) -> str:
    """The root for a domain: its last two labels."""
    for host in hosts:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return ".".join(host.removeprefix("*.").split(".")[-2:])
    raise UsageError(
        f"No root can be called by addresses alone ({', '.join(hosts)}).", fix="Name the issuer with --issuer."
    )


def _kind_of(held: CertificateFacts | None) -> str:
    return held.key if held is not None and held.key in KEYS else KEYS[0]


def _check(order: Order) -> None:
    """What the CA would refuse is refused while it is a plan."""
    if order.key_kind not in KEYS:
        raise UsageError(f"{order.key_kind!r} is not a kind of key.", fix=f"Use one of {', '.join(KEYS)}.")
    longest = GATEWAY_LIMITS.maximum
    if order.lifetime is not None and not SHORTEST <= order.lifetime <= longest:
        raise UsageError(
            f"A gateway certificate cannot live {lifetime_text(order.lifetime)}.",
            fix=f"Use {SHORTEST.total_seconds():g}s to {longest.days}d.",
        )
    try:
        profile = server_profile(order.hosts)
    except RefusalError as error:
        raise UsageError(f"{error.message}.", fix="Name hosts with --host; others than ASCII as xn--….") from error
    if order.authority == MESH_CA:
        try:
            check_outside(profile)
        except RefusalError as error:
            raise RefusedError(f"{error.message}.", fix="Use a gateway root: --issuer NAME.") from error
