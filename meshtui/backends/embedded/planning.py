"""What an action would do, in words, before it is done. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meshtui.backends.embedded.acceptance import problems_of, warnings_of
from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.credential import CredentialRuntime
from meshtui.backends.embedded.details import of_credential
from meshtui.backends.embedded.plans import PlanBook
from meshtui.errors import ManifestError, RefusedError, UsageError
from meshtui.manifest.catalog import removed
from meshtui.manifest.documents import parse
from meshtui.manifest.kinds import find_kind
from meshtui.manifest.model import Manifest, ObjectKey, Secret
from meshtui.mesh.actions import Action, Apply, Delete, Issue, Plan, PlannedStep, Rotate
from meshtui.mesh.targets import Target, TargetKind


@dataclass(frozen=True)
class _Draft:
    title: str
    verb: str
    steps: tuple[PlannedStep, ...]
    effects: tuple[str, ...]
    command: str


def plan_of(core: MeshCore, action: Action, plans: PlanBook) -> Plan:
    """The plan for an action. Raises UsageError or RefusedError when it cannot be done as the mesh is now."""
    match action:
        case Issue():
            draft = _issue(core, action.targets)
        case Rotate():
            draft = _rotate(core, action.targets)
        case Apply():
            draft = _apply(core, action)
        case Delete():
            draft = _delete(core, action)
    return Plan(
        id=plans.new_id(),
        title=draft.title,
        verb=draft.verb,
        steps=draft.steps,
        effects=draft.effects,
        command=draft.command,
        lapses_at=plans.lapse(),
    )


def resolve(core: MeshCore, text: str) -> str:
    """The target that is meant: named as such, or by a SPIFFE ID that only one workload has. Raises UsageError."""
    if text.startswith("spiffe://"):
        found = sorted(target for target, runtime in core.workloads.items() if str(runtime.identity.spiffe_id) == text)
        if len(found) != 1:
            many = f"{len(found)} workloads have it: {', '.join(found)}" if found else "no workload has it"
            raise UsageError(f"{text} does not name one workload; {many}.", fix="Name the target: meshtui status")
        return found[0]
    target = str(Target.parse(text))
    if target not in core.workloads and target not in core.credentials and target not in core.authorities:
        raise UsageError(f"There is no {target} in this mesh.", fix="See what there is: meshtui status")
    return target


def resolve_all(core: MeshCore, texts: Sequence[str]) -> tuple[str, ...]:
    """Each target once, in the order given; authorities are refused. Raises UsageError."""
    targets = tuple(dict.fromkeys(resolve(core, text) for text in texts))
    if not targets:
        raise UsageError("No target was named.", fix="Name one, or use --all.")
    for target in targets:
        if Target.parse(target).kind is TargetKind.AUTHORITY:
            raise RefusedError(
                f"{target} signs others; it is not replaced like a leaf.", fix="Rotate what it signed, one by one."
            )
    return targets


def _issue(core: MeshCore, texts: Sequence[str]) -> _Draft:
    targets = resolve_all(core, texts)
    for target in targets:
        runtime = core.workloads.get(target) or core.credentials[target]
        if runtime.held.certificate is not None:
            raise RefusedError(
                f"{target} has a certificate: {runtime.held.certificate.serial}.", fix=f"meshtui rotate {target}"
            )
    return _certificates(core, "issue", targets)


def _rotate(core: MeshCore, texts: Sequence[str]) -> _Draft:
    targets = resolve_all(core, texts)
    for target in targets:
        runtime = core.workloads.get(target) or core.credentials[target]
        if runtime.held.certificate is None and not runtime.held.unknown:
            raise RefusedError(f"{target} has no certificate yet.", fix=f"meshtui issue {target}")
        if isinstance(runtime, CredentialRuntime) and runtime.brought:
            raise RefusedError(
                f"{target} was not issued here, so it cannot be renewed here.",
                fix="Apply a Secret with the new certificate, or annotate it with meshtui.io/issuer: NAME.",
            )
    return _certificates(core, "rotate", targets)


def _certificates(core: MeshCore, verb: str, targets: tuple[str, ...]) -> _Draft:
    steps = tuple(PlannedStep(target=target, text=_step(core, target)) for target in targets)
    depends = [line for target in targets if target in core.credentials for line in _served_by(core, target)]
    hosts = sum(line.startswith("host ") for line in depends)
    effects = []
    if hosts:
        kinds = ("VirtualService", "HTTPRoute")
        routes = {kind: sum(line.startswith(f"{kind} ") for line in depends) for kind in kinds}
        shown = " and ".join(_count(number, kind) for kind, number in routes.items() if number) or "no routes"
        effects.append(f"Serves {_count(hosts, 'host')} and {shown}.")
    if len(targets) > 1:
        effects.append("One at a time; stops at the first failure.")
    effects.append("Open connections go on with the certificate they began with.")
    what = targets[0] if len(targets) == 1 else f"{len(targets)} identities"
    return _Draft(f"{verb.capitalize()} {what}", verb, steps, tuple(effects), f"meshtui {verb} {' '.join(targets)}")


def _served_by(core: MeshCore, target: str) -> tuple[str, ...]:
    return of_credential(core, core.credentials[target])


def _step(core: MeshCore, target: str) -> str:
    if target in core.workloads:
        proxy = core.workloads[target].proxy
        return f"new key, CSR to the CA, push to {'1 Envoy' if proxy is not None else 'the agent’s SDS socket'}"
    return f"new key, new Secret version, push to {_count(len(core.proxies(target)), 'gateway')}"


def _apply(core: MeshCore, action: Apply) -> _Draft:
    objects = parse(action.text, action.source)
    if problems := problems_of(objects, core.catalog):
        raise ManifestError(problems)
    steps = tuple(PlannedStep(target=str(each.key), text=_difference(core, each)) for each in objects)
    warnings = set(warnings_of(core.catalog.apply(objects))) - set(warnings_of(core.catalog))
    title = f"Apply {_count(len(objects), 'object')}"
    return _Draft(title, "apply", steps, tuple(sorted(warnings)), f"meshtui apply -f {action.source}")


def _difference(core: MeshCore, manifest: Manifest) -> str:
    known = core.catalog.get(manifest.key)
    if known is None:
        return "create"
    return "unchanged" if known.document == manifest.document else "replace"


def _delete(core: MeshCore, action: Delete) -> _Draft:
    key = key_of(action)
    found = core.catalog.get(key)
    if found is None:
        raise UsageError(f"There is no {key}.", fix=f"See: meshtui get {key.kind}")
    removed(core.catalog, key)
    effects = ("Its key and certificate are gone for good.",) if isinstance(found, Secret) else ()
    command = f"meshtui delete {key.kind} {key.name}" + (f" -n {key.namespace}" if key.namespace else "")
    return _Draft(f"Delete {key}", "delete", (PlannedStep(target=str(key), text="delete"),), effects, command)


def key_of(action: Delete) -> ObjectKey:
    """The object that a Delete is about; namespaced kinds default to the namespace `default`."""
    kind = find_kind(action.kind)
    return ObjectKey(kind.name, (action.namespace or "default") if kind.namespaced else "", action.name)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
