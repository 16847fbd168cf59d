"""Shell completion: the script of a shell, the kinds of objects, and the targets that a running mesh has."""

from __future__ import annotations

import asyncio

import click

from meshtui.cli.exit_codes import Exit
from meshtui.cli.options import Common, common_options
from meshtui.errors import MeshError

_DEADLINE = 1.0


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@common_options
def completion(_common: Common, *, shell: str) -> int:
    """Print the completion script of SHELL: `eval "$(meshtui completion bash)"`."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - only here

    kind = get_completion_class(shell)
    assert kind is not None
    root = click.get_current_context().find_root().command
    click.echo(kind(root, {}, "meshtui", "_MESHTUI_COMPLETE").source())
    return Exit.FINE


def complete_target(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Targets of the running mesh that begin like this; none when no mesh answers at once."""
    from meshtui.connect import attach  # noqa: PLC0415 - only for completion
    from meshtui.mesh.rows import Query  # noqa: PLC0415

    common = context.find_object(Common) or Common()

    async def targets() -> list[str]:
        async with asyncio.timeout(_DEADLINE):
            mesh = await attach(common.directory)
            rows = (await mesh.rows(Query(limit=10_000))).rows
            await mesh.close()
            return [row.target for row in rows if row.target.startswith(incomplete)]

    try:
        return asyncio.run(targets())
    except (MeshError, TimeoutError):
        return []


def complete_kind(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Kinds as kubectl has them in the plural, those that begin like this; with their group where two have one word."""
    from meshtui.manifest.kinds import SUPPORTED  # noqa: PLC0415 - only for completion

    words: dict[str, None] = {}
    for kind in SUPPORTED.values():
        words[kind.plural if kind.plural not in words else f"{kind.plural}.{kind.group}"] = None
    return [word for word in words if word.startswith(incomplete.lower())]
