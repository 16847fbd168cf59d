"""From a key to the green tick: plan, confirmation, progress, and every way in which it can end otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from meshtui.errors import RefusedError
from meshtui.mesh.actions import Action, Plan, Progress, Rotate
from meshtui.mesh.fake import FakeMesh
from meshtui.mesh.rows import Step
from meshtui.present.glyphs import UNICODE
from meshtui.tui.screens.detail import DetailScreen
from meshtui.tui.screens.plan import PlanDialog
from meshtui.tui.widgets.row_list import RowList
from tests.tui.console import Clock, Console, console

HTTPBIN = "workload/prod/httpbin"
LOADER = "workload/batch/loader"
GATEWAY = "gateway/istio-system/httpbin-credential"


class Stepwise(FakeMesh):
    """A fake whose plans go one step further each time they are let."""

    def __init__(self) -> None:
        super().__init__(now=Clock())
        self.steps: asyncio.Semaphore = asyncio.Semaphore(0)

    async def perform(self, plan_id: str) -> AsyncIterator[Progress]:
        """The steps, one for each release of the semaphore."""
        async for progress in super().perform(plan_id):
            yield progress
            await self.steps.acquire()


async def go_to(shown: Console, target: str) -> None:
    shown.app.screen.query_one(RowList).select(target)
    await shown.settle()


async def confirm(shown: Console, key: str) -> None:
    """Press a verb, wait for its plan, say yes."""
    await shown.press(key)
    await shown.until(lambda: isinstance(shown.app.screen, PlanDialog))
    await shown.press("enter")


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_a_plan_is_shown_before_anything_changes(size: tuple[int, int]) -> None:
    """Title, step, effects, the same command, and three keys; escape leaves everything as it was."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh, size) as shown:
        await go_to(shown, HTTPBIN)
        before = (await mesh.detail(HTTPBIN)).row
        await shown.press("r")
        await shown.until_shown("enter rotate")
        for part in ("Rotate 1 identity", "new key, CSR to the CA", "Open connections stay", "c copy command"):
            assert part in shown.text
        assert f"$ meshtui rotate {HTTPBIN}" in shown.text
        await shown.press("escape")
        assert not isinstance(shown.app.screen, PlanDialog)
        assert (await mesh.detail(HTTPBIN)).row == before


async def test_progress_goes_from_step_to_step_to_the_tick() -> None:
    """The row shows each step, the status line the trail, and both end at the serial that is served."""
    mesh = Stepwise()
    async with console(mesh) as shown:
        await go_to(shown, HTTPBIN)
        await confirm(shown, "r")
        trail = ("~ key  ·", "✓ key  ~ signed", "✓ signed  ~ pushed", "✓ pushed  ~ verifying")
        for step, part in zip((Step.KEY, Step.SIGNED, Step.PUSHED, Step.VERIFYING), trail, strict=True):
            await shown.until_shown(part)
            await shown.until_shown(f"─  ~ {step}")
            mesh.steps.release()
        await shown.until_shown("✓ served ")
        serial = (await mesh.detail(HTTPBIN)).row.serial
        assert f"✓ served {serial[:4]}…{serial[-4:]}, was 9b3e…b057  {HTTPBIN}" in shown.lines[-2]
        await shown.until(lambda: "✓ served" in shown.lines[[HTTPBIN in line for line in shown.lines].index(True)])
        assert shown.cursor == HTTPBIN


async def test_the_first_certificate_is_issued_by_i() -> None:
    """Where there is none, i makes one, and from then on r is the key."""
    async with console() as shown:
        await go_to(shown, LOADER)
        await confirm(shown, "i")
        await shown.until_shown("✓ held ")
        await shown.until(lambda: "i issue (has one)" in shown.lines[-1])


async def test_a_failure_is_said_with_its_reason_and_the_row_keeps_it() -> None:
    """What the CA refused stands on the status line and in the row."""
    mesh = FakeMesh(now=Clock(), refusals={HTTPBIN: 'The CA refused: audience "x", expected "istio-ca".'})
    async with console(mesh) as shown:
        await go_to(shown, HTTPBIN)
        await confirm(shown, "r")
        await shown.until_shown(f'✗ {HTTPBIN}: The CA refused: audience "x", expected "istio-ca".')
        await shown.until(lambda: "✗ failed" in next(line for line in shown.lines if "▸ " in line[:3]))
        await shown.press("escape")
        assert f"✗ {HTTPBIN}" not in shown.text


async def test_a_plan_that_lapsed_is_refused_in_words() -> None:
    """Whoever lets a plan lie for a minute learns that it is void."""
    clock = Clock()
    async with console(FakeMesh(now=clock), clock=clock) as shown:
        await go_to(shown, HTTPBIN)
        await shown.press("r")
        await shown.until_shown("enter rotate")
        clock.time += timedelta(seconds=61)
        await shown.press("enter")
        await shown.until_shown("The plan lapsed at 14:03:31Z. Make a new plan.")


async def test_a_refused_plan_is_a_sentence_with_its_fix() -> None:
    """When the mesh refuses to plan, what it says is on the status line, and no dialog opens."""

    class Strict(FakeMesh):
        async def plan(self, action: Action) -> Plan:
            raise RefusedError("Only members of the group mesh may rotate, and ada is not one. " * 3, fix="Ask root.")

    async with console(Strict(now=Clock()), size=(80, 24)) as shown:
        await shown.press("r")
        await shown.until_shown("Ask root.")
        assert "✗ Only members of the group mesh may rotate" in shown.text
        assert len(shown.app.screen_stack) == 1
        assert len(shown.lines) == 24


async def test_keys_that_are_held_leave_a_screen_once() -> None:
    """Two enters confirm a plan once, and close nothing but its dialog; so it is in the palette."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh) as shown:
        await shown.press("j", "enter", "r")
        await shown.until(lambda: isinstance(shown.app.screen, PlanDialog))
        await shown.burst("enter", "enter", "enter")
        await shown.until_shown("served")
        assert isinstance(shown.app.screen, DetailScreen)
        assert len([each for each in await mesh.history("workload/prod/httpbin") if each.kind == "operator"]) == 1
        await shown.press("ctrl+p")
        await shown.paste("help")
        await shown.burst("enter", "enter", "enter")
        await shown.press("escape")
        assert isinstance(shown.app.screen, DetailScreen)


async def test_progress_goes_on_while_other_screens_are_looked_at() -> None:
    """Opening a page does not stop what was begun, and its end is seen there."""
    mesh = Stepwise()
    async with console(mesh) as shown:
        await go_to(shown, HTTPBIN)
        await confirm(shown, "r")
        await shown.until_shown("~ key")
        await shown.press("enter")
        for _ in range(5):
            mesh.steps.release()
        await shown.until_shown("✓ served ")
        assert f"▸ {HTTPBIN}" in shown.lines[0]


async def test_the_command_can_be_copied() -> None:
    """c puts the command line into the clipboard and says by which way."""
    async with console() as shown:
        await go_to(shown, HTTPBIN)
        await shown.press("r")
        await shown.until_shown("c copy command")
        await shown.press("c")
        await shown.until_shown("Copied the command, if this terminal allows it (OSC 52).")
        assert shown.app.clipboard == f"meshtui rotate {HTTPBIN}"


async def test_a_mesh_that_dies_under_a_plan_says_so() -> None:
    """When the mesh is gone at the moment of yes, that is what is said."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh) as shown:
        await go_to(shown, HTTPBIN)
        await shown.press("r")
        await shown.until_shown("enter rotate")
        mesh.silence()
        await shown.press("enter")
        await shown.until_shown("The mesh does not answer.")


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_undo_is_a_key_on_gateways_that_have_a_version_before(size: tuple[int, int]) -> None:
    """Greyed with the reason until there is one; then a plan, and by the same steps back."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh, size) as shown:
        await go_to(shown, GATEWAY)
        first = (await mesh.detail(GATEWAY)).row.serial
        await shown.press("u")
        assert "undo does not work here: none before." in shown.text
        await confirm(shown, "r")
        await shown.until(lambda: (row := shown.app.board.store.get(GATEWAY)) is not None and row.previous == first)
        await shown.until(lambda: "under way" not in shown.text and "✓ served" in shown.lines[-2])
        await shown.press("u")
        await shown.until_shown("enter undo")
        assert "back to" in shown.text
        assert first[:10] in shown.text
        assert f"$ meshtui undo {GATEWAY}" in shown.text
        assert "? help" in shown.lines[-1]
        await shown.press("enter")
        await shown.until_shown(f"✓ served {first[:4]}…{first[-4:]}, was ")
        assert (await mesh.detail(GATEWAY)).row.serial == first


@pytest.mark.parametrize("width", [50, 60, 80, 100, 140])
async def test_no_key_that_is_refused_looks_like_one_that_works(width: int) -> None:
    """It stands there with its reason or, where there is no room for that, not at all."""
    async with console(size=(width, 24)) as shown:
        await go_to(shown, GATEWAY)
        footer = shown.lines[-1]
        assert "r rotate" in footer
        assert ("i issue" in footer) == ("i issue (has one)" in footer)
        assert ("u undo" in footer) == ("u undo (none before)" in footer)


async def test_a_refusal_holds_as_long_as_its_row_stays_as_it_is() -> None:
    """It goes when the row changes, and stays while others do."""
    refusal = "issue does not work here: has one."
    mesh = FakeMesh(now=Clock())
    async with console(mesh) as shown:
        await go_to(shown, HTTPBIN)
        await shown.press("i")
        assert refusal in shown.text
        await _rotated(mesh, shown, GATEWAY)
        assert refusal in shown.text
        await _rotated(mesh, shown, HTTPBIN)
        assert refusal not in shown.text


async def _rotated(mesh: FakeMesh, shown: Console, target: str) -> None:
    """Rotated by somebody else, and arrived here."""
    plan = await mesh.plan(Rotate(targets=(target,)))
    after = [progress async for progress in mesh.perform(plan.id)][-1].after
    assert after is not None
    await shown.until(lambda: (row := shown.app.board.store.get(target)) is not None and row.serial == after.serial)
    await shown.settle()


@pytest.mark.parametrize("keys", [("enter",), ("question_mark",), ("2",), ("v",)])
async def test_a_refusal_is_not_taken_elsewhere(keys: tuple[str, ...]) -> None:
    """Another screen or view begins without it, and it is gone on the way back."""
    refusal = "issue does not work here: has one."
    async with console() as shown:
        await go_to(shown, HTTPBIN)
        await shown.press("i")
        assert refusal in shown.text
        await shown.press(*keys)
        assert refusal not in shown.text
        await shown.press("escape")
        assert refusal not in shown.text


async def test_other_rows_do_without_the_key_for_undo() -> None:
    """No reason is given for what could never be; whoever presses it is told."""
    async with console() as shown:
        await go_to(shown, HTTPBIN)
        assert "u undo" not in shown.lines[-1]
        await shown.press("u")
        assert "undo does not work here: only gateway certificates have it." in shown.text


async def test_commands_name_the_state_directory_that_was_named() -> None:
    """On the screen and in what is copied."""
    async with console(glyphs=replace(UNICODE, state="/tmp/there")) as shown:
        await go_to(shown, HTTPBIN)
        await shown.press("r")
        await shown.until_shown(f"$ meshtui rotate --state /tmp/there {HTTPBIN}")
        await shown.press("c")
        await shown.until_shown("Copied the command, if this terminal allows it (OSC 52).")
        assert shown.app.clipboard == f"meshtui rotate --state /tmp/there {HTTPBIN}"


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_a_plan_can_be_read_as_what_is_done_by_hand(size: tuple[int, int]) -> None:
    """b shows the commands and the plan again, c copies what is shown, each command whole."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh, size) as shown:
        await go_to(shown, GATEWAY)
        plan = await mesh.plan(Rotate(targets=(GATEWAY,)))
        await shown.press("r")
        await shown.until_shown("b by hand")
        await shown.press("b")
        await shown.until_shown("b the plan")
        assert "$ [ -e example.com.root.key ] || openssl req -x509" in shown.text
        end = plan.by_hand[-1].split()[-1]
        assert ("j k scroll" in shown.text) == (f"kubectl apply -f {end}" not in shown.text)
        await shown.press("c")
        await shown.until_shown("Copied the commands, if this terminal allows it (OSC 52).")
        assert shown.app.clipboard == "\n".join(plan.by_hand)
        await shown.press("b")
        await shown.until_shown("b by hand")
        assert "openssl" not in shown.text
        await shown.press("enter")
        await shown.until_shown("✓ served ")
