"""The terminal shows what Textual meant, though only what differs is sent."""

from __future__ import annotations

import io
from typing import Any

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from meshtui.tui.frame import Frame

WIDTH, HEIGHT = 30, 4
STYLES = [
    *map(Style.parse, ("white on black", "red on black", "bold white on blue", "bold dim", "dim #102030", "italic")),
    *map(Style.parse, ("reverse", "reverse red on blue", "underline green", "none", "blink red", "on #304050")),
]
LETTERS = st.text(alphabet="ab ●✗", min_size=WIDTH, max_size=WIDTH)


@st.composite
def lines(draw: st.DrawFn) -> Strip:
    """A line of the terminal in up to three styles; now and then one with wide characters."""
    if draw(st.integers(0, 9)) == 0:
        return Strip([Segment("日" * (WIDTH // 2), STYLES[0])])
    text, cut = draw(LETTERS), draw(st.integers(0, WIDTH))
    one, other = draw(st.sampled_from(STYLES)), draw(st.sampled_from(STYLES))
    return Strip([Segment(text[:cut], one), Segment(text[cut:], other)])


screens = st.lists(lines(), min_size=HEIGHT, max_size=HEIGHT)
# Even places: what half a wide character becomes when the other half is overwritten, terminals do not agree on
spans = st.tuples(st.integers(0, HEIGHT - 1), st.integers(0, WIDTH // 2 - 1).map(lambda half: 2 * half), lines())


def terminal(height: int = HEIGHT) -> tuple[pyte.Screen, pyte.Stream, Console]:
    screen = pyte.Screen(WIDTH, height)
    return screen, pyte.Stream(screen), Console(file=io.StringIO(), force_terminal=True, color_system="truecolor")


def cells(screen: pyte.Screen) -> list[list[object]]:
    """What can be seen of every cell: of a blank, only its ground and lines."""
    return [[seen(screen.buffer[y][x]) for x in range(WIDTH)] for y in range(screen.lines)]


def seen(cell: pyte.screens.Char) -> object:
    ground = cell.fg if cell.reverse else cell.bg
    letter = cell.bg if cell.reverse else cell.fg
    if cell.data == " ":
        return " ", ground, cell.underscore and letter
    return cell.data, letter, ground, cell.bold, cell.italics, cell.underscore, cell.blink


def full(strips: list[Strip], height: int = HEIGHT) -> LayoutUpdate:
    return LayoutUpdate([[strip] for strip in strips], Region(0, 0, WIDTH, height))


def partial(y: int, x: int, strip: Strip) -> ChopsUpdate:
    chops: list[dict[int, Strip | None]] = [{} for _ in range(HEIGHT)]
    ends: list[list[int]] = [[] for _ in range(HEIGHT)]
    chops[y], ends[y] = {0: None, x: strip.crop(x, WIDTH)}, [x, WIDTH]
    return ChopsUpdate(chops, [(y, x, WIDTH)], ends)


@settings(max_examples=100)
@given(st.lists(st.one_of(screens, spans), min_size=1, max_size=6))
def test_the_terminal_ends_up_the_same(updates: list[Any]) -> None:
    """Whatever is painted, whole or in part, a terminal that got the differences shows what one that got all shows."""
    lean, lean_stream, console = terminal()
    fat, fat_stream, _ = terminal()
    frame = Frame()
    for painted in updates:
        update = full(painted) if isinstance(painted, list) else partial(*painted)
        fat_stream.feed(update.render_segments(console))
        lean_stream.feed(frame.delta(update, console))
        assert cells(lean) == cells(fat)


TALL = 14
WINDOWS = st.lists(
    st.tuples(st.integers(0, 16), st.integers(0, 5), st.dictionaries(st.integers(0, TALL - 1), lines(), max_size=3)),
    min_size=2,
    max_size=6,
)


@settings(max_examples=100)
@given(st.lists(lines(), min_size=30, max_size=30), WINDOWS)
def test_what_scrolls_ends_up_the_same(rows: list[Strip], windows: list[tuple[int, int, dict[int, Strip]]]) -> None:
    """A list between a header and a footer that goes up and down, some of its lines changing at the same time."""
    (lean, lean_stream, console), (fat, fat_stream, _) = terminal(TALL), terminal(TALL)
    frame = Frame()
    for top, footer, others in windows:
        middle = rows[top : top + TALL - 2 - footer]
        shown = [rows[0], *middle, *[rows[1]] * (TALL - 1 - len(middle))]
        strips = [others.get(y, line) for y, line in enumerate(shown)]
        fat_stream.feed(full(strips, TALL).render_segments(console))
        lean_stream.feed(frame.delta(full(strips, TALL), console))
        assert cells(lean) == cells(fat)


def test_a_line_that_scrolls_in_costs_a_line() -> None:
    """The terminal moves what it shows already."""
    frame, console = Frame(), terminal(TALL)[2]
    rows = [Strip([Segment(f"{number} " * (WIDTH // 3), STYLES[0])]).adjust_cell_length(WIDTH) for number in range(40)]
    for before, after, came in ((0, 1, 24), (9, 7, 17), (0, 9, 32)):
        frame.delta(full(rows[10 + before : 10 + before + TALL], TALL), console)
        sent = frame.delta(full(rows[10 + after : 10 + after + TALL], TALL), console)
        assert f"{came} {came}" in sent
        assert len(sent) < 60 + abs(after - before) * (WIDTH + 30)


def test_the_same_screen_again_costs_nothing() -> None:
    """Repainting what is there already sends nothing."""
    frame, console = Frame(), terminal()[2]
    screen = [Strip([Segment("x" * WIDTH, STYLES[0])])] * HEIGHT
    assert frame.delta(full(screen), console)
    assert frame.delta(full(screen), console) == ""


def test_a_changed_cell_costs_a_cell() -> None:
    """One character that differs is moved to and written, and its line is not."""
    frame, console = Frame(), terminal()[2]
    frame.delta(full([Strip([Segment("x" * WIDTH, STYLES[0])])] * HEIGHT), console)
    changed = [Strip([Segment("x" * 9 + "y" + "x" * 20, STYLES[0])])] + [Strip([Segment("x" * WIDTH, STYLES[0])])] * 3
    sent = frame.delta(full(changed), console)
    assert "y" in sent
    assert "x" not in sent


def test_after_forgetting_everything_is_sent() -> None:
    """When something else wrote to the terminal, all of it is painted again."""
    frame, console = Frame(), terminal()[2]
    update = full([Strip([Segment("x" * WIDTH, STYLES[0])])] * HEIGHT)
    first = frame.delta(update, console)
    frame.forget()
    assert frame.delta(update, console) == first
