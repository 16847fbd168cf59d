"""What an action would do, in words, before it is done. Changes nothing."""

from __future__ import annotations

import shlex

from meshtui.backends.embedded.acceptance import problems_of, warnings_of
from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.drafts import Draft, count
from meshtui.backends.embedded.plans import PlanBook
from meshtui.backends.embedded.renewal_plans import issue_draft, rotate_draft, undo_draft
from meshtui.errors import ManifestError, UsageError
from meshtui.manifest.catalog import removed
from meshtui.manifest.documents import parse
from meshtui.manifest.kinds import find_kind
from meshtui.manifest.model import Manifest, ObjectKey, Secret
from meshtui.mesh.actions import Action, Apply, Delete, Issue, Plan, PlannedStep, Rotate, Undo
from meshtui.mesh.targets import TargetKind
from meshtui.policy.broken_hops import newly_broken
from meshtui.policy.mode_changes import mode_changes

UNCHANGED = "unchanged"
"""What is planned for an object that is there as it is to be."""


async def plan_of(core: MeshCore, action: Action, plans: PlanBook) -> Plan:
    """The plan for an action. Raises UsageError or RefusedError when it cannot be done as the mesh is now."""
    draft = await _draft(core, action)
    return Plan(
        id=plans.new_id(),
        title=draft.title,
        verb=draft.verb,
        steps=draft.steps,
        effects=draft.effects,
        warnings=draft.warnings,
        command=draft.command,
        by_hand=draft.by_hand,
        lapses_at=plans.lapse(),
    )


async def _draft(core: MeshCore, action: Action) -> Draft:
    match action:
        case Issue():
            return await issue_draft(core, action)
        case Rotate():
            return await rotate_draft(core, action)
        case Undo():
            return undo_draft(core, action)
        case Apply():
            return await _apply(core, action)
        case Delete():
            return _delete(core, action)


async def _apply(core: MeshCore, action: Apply) -> Draft:
    objects = parse(action.text, action.source)
    after = core.catalog.apply(objects)
    problems = dict.fromkeys([*problems_of(objects, after), *await core.keys.of_objects(objects, core.catalog)])
    if problems:
        raise ManifestError(tuple(problems))
    steps = tuple(PlannedStep(target=str(each.key), text=_difference(core, each)) for each in objects)
    domain = core.settings.trust_domain
    warnings = set(warnings_of(after, domain)) - set(warnings_of(core.catalog, domain))
    command = ["apply", *(word for name in action.source.split(", ") for word in ("-f", name))]
    return Draft(
        title=f"Apply {count(len(objects), 'object')}",
        verb="apply",
        steps=steps,
        effects=mode_changes(core.catalog, after),
        warnings=(*sorted(warnings), *newly_broken(core.catalog, after, domain)),
        command=shlex.join(["meshtui", *command]),
        by_hand=(shlex.join(["kubectl", *command]),),
    )


def _difference(core: MeshCore, manifest: Manifest) -> str:
    known = core.catalog.get(manifest.key)
    if known is None:
        return "create"
    return UNCHANGED if known.document == manifest.document else "replace"


def _delete(core: MeshCore, action: Delete) -> Draft:
    key = key_of(action)
    found = core.catalog.get(key)
    if found is None:
        raise UsageError(f"There is no {key}.", fix=f"See: meshtui get {key.kind}")
    after = removed(core.catalog, key)
    cut_off = newly_broken(core.catalog, after, core.settings.trust_domain)
    where = [key.name, *(("-n", key.namespace) if key.namespace else ())]
    group, slash, _ = found.document["apiVersion"].partition("/")
    kind = f"{key.kind.lower()}.{group}" if slash else key.kind  # kubectl may know two kinds of this name
    return Draft(
        title=f"Delete {key}",
        verb="delete",
        steps=(PlannedStep(target=str(key), text="delete"),),
        effects=_loss(core, key) if isinstance(found, Secret) else mode_changes(core.catalog, after),
        warnings=_broken_without(core, key) if isinstance(found, Secret) else cut_off,
        command=shlex.join(["meshtui", "delete", key.kind, *where]),
        by_hand=(shlex.join(["kubectl", "delete", kind, *where]),),
    )


def _loss(core: MeshCore, key: ObjectKey) -> tuple[str, ...]:
    also = ", and so is the version before" if key in core.desired.previous else ""
    return (f"Its key and certificate are gone for good{also}.",)


def _broken_without(core: MeshCore, key: ObjectKey) -> tuple[str, ...]:
    served = core.desired.edge.reach_of(f"{TargetKind.GATEWAY}/{key.namespace}/{key.name}")
    return (f"It is in use: {', '.join(served)} fail without it.",) if served else ()


def key_of(action: Delete) -> ObjectKey:
    """The object that a Delete is about; namespaced kinds default to the namespace `default`."""
    kind = find_kind(action.kind)
    return ObjectKey(kind.name, (action.namespace or "default") if kind.namespaced else "", action.name)
