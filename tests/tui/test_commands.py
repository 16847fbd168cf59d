"""The command line as it is used: typed, completed, repeated, and obeyed wherever one is."""

from __future__ import annotations

from typing import ClassVar

import pytest

from meshtui.mesh.fake import FakeMesh, fleet_rows
from meshtui.mesh.rows import Page, Query, View
from meshtui.saved_filters import SavedFilter
from meshtui.tui.places import Place
from meshtui.tui.screens.commanding import OFFERED
from meshtui.tui.screens.plan import PlanDialog
from meshtui.tui.screens.verify import VerifyScreen
from meshtui.tui.themes import COLORBLIND_DARK, DARK, LIGHT, TERMINAL
from meshtui.tui.widgets.row_list import RowList
from tests.tui.console import NOW, Clock, Console, console

HOSTILE = "\x1b]0;x\x07[bold]\u202e"


async def command(shown: Console, text: str) -> None:
    """Type it and have it done."""
    await shown.press("colon")
    await shown.paste(text)
    await shown.press("enter")


@pytest.mark.parametrize(
    ("text", "place", "filter_shown"),
    [
        ("wl prod", "workloads", "/ns=prod"),
        ("gw /expired", "gateways", "/expired"),
        ("id", "identities", ""),
        ("au", "authorities", ""),
        ("pol", "policies", ""),
        ("tr", "traffic", ""),
        ("audit", "audit", ""),
        ("fi", "findings", ""),
        ("ov", "overview", ""),
    ],
)
async def test_a_place_is_a_word_away(text: str, place: str, filter_shown: str) -> None:
    """With the namespace or the filter behind it."""
    async with console() as shown:
        await command(shown, text)
        await shown.until_shown(f"meshtui ▸ {place}")
        assert filter_shown in shown.lines[0]
        assert "enter do" not in shown.lines[-1]


async def test_only_what_was_asked_for_is_listed() -> None:
    """`:wl prod` shows workloads of that namespace and no other; `:wl` shows all of them again."""
    async with console() as shown:
        await command(shown, "wl prod")
        store = shown.app.board.store
        assert {row.target.rpartition("/")[0] for row in store} == {"workload/prod"}
        await command(shown, "wl")
        assert len(store) == store.total > 8


async def test_ns_changes_the_namespace_where_one_is() -> None:
    """The rest of the filter stays; without a name it is every namespace."""
    async with console() as shown:
        await command(shown, "gw /left<90d ns:x")
        await command(shown, "ns istio-system")
        assert "gateways   /ns=istio-system left<90d" in shown.lines[0]
        await command(shown, "ns")
        assert "/left<90d" in shown.lines[0]
        assert "ns=" not in shown.lines[0]


async def test_a_theme_is_worn_at_once_wherever_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell of a list, of a page and of a dialog has its ground; the words for config.toml are told.

    With 16 colours the terminal keeps its own, and it is said.
    """
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    async with console() as shown:
        for place in Place:
            await command(shown, place.value)
            for theme in (LIGHT, COLORBLIND_DARK):
                await command(shown, f"theme {theme}")
                assert f'theme = "{theme}"' in shown.text
                variables = shown.app.current_theme.variables
                allowed = {variables[name] for name in ("ground", "cursor-ground", "flash-ground")}
                grounds = shown.grounds
                assert grounds <= allowed
                assert variables["ground"] in grounds
        await command(shown, "theme auto")
        assert shown.app.theme == DARK
    monkeypatch.setenv("NO_COLOR", "1")
    async with console(theme="") as shown:
        await command(shown, "theme dark")
        assert "too few for the theme dark" in shown.text
        assert shown.app.theme == TERMINAL


async def test_q_quits() -> None:
    """As everywhere."""
    async with console() as shown:
        await command(shown, "q")
        assert shown.app._exit


async def test_what_is_typed_fast_behind_the_colon_belongs_to_the_command() -> None:
    """Keys that arrive with the colon neither quit nor rotate."""
    async with console() as shown:
        await shown.burst("colon", *"rq")
        await shown.until_shown(" :rq")
        assert not shown.app._exit
        assert len(shown.app.screen_stack) == 1
        await shown.press("escape", "q")
        assert shown.app._exit


async def test_tab_and_right_complete() -> None:
    """What they would add stands there already, quiet, and enter without them means only what was typed."""
    async with console() as shown:
        await shown.press("colon", *"wo")
        assert ":workloads" in shown.lines[-1]
        await shown.press("tab", "space", *"pay")
        assert ":workloads payments" in shown.lines[-1]
        await shown.press("right", "enter")
        assert "workloads   /ns=payments" in shown.lines[0]
        await shown.press("colon", *"wo", "enter")
        assert "There is no command 'wo'. Did you mean" in shown.text


async def test_up_and_down_bring_back_earlier_commands() -> None:
    """The latest first; below them is what was being typed."""
    async with console() as shown:
        for text in ("wl prod", "gw", "gw"):
            await command(shown, text)
        await shown.press("colon", *"x", "up")
        assert ":gw " in shown.lines[-1]
        await shown.press("up", "up")
        assert ":wl prod" in shown.lines[-1]
        await shown.press("down", "down")
        assert ":x " in shown.lines[-1]
        await shown.press("up", "up", "enter")
        assert "workloads   /ns=prod" in shown.lines[0]


async def test_an_unknown_command_is_answered_with_the_nearest_one() -> None:
    """While it is typed, and when it was; nothing else happens."""
    async with console() as shown:
        await shown.press("colon", *"wrokloads")
        assert "Did you mean :workloads?" in shown.lines[-1]
        await shown.press("enter")
        assert "✗ There is no command 'wrokloads'. Did you mean :workloads?" in shown.lines[-2]
        assert "identities" in shown.lines[0]


async def test_verify_open_and_explain_open_pages() -> None:
    """Of any target, whatever is under the cursor; esc leads back."""
    async with console() as shown:
        await command(shown, "verify workload/prod/httpbin")
        await shown.until_shown("all 7 checks passed")
        assert "workload/prod/httpbin ▸ verify" in shown.lines[0]
        await command(shown, "open gateway/istio-system/shop-credential")
        await shown.until_shown("desired")
        await command(shown, "explain plaintext prod/httpbin")
        await shown.until_shown("explain")
        assert len(shown.app.screen_stack) == 4
        await shown.press("escape", "escape", "escape")
        assert "meshtui ▸ identities  " in shown.lines[0]


async def test_verbs_are_commands_about_any_target() -> None:
    """The plan of the key, from any place and for any row; refused in the same words; the nearest names otherwise."""
    async with console(size=(80, 24), place=Place.POLICIES) as shown:
        await command(shown, "rotate prod/httpbin")
        await shown.until_shown("$ meshtui rotate workload/prod/httpbin")
        assert isinstance(shown.app.screen, PlanDialog)
        await shown.press("enter")
        await shown.until_shown("served")
        assert "meshtui ▸ policies" in shown.lines[0]
        for text, words in (
            ("issue workload/prod/sleep", "issue does not work here: has one."),
            ("undo workload/prod/sleep", "undo does not work here: only gateway certificates have it."),
            ("rotate authority/root", "rotate does not work here: an authority."),
            ("fix workload/prod/sleep", "Nothing is found to be wrong here."),
            ("rotate workload/prod/htpbin", "Did you mean workload/prod/httpbin"),
            ("verify workload/prd/httpbin", "Did you mean workload/prod/httpbin"),
            ("undo gateway/istio-system/shop", "Did you mean gateway/istio-system/shop-credential"),
            ("open workload/zzz/qqq", "There is no 'workload/zzz/qqq' in this mesh. See: meshtui status"),
        ):
            await command(shown, text)
            await shown.until(lambda words=words: words in " ".join(shown.text.split()))  # type: ignore[misc]
        await command(shown, "fix gateway/istio-system/shop-credential")
        await shown.until(lambda: isinstance(shown.app.screen, PlanDialog))


async def test_verbs_typed_are_refused_as_their_keys_are_where_one_may_only_look() -> None:
    """The mesh says so, the settings that protect it say how to change it all the same."""
    async with console(FakeMesh(now=Clock(), read_only=True), protected=True) as shown:
        await command(shown, "rotate prod/httpbin")
        await shown.until_shown("rotate does not work here: ")
        typed = shown.line("rotate does not work here: ")
        assert "--write" in typed
        shown.app.screen.query_one(RowList).select("workload/prod/httpbin")
        await shown.press("escape", "r")
        assert typed == shown.line("rotate does not work here: ")


async def test_sort_trouble_matrix_and_help_are_commands_too() -> None:
    """What a key does can be typed; where it means nothing, that is said."""
    async with console() as shown:
        await command(shown, "sort -name")
        assert "IDENTITY▼" in shown.lines[2]
        await command(shown, "trouble")
        assert "only trouble" in shown.lines[0]
        await command(shown, "matrix")
        await shown.until_shown("who can call whom")
        await command(shown, "sort left")
        assert "Only lists of certificates are sorted." in shown.text
        await command(shown, "help")
        assert "THIS ROW" in shown.text or "ALWAYS" in shown.text


async def test_a_filter_of_a_command_that_finds_nothing_says_what_is_odd_about_it() -> None:
    """Nobody saw it being typed: in lists of certificates, and in others with their own fields."""
    async with console(size=(80, 24)) as shown:
        for text, field in (("gw /stat:expired", "state"), ("policies /knd:ap", "kind")):
            await command(shown, text)
            await shown.until_shown("none of")
            assert f"did you mean {field}?" in shown.text
        await command(shown, "gw /zzz")
        await shown.until_shown("none of")
        assert "did you mean" not in shown.text


async def test_hostile_commands_are_inert() -> None:
    """What was pasted is shown as text, in the line, in the answer and in the filter that comes of it."""
    async with console() as shown:
        await shown.press("colon")
        await shown.paste(HOSTILE)
        for line in shown.lines:
            assert line.isprintable()
        await shown.press("enter")
        assert "[bold]" in shown.text
        assert all(line.isprintable() for line in shown.lines)
        await command(shown, f"wl /{HOSTILE}")
        assert all(line.isprintable() for line in shown.lines)
        await shown.press("colon", "up")
        assert all(line.isprintable() for line in shown.lines)


async def test_a_large_mesh_completes_from_what_is_at_hand() -> None:
    """And is not asked for every name there is."""
    async with console(FakeMesh(fleet_rows(3000, NOW))) as shown:
        target = next(iter(shown.app.board.store)).target
        await shown.press("colon")
        await shown.paste(f"verify {target[:-1]}")
        assert f":verify {target}" in shown.lines[-1]
        await shown.press("escape")
        await command(shown, "wl")
        assert shown.app.board.store.view is View.WORKLOADS


async def test_names_that_are_not_at_hand_are_asked_for_when_one_stops_typing() -> None:
    """Of a large mesh a few that fit, once, and not for each key; the answer shows behind what was typed."""

    class Counting(FakeMesh):
        asked: ClassVar[list[Query]] = []

        async def rows(self, query: Query) -> Page:
            self.asked.append(query)
            return await super().rows(query)

    mesh = Counting(fleet_rows(3000, NOW))
    async with console(mesh) as shown:
        far = (await mesh.rows(Query(offset=2900, limit=1))).rows[0].target
        assert shown.app.board.store.get(far) is None
        mesh.asked.clear()
        await shown.press("colon", *"rotate ")
        await shown.burst(*far.removeprefix("workload/")[:-1])
        await shown.until(lambda: f":rotate {far.removeprefix('workload/')}" in shown.lines[-1])
        assert [query.limit for query in mesh.asked] == [OFFERED]
        await shown.press("tab", "enter")
        await shown.until_shown(f"$ meshtui rotate {far}")


async def test_what_is_verified_in_a_large_mesh_has_its_keys() -> None:
    """Its row is asked for, though it is far from those in the list: the footer is that of any other."""
    mesh = FakeMesh(fleet_rows(3000, NOW), now=Clock())
    async with console(mesh, size=(140, 40)) as shown:
        far = (await mesh.rows(Query(offset=2900, limit=1))).rows[0]
        await command(shown, f"verify {far.target}")
        await shown.until_shown("checks passed")
        await shown.until(lambda: "r rotate" in shown.lines[-1] and "no row" not in shown.lines[-1])
        await shown.press("c")
        await shown.until(lambda: shown.app.clipboard == far.target)
        await shown.press("r")
        await shown.until_shown(f"$ meshtui rotate {far.target}")
        await shown.press("enter")
        screen = shown.app.screen_stack[1]
        assert isinstance(screen, VerifyScreen)
        await shown.until(lambda: screen.row is not None and screen.row.serial != far.serial and not screen.row.step)
        assert shown.app.board.store.get(far.target) is None


async def test_saved_filters_are_commands() -> None:
    """By their names, completed like any other."""
    saved = (SavedFilter("late-prod", "ns:prod is:trouble", "workloads", 0, "-state"),)
    async with console(saved=saved) as shown:
        await shown.press("colon", *"lat", "tab", "enter")
        assert "workloads   late-prod /ns:prod is:trouble   2 of 12" in shown.lines[0]
        assert "STATE▼" in shown.lines[2]


async def test_the_overview_takes_commands_and_filters_apart() -> None:
    """A command typed there is no filter, and a filter no command; what is odd about one is said there too."""
    async with console(place=Place.OVERVIEW) as shown:
        await command(shown, "wl prod")
        assert "workloads   /ns=prod" in shown.lines[0]
        await command(shown, "ov")
        assert "overview" in shown.lines[0]
        await command(shown, "nothing-of-the-kind")
        assert "There is no command" in shown.text
        assert "overview" in shown.lines[0]
        await shown.press("slash", *"left<")
        assert "left< waits for a time" in shown.lines[-1]
        await shown.paste("1h")
        await shown.press("enter")
        assert "identities   /left<1h" in shown.lines[0]
