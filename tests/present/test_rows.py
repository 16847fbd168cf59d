"""A row becomes cells that never move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from meshtui.mesh.fake import demo_rows
from meshtui.mesh.rows import Row, Step, View
from meshtui.mesh.snapshot import Mark, RotationState
from meshtui.present.cells import line_width
from meshtui.present.columns import GAP, titles
from meshtui.present.glyphs import ASCII, UNICODE, Glyphs
from meshtui.present.rows import age, cells, layout
from meshtui.present.tones import Line, Tone, plain

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
ROWS = {row.target: row for row in demo_rows(NOW)}
SHOP = ROWS["gateway/istio-system/shop-credential"]


def keys(view: View, width: int) -> list[str]:
    return [column.key for column in layout(view, width)]


def cell(row: Row, key: str, width: int = 160, view: View = View.IDENTITIES, glyphs: Glyphs = UNICODE) -> str:
    columns = layout(view, width)
    found = cells(row, columns, NOW, glyphs)
    return plain(next(line for column, line in zip(columns, found, strict=True) if column.key == key)).rstrip()


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (80, ["target", "truths", "left", "state"]),
        (96, ["target", "truths", "left", "lifetime", "state"]),
        (110, ["target", "truths", "left", "lifetime", "state", "serial"]),
        (130, ["target", "truths", "left", "lifetime", "state", "serial", "issuer", "error"]),
    ],
)
def test_wider_lists_gain_columns(width: int, expected: list[str]) -> None:
    """What must always be seen is there at 80 cells; the rest comes as there is room."""
    assert keys(View.IDENTITIES, width) == expected


@pytest.mark.parametrize("view", View)
@given(width=st.integers(40, 250), row=st.sampled_from(list(ROWS.values())), glyphs=st.sampled_from([UNICODE, ASCII]))
def test_every_cell_fills_its_column(view: View, width: int, row: Row, glyphs: Glyphs) -> None:
    """In any view, at any width, for any row, the cells and the gaps between them make up the width exactly."""
    columns = layout(view, width)
    found = cells(row, columns, NOW, glyphs)
    assert [line_width(line) for line in found] == [column.width for column in columns]
    assert sum(column.width for column in columns) + GAP * (len(columns) - 1) <= max(width, 40)
    assert line_width(titles(columns, glyphs)) == sum(column.width for column in columns) + GAP * (len(columns) - 1)


def test_namespace_and_name_have_columns_of_their_own() -> None:
    """Workloads and gateways are found by namespace and by name."""
    row = ROWS["workload/prod/httpbin"]
    assert (cell(row, "namespace", 80, View.WORKLOADS), cell(row, "name", 80, View.WORKLOADS)) == ("prod", "httpbin")


def test_a_row_says_what_is_wrong_in_each_of_its_cells() -> None:
    """The truth that differs, the bar past its tick, the state, what is served instead, and why."""
    assert cell(SHOP, "truths") == "●●●○"
    assert cell(SHOP, "left") == "38m"
    assert cell(SHOP, "lifetime") == "━━━━━━┿━──"
    assert cell(SHOP, "state") == "! overdue"
    assert cell(SHOP, "served") == f"{SHOP.served_serial[:4]}…{SHOP.served_serial[-4:]}"
    assert cell(SHOP, "error").startswith("Envoy rejected")


def test_ascii_says_the_same() -> None:
    """Without box drawing and without colour, every sign has a stand-in."""
    assert cell(SHOP, "truths", glyphs=ASCII) == "***o"
    assert cell(SHOP, "lifetime", glyphs=ASCII) == "======|=--"
    assert cell(ROWS["workload/prod/httpbin"], "state", glyphs=ASCII) == "ok fresh"


def test_unknown_and_absent_are_not_fine() -> None:
    """What could not be asked is a question mark, what nobody serves a dot, and neither is a full mark."""
    assert cell(ROWS["workload/payments/checkout"], "truths") == "●●●?"
    assert cell(ROWS["workload/payments/checkout"], "served") == "?"
    assert cell(ROWS["workload/prod/sleep"], "truths") == "●●●·"


def test_a_running_step_shows_in_place_of_the_state() -> None:
    """While a rotation runs, its row shows how far it is."""
    assert cell(replace(SHOP, step=Step.VERIFYING), "state") == "~ verifying"


def test_what_is_at_risk_is_not_called_fresh() -> None:
    """A certificate that is well but cannot be renewed wants eyes."""
    assert cell(replace(ROWS["workload/prod/httpbin"], at_risk=True), "state") == "! at risk"


def test_only_what_needs_eyes_has_colour() -> None:
    """A healthy row is plain and quiet from end to end."""
    columns = layout(View.IDENTITIES, 140)
    tones = {piece.tone for line in cells(ROWS["workload/prod/httpbin"], columns, NOW, UNICODE) for piece in line}
    assert tones <= {Tone.PLAIN, Tone.QUIET}


def test_hostile_names_are_inert() -> None:
    """Whatever a name contains, no cell sends a control character, and widths hold."""
    evil = "workload/\x1b[2J/[red]\u202e" + "x" * 10_000
    row = replace(SHOP, target=evil, identity=evil, serial="\x1b]0;", issuer="\n", last_error="\x07" * 50)
    for view in View:
        columns = layout(view, 180)
        found = cells(row, columns, NOW, UNICODE)
        assert all(plain(line).isprintable() for line in found)
        assert [line_width(line) for line in found] == [column.width for column in columns]


def test_age_is_all_that_time_changes() -> None:
    """When the age of a row is the same, so are all of its cells."""
    row = ROWS["workload/prod/reviews-v3"]
    columns = layout(View.IDENTITIES, 140)
    seen: dict[tuple[str, str], set[tuple[Line, ...]]] = {}
    for second in range(0, 3600, 7):
        now = NOW + timedelta(seconds=second)
        seen.setdefault(age(row, now, UNICODE), set()).add(cells(row, columns, now, UNICODE))
    assert {1} == {len(drawn) for drawn in seen.values()}
    assert len(seen) > 30


@pytest.mark.parametrize("state", RotationState)
def test_every_state_has_a_word(state: RotationState) -> None:
    """No state is shown by colour or sign alone."""
    text = cell(replace(SHOP, state=state), "state")
    assert state.value in text
    assert len(text) > len(state.value)


def test_rows_without_a_certificate_have_empty_times() -> None:
    """Nothing is made up for what has never been issued."""
    row = ROWS["workload/batch/loader"]
    assert (cell(row, "left"), cell(row, "lifetime"), cell(row, "serial")) == ("", "", "")
    assert row.truths[1] is Mark.DIFFERS


@pytest.mark.parametrize(
    ("state", "tone"), [(RotationState.OVERDUE, Tone.WARN), (RotationState.DUE, Tone.QUIET)], ids=["overdue", "due"]
)
def test_what_a_person_is_to_rotate_says_so(state: RotationState, tone: Tone) -> None:
    """Where an error would stand, and loud once it is overdue; an error goes before it."""
    row = replace(SHOP, manual=True, state=state, last_error="", disagreement="")
    columns = layout(View.GATEWAYS, 160)
    found = dict(zip([column.key for column in columns], cells(row, columns, NOW, UNICODE), strict=True))["error"]
    assert (plain(found).rstrip(), found[0].tone) == ("manual", tone)
    assert cell(replace(row, last_error="no"), "error", view=View.GATEWAYS) == "no"
