"""Plans of the fake mesh: what an action would do, and whether it may. Nothing is changed here."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from meshtui.errors import RefusedError, UsageError
from meshtui.manifest.model import Manifest
from meshtui.mesh.actions import Action, Apply, Delete, Issue, Plan, PlannedStep, Rotate
from meshtui.mesh.fake.objects import Objects
from meshtui.mesh.rows import Row
from meshtui.mesh.targets import FORMS, TargetKind, has_target_form

LAPSE = timedelta(seconds=60)
"""How long a plan may wait for its confirmation."""


@dataclass(frozen=True)
class Prepared:
    """An action that was looked up: which rows it is about, or which objects it would store or remove."""

    action: Action
    rows: tuple[Row, ...] = ()
    stored: tuple[Manifest, ...] = ()
    removed: tuple[Manifest, ...] = ()


def prepare(action: Action, rows: Mapping[str, Row], objects: Objects) -> Prepared:
    """Look up what an action is about.

    Raises UsageError for targets, kinds and documents that are wrong, RefusedError for what may not be done.
    """
    if isinstance(action, Apply):
        return Prepared(action, stored=objects.read(action.text, action.source))
    if isinstance(action, Delete):
        return Prepared(action, removed=tuple(objects.find(action.kind, action.name, action.namespace)))
    if not action.targets:
        raise UsageError("No target was named.", fix=f"A target is {FORMS}.")
    found = tuple({row.target: row for row in (find(target, rows) for target in action.targets)}.values())
    for row in found:
        _refuse(action, row)
    return Prepared(action, rows=found)


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
    if isinstance(action, Issue | Rotate):
        verb = "issue" if isinstance(action, Issue) else "rotate"
        steps = tuple(PlannedStep(target=row.target, text=_does(row)) for row in prepared.rows)
        words = [verb, *(row.target for row in prepared.rows)]
        effects = _effects(prepared.rows)
        title = f"{verb.capitalize()} {_count(steps, 'certificate' if verb == 'issue' else 'identity')}"
    else:
        verb = "apply" if isinstance(action, Apply) else "delete"
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
    if row.target.startswith(f"{TargetKind.GATEWAY}/"):
        return f"new key, new Secret version, {where}"
    return f"new key, CSR to the CA, {where}"


def _effects(rows: Sequence[Row]) -> tuple[str, ...]:
    hosts = sum(len(row.identity.split(", ")) for row in rows if row.target.startswith(f"{TargetKind.GATEWAY}/"))
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
