"""`meshtui inspect`: every certificate that a target, a file, standard input or an address has."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from meshtui.cli import contract
from meshtui.cli.completion import complete_target
from meshtui.cli.exit_codes import Exit
from meshtui.cli.options import Common, common_options
from meshtui.cli.output import Output
from meshtui.cli.session import with_mesh
from meshtui.errors import UsageError
from meshtui.identity.facts import CertificateFacts
from meshtui.mesh.rows import Detail
from meshtui.mesh.targets import FORMS, has_target_form
from meshtui.present.cells import paragraph, section
from meshtui.present.certificate import certificate_lines
from meshtui.present.tones import Line, Piece, Tone

_MAX_BYTES = 16 << 20


@dataclass(frozen=True)
class _Found:
    kind: str
    certificate: CertificateFacts | None
    problem: str


@click.command()
@click.argument("source", shell_complete=complete_target)
@click.option("--server-name", default="", help="The host to ask for at an address (SNI; default: its own).")
@common_options
def inspect(common: Common, *, source: str, server_name: str) -> int:
    """Decode every certificate that SOURCE has: a target, a file, - for standard input, or HOST:PORT.

    A broken one does not hide its neighbours. Of a target it also says what depends on it. Exits with 1 if one cannot
    be read or is not valid now.
    """
    output = Output(common)
    detail = with_mesh(common, lambda mesh: mesh.detail(source)) if has_target_form(source) else None
    looked = _of_target(detail) if detail is not None else _look(source, server_name)
    found = [_judged(each, output.now) for each in looked]
    if output.json:
        depends = list(detail.depends) if detail is not None else None
        output.data({"source": source, "found": [_json(each) for each in found], "depends_on_it": depends})
    else:
        for number, each in enumerate(found, 1):
            output.lines(_lines(number, each, output))
        output.lines(_depending(detail, output) if detail is not None else [])
    return Exit.FAILED_CHECK if any(each.problem for each in found) else Exit.FINE


def _of_target(detail: Detail) -> list[_Found]:
    return [_Found("certificate", link.certificate, "") for link in detail.chain]


def _look(source: str, server_name: str) -> list[_Found]:
    if source == "-":
        return _survey(sys.stdin.buffer.read(_MAX_BYTES))
    try:
        if Path(source).exists():
            with Path(source).open("rb") as file:
                return _survey(file.read(_MAX_BYTES))
    except (OSError, ValueError) as error:
        raise UsageError(f"{source[:200]!r} cannot be read: {error}.", fix="Name a readable file.") from error
    return _handshake(source, server_name)


def _judged(found: _Found, now: datetime) -> _Found:
    """With what only the clock knows to be wrong."""
    certificate = found.certificate
    if found.problem or certificate is None:
        return found
    if certificate.not_after < now:
        return replace(found, problem=f"expired on {contract.time(certificate.not_after)}")
    if certificate.not_before > now:
        return replace(found, problem=f"not valid before {contract.time(certificate.not_before)}")
    return found


def _survey(data: bytes) -> list[_Found]:
    from meshtui.identity.inspect import survey  # noqa: PLC0415 - cryptography, only when something is decoded

    found = [_Found(each.kind, each.facts, each.problem) for each in survey(data)]
    if not found:
        raise UsageError("There is no certificate in it.", fix="Give PEM blocks or one DER certificate.")
    return found


def _handshake(source: str, server_name: str) -> list[_Found]:
    from meshtui.identity.inspect import facts  # noqa: PLC0415
    from meshtui.probe.tls import Address, seen  # noqa: PLC0415

    try:
        address = Address.parse(source)
    except ValueError as error:
        raise UsageError(
            f"{source!r} is not a target, a file that exists, or an address.",
            fix=f"Give {FORMS}, a file, or HOST:PORT.",
        ) from error
    handshake = asyncio.run(seen(address, server_name))
    return [_Found("certificate", facts(each), "") for each in handshake.chain]


def _json(found: _Found) -> dict[str, Any]:
    certificate = contract.certificate(found.certificate)
    return {"kind": found.kind, "certificate": certificate, "problem": found.problem or None}


def _depending(detail: Detail, output: Output) -> list[Line]:
    lines = [line for text in detail.depends for line in paragraph(output.shown(text), output.width)]
    return section("DEPENDS ON IT", lines)


def _lines(number: int, found: _Found, output: Output) -> list[Line]:
    lines: list[Line] = [(Piece(f"{number}  {found.kind}", Tone.STRONG),)]
    if found.problem:
        lines.append((Piece(f"   {output.glyphs.broken} {output.shown(found.problem)}", Tone.BAD),))
    if found.certificate is not None:
        lines += certificate_lines(found.certificate, output.now, output.glyphs)
    return lines
