"""Marks on rows, and verbs on all of them: canary first, one at a time, nothing after the first failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from meshtui.findings import Check, Verification
from meshtui.mesh.actions import Progress
from meshtui.mesh.caller import ANYBODY, Caller
from meshtui.mesh.fake import FakeMesh, fleet_rows
from meshtui.tui.screens.batch import BatchDialog
from meshtui.tui.widgets.row_list import RowList
from tests.tui.console import NOW, Clock, Console, console

HTTPBIN = "workload/prod/httpbin"
SLEEP = "workload/prod/sleep"
DETAILS = "workload/prod/details-v1"
GATEWAY = "gateway/istio-system/httpbin-credential"
LOADER = "workload/batch/loader"
ROOT = "authority/root"


async def mark(shown: Console, *targets: str) -> None:
    for target in targets:
        shown.app.screen.query_one(RowList).select(target)
        await shown.press("space")


async def ask(shown: Console, key: str) -> None:
    """Press a verb, and wait for its plan."""
    await shown.press(key)
    await shown.until(lambda: isinstance(shown.app.screen, BatchDialog))
    await shown.settle()


async def serials(mesh: FakeMesh, *targets: str) -> list[str]:
    return [(await mesh.detail(target)).row.serial for target in targets]


def marked(shown: Console) -> list[str]:
    return [row.target for row in shown.app.board.marked]


async def test_space_marks_and_unmarks_where_the_cursor_is() -> None:
    """The row shows its mark, header and footer the number, and esc takes all of them away."""
    async with console() as shown:
        await mark(shown, HTTPBIN, DETAILS)
        assert shown.line(DETAILS).startswith("▸+")
        assert shown.line(HTTPBIN).startswith(" +")
        assert "2 marked" in shown.lines[0]
        assert "2 marked   i issue (has one)   r rotate   v verify" in shown.lines[-1]
        await shown.press("space")
        assert marked(shown) == [HTTPBIN]
        await shown.press("escape")
        assert marked(shown) == []
        assert "marked" not in shown.text


@pytest.mark.parametrize("key", ["ctrl+@", "ctrl+space"])
async def test_a_range_is_marked_from_the_last_mark_to_the_cursor(key: str) -> None:
    """Downwards and upwards, both ends with it."""
    async with console() as shown:
        order = [row.target for row in shown.app.board.store]
        await shown.press("j", "j", "space", "j", "j", key)
        assert marked(shown) == order[2:5]
        await shown.press("g", key)
        assert set(marked(shown)) == set(order[:5])


async def test_a_range_that_cannot_be_marked_is_not_marked_in_part() -> None:
    """Where the last mark is not in the list nothing is, and that is said; where there is none, the cursor's row."""
    async with console() as shown:
        await shown.press("ctrl+@")
        assert marked(shown) == [shown.cursor]
        await shown.press("ctrl+backslash")
        await mark(shown, HTTPBIN)
        await shown.press("3", "ctrl+@")
        await shown.until_shown(f"Nothing was marked: {HTTPBIN} is not in this list.")
        assert marked(shown) == [HTTPBIN]


async def test_all_that_is_listed_is_marked() -> None:
    """What view, filter and `only trouble` let through, beside what was marked before."""
    async with console() as shown:
        await mark(shown, HTTPBIN)
        await shown.press("3", "slash", *"api", "enter", "*")
        listed = [row.target for row in shown.app.board.store]
        assert listed
        assert marked(shown) == [HTTPBIN, *listed]
        assert f"{len(listed) + 1} marked" in shown.lines[0]


async def test_marks_outlive_filter_view_and_pages_above() -> None:
    """They belong to targets: what is out of sight stays marked, and is said to be in the plan."""
    async with console() as shown:
        await mark(shown, HTTPBIN, GATEWAY)
        await shown.press("3", "slash", *"api", "enter")
        assert "2 marked" in shown.lines[0]
        await ask(shown, "r")
        assert HTTPBIN in shown.text
        assert GATEWAY in shown.text


async def test_what_is_gone_is_not_marked() -> None:
    """A workload that was removed takes its mark with it."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh) as shown:
        await mark(shown, HTTPBIN, DETAILS)
        mesh.remove(HTTPBIN)
        await shown.until(lambda: marked(shown) == [DETAILS])


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_one_plan_tells_what_happens_to_all(size: tuple[int, int]) -> None:
    """Count, steps, blast radius, the canary, who is left out and why, and the command."""
    async with console(size=size) as shown:
        await mark(shown, GATEWAY, DETAILS, SLEEP, LOADER)
        await ask(shown, "r")
        for part in (
            "Rotate 3 identities",
            f"Canary: {DETAILS}",
            "first failure stops it",
            f"Left out: {LOADER} (none",
            "enter rotate",
        ):
            assert part in shown.text
        await shown.press("G")
        await shown.until_shown("Serves 1 host.")
        assert "$ meshtui rotate" in shown.text
        await shown.press("c")
        await shown.until_shown("Copied")
        assert shown.app.clipboard == f"meshtui rotate {DETAILS} {GATEWAY} {SLEEP}"
        await shown.press("escape")
        assert len(marked(shown)) == 4


async def test_all_of_them_are_rotated_and_unmarked() -> None:
    """One after the other, and a summary at the end."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh) as shown:
        before = await serials(mesh, GATEWAY, DETAILS, SLEEP)
        await mark(shown, GATEWAY, DETAILS, SLEEP)
        await ask(shown, "r")
        await shown.press("enter")
        await shown.until_shown("Rotated 3 of 3.")
        after = await serials(mesh, GATEWAY, DETAILS, SLEEP)
        assert not set(before) & set(after)
        assert marked(shown) == []
        assert "~ rotate" not in shown.lines[0]


async def test_the_first_failure_stops_it_and_the_rest_stays_marked() -> None:
    """The one that failed too; the same verb takes up what is left."""
    mesh = FakeMesh(now=Clock(), refusals={GATEWAY: "The CA refused: it is full."})
    async with console(mesh) as shown:
        (before,) = await serials(mesh, SLEEP)
        await mark(shown, DETAILS, GATEWAY, SLEEP)
        await ask(shown, "r")
        await shown.press("enter")
        await shown.until_shown(f"Rotated 1 of 3. It stopped at {GATEWAY}: The CA refused: it is full.")
        assert "1 not begun, and still marked" in shown.text
        assert marked(shown) == [GATEWAY, SLEEP]
        assert [before] == await serials(mesh, SLEEP)


async def test_a_canary_that_fails_verification_saves_the_others() -> None:
    """What was issued but does not pass on the wire goes no further."""

    class Faulty(FakeMesh):
        async def verify(self, target: str, caller: Caller = ANYBODY) -> Verification:
            return Verification(target=target, checks=(Check(name="handshake", passed=False, seen="It was reset."),))

    mesh = Faulty(now=Clock())
    async with console(mesh) as shown:
        (before,) = await serials(mesh, SLEEP)
        await mark(shown, DETAILS, SLEEP)
        await ask(shown, "r")
        await shown.press("enter")
        await shown.until_shown(f"stopped at {DETAILS}: It did not pass verification: handshake: It was reset.")
        assert "Rotated 0 of 2." in shown.text
        assert [before] == await serials(mesh, SLEEP)


class Stepwise(FakeMesh):
    """A fake whose plans go one step further each time they are let."""

    def __init__(self) -> None:
        super().__init__(now=Clock())
        self.steps = asyncio.Semaphore(0)

    async def perform(self, plan_id: str) -> AsyncIterator[Progress]:
        async for progress in super().perform(plan_id):
            yield progress
            await self.steps.acquire()


async def test_escape_stops_it_between_two_targets() -> None:
    """The one whose turn it is has it; header and status line say how far it is, and that it stops."""
    mesh = Stepwise()
    async with console(mesh) as shown:
        (before,) = await serials(mesh, SLEEP)
        await mark(shown, DETAILS, SLEEP)
        await ask(shown, "r")
        await shown.press("enter")
        await shown.until_shown("~ rotate 1 of 2 · live")
        assert "esc stop" in shown.lines[-1]
        await shown.press("escape")
        await shown.until_shown("~ rotate 1 of 2, stopping")
        for _ in range(5):
            mesh.steps.release()
        await shown.until_shown("Rotated 1 of 2. It was stopped. 1 not begun, and still marked.")
        assert [before] == await serials(mesh, SLEEP)
        assert marked(shown) == [SLEEP]


async def test_a_mesh_that_is_lost_midway_ends_it_and_what_was_done_stays_to_be_read() -> None:
    """Which was done, which not, and which nobody knows: through STALE, its return, and moves of the cursor."""
    mesh = Stepwise()
    async with console(mesh) as shown:
        await mark(shown, DETAILS, SLEEP, GATEWAY, HTTPBIN)
        await ask(shown, "r")
        await shown.press("enter")
        await shown.until_shown("~ rotate 1 of 4")
        while getattr(shown.app.board.said, "target", DETAILS) == DETAILS:
            mesh.steps.release()
            await shown.settle()
        mesh.silence()
        mesh.steps.release()
        await shown.until_shown("STALE")
        mesh.silence(False)
        for _ in range(20):
            mesh.steps.release()
        await shown.until_shown("Rotated 1 of 4. It stopped at")
        await shown.until_shown("live")
        await shown.press("g", "j")
        text = " ".join(shown.text.split())
        assert "Whether it was done is not known: verify it. 2 not begun, and still marked." in text
        assert len(marked(shown)) == 3
        await shown.press("escape")
        assert "Rotated 1 of 4" not in shown.text


async def test_a_mesh_that_is_only_looked_at_refuses_with_the_reason() -> None:
    """Greyed in footer and palette, and said when the key is pressed; looking works."""
    async with console(FakeMesh(now=Clock(), read_only=True), size=(80, 24)) as shown:
        await mark(shown, DETAILS, GATEWAY)
        reason = "read-only"
        await shown.until_shown(f"u undo ({reason})   v verify")
        for key, verb in (("r", "rotate"), ("u", "undo"), ("i", "issue")):
            await shown.press(key)
            await shown.until_shown(f"{verb} works on none of the 2 that are marked: ")
            await shown.until_shown(f"{reason}.")
        await shown.press("ctrl+p")
        await shown.paste("rotate")
        await shown.until_shown(f"rotate: a new key too ({reason})")
        await shown.press("escape", "v")
        await shown.until_shown("2 of 2")


async def test_only_one_batch_runs_at_a_time() -> None:
    """A second one is refused in words while the first is under way."""
    mesh = Stepwise()
    async with console(mesh) as shown:
        await mark(shown, DETAILS, SLEEP)
        await ask(shown, "r")
        await shown.press("enter")
        await shown.until_shown("~ rotate 1 of 2")
        await ask(shown, "r")
        await shown.press("enter")
        await shown.until_shown("Another batch is under way; esc in the list stops it.")


@pytest.mark.parametrize(("count", "word"), [(20, False), (21, True)])
async def test_many_are_confirmed_by_a_word_that_is_typed(count: int, word: bool) -> None:
    """Above twenty, enter asks for the verb; anything else does nothing."""
    mesh = FakeMesh(fleet_rows(60, NOW), now=Clock())
    async with console(mesh) as shown:
        able = [row for row in shown.app.board.store if row.serial and row.step is None][:count]
        targets = [row.target for row in able]
        before = await serials(mesh, *targets)
        shown.app.board.marked.extend(able)
        await ask(shown, "r")
        await shown.press("enter")
        if word:
            assert f"They are {count}: type rotate to do it." in shown.text
            await shown.press(*"rota", "enter")
            assert "Nothing was done: that is not rotate." in shown.text
            await shown.press("enter")
            await shown.paste("rotate")
            await shown.press("enter")
            assert isinstance(shown.app.screen, BatchDialog)
            assert before == await serials(mesh, *targets)
            await shown.press("enter", *"rotate", "enter")
        await shown.until_shown(f"Rotated {count} of {count}.")
        assert not set(before) & set(await serials(mesh, *targets))


async def test_verbs_that_work_on_none_of_them_say_so() -> None:
    """With the reasons."""
    async with console() as shown:
        await mark(shown, HTTPBIN, ROOT)
        await shown.press("i")
        await shown.until_shown("issue works on none of the 2 that are marked: ")
        assert "has one" in shown.text
        assert "an authority" in shown.text


async def test_undo_brings_all_of_them_back() -> None:
    """Each gateway certificate to the version before."""
    mesh = FakeMesh(now=Clock())
    api = "gateway/istio-system/api-credential"
    async with console(mesh) as shown:
        before = await serials(mesh, GATEWAY, api)
        await mark(shown, GATEWAY, api)
        await ask(shown, "r")
        await shown.press("enter")
        await shown.until_shown("Rotated 2 of 2.")
        await mark(shown, GATEWAY, api)
        await shown.until(lambda: "u undo   v verify" in shown.lines[-1])
        await ask(shown, "u")
        assert "Undo 2 certificates" in shown.text
        await shown.press("enter")
        await shown.until_shown("Undid 2 of 2.")
        assert before == await serials(mesh, GATEWAY, api)


async def test_verify_tells_how_each_of_them_fares() -> None:
    """Those that fail come first, with the check that failed and what to do."""
    async with console() as shown:
        await mark(shown, DETAILS, "gateway/istio-system/shop-credential", SLEEP)
        await shown.press("v")
        await shown.until_shown("3 of 3")
        assert "✗ gateway/istio-system/shop-credential" in shown.lines[2]
        assert shown.line(DETAILS).strip().startswith("✓")
        await shown.press("escape")
        assert len(marked(shown)) == 3
