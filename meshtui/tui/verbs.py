"""Which verbs work on a row, and why not: what the footer greys out, and what is said when such a key is pressed."""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.mesh.rows import Row
from meshtui.mesh.targets import TargetKind
from meshtui.present.cells import line_width
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.board import Board, Link


@dataclass(frozen=True)
class Verb:
    """One key that acts on a row."""

    key: str
    name: str
    reason: str = ""
    """Why it does not work on this row; empty when it does."""


def verbs(row: Row | None, board: Board) -> tuple[Verb, ...]:
    """Issue, rotate, undo and verify, as they stand for this row."""
    return tuple(Verb(board.keymap.shown(name), name, _reason(name, row, board)) for name in VERBS)


VERBS = ("issue", "rotate", "undo", "verify")
_GATEWAYS_ONLY = "only gateway certificates have it"
"""A reason that never passes, so that the footer of other rows does without the key."""


def keys_line(keys: tuple[tuple[str, str], ...], width: int) -> Line:
    """Keys and words; where it is narrow the last of them are left out."""
    for shown in range(len(keys), 0, -1):
        line = _keys((Piece(" "),), keys[:shown])
        if line_width(line) <= width:
            return line
    return ()


def footer_line(row: Row | None, board: Board, others: tuple[tuple[str, str], ...], width: int) -> Line:
    """The keys that work here; `others` are keys and words that always do, the most wanted first: where it is narrow
    the last of them are left out, and verbs that do not work before the third of them (help): without their reasons
    they would look like those that do wherever grey cannot be told from other colours.
    """
    acts = tuple(verb for verb in verbs(row, board) if verb.reason != _GATEWAYS_ONLY)
    able = tuple(verb for verb in acts if not verb.reason)
    for shown_acts, least in ((acts, 3), (able, 2)):
        for shown in range(len(others), least - 1, -1):
            line = _footer(shown_acts, others[:shown], board)
            if line_width(line) <= width:
                return line
    return _footer(able, (), board)


def marked_line(marked: tuple[Row, ...], board: Board, width: int) -> Line:
    """The keys that work on marked rows, each with on how many of them where it is not on all."""
    pieces: list[Piece] = [Piece(" "), Piece(f"{len(marked)} marked", Tone.STRONG), Piece("   ")]
    for name in VERBS:
        key, able = board.keymap.shown(name), sum(not _reason(name, row, board) for row in marked)
        if able == len(marked):
            pieces += [Piece(key, Tone.BUSY), Piece(f" {name}   ")]
        elif able:
            pieces += [Piece(key, Tone.BUSY), Piece(f" {name} {able}   ")]
    others = (("esc", "stop"), *MARKING[2:]) if board.running is not None else MARKING
    for shown in range(len(others), -1, -1):
        line = _keys(tuple(pieces), others[:shown])
        if line_width(line) <= width:
            break
    return line


MARKING = (("space", "mark"), ("esc", "unmark"), ("ctrl-space", "range"), ("y", "PEM"), ("?", "help"))
"""Keys that are wanted while rows are marked."""


def _footer(acts: tuple[Verb, ...], others: tuple[tuple[str, str], ...], board: Board) -> Line:
    pieces: list[Piece] = [Piece(" ")]
    for verb, after in zip(acts, (*acts, None)[1:], strict=True):
        if verb.reason:
            # A reason that holds for neighbours too is given once, behind the last of them
            is_said = after is None or after.reason != verb.reason
            why = f" ({board.glyphs.show(verb.reason)})" if is_said else ""
            pieces.append(Piece(f"{verb.key} {verb.name}{why}   ", Tone.QUIET))
        else:
            pieces += [Piece(verb.key, Tone.BUSY), Piece(f" {verb.name}   ")]
    return _keys(tuple(pieces), others)


def _keys(pieces: Line, keys: tuple[tuple[str, str], ...]) -> Line:
    pieces += tuple(piece for key, word in keys for piece in (Piece(key, Tone.BUSY), Piece(f" {word}   ")))
    return (*pieces[:-1], Piece(pieces[-1].text.rstrip(), pieces[-1].tone))


def reason_for_none(row: Row | None) -> str:
    """Why nobody can be said to call this row or be called by it; empty when that can be said."""
    if row is None:
        return "no row"
    return "" if row.target.startswith(f"{TargetKind.WORKLOAD}/") else "only workloads call and are called"


def _reason(name: str, row: Row | None, board: Board) -> str:
    if row is None:
        return "no row"
    if name == "undo" and not row.target.startswith(f"{TargetKind.GATEWAY}/"):
        return _GATEWAYS_ONLY
    if board.mesh is None or board.link is not Link.LIVE:
        return "no mesh"
    capability = next((item for item in board.info.capabilities if item.verb == name), None) if board.info else None
    if capability is not None and not capability.available:
        return capability.reason or "not here"
    return "" if name == "verify" else _reason_of_row(name, row)


def _reason_of_row(name: str, row: Row) -> str:
    if row.target.startswith(f"{TargetKind.AUTHORITY}/"):
        return "an authority"
    if row.step is not None:
        return "under way"
    if name == "issue" and row.serial:
        return "has one"
    if name == "rotate" and not row.serial:
        return "none yet"
    if name == "undo" and not row.previous:
        return "none before"
    return ""
