"""What would be done to one gateway certificate, in words and in commands for a shell. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.drafts import count
from meshtui.backends.embedded.edge import no_credential
from meshtui.backends.embedded.orders import Order, hosts_of, order_for
from meshtui.backends.embedded.secret_documents import draft, pair_names, rest_names, roots_of, undone
from meshtui.ca.validity import GATEWAY_LIMITS
from meshtui.errors import IdentityError, ManifestError, RefusedError, UsageError
from meshtui.gateway.credential import Credential
from meshtui.identity.facts import CertificateFacts
from meshtui.identity.inspect import facts, load_certificates
from meshtui.identity.server_pair import check_server_pair, uncovered
from meshtui.identity.signers import MESH_CA
from meshtui.manifest import by_hand
from meshtui.manifest.issuance import ISSUER, UNDONE
from meshtui.manifest.model import ObjectKey, Secret
from meshtui.manifest.pairs import leaf_of
from meshtui.manifest.secret_data import TLS, key_pair
from meshtui.mesh.actions import Brought, Terms
from meshtui.mesh.targets import Target

_FEW = 3


@dataclass(frozen=True)
class GatewayStep:
    """The part of a plan that is about one gateway certificate."""

    text: str
    effects: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def credential_of(core: MeshCore, target: str) -> Credential:
    """The credential of a target, which may be one that is not there yet. Raises RefusedError for another's Secret."""
    if (known := core.credentials.get(target)) is not None:
        return known.credential
    parsed = Target.parse(target)
    secret = core.catalog.get(ObjectKey(Secret.kind, parsed.namespace, parsed.name))
    if isinstance(secret, Secret) and secret.type != TLS:
        raise RefusedError(
            f"{secret.key} is there already, is {secret.type}, and no Gateway refers to it.",
            fix="Choose another name, or delete it first.",
        )
    return no_credential(target, secret if isinstance(secret, Secret) else None)


def made_step(core: MeshCore, target: str, terms: Terms) -> GatewayStep:
    """A new certificate. Raises UsageError or RefusedError for one that cannot be had."""
    credential = credential_of(core, target)
    held = leaf_of(credential.secret)
    if terms.issuer == core.settings.trust_domain and not core.gateway_root(terms.issuer).exists():
        raise UsageError(
            f"{terms.issuer} is the trust domain of the mesh, and an issuer is a gateway root.",
            fix="Write --mesh-ca to let the mesh's own CA sign, or name another root, such as example.com.",
        )
    order = order_for(credential, held, terms)
    _check_place(core, credential, {ISSUER: order.authority})
    text = f"new {order.key_kind} key, certificate by {_signer(order)} for {_some(order.hosts)}"
    effects, warnings = [], []
    if credential.secret is not None and credential.secret.rotation == UNDONE:
        effects.append("From then on it is rotated by itself again.")
    if order.authority != MESH_CA and not core.gateway_root(order.authority).exists():
        warnings.append(f"{order.authority} is a new root, which no client trusts yet.")
    missing = tuple(host for host in hosts_of(credential) if host not in order.hosts and not _covered(host, order))
    if missing and terms.hosts:
        # said names replace all that there are: a live host would be lost by a slip
        raise RefusedError(
            f"{', '.join(terms.hosts)} leave out {_some(missing)}, which a Gateway serves with {target}.",
            fix=f"Add --host {' --host '.join(missing)}, or take it out of the Gateway first.",
        )
    if missing:
        warnings.append(f"{target} is not for {_some(missing)}, which a Gateway serves with it: add it with --host.")
    pair = by_hand.new_pair(
        credential.name,
        hosts=order.hosts,
        issuer=order.authority,
        key_kind=order.key_kind,
        lifetime=order.lifetime or GATEWAY_LIMITS.default,
    )
    files = f"{credential.name}.crt", f"{credential.name}.key"
    return GatewayStep(
        f"{text}, {_push(core, target, held)}",
        tuple(effects),
        _in_order(credential, pair, files, kept=held is not None),
        tuple(warnings),
    )


async def brought_step(core: MeshCore, target: str, brought: Brought, wanted: tuple[str, ...]) -> GatewayStep:
    """A pair that was made elsewhere, looked at in full. Raises IdentityError for what is wrong with it."""
    credential = credential_of(core, target)
    hosts = wanted or hosts_of(credential)
    certificate, key = brought.certificate.encode(), brought.private_key.encode()
    chain = check_server_pair(certificate, key, hosts, core.clock(), roots=brought.ca.encode())
    if problem := (await core.keys.problems([key]))[0]:
        raise IdentityError(problem)
    _check_place(core, credential, roots_of(brought))
    leaf, held = facts(chain[0]), leaf_of(credential.secret)
    effects = ("It is not renewed by itself: it is signed elsewhere.",)
    named, key_file, ca_file = (*brought.files, "", "", "")[:3]
    look = by_hand.check_pair(named, key_file, ca_file, hosts)
    text = f"{leaf.key} certificate {leaf.serial} for {_some(leaf.sans)}, until {_time(leaf.not_after)}"
    return GatewayStep(
        f"{text}, {_push(core, target, held)}",
        effects,
        _in_order(credential, look, (named, key_file), kept=held is not None),
        _left_out(target, uncovered(chain[0], hosts_of(credential))),
    )


def undone_step(core: MeshCore, target: str) -> GatewayStep:
    """The version before. Raises RefusedError where there is none, or none that is worth having."""
    runtime = core.credentials.get(target)
    if runtime is None:
        raise RefusedError(f"{target} is no gateway certificate.", fix="Undo is for those alone: meshtui status")
    previous, current = core.desired.previous.get(runtime.key), runtime.credential.secret
    leaf = leaf_of(previous)
    if previous is None or current is None or leaf is None:
        raise RefusedError(f"{target} has no version before this one.", fix=f"meshtui rotate {target}")
    if core.clock() >= leaf.not_after:
        raise RefusedError(
            f"The version before, {leaf.serial}, expired at {_time(leaf.not_after)}.", fix=f"meshtui rotate {target}"
        )
    effects = []
    if undone(current, previous).rotation == UNDONE:
        effects.append("It is not rotated by itself then, until it has been rotated by hand once.")
    pair = key_pair(previous)
    assert pair is not None  # it has a leaf
    if _rest(previous) != _rest(current):
        effects.append("Labels, annotations and other data of the Secret are what they were then, too.")
    place, name = (runtime.credential.namespace, runtime.credential.name), runtime.credential.name
    rest = tuple(entry for entry in rest_names(previous.data) if current.data.get(entry))
    return GatewayStep(
        f"back to {leaf.serial}, until {_time(leaf.not_after)}, {_gateways(core, target)}",
        tuple(effects),
        (
            *by_hand.keep_rest(*place, rest),
            by_hand.store_pair(
                *place, f"{name}.previous.crt", f"{name}.previous.key", pair_names(previous.data), rest=rest
            ),
        ),
        _left_out(target, uncovered(load_certificates(pair[0])[0], hosts_of(runtime.credential))),
    )


def _left_out(target: str, hosts: tuple[str, ...]) -> tuple[str, ...]:
    return (f"{target} is then not for {_some(hosts)}, which a Gateway serves with it.",) if hosts else ()


def _check_place(core: MeshCore, credential: Credential, annotations: Mapping[str, str]) -> None:
    """Raises ManifestError for a Secret that would not be taken."""
    wanted = draft(credential, annotations)
    # one that is there is in a namespace that is there; to look through all objects for each of many takes its time
    if credential.secret is None and (problems := core.catalog.apply((wanted,)).problems()):
        raise ManifestError(problems)


def _in_order(
    credential: Credential, middle: tuple[str, ...], files: tuple[str, str], *, kept: bool
) -> tuple[str, ...]:
    place, data = (credential.namespace, credential.name), _data(credential.secret)
    names, rest = pair_names(data), rest_names(data)
    before = by_hand.keep_pair(*place, names) if kept else ()
    store = by_hand.store_pair(*place, *files, names, rest=rest)
    return ("umask 077", *before, *by_hand.keep_rest(*place, rest), *middle, store)


def _data(secret: Secret | None) -> Mapping[str, bytes]:
    return secret.data if secret is not None else {}


def _covered(host: str, order: Order) -> bool:
    above = host.partition(".")[2]
    return not host.startswith("*.") and f"*.{above}" in order.hosts


def _rest(secret: Secret) -> tuple[object, ...]:
    """All of a Secret but its pair, and how its rotation goes."""
    names = pair_names(secret.data)
    metadata = dict(secret.document["metadata"])
    annotations = dict(metadata.pop("annotations", {}))
    annotations = {name: value for name, value in annotations.items() if not name.startswith("meshtui.io/")}
    return metadata, annotations, {name: value for name, value in secret.data.items() if name not in names}


def _push(core: MeshCore, target: str, held: CertificateFacts | None) -> str:
    kept = ", previous kept for undo" if held is not None else ""
    return f"new Secret version, {_gateways(core, target)}{kept}"


def _gateways(core: MeshCore, target: str) -> str:
    number = len(core.proxies(target))
    return f"push to {count(number, 'gateway')}" if number else "which no gateway presents yet"


def _signer(order: Order) -> str:
    return "the mesh’s CA" if order.authority == MESH_CA else order.authority


def _some(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_FEW])
    return f"{shown} and {len(names) - _FEW} more" if len(names) > _FEW else shown


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%SZ}"
