"""Plans of the fake mesh: what an action would do, and whether it may. Nothing is changed here."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from meshtui.errors import RefusedError, UsageError
from meshtui.manifest import by_hand
from meshtui.manifest.model import Manifest
from meshtui.mesh.actions import NO_TERMS, Action, Apply, Delete, Issue, Plan, PlannedStep, Rotate, Undo
from meshtui.mesh.fake.certificates import LIFETIME
from meshtui.mesh.fake.demo import NEVER_ISSUED
from meshtui.mesh.fake.objects import Objects
from meshtui.mesh.fake.renewals import check_brought, check_undo, hosts_of, is_gateway
from meshtui.mesh.rows import Row
from meshtui.mesh.snapshot import RotationState
from meshtui.mesh.targets import FORMS, Target, TargetKind, has_target_form
from meshtui.mesh.terms import options_of, problem_with

LAPSE = timedelta(seconds=60)
"""How long a plan may wait for its confirmation."""


@dataclass(frozen=True)
class Prepared:
    """An action that was looked up: which rows it is about, or which objects it would store or remove."""

    action: Action
    rows: tuple[Row, ...] = ()
    stored: tuple[Manifest, ...] = ()
    removed: tuple[Manifest, ...] = ()


def prepare(
    action: Action, rows: Mapping[str, Row], objects: Objects, before: Mapping[str, Row], now: datetime
) -> Prepared:
    """Look up what an action is about; `before` has the rows of gateways as they were with another certificate.

    Raises UsageError for targets, kinds and documents that are wrong, RefusedError for what may not be done.
    """
    if isinstance(action, Apply):
        return Prepared(action, stored=objects.read(action.text, action.source))
    if isinstance(action, Delete):
        return Prepared(action, removed=tuple(objects.find(action.kind, action.name, action.namespace)))
    if isinstance(action, Undo):
        row = find(action.target, rows)
        check_undo(row, before.get(row.target), now)
        return Prepared(action, rows=(row,))
    return Prepared(action, rows=_renewable(action, rows, now))


def _renewable(action: Issue | Rotate, rows: Mapping[str, Row], now: datetime) -> tuple[Row, ...]:
    if not action.targets:
        raise UsageError("No target was named.", fix=f"A target is {FORMS}.")
    if problem := problem_with(action.targets, action.terms):
        raise UsageError(problem)
    known = dict(rows)
    if isinstance(action, Issue) and action.terms != NO_TERMS and action.targets[0] not in rows:
        known |= {target: new_row(target) for target in action.targets}
    found = tuple({row.target: row for row in (find(target, known) for target in action.targets)}.values())
    for row in found:
        _refuse(action, row)
        check_brought(row, action.terms, now)
    return found


def new_row(target: str) -> Row:
    """Of a gateway certificate that is only about to be made."""
    return Row(target=str(Target.parse(target)), identity="", truths=NEVER_ISSUED, state=RotationState.UNKNOWN)


def find(target: str, rows: Mapping[str, Row]) -> Row:
    """The row of a target or SPIFFE ID; raises UsageError when there is none."""
    row = rows.get(target) or next((row for row in rows.values() if row.identity == target), None)
    if row is not None:
        return row
    if has_target_form(target):
        raise UsageError(f"There is no {target!r} in this mesh.", fix="See: meshtui status")
    raise UsageError(f"{target!r} is not a target.", fix=f"A target is {FORMS}.")


def plan_of(prepared: Prepared, objects: Objects, plan_id: str, now: datetime) -> Plan:
    """The plan that a person confirms."""
    action = prepared.action
    verb, by_hand = type(action).__name__.lower(), _by_hand(prepared)
    if isinstance(action, Issue | Rotate | Undo):
        does = _goes_back if isinstance(action, Undo) else _does
        steps = tuple(PlannedStep(target=row.target, text=does(row)) for row in prepared.rows)
        options = options_of(action.terms) if isinstance(action, Issue | Rotate) else []
        words = [verb, *(row.target for row in prepared.rows), *options]
        effects = _effects(prepared.rows)
        title = f"{verb.capitalize()} {_count(steps, 'identity' if verb == 'rotate' else 'certificate')}"
    else:
        items = prepared.stored or prepared.removed
        steps = tuple(PlannedStep(target=str(item.key), text=_changes(item, verb, objects)) for item in items)
        words = [verb, *(("-f", action.source) if isinstance(action, Apply) else _named(action))]
        effects = ("Takes effect at once.",)
        title = f"{verb.capitalize()} {_count(steps, 'object')}"
    return Plan(
        id=plan_id,
        title=title,
        verb=verb,
        steps=steps,
        effects=effects,
        command=shlex.join(["meshtui", *words]),
        by_hand=by_hand or (shlex.join(["kubectl", *words]),),
        lapses_at=now + LAPSE,
    )


def _refuse(action: Issue | Rotate, row: Row) -> None:
    if row.target.startswith(f"{TargetKind.AUTHORITY}/"):
        raise RefusedError(
            f"{row.target} is an authority; its certificate is not replaced by hand.",
            fix="Name a workload or a gateway.",
        )
    if isinstance(action, Issue) and row.serial:
        raise RefusedError(f"{row.target} has a certificate.", fix=f"Run: meshtui rotate {row.target}")
    if isinstance(action, Rotate) and not row.serial:
        raise RefusedError(f"{row.target} has no certificate to replace.", fix=f"Run: meshtui issue {row.target}")


def _does(row: Row) -> str:
    where = "push to 1 Envoy" if row.served_by.startswith("envoy") else "hand it to its agent"
    if is_gateway(row):
        kept = ", previous kept for undo" if row.serial else ""
        return f"new key, new Secret version, {where}{kept}"
    return f"new key, CSR to the CA, {where}"


def _goes_back(row: Row) -> str:
    return f"back to {row.previous}, push to 1 Envoy"


def _by_hand(prepared: Prepared) -> tuple[str, ...]:
    """For certificates; empty for objects."""
    return tuple(command for row in prepared.rows for command in _commands(prepared.action, row))


def _commands(action: Action, row: Row) -> tuple[str, ...]:
    target = Target.parse(row.target)
    if not is_gateway(row):
        return (by_hand.restart(target.namespace, target.name),)
    if isinstance(action, Undo):
        return (
            by_hand.store_pair(
                target.namespace, target.name, f"{target.name}.previous.crt", f"{target.name}.previous.key"
            ),
        )
    terms = action.terms if isinstance(action, Issue | Rotate) else NO_TERMS
    hosts = terms.hosts or hosts_of(row)
    if terms.brought is not None:
        certificate, key, ca = (*terms.brought.files, "", "", "")[:3]
        middle = by_hand.check_pair(certificate, key, ca, hosts)
    else:
        certificate, key = f"{target.name}.crt", f"{target.name}.key"
        middle = by_hand.new_pair(
            target.name,
            hosts=hosts,
            issuer=terms.issuer or row.issuer or "example.com",
            key_kind=terms.key_kind or "EC P-256",
            lifetime=terms.lifetime or LIFETIME,
        )
    return ("umask 077", *middle, by_hand.store_pair(target.namespace, target.name, certificate, key))


def _effects(rows: Sequence[Row]) -> tuple[str, ...]:
    hosts = sum(len(hosts_of(row)) for row in rows if is_gateway(row))
    order = ("One at a time; the first failure stops the rest.",) if len(rows) > 1 else ()
    served = (f"Serves {hosts} host{'s' if hosts > 1 else ''}.",) if hosts else ()
    return (*served, "Open connections stay; new ones get the new certificate.", *order)


def _changes(item: Manifest, verb: str, objects: Objects) -> str:
    if verb == "delete":
        return "remove it"
    return "replace it" if objects.has(item.key) else "create it"


def _named(action: Delete) -> tuple[str, ...]:
    return (action.kind, action.name, *(("-n", action.namespace) if action.namespace else ()))


def _count(steps: Sequence[PlannedStep], noun: str) -> str:
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"1 {noun}" if len(steps) == 1 else f"{len(steps)} {plural}"
