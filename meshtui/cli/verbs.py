"""The verbs that change targets: `issue` and `rotate`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from meshtui.cli import contract
from meshtui.cli.changing import change, change_options
from meshtui.cli.completion import complete_target
from meshtui.cli.options import Common, common_options
from meshtui.cli.output import Output
from meshtui.errors import RefusedError, UsageError
from meshtui.mesh.actions import Action, Issue, Rotate
from meshtui.mesh.interface import Mesh
from meshtui.operations import possible_targets

_NAMED = "Name targets, or use --all, and not both."
_WHAT_THERE_IS = "See what there is: meshtui status"


def _targets(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--all", "every", is_flag=True, help="Every target but authorities.")(command)
    return click.argument("targets", nargs=-1, shell_complete=complete_target)(command)


@click.command()
@_targets
@change_options
@common_options
def issue(common: Common, *, targets: tuple[str, ...], every: bool, yes: bool, dry_run: bool) -> int:
    """Make the first certificate of TARGETS; refused for those that have one."""
    return _change(common, Issue, targets, every=every, yes=yes, dry_run=dry_run)


@click.command()
@_targets
@change_options
@common_options
def rotate(common: Common, *, targets: tuple[str, ...], every: bool, yes: bool, dry_run: bool) -> int:
    """Replace the certificates of TARGETS by new ones with new keys, and follow them to the wire."""
    return _change(common, Rotate, targets, every=every, yes=yes, dry_run=dry_run)


def _change(
    common: Common, kind: type[Issue | Rotate], targets: tuple[str, ...], *, every: bool, yes: bool, dry_run: bool
) -> int:
    async def action(mesh: Mesh) -> Action:
        if bool(targets) == every:
            raise UsageError(_NAMED, fix=_WHAT_THERE_IS)
        if not every:
            return kind(targets=targets)
        possible, others = await possible_targets(mesh, kind)
        for reason in others:
            click.echo(f"Left out: {Output(common).shown(reason)}", err=True)
        if not possible:
            raise RefusedError(f"There is nothing to {kind.__name__.lower()}.", fix=_WHAT_THERE_IS)
        return kind(targets=possible)

    return change(common, action, contract.outcome, yes=yes, dry_run=dry_run)
