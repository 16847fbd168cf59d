"""The verbs on targets: `issue`, `rotate` and `verify`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from meshtui.cli import contract
from meshtui.cli.changing import change, change_options
from meshtui.cli.completion import complete_target
from meshtui.cli.exit_codes import Exit
from meshtui.cli.options import Common, common_options
from meshtui.cli.output import Output
from meshtui.cli.session import with_mesh
from meshtui.errors import RefusedError, UsageError
from meshtui.findings import Verification
from meshtui.mesh.actions import Action, Issue, Rotate
from meshtui.mesh.interface import Mesh
from meshtui.operations import every_target, possible_targets
from meshtui.present.tones import Piece, Tone
from meshtui.present.verification import verification_lines

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


@click.command()
@_targets
@common_options
def verify(common: Common, *, targets: tuple[str, ...], every: bool) -> int:
    """Check TARGETS all the way to the wire. Exits with 1 if a check failed or could not be made."""
    output = Output(common)

    async def check(mesh: Mesh) -> list[Verification]:
        return [await mesh.verify(target) for target in await _named(mesh, targets, every=every)]

    results = with_mesh(common, check)
    if output.json:
        output.data({"results": [contract.verification(result) for result in results]})
    else:
        for result in results:
            output.lines([(Piece(output.shown(result.target), Tone.STRONG),)])
            output.lines(verification_lines(result, output.width, output.glyphs))
    return Exit.FINE if all(result.passed for result in results) else Exit.FAILED_CHECK


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


async def _named(mesh: Mesh, targets: tuple[str, ...], *, every: bool) -> tuple[str, ...]:
    if bool(targets) == every:
        raise UsageError(_NAMED, fix=_WHAT_THERE_IS)
    return await every_target(mesh) if every else targets
