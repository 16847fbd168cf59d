"""Policies, traffic and the audit, as they are read and as they are used."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from meshtui.errors import MeshError, RefusedError
from meshtui.mesh.access import PolicyRow
from meshtui.mesh.actions import Apply, Delete
from meshtui.mesh.fake import FakeMesh
from meshtui.mesh.rows import HistoryEntry
from meshtui.mesh.traffic import Traffic, TrafficQuery
from meshtui.present.glyphs import ASCII
from meshtui.tui.screens.audit import ASKED_FOR
from meshtui.tui.widgets.item_list import ItemList
from meshtui.tui.widgets.row_list import RowList
from tests.tui.console import NOW, Clock, Console, console

DENY_ALL = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: closed, namespace: payments}
spec: {}
"""
PLACES = [("5", "policies"), ("6", "traffic"), ("7", "audit")]
SIZES = [(80, 24), (140, 40)]


def items(shown: Console) -> ItemList[Any]:
    return shown.app.screen.query_one(ItemList)


async def at(shown: Console, key: str) -> ItemList[Any]:
    """Go to a place, and wait until its items are there."""
    await shown.press(key)
    await shown.until(lambda: len(items(shown)) > 0)
    await shown.settle()
    return items(shown)


def cursor_line(shown: Console) -> str:
    """The one line of the list that has the cursor."""
    (line,) = [line for line in shown.lines if line.startswith("▸ ")]
    return line


async def apply(mesh: FakeMesh, action: Apply | Delete) -> None:
    plan = await mesh.plan(action)
    assert [progress async for progress in mesh.perform(plan.id)]


@pytest.mark.parametrize("size", SIZES)
async def test_policies_in_trouble_come_first(size: tuple[int, int]) -> None:
    """The first line is the one that Envoy rejected, with its reason below the list."""
    async with console(size=size) as shown:
        await at(shown, "5")
        assert shown.lines[3].startswith("▸ ")
        for part in ("prod/ratings", "✗ rejected", "ALLOW 1 rule"):
            assert part in shown.lines[3]
        for part in ("! without effect", "~ pending", "✓ in force", "Envoy rejected it", "24,806"):
            assert part in shown.text
        assert "meshtui ▸ policies   12" in shown.lines[0]


@pytest.mark.parametrize("size", SIZES)
async def test_traffic_shows_denied_calls_first(size: tuple[int, int]) -> None:
    """Outcome, both ends, how many, how long ago, who decided and, where there is room, how fast; below it the last."""
    async with console(size=size) as shown:
        await at(shown, "6")
        for part in ("▸ ! denied", "prod/sleep", "prod/httpbin", "38", "now", "no policy allows it"):
            assert part in cursor_line(shown)
        assert ("0.4" in cursor_line(shown)) is (size[0] > 100)
        outcomes = [line.split()[1 if not line.startswith("▸") else 2] for line in shown.lines[3:16]]
        assert outcomes == ["denied"] * 4 + ["failed", "error"] + ["ok"] * 7
        for part in ("GET httpbin.prod:8000/status/418  403", "no policy allows it", "since 11:21Z"):
            assert part in shown.text


@pytest.mark.parametrize("size", SIZES)
async def test_the_audit_is_newest_first(size: tuple[int, int]) -> None:
    """Denied, refused, issued, configured and done, each with when, what, whom."""
    async with console(size=size) as shown:
        await at(shown, "7")
        for part in ("▸ 14:02:29Z", "! denied ×5", "prod/httpbin"):
            assert part in shown.lines[3]
        assert "5 times since 14:01:37Z" in shown.text
        assert "spiffe://cluster.local/ns/prod/sa/sleep" in shown.text
        await shown.press("slash")
        await shown.paste("configuration ledger")
        assert "1 of 26" in shown.lines[0]
        assert "✓ configuration" in shown.lines[3]


@pytest.mark.parametrize(("key", "place"), PLACES)
async def test_the_same_keys_move_filter_and_help_everywhere(key: str, place: str) -> None:
    """vi keys, pages, ends; slash, words and escape; the question mark; q."""
    async with console(size=(80, 24)) as shown:
        rows = await at(shown, key)
        assert f"meshtui ▸ {place}" in shown.lines[0]
        for pressed, expected in (("j", 1), ("down", 2), ("k", 1), ("G", len(rows) - 1), ("g", 0), ("ctrl+d", 7)):
            await shown.press(pressed)
            assert rows._cursor == expected
            assert cursor_line(shown)
        await shown.burst("slash", *"zzq")
        await shown.until_shown("matches /zzq")
        await shown.press("escape")
        assert len(rows) > 10
        await shown.press("question_mark")
        for part in ("THE LIST", "filter: words", "down", "quit", "VIEWS"):
            assert part in shown.text
        assert "rotate" not in shown.text
        await shown.press("escape", "q")
        assert shown.app._exit


async def test_each_list_has_fields_of_its_own() -> None:
    """The prompt gives examples of them, the header counts what they find, what is odd is said, help names them."""
    async with console(size=(80, 24)) as shown:
        await at(shown, "6")
        await shown.press("slash")
        assert "such as from:sleep to:httpbin outcome:denied last<5m" in shown.lines[-1]
        await shown.paste("form:sleep")
        assert "did you mean from?" in shown.lines[-1]
        await shown.press("ctrl+u")
        await shown.paste("from:sleep count>10 !outcome:ok")
        assert "1 of 13" in shown.lines[0]
        assert "prod/sleep" in cursor_line(shown)
        await shown.press("enter", "question_mark", "G")
        assert "from: to: ns: outcome:" in shown.text
        await shown.press("escape")
        await at(shown, "8")
        await shown.press("slash")
        assert "such as severity:critical kind:gateway" in shown.lines[-1]
        await shown.paste("severity:critical")
        assert "✗ critical" in cursor_line(shown)


async def test_a_place_is_as_one_left_it() -> None:
    """Its filter and its cursor are there again."""
    async with console() as shown:
        rows = await at(shown, "6")
        await shown.press("slash", *"ok", "enter", "j", "j")
        selected = rows.selected
        await shown.press("1", "tab", "6")
        assert items(shown).selected == selected is not None
        assert "/ok" in shown.lines[0]


async def test_the_cursor_stays_on_its_item_when_others_come_before_it() -> None:
    """What enter opens does not change under one's finger, and the line stays where the eye is."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh, size=(80, 24)) as shown:
        rows = await at(shown, "5")
        await shown.press("j", "j", "j", "j")
        selected: PolicyRow | None = rows.selected
        assert selected is not None
        await apply(mesh, Apply(text=DENY_ALL))
        await shown.until(lambda: len(rows) == 13)
        await shown.settle()
        assert rows.selected == selected
        assert selected.name in cursor_line(shown)
        await apply(mesh, Delete(kind=selected.kind, name=selected.name, namespace=selected.namespace))
        await shown.until(lambda: len(rows) == 12)
        await shown.settle()
        assert rows.selected is not None
        assert cursor_line(shown)


async def test_counts_go_up_by_themselves_and_only_their_lines_are_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key is needed, no other line flickers, nothing changes places."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh) as shown:
        rows = await at(shown, "6")
        traffic = await mesh.traffic(TrafficQuery())
        before = shown.lines
        painted: list[int] = []
        monkeypatch.setattr(rows, "refresh_line", painted.append)  # what would be sent to a terminal
        index = next(place for place, pair in enumerate(traffic.pairs) if "418" in pair.last_text)
        pairs = list(traffic.pairs)
        pairs[index] = replace(pairs[index], count=4711)
        mesh.set_traffic(replace(traffic, pairs=tuple(pairs)))
        await shown.until(lambda: bool(painted))
        line = next(place for place, line in enumerate(before) if " 38 " in line and "denied" in line)
        assert painted == [line - 3]
        rows.refresh()
        await shown.settle()
        assert "4,711" in shown.lines[line]
        assert [text for place, text in enumerate(shown.lines) if place != line] == before[:line] + before[line + 1 :]


async def test_the_audit_follows_the_newest_until_the_cursor_is_moved() -> None:
    """And again from when `g` brings it to the top."""
    mesh, entry = (
        FakeMesh(now=Clock()),
        HistoryEntry(at=NOW, kind="operator", target="a", actor="b", text="c", outcome="ok"),
    )
    async with console(mesh, size=(80, 24)) as shown:
        rows = await at(shown, "7")
        newest = []
        for seconds, key in enumerate(("", "j", "g"), start=1):
            if key:
                await shown.press(key)
            before = len(rows)
            mesh.happen(replace(entry, at=NOW + timedelta(seconds=seconds), text=f"entry {seconds}"))
            await shown.until(lambda before=before: len(rows) > before)  # type: ignore[misc]
            newest.append(rows._cursor == 0)
        assert newest == [True, False, True]


async def test_many_denials_do_not_push_what_was_done_out_of_the_audit() -> None:
    """A caller that is denied all the time fills whole readings; what people did before is found all the same."""
    mesh = FakeMesh(now=Clock())
    entry = HistoryEntry(at=NOW, kind="denied", target="t", actor="b", text="c", outcome="denied")
    done = replace(entry, at=NOW + timedelta(seconds=1), kind="configuration", text="apply: by a person")
    for happened in (done, *(replace(entry, at=NOW + timedelta(seconds=2 + each / 1e4)) for each in range(ASKED_FOR))):
        mesh.happen(happened)
    async with console(mesh, size=(140, 40)) as shown:
        await at(shown, "7")
        assert "denied ×2,000" in shown.text
        assert "and older ones" in shown.lines[0]
        await shown.press("slash")
        await shown.paste("by a person")
        await shown.press("enter")
        assert "apply: by a person" in cursor_line(shown)
        assert "and older ones" in shown.lines[0]


async def test_changes_behind_another_screen_are_caught_up_with() -> None:
    """Nothing is read while nobody looks; coming back, it is."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh) as shown:
        await at(shown, "5")
        await shown.press("1")
        await apply(mesh, Apply(text=DENY_ALL))
        await shown.press("5")
        await shown.until_shown("payments/closed")


@pytest.mark.parametrize("size", SIZES)
async def test_a_policy_opens_with_what_is_written_and_what_it_denied(size: tuple[int, int]) -> None:
    """How it stands, whom it is about, its last denials and its YAML; escape goes back to its line."""
    async with console(size=size) as shown:
        rows = await at(shown, "5")
        await shown.press("slash")
        await shown.paste("not-from-batch")
        await shown.press("enter", "enter")
        await shown.until_shown("LAST DENIED BY IT")
        for part in (
            "namespace payments, 2 workloads",
            "batch/loader → payments/checkout",
            "kind: AuthorizationPolicy",
        ):
            assert part in shown.text
        await shown.press("G")
        assert "- batch" in shown.text
        assert "meshtui ▸ policies ▸ payments/not-from-batch" in shown.lines[0]
        await shown.press("escape")
        assert rows.selected is not None
        assert rows.selected.name == "not-from-batch"


async def test_a_mesh_that_tells_no_calls_shows_its_policies_all_the_same() -> None:
    """Their pages lack the denied calls and nothing else."""

    class Silent(FakeMesh):
        async def traffic(self, query: TrafficQuery) -> Traffic:
            raise RefusedError("No proxy here tells its calls.")

    async with console(Silent(now=Clock())) as shown:
        await at(shown, "5")
        await shown.press("enter")
        await shown.until_shown("kind: AuthorizationPolicy")
        await shown.press("escape", "6")
        await shown.until_shown("No proxy here tells its calls.")


async def test_a_policy_that_is_gone_says_so_on_its_page() -> None:
    """The page does not pretend."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh) as shown:
        await at(shown, "5")
        await shown.press("enter")
        await shown.until_shown("MANIFEST")
        await apply(mesh, Delete(kind="AuthorizationPolicy", name="ratings", namespace="prod"))
        await shown.until_shown("There is no AuthorizationPolicy 'ratings'")


@pytest.mark.parametrize("size", SIZES)
async def test_a_pair_opens_with_its_last_calls_and_what_policies_say(size: tuple[int, int]) -> None:
    """Traffic and explanation of the same call stand on one page."""
    async with console(size=size) as shown:
        await at(shown, "6")
        await shown.press("enter")
        await shown.until_shown("LAST DENIED")
        for part in ("38 calls", "spiffe://cluster.local/ns/prod/sa/sleep", "GET httpbin.prod:8000/status/418"):
            assert part in shown.text
        assert "✗ denied: 403" in shown.text
        await shown.press("G")
        assert "operation.paths: /status/418 is none of /get" in shown.text


async def test_denied_calls_are_listed_one_by_one_and_explained() -> None:
    """`d` in the traffic; enter asks whether such a call would pass now; escape leads back, step by step."""
    async with console() as shown:
        await at(shown, "6")
        await shown.press("d")
        await shown.until_shown("▸ 14:02:29Z")
        assert "meshtui ▸ traffic ▸ denied   15" in shown.lines[0]
        assert "rbac_access_denied_matched_policy[none]" in shown.text
        await shown.press("enter")
        await shown.until_shown("POLICIES, IN THE ORDER OF ASKING")
        await shown.press("escape", "slash", *"batch", "enter", "escape")
        assert "15" in shown.lines[0]
        await shown.press("escape")
        assert "OUTCOME" in shown.text


async def test_an_entry_opens_whole_with_what_is_on_record() -> None:
    """The text is not cut, and of a certificate the CA tells what it has."""
    async with console(size=(80, 24)) as shown:
        await at(shown, "7")
        await shown.press("slash")
        await shown.paste("refused token")
        await shown.press("enter", "enter")
        await shown.until_shown('"kubernetes.default.svc", not "istio-ca".')
        assert "token-audience" in shown.text
        await shown.press("escape", "slash", "ctrl+u")
        await shown.paste("issued httpbin")
        await shown.press("enter", "enter")
        await shown.until_shown("ON RECORD")


@pytest.mark.parametrize(("key", "place"), PLACES)
async def test_a_mesh_that_lacks_something_says_why(key: str, place: str) -> None:
    """In the words of its capability; nothing is asked of it."""
    mesh = FakeMesh(now=Clock())
    info = await mesh.info()
    lacking = tuple(
        replace(each, available=False, reason="istiod tells nobody") if each.verb == place else each
        for each in info.capabilities
    )
    mesh.set_info(replace(info, capabilities=lacking))
    async with console(mesh, size=(80, 24)) as shown:
        await shown.press(key)
        await shown.until_shown("istiod tells nobody")
        assert "This mesh shows no " in shown.text


async def test_a_mesh_that_fails_to_answer_says_so_where_items_would_be() -> None:
    """And shows them when it answers again."""

    class Failing(FakeMesh):
        fails = True

        async def policies(self) -> list[PolicyRow]:
            if self.fails:
                raise MeshError("The store cannot be read.", fix="Look at its disk.")
            return await super().policies()

    mesh = Failing(now=Clock())
    async with console(mesh, size=(80, 24)) as shown:
        await shown.press("5")
        await shown.until_shown("The store cannot be read.")
        assert "Look at its disk." in shown.text
        mesh.fails = False
        mesh.stir()
        await shown.until_shown("prod/ratings")


async def test_a_mesh_that_is_gone_keeps_its_items_on_the_screen_and_comes_back() -> None:
    """Stale, and said so; when it answers again they are read again."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh) as shown:
        await at(shown, "6")
        mesh.silence()
        await shown.until_shown("STALE")
        assert "prod/sleep" in shown.text
        mesh.set_traffic(Traffic(since=NOW, pairs=(), denied=()))
        mesh.silence(False)
        await shown.until_shown("this mesh has no calls")


async def test_signs_are_ascii_where_they_have_to_be() -> None:
    """Lists, pages and the matrix."""
    async with console(size=(80, 24), glyphs=ASCII) as shown:
        for key, _ in PLACES:
            await at(shown, key)
            assert shown.text.isascii()
            await shown.press("enter")
            await shown.until(lambda: "reading" not in shown.text)
            assert shown.text.isascii()
            await shown.press("escape")
        await shown.press("5", "m")
        await shown.until_shown("FROM / TO")
        assert shown.text.isascii()


async def test_hostile_names_are_inert() -> None:
    """Of hosts, paths, policies and actors; in lists, below them and on pages."""
    mesh, evil = FakeMesh(now=Clock()), "\x1b[2J[red]\u202e" + "y" * 5_000
    traffic = await mesh.traffic(TrafficQuery())
    pair = replace(traffic.pairs[0], last_text=f"GET {evil}", policy=evil, source=f"spiffe://{evil}", source_target="")
    call = replace(traffic.denied[0], host=evil, path=evil, details=evil)
    mesh.set_traffic(replace(traffic, pairs=(pair,), denied=(call,)))
    mesh.happen(HistoryEntry(at=NOW, kind=evil, target=evil, actor=evil, text=evil, outcome=evil))
    async with console(mesh, size=(80, 24)) as shown:
        for key in ("6", "d", "7"):
            await shown.press(key)
            await shown.until_shown("\\x1b[2J")
            assert all(char.isprintable() or char == "\n" for char in shown.text)
            await shown.press("enter")
            await shown.until(lambda: "reading" not in shown.text)
            assert all(char.isprintable() or char == "\n" for char in shown.text)
            await shown.press("escape")
            if key == "d":
                await shown.press("escape")


async def test_no_line_is_wider_than_the_terminal() -> None:
    """At any size that is used, in every place; below that one sentence."""
    async with console() as shown:
        for key, _ in PLACES:
            await at(shown, key)
            for size in ((40, 8), (60, 20), (80, 24), (97, 30), (111, 30), (200, 50)):
                await shown.pilot.resize_terminal(*size)
                await shown.until(lambda size=size: shown.app.screen.size == size)  # type: ignore[misc]
                await shown.settle()
                assert {len(line) for line in shown.lines} == {size[0]}
                assert cursor_line(shown)


async def test_thousands_of_pairs_are_as_usable_as_a_few() -> None:
    """They scroll, they are filtered while one types, and only what is in view is drawn."""
    mesh = FakeMesh(now=Clock())
    traffic = await mesh.traffic(TrafficQuery())
    pairs = tuple(
        replace(traffic.pairs[index % 13], destination=f"workload/fleet/app-{index:04d}") for index in range(1_900)
    )
    mesh.set_traffic(replace(traffic, pairs=pairs))
    async with console(mesh, size=(80, 24)) as shown:
        rows = await at(shown, "6")
        assert "1,900" in shown.lines[0]
        await shown.press("G", "k", "ctrl+b")
        assert "✓ ok" in cursor_line(shown)
        assert len(rows._drawn) < 24
        await shown.press("slash")
        await shown.paste("app-1234")
        assert "1 of 1,900" in shown.lines[0]


async def test_from_any_place_a_digit_leads_back_to_the_rows() -> None:
    """Whatever was opened above them."""
    async with console() as shown:
        await at(shown, "6")
        await shown.press("2")
        assert len(shown.app.screen_stack) == 1
        assert shown.app.screen.query_one(RowList).selected is not None
        assert "meshtui ▸ workloads" in shown.lines[0]
