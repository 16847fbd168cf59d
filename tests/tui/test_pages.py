"""Detail, verification and help."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meshtui.mesh.fake import FakeMesh
from meshtui.mesh.rows import View
from meshtui.tui.screens.detail import DetailScreen
from meshtui.tui.screens.plan import PlanDialog
from meshtui.tui.screens.verify import VerifyScreen
from meshtui.tui.widgets.document import Document
from meshtui.tui.widgets.row_list import RowList
from tests.tui.console import NOW, Clock, Console, console

SHOP = "gateway/istio-system/shop-credential"


async def opened(shown: Console, target: str = SHOP) -> None:
    """Open the page of a target and wait until it was read."""
    shown.app.screen.query_one(RowList).select(target)
    await shown.press("enter")
    await shown.until_shown("CHAIN")


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_enter_opens_the_page_of_the_row_and_escape_goes_back(size: tuple[int, int]) -> None:
    """Crumbs say where one is, the page what there is to know, absolute dates and words for them included."""
    async with console(size=size) as shown:
        await opened(shown)
        assert f"meshtui ▸ identities ▸ {SHOP}" in shown.lines[0]
        for part in (
            "shop.example.com",
            "ends in 38 minutes, 2026-11-24 14:40:31Z",
            "first disagreement: held ≠ served",
        ):
            assert part in shown.text
        await shown.press("escape")
        assert "IDENTITY" in shown.lines[2]
        assert shown.cursor == SHOP


async def test_pages_scroll_by_keys() -> None:
    """j, k, g, G and page keys move the page, and not beyond its ends."""
    async with console(size=(80, 24)) as shown:
        await opened(shown)
        page = shown.app.screen.query_one(Document)
        for key, place in (("j", 1), ("ctrl+f", 20), ("G", page.max_scroll_y), ("k", page.max_scroll_y - 1), ("g", 0)):
            await shown.press(key)
            assert page.scroll_offset.y == place
        await shown.press("G")
        # at the margin, or a selection of it is no PEM
        assert "-----END CERTIFICATE-----" in [line.rstrip() for line in shown.lines]


async def test_a_page_follows_its_row() -> None:
    """What changes in the mesh changes on the page, without a key."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh) as shown:
        await opened(shown)
        await shown.press("r")
        await shown.until(lambda: isinstance(shown.app.screen, PlanDialog))
        await shown.press("enter")
        await shown.until(lambda: "first disagreement" not in shown.text)
        serial = (await mesh.detail(SHOP)).row.serial
        await shown.until_shown(serial)
        await shown.until_shown("✓ served ")


async def test_a_page_follows_time() -> None:
    """Words about time stay true while one reads."""
    clock = Clock()
    async with console(clock=clock) as shown:
        await opened(shown)
        clock.time += timedelta(minutes=5)
        shown.app.screen.tick()  # type: ignore[attr-defined]  # a framed screen
        assert "ends in 33 minutes" in shown.text


async def test_a_target_that_is_gone_is_said_and_the_page_can_be_left() -> None:
    """When the row under a page vanishes, the page says so, and verbs are greyed."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh) as shown:
        await opened(shown)
        mesh.remove(SHOP)
        await shown.until_shown(f"There is no '{SHOP}' in this mesh.")
        assert "(no row)" in shown.lines[-1]
        await shown.press("escape")
        assert SHOP not in shown.text


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_v_checks_step_by_step(size: tuple[int, int]) -> None:
    """Each check has a sign, a name, what was seen, and where it failed, what to do."""
    async with console(size=size) as shown:
        shown.app.screen.query_one(RowList).select(SHOP)
        await shown.press("v")
        await shown.until_shown("2 of 6 checks failed")
        assert "✓ chain" in shown.text
        assert "✗ handshake" in shown.text
        assert f"Run: meshtui rotate {SHOP}" in shown.text
        assert "verify" in shown.lines[0]
        await shown.press("escape")
        assert "IDENTITY" in shown.lines[2]


async def test_v_again_verifies_again() -> None:
    """After mending, the same key shows that it is mended."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh) as shown:
        await opened(shown)
        await shown.press("v")
        await shown.until_shown("2 of 6 checks failed")
        await shown.press("r")
        await shown.until(lambda: isinstance(shown.app.screen, PlanDialog))
        await shown.press("enter")
        await shown.until_shown("✓ served ")
        await shown.press("v")
        await shown.until_shown("all 6 checks passed")
        await shown.press("escape")
        assert isinstance(shown.app.screen, DetailScreen)


async def test_a_verification_that_cannot_be_made_says_why() -> None:
    """An error takes the place of the checks."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh) as shown:
        shown.app.screen.query_one(RowList).select(SHOP)
        await shown.press("v")
        await shown.until_shown("checks failed")
        mesh.remove(SHOP)
        screen = shown.app.screen
        assert isinstance(screen, VerifyScreen)
        screen._verify()
        await shown.until_shown(f"There is no '{SHOP}' in this mesh.")


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_help_lists_the_keys_that_work_here(size: tuple[int, int]) -> None:
    """Every key of the list, made from its bindings, and what the marks mean."""
    async with console(size=size) as shown:
        await shown.press("question_mark")
        for part in ("j down", "ctrl-f PgDn", "rotate", "issue", "verify", "filter", "quit", "THE LIST"):
            assert part in shown.text
        await shown.press("G")
        assert all(view in shown.text for view in View)
        assert "?  could not be asked, which is not the same as fine" in shown.text
        await shown.press("escape")
        assert "THE LIST" not in shown.text


async def test_help_says_where_it_goes_on() -> None:
    """What does not fit scrolls, and the frame says so; where all of it fits, it says nothing."""
    async with console(size=(80, 24)) as shown:
        await shown.press("question_mark")
        assert "j k scroll" in shown.lines[-1]
    async with console(size=(140, 40)) as shown:
        await shown.press("question_mark")
        assert "ns:prod !fresh left<24h" in shown.text
        assert "j k scroll" not in shown.text


async def test_help_of_a_page_is_another() -> None:
    """A page has no list keys, and its help promises none."""
    async with console() as shown:
        await opened(shown)
        await shown.press("question_mark")
        assert "line down" in shown.text
        assert "THE LIST" not in shown.text


async def test_pages_of_absent_certificates_open_too() -> None:
    """What has never been issued has a page that says so."""
    async with console() as shown:
        shown.app.screen.query_one(RowList).select("workload/batch/loader")
        await shown.press("enter")
        await shown.until_shown("no certificate")
        assert NOW.year == 2026
        assert "first disagreement: desired ≠ issued" in shown.text
