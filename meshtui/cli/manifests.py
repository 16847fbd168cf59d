"""The mesh's objects: `apply`, `get` and `delete`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from meshtui.cli.changing import change, change_options
from meshtui.cli.completion import complete_kind
from meshtui.cli.exit_codes import Exit
from meshtui.cli.options import Common, common_options
from meshtui.cli.output import Output
from meshtui.cli.session import with_mesh
from meshtui.errors import UsageError
from meshtui.mesh.actions import Action, Apply, Delete, Progress
from meshtui.mesh.interface import Mesh

_MANIFESTS = (".yaml", ".yml", ".json")


@click.command()
@click.option("-f", "--filename", "files", required=True, multiple=True, help="File, directory, or - for stdin.")
@change_options
@common_options
def apply(common: Common, *, files: tuple[str, ...], yes: bool, dry_run: bool) -> int:
    """Create or replace objects. All documents are accepted, or none."""
    text = "\n---\n".join(map(_read, files))
    if not text.replace("---", "").strip():
        raise UsageError(f"There is no object in {', '.join(files)}.", fix="Name a file with manifests.")
    action = Apply(text=text, source=", ".join(files))
    return _change(common, action, yes=yes, dry_run=dry_run)


@click.command()
@click.argument("kind", shell_complete=complete_kind)
@click.argument("name")
@click.option("-n", "--namespace", default="", help="Namespace of the object (default: default).")
@change_options
@common_options
def delete(common: Common, *, kind: str, name: str, namespace: str, yes: bool, dry_run: bool) -> int:
    """Remove the object NAME of KIND."""
    return _change(common, Delete(kind=kind, name=name, namespace=namespace), yes=yes, dry_run=dry_run)


@click.command()
@click.argument("kind", shell_complete=complete_kind)
@click.argument("name", required=False, default="")
@click.option("-n", "--namespace", default="", help="Only this namespace (default: all).")
@common_options
def get(common: Common, *, kind: str, name: str, namespace: str) -> int:
    """Show the objects of KIND, or the one that is called NAME, as YAML that can be applied again.

    Private keys are not shown, so a Secret that was brought cannot be applied from here.
    """
    found = with_mesh(common, lambda mesh: mesh.get(kind, name, namespace))
    output = Output(common)
    if output.json:
        output.data({"apiVersion": "v1", "kind": "List", "items": found})
    else:
        import yaml  # noqa: PLC0415 - 20 ms that no other command needs

        click.echo(yaml.safe_dump_all(found, sort_keys=False, allow_unicode=False), nl=False)
    return Exit.FINE


def _change(common: Common, action: Apply | Delete, *, yes: bool, dry_run: bool) -> int:
    async def as_it_is(_: Mesh) -> Action:
        return action

    return change(common, as_it_is, _outcome, yes=yes, dry_run=dry_run)


def _outcome(result: Progress) -> dict[str, Any]:
    return {"object": result.target, "ok": not result.error, "change": result.text, "error": result.error or None}


def _read(filename: str) -> str:
    """The text of a file, of all manifests in a directory in order of their names, or of standard input."""
    try:
        if filename == "-":
            return sys.stdin.read()
        path = Path(filename)
        if path.is_dir():
            files = sorted(each for each in path.iterdir() if each.suffix in _MANIFESTS)
            if not files:
                raise UsageError(f"{path} has no manifests.", fix=f"They end with {', '.join(_MANIFESTS)}.")
            return "\n---\n".join(each.read_text(encoding="utf-8") for each in files)
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{filename} cannot be read: {error.strerror}.", fix="Name a file, a directory or -."
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{filename} is not UTF-8 text: {error.reason} at byte {error.start}.") from error
