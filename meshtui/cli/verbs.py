"""The verbs that change targets: `issue`, `rotate` and `undo`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from meshtui.cli import contract
from meshtui.cli.changing import change, change_options
from meshtui.cli.completion import complete_target
from meshtui.cli.options import Common, common_options
from meshtui.cli.output import Output
from meshtui.cli.terms import terms_options
from meshtui.errors import RefusedError, UsageError
from meshtui.mesh.actions import NO_TERMS, Action, Issue, Rotate, Terms, Undo
from meshtui.mesh.interface import Mesh
from meshtui.operations import possible_targets

_NAMED = "Name targets, or use --all, and not both."
_WHAT_THERE_IS = "See what there is: meshtui status"


def _targets(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--all", "every", is_flag=True, help="Every target but authorities.")(command)
    return click.argument("targets", nargs=-1, shell_complete=complete_target)(command)


@click.command()
@_targets
@terms_options
@click.option("--route", default="", metavar="NS/SERVICE[:PORT]", help="Make a Gateway and VirtualService to there.")
@change_options
@common_options
def issue(
    common: Common, *, targets: tuple[str, ...], every: bool, terms: Terms, route: str, yes: bool, dry_run: bool
) -> int:
    """Make the first certificate of TARGETS; refused for those that have one.

    What that of a gateway is to be can be said; `rotate` keeps it. With --route, one gateway certificate becomes all
    that is needed: root, certificate, Secret, Gateway and VirtualService, followed to the wire.
    """
    if route and (every or not targets):
        raise UsageError("--route is for one gateway certificate.", fix="Name one: gateway/NAMESPACE/SECRET.")
    if route:

        async def action(_: Mesh) -> Action:
            return Issue(targets=targets, terms=terms, route=route)

        return change(common, action, contract.outcome, yes=yes, dry_run=dry_run)
    return _change(common, Issue, targets, terms, every=every, yes=yes, dry_run=dry_run)


@click.command()
@_targets
@terms_options
@change_options
@common_options
def rotate(common: Common, *, targets: tuple[str, ...], every: bool, terms: Terms, yes: bool, dry_run: bool) -> int:
    """Replace the certificates of TARGETS by new ones with new keys, and follow them to the wire.

    Names, issuer, kind of key and lifetime stay as they are, unless another is said.
    """
    return _change(common, Rotate, targets, terms, every=every, yes=yes, dry_run=dry_run)


@click.command()
@click.argument("target", shell_complete=complete_target)
@change_options
@common_options
def undo(common: Common, *, target: str, yes: bool, dry_run: bool) -> int:
    """Bring back the certificate that the gateway TARGET had before its last; once more undoes that."""

    async def action(_: Mesh) -> Action:
        return Undo(target=target)

    return change(common, action, contract.outcome, yes=yes, dry_run=dry_run)


def _change(
    common: Common,
    kind: type[Issue | Rotate],
    targets: tuple[str, ...],
    terms: Terms,
    *,
    every: bool,
    yes: bool,
    dry_run: bool,
) -> int:
    async def action(mesh: Mesh) -> Action:
        if bool(targets) == every:
            raise UsageError(_NAMED, fix=_WHAT_THERE_IS)
        if not every:
            return kind(targets=targets, terms=terms)
        if terms != NO_TERMS:
            raise UsageError(
                "What a certificate is to be is said of gateways that are named, not of all targets.",
                fix=_WHAT_THERE_IS,
            )
        possible, others = await possible_targets(mesh, kind)
        for reason in others:
            Output(common).complain(f"Left out: {reason}")
        if not possible:
            raise RefusedError(f"There is nothing to {kind.__name__.lower()}.", fix=_WHAT_THERE_IS)
        return kind(targets=possible)

    return change(common, action, contract.outcome, yes=yes, dry_run=dry_run)
