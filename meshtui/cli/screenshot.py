"""`meshtui screenshot`: a picture of a view, as the console would show it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import click

from meshtui.cli.exit_codes import Exit
from meshtui.cli.options import Common, common_options
from meshtui.cli.session import with_mesh
from meshtui.errors import StateError, UsageError

CONVERTER = "rsvg-convert"


@click.command()
@click.argument("view", nargs=-1)
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), required=True, help="A .svg or .png file.")
@click.option("--size", default="140x40", show_default=True, help="Columns x rows.")
@click.option("--theme", default="dark", show_default=True, help="Name of a theme: light, colorblind-dark.")
@common_options
def screenshot(common: Common, *, view: tuple[str, ...], path: Path, size: str, theme: str) -> int:
    """Make a picture of VIEW of the running mesh.

    VIEW is identities (the default), overview, workloads, gateways, authorities, policies, traffic, audit, findings,
    matrix or help; a target, for its detail; or a verb and a target: `verify gateway/prod/shop`.
    """
    columns, rows = _size(size)
    if path.suffix not in (".svg", ".png"):
        raise UsageError(f"{path} does not end with .svg or .png.", fix="Name a file that does.")
    if path.suffix == ".png" and shutil.which(CONVERTER) is None:
        raise StateError(f"A PNG needs the program {CONVERTER}, which is not here.", fix="Install it, or make an .svg.")
    from meshtui.tui.terminal import prepare  # noqa: PLC0415

    prepare()
    from meshtui.tui.picture import take  # noqa: PLC0415 - loads the console

    wanted = " ".join(view) or "identities"
    picture = with_mesh(common, lambda mesh: take(mesh, wanted, (columns, rows), theme))
    try:
        if path.suffix == ".svg":
            path.write_text(picture, encoding="utf-8")
        else:
            subprocess.run([CONVERTER, "-o", str(path)], input=picture.encode(), check=True, capture_output=True)  # noqa: S603
    except OSError as error:
        raise StateError(f"{path} cannot be written: {error.strerror}.", fix="Choose another file.") from error
    except subprocess.CalledProcessError as error:
        raise StateError(f"{CONVERTER} made no picture: {error.stderr.decode(errors='replace').strip()}") from error
    return Exit.FINE


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,3})x(\d{2,3})", text, re.ASCII)
    if found is None:
        raise UsageError(f"{text!r} is not a size.", fix="Give columns and rows: 140x40.")
    return int(found[1]), int(found[2])
