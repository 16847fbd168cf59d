"""`meshtui verify`: targets of the mesh all the way to the wire, and any address outside of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from meshtui.cli import contract
from meshtui.cli.completion import complete_target
from meshtui.cli.credentials import read_caller
from meshtui.cli.exit_codes import Exit
from meshtui.cli.options import Common, common_options
from meshtui.cli.output import Output
from meshtui.cli.session import with_mesh
from meshtui.errors import UsageError
from meshtui.findings import Verification
from meshtui.mesh.caller import ANYBODY, Caller
from meshtui.mesh.interface import Mesh
from meshtui.mesh.targets import FORMS as TARGETS
from meshtui.mesh.targets import TargetKind, has_target_form
from meshtui.operations import every_target, side_by_side
from meshtui.present.tones import Piece, Tone
from meshtui.present.verification import verification_lines
from meshtui.probe.place import FORMS as ADDRESSES
from meshtui.probe.place import Place, Resolved, read_resolve

NAMED = "Name targets, or use --all, and not both."
AT_ONCE = 32
"""Targets that the mesh verifies at a time: fewer than one connection may have calls."""
_FILE = click.Path(path_type=Path)


@click.command()
@click.option("--all", "every", is_flag=True, help="Every target but authorities.")
@click.option(
    "--ca", type=_FILE, metavar="FILE", help="PEM of the roots to trust (default: the system's, or the mesh's)."
)
@click.option("--resolve", multiple=True, metavar="HOST:PORT:ADDRESS", help="Where HOST is, as curl's; repeatable.")
@click.option("--client-cert", type=_FILE, metavar="FILE", help="PEM to show to servers that ask for a certificate.")
@click.option("--client-key", type=_FILE, metavar="FILE", help="Its key, if that is not in the same file.")
@click.argument("targets", nargs=-1, shell_complete=complete_target)
@common_options
def verify(
    common: Common,
    *,
    targets: tuple[str, ...],
    every: bool,
    ca: Path | None,
    resolve: tuple[str, ...],
    client_cert: Path | None,
    client_key: Path | None,
) -> int:
    """Check TARGETS all the way to the wire. Exits with 1 if a check failed or, within the mesh, could not be made.

    A target may be an address outside of the mesh, https://HOST[:PORT][/PATH] or HOST:PORT; no mesh needs to run
    for it. Every address that HOST resolves to is asked.
    """
    output = Output(common)
    if bool(targets) == every:
        raise UsageError(NAMED, fix="See what there is: meshtui status")
    places = {text: _place(text) for text in targets if not has_target_form(text)}
    inside = tuple(text for text in targets if text not in places)
    caller = read_caller(ca, client_cert, client_key)
    known = read_resolve(resolve)
    _check_options(caller, known, tuple(places.values()), inside, every=every)
    found = _outside(tuple(places.values()), known, caller, output.now)
    if inside or every:
        found |= _inside(common, inside, caller)
    results = [found[text] for text in dict.fromkeys(targets)] or list(found.values())
    _print(results, output)
    return Exit.FINE if all(result.passed for result in results) else Exit.FAILED_CHECK


def _place(text: str) -> Place:
    try:
        return Place.parse(text)
    except UsageError as error:
        raise UsageError(error.message, fix=f"A target is {TARGETS}; an address is {ADDRESSES}.") from error


def _check_options(
    caller: Caller, known: Resolved, places: Sequence[Place], inside: tuple[str, ...], *, every: bool
) -> None:
    """What would have no effect is refused rather than ignored."""
    if known and not places:
        raise UsageError("--resolve is for addresses; the mesh knows where its own are.", fix=f"Name {ADDRESSES}.")
    others = next((text for text in inside if not text.startswith(f"{TargetKind.GATEWAY}/")), "")
    if not caller.is_anybody and others and not every:
        raise UsageError(
            f"--ca and --client-cert are for gateways and addresses, not for {others}.", fix="Leave them out."
        )
    named = {(place.host, place.port) for place in places}
    for host, port in known:
        if (host, port) not in named:
            click.echo(f"--resolve {host}:{port}: no address that is verified is there.", err=True)


def _outside(places: Sequence[Place], known: Resolved, caller: Caller, now: datetime) -> dict[str, Verification]:
    if not places:
        return {}
    from meshtui.cli.outside import verify_outside  # noqa: PLC0415 - loads cryptography and OpenSSL

    return {result.target: result for result in verify_outside(places, known, caller, now)}


def _inside(common: Common, targets: tuple[str, ...], caller: Caller) -> dict[str, Verification]:
    async def check(mesh: Mesh) -> dict[str, Verification]:
        names = targets or await every_target(mesh)
        results = await side_by_side(
            lambda name: mesh.verify(name, caller if name.startswith(f"{TargetKind.GATEWAY}/") else ANYBODY),
            names,
            at_once=AT_ONCE,
        )
        return dict(zip(names, results, strict=True))

    return with_mesh(common, check)


def _print(results: Sequence[Verification], output: Output) -> None:
    if output.json:
        output.data({"results": [contract.verification(result) for result in results]})
        return
    for number, result in enumerate(results):
        output.lines([()] if number else [])
        output.lines([(Piece(output.shown(result.target), Tone.STRONG),)])
        output.lines(verification_lines(result, output.width, output.glyphs))
