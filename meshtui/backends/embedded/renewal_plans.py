"""What issuing, rotating and undoing would do to certificates, in words. Changes nothing."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.credential import CredentialRuntime
from meshtui.backends.embedded.drafts import Draft, count
from meshtui.backends.embedded.gateway_plans import GatewayStep, brought_step, made_step, undone_step
from meshtui.backends.embedded.new_routes import route_documents
from meshtui.backends.embedded.resolving import refuse_authority, resolve, resolve_all
from meshtui.errors import RefusedError, UsageError
from meshtui.manifest import by_hand
from meshtui.mesh.actions import NO_TERMS, Issue, PlannedStep, Rotate, Terms, Undo
from meshtui.mesh.targets import Target, TargetKind
from meshtui.mesh.terms import options_of, problem_with

_OPEN = "Open connections go on with the certificate they began with."


async def issue_draft(core: MeshCore, action: Issue) -> Draft:
    """Raises UsageError or RefusedError when it cannot be done."""
    _check_terms(action.targets, action.terms)
    targets = _with_new_ones(core, action.targets, action.terms)
    for target in targets:
        runtime = core.workloads.get(target) or core.credentials.get(target)
        if runtime is not None and runtime.held.certificate is not None:
            options = " --cert FILE --key FILE" if action.terms.brought is not None else ""
            raise RefusedError(
                f"{target} has a certificate: {runtime.held.certificate.serial}.",
                fix=f"meshtui rotate {target}{options}",
            )
    draft = await _draft(core, "issue", targets, action.terms)
    return _with_route(core, draft, action, targets) if action.route else draft


async def rotate_draft(core: MeshCore, action: Rotate) -> Draft:
    """Raises UsageError or RefusedError when it cannot be done."""
    _check_terms(action.targets, action.terms)
    targets = resolve_all(core, action.targets)
    for target in targets:
        runtime = core.workloads.get(target) or core.credentials[target]
        if runtime.held.certificate is None and not runtime.held.unknown:
            raise RefusedError(f"{target} has no certificate yet.", fix=f"meshtui issue {target}")
        made_elsewhere = isinstance(runtime, CredentialRuntime) and runtime.brought
        if made_elsewhere and not action.terms.issuer and action.terms.brought is None:
            raise RefusedError(
                f"{target} was not issued here, so it cannot be renewed here.",
                fix=f"meshtui rotate {target} --cert FILE --key FILE, or --issuer NAME",
            )
    return await _draft(core, "rotate", targets, action.terms)


def undo_draft(core: MeshCore, action: Undo) -> Draft:
    """Raises UsageError or RefusedError when it cannot be done."""
    target = resolve(core, action.target)
    refuse_authority(target)
    if target in core.workloads:
        raise RefusedError(
            f"{target} is a workload: nobody has the key of its certificate before this one.",
            fix=f"meshtui rotate {target}",
        )
    step = undone_step(core, target)
    return Draft(
        title=f"Undo {target}",
        verb="undo",
        steps=(PlannedStep(target=target, text=step.text),),
        effects=(*_reach(core, (target,)), *step.effects, "Undone once more it is as it is now.", _OPEN),
        warnings=step.warnings,
        command=shlex.join(["meshtui", "undo", target]),
        by_hand=step.by_hand,
    )


async def _draft(core: MeshCore, verb: str, targets: tuple[str, ...], terms: Terms) -> Draft:
    steps = [await _step(core, target, terms) for target in targets]
    order = ("One at a time; stops at the first failure.",) if len(targets) > 1 else ()
    what = targets[0] if len(targets) == 1 else f"{len(targets)} identities"
    return Draft(
        title=f"{verb.capitalize()} {what}",
        verb=verb,
        steps=tuple(PlannedStep(target=target, text=step.text) for target, step in zip(targets, steps, strict=True)),
        effects=(*_reach(core, targets), *(text for step in steps for text in step.effects), *order, _OPEN),
        warnings=tuple(text for step in steps for text in step.warnings),
        command=shlex.join(["meshtui", verb, *targets, *options_of(terms)]),
        by_hand=tuple(command for step in steps for command in step.by_hand),
    )


async def _step(core: MeshCore, target: str, terms: Terms) -> GatewayStep:
    if target in core.workloads:
        workload = core.workloads[target].workload
        where = "1 Envoy" if core.workloads[target].proxy is not None else "the agent’s SDS socket"
        text = f"new key, CSR to the CA, push to {where}"
        return GatewayStep(text, by_hand=(by_hand.restart(workload.namespace, workload.name),))
    if terms.brought is not None:
        return await brought_step(core, target, terms.brought, terms.hosts)
    return made_step(core, target, terms)


def _with_route(core: MeshCore, draft: Draft, action: Issue, targets: tuple[str, ...]) -> Draft:
    documents = route_documents(core.catalog, action, targets)
    names = " and ".join(
        f"{each['kind']} {each['metadata']['namespace']}/{each['metadata']['name']}" for each in documents
    )
    return replace(
        draft,
        effects=(f"Creates {names} for {', '.join(action.terms.hosts)}.", *draft.effects),
        command=f"{draft.command} {shlex.join(['--route', action.route])}",
        by_hand=(*draft.by_hand, *map(by_hand.apply, documents)),
    )


def _check_terms(targets: Sequence[str], terms: Terms) -> None:
    if problem := problem_with(targets, terms):
        raise UsageError(problem, fix="See: meshtui issue --help")


def _with_new_ones(core: MeshCore, texts: Sequence[str], terms: Terms) -> tuple[str, ...]:
    """The targets; one that is not there yet is made by whoever says what it is to be."""
    if len(texts) == 1 and texts[0].startswith(f"{TargetKind.GATEWAY}/"):
        target = str(Target.parse(texts[0]))
        if target not in core.credentials and terms == NO_TERMS:
            raise UsageError(f"There is no {target} yet, and no Gateway says for which hosts it is.", fix="Add --host.")
        if target not in core.credentials:
            return (target,)
    return resolve_all(core, texts)


def _reach(core: MeshCore, targets: Sequence[str]) -> tuple[str, ...]:
    depends = [line for each in targets if each in core.credentials for line in core.desired.edge.reach_of(each)]
    hosts = sum(line.startswith("host ") for line in depends)
    if not hosts:
        return ()
    kinds = ("VirtualService", "HTTPRoute")
    routes = {kind: sum(line.startswith(f"{kind} ") for line in depends) for kind in kinds}
    shown = " and ".join(count(number, kind) for kind, number in routes.items() if number) or "no routes"
    return (f"Serves {count(hosts, 'host')} and {shown}.",)
