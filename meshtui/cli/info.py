"""`meshtui info`: every path and version in use, whether or not a mesh runs."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib import metadata
from typing import Any

import click

import meshtui
from meshtui.cli import contract
from meshtui.cli.exit_codes import Exit
from meshtui.cli.options import Common, common_options
from meshtui.cli.output import Output
from meshtui.cli.session import with_mesh
from meshtui.envoy.binary import HOW_TO_ADD, find_envoy
from meshtui.errors import MeshError, UnreachableError
from meshtui.mesh.snapshot import MeshInfo
from meshtui.present.tones import Line, Piece, Tone
from meshtui.settings import StatePaths

_PACKAGES = ("textual", "cryptography", "grpcio", "xds-protos", "kubernetes")


@click.command()
@common_options
def info(common: Common) -> int:
    """Show every path and version in use."""
    output = Output(common)
    found = _found(common)
    if output.json:
        output.data(found)
    else:
        output.lines(_lines(found, output))
    return Exit.FINE


def _found(common: Common) -> dict[str, Any]:
    paths = StatePaths(common.directory)
    running = _running(common)
    return {
        "meshtui": meshtui.__version__,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "envoy": _envoy(),
        "paths": {
            "state": str(paths.state),
            "sockets": str(paths.sockets),
            "operator": str(paths.operator_socket),
            "ca": str(paths.ca),
            "ledger": str(paths.ledger),
            "manifests": str(paths.store),
            "envoys": str(paths.envoys),
            "log": str(paths.log) if paths.log.exists() else None,
            "settings": str(common.found.path),
        },
        "settings": _settings(common),
        "running": {"endpoints": contract.endpoints(running.endpoints), "notices": list(running.notices)}
        if running is not None
        else None,
    }


def _settings(common: Common) -> dict[str, Any]:
    """What applies, whether it was said in the file or not, and what is wrong with it."""
    found = common.found
    return {
        "file": "read" if found.exists else "none",
        **{
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(found.preferences).items()
        },
        "only_looks": common.only_looks,
        "problems": [str(problem) for problem in found.problems],
    }


def _running(common: Common) -> MeshInfo | None:
    try:
        return with_mesh(common, lambda mesh: mesh.info())
    except UnreachableError:
        return None


def _envoy() -> dict[str, str]:
    try:
        binary = find_envoy()
    except MeshError as error:
        return {"unknown": str(error)}
    return {"path": str(binary.path), "version": binary.version} if binary else {"missing": HOW_TO_ADD}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _lines(value: dict[str, Any], output: Output, indent: int = 0) -> list[Line]:
    lines: list[Line] = []
    for name, each in value.items():
        label = Piece(f"{' ' * indent}{name:<{16 - indent}}", Tone.QUIET)
        if isinstance(each, dict) and each:
            lines += [(label,), *_lines(each, output, indent + 2)]
        elif name == "problems" and each:
            margin = " " * (indent + 2)
            lines += [(label,), *((Piece(f"{margin}{output.shown(problem)}", Tone.BAD),) for problem in each)]
        else:
            lines.append((label, Piece(f" {output.shown(_words(each)) or output.glyphs.dash}")))
    return lines


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")
