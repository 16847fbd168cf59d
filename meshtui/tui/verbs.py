"""Which verbs work on a row, and why not: what the footer greys out, and what is said when such a key is pressed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from meshtui.mesh.rows import Row
from meshtui.mesh.targets import TargetKind
from meshtui.present.cells import line_width
from meshtui.present.times import counted
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
    return tuple(Verb(board.keymap.shown(name), name, reason_not(name, row, board)) for name in VERBS)


VERBS = ("issue", "rotate", "undo", "verify")
_GATEWAY, _AUTHORITY = f"{TargetKind.GATEWAY}/", f"{TargetKind.AUTHORITY}/"
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
    they would look like those that do wherever grey cannot be told from other colours. Where even that is too much,
    help is what stays.
    """
    acts = tuple(verb for verb in verbs(row, board) if verb.reason != _GATEWAYS_ONLY)
    able = tuple(verb for verb in acts if not verb.reason)
    return _fitting((Piece(" "),), ((acts, 3), (able, 2)), others, board, width) or keys_line(
        (*others[2:3], *((verb.key, verb.name) for verb in able), *others[:2]), width
    )


def marked_verbs(marked: Sequence[Row], board: Board) -> tuple[Verb, ...]:
    """The verbs as they stand for all marked rows, each with on how many it works where that is not all of them; where
    it is none, with the reason of most of those that could have it.
    """
    found = []
    for name in VERBS:
        of_mesh = _reason_of_mesh(name, board)
        reasons = Counter(_reason(name, row, of_mesh) for row in marked)
        able, key = reasons.pop("", 0), board.keymap.shown(name)
        if able:
            found.append(Verb(key, name if able == len(marked) else f"{name} {able}"))
        else:
            passing = [reason for reason, _ in reasons.most_common() if reason != _GATEWAYS_ONLY]
            found.append(Verb(key, name, next(iter(passing), _GATEWAYS_ONLY)))
    return tuple(found)


def marked_line(count: int, acts: tuple[Verb, ...], board: Board, width: int) -> Line:
    """The keys that work on so many marked rows, of which these are the verbs."""
    acts = tuple(verb for verb in acts if verb.reason != _GATEWAYS_ONLY)
    able = tuple(verb for verb in acts if not verb.reason)
    shown = board.keymap.shown
    others = tuple((shown(name), word) for name, word in MARKING)
    if board.running is not None:
        others = ((shown("clear"), "stop"), *others[1:])
    head = (Piece(" "), Piece(f"{counted(count)} marked", Tone.STRONG), Piece("   "))
    return _fitting(head, ((acts, 0), (able, 0)), others, board, width) or _footer(head, able, (), board)


MARKING = (
    ("clear", "unmark"),
    ("mark", "mark"),
    ("mark-range", "range"),
    ("mark-all", "all"),
    ("copy-pem", "PEM"),
    ("help", "help"),
)
"""Actions that are wanted while rows are marked, and words for them."""


def _fitting(
    head: Line,
    ways: tuple[tuple[tuple[Verb, ...], int], ...],
    others: tuple[tuple[str, str], ...],
    board: Board,
    width: int,
) -> Line:
    """The first line that fits: of each way its verbs, with as many others as there is room for, and no fewer than its
    number; empty where none does.
    """
    for acts, least in ways:
        for shown in range(len(others), least - 1, -1):
            line = _footer(head, acts, others[:shown], board)
            if line_width(line) <= width:
                return line
    return ()


def _footer(head: Line, acts: tuple[Verb, ...], others: tuple[tuple[str, str], ...], board: Board) -> Line:
    pieces = [*head]
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


def reason_not(name: str, row: Row | None, board: Board) -> str:
    """Why a verb does not work on a row; empty when it does."""
    if row is None:
        return "no row"
    return _reason(name, row, _reason_of_mesh(name, board))


def _reason_of_mesh(name: str, board: Board) -> str:
    if board.mesh is None or board.link is not Link.LIVE:
        return "no mesh"
    capability = next((item for item in board.info.capabilities if item.verb == name), None) if board.info else None
    return capability.reason or "not here" if capability is not None and not capability.available else ""


def _reason(name: str, row: Row, of_mesh: str) -> str:
    if name == "undo" and not row.target.startswith(_GATEWAY):
        return _GATEWAYS_ONLY
    return of_mesh or ("" if name == "verify" else _reason_of_row(name, row))


def _reason_of_row(name: str, row: Row) -> str:
    if row.target.startswith(_AUTHORITY):
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
