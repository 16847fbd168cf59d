"""`meshtui screenshot`: a picture of a view, as the console would show it."""

from __future__ import annotations

import re
from pathlib import Path

import click

from meshtui.cli.exit_codes import Exit
from meshtui.cli.options import Common, common_options
from meshtui.cli.session import with_mesh
from meshtui.errors import StateError, UsageError

VIEWS = ("identities", "workloads", "gateways", "authorities", "detail", "plan", "verify", "help")


@click.command()
@click.argument("view", type=click.Choice(VIEWS), default="identities")
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), required=True, help="An .svg file.")
@click.option("--size", default="140x40", show_default=True, help="Columns x rows.")
@click.option("--theme", default="meshtui-dark", show_default=True)
@common_options
def screenshot(common: Common, *, view: str, path: Path, size: str, theme: str) -> int:
    """Make a picture of VIEW of the running mesh."""
    columns, rows = _size(size)
    if path.suffix != ".svg":
        raise UsageError(f"{path} does not end with .svg.", fix="Pictures are SVG; convert one with: rsvg-convert")
    from meshtui.tui.terminal import prepare  # noqa: PLC0415

    prepare()
    from meshtui.tui.picture import take  # noqa: PLC0415 - loads the console

    picture = with_mesh(common, lambda mesh: take(mesh, view, (columns, rows), theme))
    try:
        path.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise StateError(f"{path} cannot be written: {error.strerror}.", fix="Choose another file.") from error
    return Exit.FINE


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,3})x(\d{2,3})", text, re.ASCII)
    if found is None:
        raise UsageError(f"{text!r} is not a size.", fix="Give columns and rows: 140x40.")
    return int(found[1]), int(found[2])
