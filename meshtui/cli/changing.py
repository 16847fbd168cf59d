"""Every change from the command line: its plan, the question, the doing, the results."""

from __future__ import annotations

import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import click

from meshtui.cli import contract
from meshtui.cli.exit_codes import Exit
from meshtui.cli.options import Common
from meshtui.cli.output import Output
from meshtui.cli.session import with_mesh
from meshtui.errors import RefusedError
from meshtui.mesh.actions import Action, Plan, Progress
from meshtui.mesh.interface import Mesh
from meshtui.operations import Confirm, carry_out
from meshtui.present.plan import by_hand_lines, plan_lines, warning_lines
from meshtui.present.progress import ended_lines, progress_line
from meshtui.present.tones import Line, Piece, Tone


def change_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--yes` and `--dry-run`."""
    command = click.option("--yes", "-y", is_flag=True, help="Do not ask.")(command)
    return click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")(command)


def change(
    common: Common,
    action: Callable[[Mesh], Awaitable[Action]],
    outcome: Callable[[Progress], dict[str, Any]],
    *,
    yes: bool,
    dry_run: bool,
) -> int:
    """Plan and perform an action, or only show its plan; `outcome` gives the JSON of a result. Returns the status."""
    output = Output(common)

    def hear(progress: Progress) -> None:
        if not output.json and progress.done:
            output.lines(ended_lines(progress, output.width, output.glyphs))
        elif not output.json and sys.stderr.isatty():
            output.aside([progress_line(progress, output.width, output.glyphs)])

    async def work(mesh: Mesh) -> tuple[Plan, tuple[Progress, ...] | None]:
        wanted = await action(mesh)
        if dry_run:
            return await mesh.plan(wanted), None
        return await carry_out(mesh, wanted, _confirmation(output, yes=yes), hear)

    plan, results = with_mesh(common, work)
    if results is None and output.json:
        output.data({"plan": contract.plan(plan)})
    elif results is None:
        output.lines([*_shown(plan, output), *by_hand_lines(plan, output.glyphs)])
    elif output.json:
        output.data({"results": [outcome(result) for result in results]})
    return Exit.FAILED if any(result.error for result in results or ()) else Exit.FINE


def _confirmation(output: Output, *, yes: bool) -> Confirm:
    """Asks on the terminal unless `yes`, which leaves the plan's warnings; refuses where there is no terminal."""

    async def confirm(plan: Plan) -> bool:
        if yes:
            output.aside(warning_lines(plan, output.width, output.glyphs))
            return True
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise RefusedError(
                f"{plan.title}: there is no terminal to confirm on, so nothing was changed.",
                fix="Add --yes, or see the plan with --dry-run.",
            )
        output.aside(_shown(plan, output))
        # asyncio keeps Ctrl-C for the loop, which waits for the answer here
        kept = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return click.confirm(f"{plan.verb.capitalize()}?", err=True)
        except click.Abort:
            click.echo(err=True)
            return False
        finally:
            signal.signal(signal.SIGINT, kept)

    return confirm


def _shown(plan: Plan, output: Output) -> list[Line]:
    return [(Piece(output.shown(plan.title), Tone.STRONG),), *plan_lines(plan, output.width, output.glyphs)]
