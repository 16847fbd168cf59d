"""The command `meshtui`. Each subcommand is loaded when it is named, so that `--version` and `--help` stay light."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

COMMANDS = {
    "serve": ("serving", "Run the mesh without a screen."),
    "status": ("looking", "Show every identity and what is wrong."),
    "issue": ("verbs", "Make the first certificate of targets."),
    "rotate": ("verbs", "Replace the certificates of targets."),
    "undo": ("verbs", "Bring back the certificate before of a gateway."),
    "verify": ("verifying", "Check targets, or any address, all the way to the wire."),
    "inspect": ("inspecting", "Decode every certificate of a target, file or address."),
    "explain": ("explaining", "Say who may call whom, and which policy decides."),
    "history": ("looking", "Show what was signed, refused and done."),
    "policies": ("activity", "Show every policy and how it is enforced."),
    "traffic": ("activity", "Show who called whom, and what was denied."),
    "audit": ("activity", "Show what was issued, refused, configured, denied and done."),
    "apply": ("manifests", "Create or replace objects of the mesh."),
    "get": ("manifests", "Show objects of the mesh."),
    "delete": ("manifests", "Remove an object of the mesh."),
    "token": ("tokens", "Print a service-account token of a workload."),
    "agent": ("agent", "Keep one certificate fresh and serve it by SDS, without a mesh."),
    "screenshot": ("screenshot", "Make a picture of a view."),
    "info": ("info", "Show every path and version in use."),
    "completion": ("completion", "Print the completion script of a shell."),
}
"""Name → module of this package that has it, and what the help says."""


def main() -> NoReturn:
    """Run the command line and exit with its status; never shows a traceback for bad input."""
    if sys.argv[1:] == ["--version"]:
        import meshtui  # noqa: PLC0415

        sys.stdout.write(f"meshtui {meshtui.__version__}\n")
        sys.exit(0)
    try:
        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # while it was still loading
        status = 130
    sys.exit(status)


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit status."""
    import click  # noqa: PLC0415 - `--version` needs none of it

    from meshtui.cli.exit_codes import Exit  # noqa: PLC0415
    from meshtui.cli.group import program  # noqa: PLC0415
    from meshtui.errors import MeshError  # noqa: PLC0415

    try:
        status = program().main(args=list(arguments), prog_name="meshtui", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        if "--json" in arguments:  # options were not read to the end
            from meshtui.cli import contract  # noqa: PLC0415 - only where something went wrong
            from meshtui.cli.options import Common  # noqa: PLC0415
            from meshtui.cli.output import Output  # noqa: PLC0415

            Output(Common()).data(contract.fault(error.format_message(), "See: meshtui --help"))
        return Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped; what was begun is in: meshtui history", err=True)
        return Exit.REFUSED
    except MeshError as error:
        from meshtui.cli.options import Common  # noqa: PLC0415
        from meshtui.cli.output import refuse  # noqa: PLC0415

        return refuse(error, Common())  # of no command: those say it themselves
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads; do not complain at exit
        return Exit.FINE
    except OSError as error:  # standard output is closed or its disk is full; files are named where they are opened
        with contextlib.suppress(OSError):
            click.echo(f"meshtui: the output cannot be written: {error.strerror}.", err=True)
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - what is left is for nobody
        return Exit.FAILED
    return int(status) if isinstance(status, int) else Exit.FINE


def load(name: str) -> Any:
    """The click command of this name."""
    module = importlib.import_module(f"meshtui.cli.{COMMANDS[name][0]}")
    return getattr(module, name)
