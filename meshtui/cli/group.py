"""`meshtui` itself: its global options, its list of commands, and what it does when none is named."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

import meshtui
from meshtui.cli.main import COMMANDS, load
from meshtui.cli.options import LINKS, Common, common_options, mesh_options


class LazyGroup(click.Group):
    """Knows the names and short helps of its commands, and loads one only to run it or to show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """One command, loaded."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = load(cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list for the help, without loading anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


CONSOLE = {"keep", "mouse", "link"}
"""Options of the console, which no command takes."""


def _pass_on(context: click.Context, command: str, options: dict[str, Any]) -> None:
    """Options of a mesh that stand before `serve` count as if they stood behind it; no other command takes them."""
    said = {
        name: value
        for name, value in options.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    if said and (command != "serve" or CONSOLE & said.keys()):
        names = ", ".join(f"--{name.removesuffix('_file').replace('_', '-')}" for name in said)
        who = "console" if said.keys() <= CONSOLE else "mesh itself"
        raise click.UsageError(f"{names}: only the {who} takes this, not {command}.")
    context.default_map = {command: said}


def program() -> click.Group:
    """The whole command line."""

    @click.group(cls=LazyGroup, invoke_without_command=True)
    @click.version_option(meshtui.__version__, message="meshtui %(version)s")
    @click.option("--keep", is_flag=True, help="Leave the mesh running when its last terminal quits.")
    @click.option("--mouse/--no-mouse", default=None, help="Hear clicks; without, the terminal selects text.")
    @click.option(
        "--link", type=click.Choice(LINKS), help="Whether every byte to the terminal counts (auto: over SSH)."
    )
    @mesh_options
    @common_options
    def root(common: Common, **options: Any) -> int | None:
        """Operate the identities of a service mesh.

        Without a command: the console over the embedded mesh, which is started if none runs.
        """
        context = click.get_current_context()
        if context.invoked_subcommand is not None:
            _pass_on(context, context.invoked_subcommand, {**options})
            return None
        from meshtui.cli.console import console  # noqa: PLC0415 - loads the console

        return console(common, **options)

    return root
