"""`meshtui history --head` and `--verify`: the CA's ledger as a file, whether or not a mesh runs. Changes nothing."""

from __future__ import annotations

from pathlib import Path

from meshtui.cli.exit_codes import Exit
from meshtui.cli.output import Output
from meshtui.errors import StateError, UsageError
from meshtui.present.tones import Line, Piece, Tone
from meshtui.settings import StatePaths

_ROOTS = ("root-cert.pem", "issuing/root-cert.pem")
"""Where the CA keeps the roots: of the hierarchy that it made, and of one that it was given (`ca.published`)."""


def print_head(ledger: Path, output: Output) -> int:
    """Print the signed head as one JSON object, to be kept elsewhere. Raises StateError."""
    from meshtui.ca.verify_ledger import read_signed_head  # noqa: PLC0415 - loads cryptography

    output.data(read_signed_head(ledger).document)
    return Exit.FINE


def print_verdict(ledger: Path, roots: Path | None, against: Path | None, output: Output) -> int:
    """Follow the chain and say what was found; FAILED_CHECK when anything is wrong. Raises StateError, UsageError."""
    from meshtui.ca.seal import read_head  # noqa: PLC0415 - loads cryptography
    from meshtui.ca.verify_ledger import verify_ledger  # noqa: PLC0415

    exported = read_head(_read(against)) if against is not None else None
    verdict = verify_ledger(ledger, _roots(ledger, roots), exported)
    if output.json:
        head = verdict.head.document if verdict.head else None
        found = {"events": verdict.events, "decisions": verdict.decisions, "problems": verdict.problems}
        output.data({"passed": not verdict.problems, "head": head, **found})
    else:
        output.lines(_lines(verdict.problems, verdict.events, verdict.decisions, ledger, output))
    return Exit.FAILED_CHECK if verdict.problems else Exit.FINE


def default_ledger(state: Path) -> Path:
    """The ledger of the mesh in a state directory."""
    return StatePaths(state).ledger


def _lines(problems: tuple[str, ...], events: int, decisions: int, ledger: Path, output: Output) -> list[Line]:
    if problems:
        return [
            (Piece(f"{output.glyphs.broken} {output.shown(str(ledger))} is not what the CA wrote:", Tone.BAD),),
            *((Piece(f"  {output.shown(problem)}"),) for problem in problems),
        ]
    text = f"{output.shown(str(ledger))} is whole: {events} events, {decisions} decisions, up to the signed head."
    return [(Piece(f"{output.glyphs.fine} {text}", Tone.GOOD),)]


def _roots(ledger: Path, named: Path | None) -> bytes:
    if named is not None:
        return _read(named)
    found = [path.read_bytes() for name in _ROOTS if (path := ledger.parent / name).is_file()]
    if not found:
        raise StateError(f"There is no root certificate beside {ledger}.", fix="Name it with --root FILE.")
    return b"".join(found)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
