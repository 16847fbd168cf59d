"""The first line of every screen: where one is, which mesh it is, and how old what one sees is. Pure."""

from __future__ import annotations

from datetime import datetime

from meshtui.mesh.snapshot import MeshInfo
from meshtui.present.cells import cut, cut_start, line_width, width_of
from meshtui.present.glyphs import Glyphs
from meshtui.present.times import clock, short
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.board import Board, Link

_BETWEEN = 3
"""Cells that at least part the three parts of the line."""


def header_line(crumbs: tuple[str, ...], count: str, board: Board, width: int) -> Line:
    """The line. Where it is narrow, what says least about the mesh goes first; crumbs and freshness stay."""
    glyphs = board.glyphs
    fresh = (*guard_piece(board), *_running(board), *_freshness(board, board.now()))
    room = width - line_width(fresh) - _BETWEEN - 2
    place = _place(crumbs, count, room, glyphs)
    room -= line_width(place) + _BETWEEN
    mesh = next((line for line in _mesh(board.info, glyphs) if line_width(line) <= room), ())
    gap = " " * (room - line_width(mesh) + _BETWEEN)
    return (Piece(" "), *place, Piece(gap), *mesh, Piece(" " * _BETWEEN), *fresh, Piece(" "))


def _place(crumbs: tuple[str, ...], count: str, width: int, glyphs: Glyphs) -> Line:
    """Crumbs and count. Too long a way loses its beginning: where one is matters more than how one came there."""
    *above, here = (glyphs.show(crumb) for crumb in crumbs)
    arrow = f" {glyphs.crumb} "
    here = cut_start(here, width, glyphs.ellipsis)
    path = "".join(crumb + arrow for crumb in above)
    path = cut_start(path, max(width - width_of(here), 0), glyphs.ellipsis)
    count = f"   {glyphs.show(count)}" if count else ""
    count = cut(count, max(width - width_of(path + here), 0), glyphs.ellipsis)
    return (Piece(path, Tone.QUIET), Piece(here, Tone.STRONG), Piece(count))


def _mesh(info: MeshInfo | None, glyphs: Glyphs) -> tuple[Line, ...]:
    """What is known of the mesh, from all of it to the least."""
    if info is None:
        return ()
    dot = Piece(f" {glyphs.dot} ", Tone.QUIET)
    works = info.ca_answers and not info.ca_fault
    authority = Piece(f"ca {glyphs.fine if works else glyphs.broken}", Tone.QUIET if works else Tone.BAD)
    domain = Piece(glyphs.show(info.trust_domain), Tone.QUIET)
    backend = Piece(glyphs.show(info.backend), Tone.QUIET)
    proxies = _proxies(info)
    return (
        (backend, dot, domain, dot, proxies, dot, authority),
        (domain, dot, proxies, dot, authority),
        (proxies, dot, authority),
        (authority,),
    )


def _proxies(info: MeshInfo) -> Piece:
    if not info.proxies_wanted:
        return Piece("no envoy", Tone.QUIET)
    if info.proxies_running < info.proxies_wanted:
        return Piece(f"{info.proxies_running}/{info.proxies_wanted} envoys", Tone.BAD)
    plural = "s" if info.proxies_wanted > 1 else ""
    return Piece(f"{info.proxies_wanted} envoy{plural}", Tone.QUIET)


def guard_piece(board: Board) -> Line:
    """The mark of a mesh that is only looked at, for header and footer; there is always room for it."""
    return (Piece(f" {board.guard} ", Tone.GUARD), Piece(" ")) if board.guard else ()


def _running(board: Board) -> Line:
    running = board.running
    if running is None:
        return ()
    from meshtui.present.batch import under_way  # noqa: PLC0415 - a start need not wait for it

    number = min(running.ended + 1, running.total)
    line = under_way(running.verb, number, running.total, board.glyphs, stopping=running.stopping)
    return (*line, Piece(f" {board.glyphs.dot} ", Tone.QUIET))


def _freshness(board: Board, now: datetime) -> Line:
    time = Piece(f" {board.glyphs.dot} {clock(now)}", Tone.QUIET)
    if board.link is Link.LIVE:
        return (Piece("live", Tone.QUIET), time)
    if board.link is Link.STALE:
        age = short(now - board.last_heard) if board.last_heard else ""
        return (Piece(f"STALE {age}".rstrip(), Tone.BAD), time)
    words = {Link.OPENING: ("opening", Tone.BUSY), Link.CLOSED: ("no mesh", Tone.BAD)}
    return (Piece(*words[board.link]), time)
