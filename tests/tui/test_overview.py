"""The first screen, findings and the tree of trust, as they are read and used."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from meshtui.errors import RefusedError
from meshtui.findings import Finding, Findings, Severity
from meshtui.mesh.fake import FakeMesh, demo_rows
from meshtui.mesh.overview import Overview
from meshtui.mesh.snapshot import RotationState
from meshtui.preferences import Preferences
from meshtui.present.glyphs import ASCII
from meshtui.tui.places import Place
from meshtui.tui.widgets.spot_page import SpotPage
from tests.tui.console import NOW, Clock, Console, console

SIZES = [(80, 24), (140, 40)]
HTTPBIN = "workload/prod/httpbin"
SHOP = "gateway/istio-system/shop-credential"


def target(shown: Console) -> str:
    """What the cursor's spot is about."""
    spot = shown.app.screen.query_one(SpotPage).selected
    return spot.target if spot is not None else ""


def cursor_line(shown: Console) -> str:
    (line,) = [line.partition("▸ ")[2] for line in shown.lines[1:] if "▸ " in line]
    return line


async def walk_to(shown: Console, wanted: str, key: str = "j") -> None:
    for _ in range(len(shown.app.screen.query_one(SpotPage))):
        if target(shown) == wanted:
            return
        await shown.press(key)
    assert target(shown) == wanted


@pytest.mark.parametrize("size", SIZES)
async def test_it_is_the_first_screen(size: tuple[int, int]) -> None:
    """Without a word of where to begin, the console shows how all stands, its cursor on what expires next."""
    async with console(size=size, place=Place(Preferences().view)) as shown:
        await shown.until_shown("NEXT TO EXPIRE")
        for part in ("meshtui ▸ overview   18   6 in trouble", "expired", "FINDINGS   ✗ 4 critical   ! 1 warning"):
            assert part in shown.text
        assert cursor_line(shown).startswith("2m")
        assert target(shown) == HTTPBIN


@pytest.mark.parametrize("size", SIZES)
async def test_enter_opens_what_the_cursor_is_on_and_escape_comes_back_to_it(size: tuple[int, int]) -> None:
    """A certificate, what a finding is about, an authority."""
    async with console(size=size, place=Place.OVERVIEW) as shown:
        await shown.until_shown("NEXT TO EXPIRE")
        for wanted, key, part in ((SHOP, "j", "first disagreement"), ("authority/root", "j", "CN=meshtui root")):
            await walk_to(shown, wanted, key)
            await shown.press("enter")
            await shown.until_shown(part)
            assert f"overview ▸ {wanted}" in shown.lines[0]
            await shown.press("escape")
            assert target(shown) == wanted


async def test_the_verbs_act_on_the_cursor_of_every_part() -> None:
    """Rotate, verify and undo; where one does not work the footer has the reason."""
    async with console(place=Place.OVERVIEW) as shown:
        await shown.until_shown("NEXT TO EXPIRE")
        assert "i issue (has one)   r rotate" in shown.lines[-1]
        await shown.press("r")
        await shown.until_shown("Rotate 1 identity")
        assert HTTPBIN in shown.text
        await shown.press("escape", "v")
        await shown.until_shown(f"overview ▸ {HTTPBIN} ▸ verify")
        await shown.press("escape")
        await walk_to(shown, "workload/batch/loader")
        assert "r rotate (none yet)" in shown.lines[-1]
        await shown.press("i")
        await shown.until_shown("Issue 1 certificate")
        await shown.press("escape")
        await walk_to(shown, "authority/root")
        await shown.press("r")
        assert "rotate does not work here: an authority." in shown.text
        await shown.press("k")
        assert "does not work" not in shown.text


async def test_a_rotation_from_here_shows_what_it_brought() -> None:
    """It ends on the status line, and what is no longer next leaves its place by itself."""
    async with console(place=Place.OVERVIEW) as shown:
        await shown.until_shown("NEXT TO EXPIRE")
        await shown.press("r")
        await shown.until_shown("enter rotate")
        await shown.press("enter")
        await shown.until(lambda: target(shown) == "workload/prod/reviews-v2")
        assert HTTPBIN in shown.lines[-2]


async def test_it_is_read_again_when_rows_change_and_not_otherwise() -> None:
    """A change shows within a pause, many at once cost one reading, and nobody asks without a reason."""

    class Counting(FakeMesh):
        asked = 0

        async def overview(self) -> Overview:
            self.asked += 1
            return await super().overview()

    mesh = Counting(now=Clock())
    async with console(mesh, place=Place.OVERVIEW) as shown:
        await shown.until_shown("18   6 in trouble")
        before = mesh.asked
        rows = [row for row in demo_rows(NOW) if row.target.startswith("workload/")]
        for number in range(40):
            mesh.put(replace(rows[0], target=f"workload/prod/new-{number}", state=RotationState.EXPIRED))
        await shown.until_shown("meshtui ▸ overview   58")
        assert mesh.asked <= before + 2
        mesh.remove("workload/prod/new-0")
        await shown.until_shown("meshtui ▸ overview   57")


async def test_the_cursor_stays_on_its_certificate_when_others_come_before_it() -> None:
    """What enter opens does not change under one's finger."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh, place=Place.OVERVIEW) as shown:
        await shown.until_shown("NEXT TO EXPIRE")
        await shown.press("j", "j")
        assert target(shown) == SHOP
        row = next(row for row in demo_rows(NOW) if row.target == HTTPBIN)
        mesh.put(replace(row, target="workload/prod/soon", not_after=NOW + timedelta(minutes=1)))
        await shown.until_shown("workload/prod/soon")
        assert target(shown) == SHOP
        assert "shop-credential" in cursor_line(shown)


async def test_an_overview_that_is_older_than_the_last_change_is_for_the_time_being() -> None:
    """A mesh may hand out the one it has; the console asks once more."""
    clock = Clock()

    class Slow(FakeMesh):
        old: Overview | None = None

        async def overview(self) -> Overview:
            newest = await super().overview()
            told, self.old = self.old or newest, newest
            return told

    mesh = Slow(now=clock)
    async with console(mesh, clock=clock, place=Place.OVERVIEW) as shown:
        await shown.until_shown("overview   18")
        clock.time += timedelta(seconds=2)
        mesh.put(replace(demo_rows(NOW)[0], target="workload/prod/new"))
        await shown.until_shown("overview   19")


@pytest.mark.parametrize("size", SIZES)
async def test_every_spot_can_be_reached_and_is_in_view(size: tuple[int, int]) -> None:
    """Down to the last authority and up to the first line of the page."""
    async with console(size=size, place=Place.OVERVIEW) as shown:
        await shown.until_shown("NEXT TO EXPIRE")
        page = shown.app.screen.query_one(SpotPage)
        await shown.press("g")
        assert ("✗ 1 expired" in shown.text) or ("✗ expired         1" in shown.text)
        for _ in range(len(page)):
            assert cursor_line(shown)
            await shown.press("j")
        assert target(shown) == "authority/intermediate-2"
        await shown.press("ctrl+b", "k", "k")
        assert cursor_line(shown)


async def test_a_slash_filters_the_list_of_everything() -> None:
    """What is typed belongs to the filter, however fast."""
    async with console(place=Place.OVERVIEW) as shown:
        await shown.until_shown("NEXT TO EXPIRE")
        await shown.burst("slash", *"shop", "enter")
        assert "meshtui ▸ identities   /shop   1 of 18" in shown.lines[0]
        await shown.press("0", "slash", "x", "escape")
        assert "meshtui ▸ overview" in shown.lines[0]


async def test_notices_are_told_here_too() -> None:
    """And put away with escape."""
    mesh = FakeMesh(now=Clock())
    mesh.set_info(replace(await mesh.info(), notices=("Port 15012 is taken; the CA listens on 15013.",)))
    async with console(mesh, place=Place.OVERVIEW) as shown:
        await shown.until_shown("Port 15012 is taken")
        await shown.press("escape")
        assert "Port 15012" not in shown.text


async def test_a_mesh_that_has_no_overview_says_why() -> None:
    """In its own words, and the other places work."""

    class Bare(FakeMesh):
        async def overview(self) -> Overview:
            raise RefusedError("This mesh counts nothing.")

    async with console(Bare(now=Clock()), place=Place.OVERVIEW) as shown:
        await shown.until_shown("This mesh counts nothing.")
        await shown.press("1")
        assert HTTPBIN in shown.text


async def test_ascii_terminals_have_an_overview() -> None:
    """Every part of it, in characters that any terminal has."""
    async with console(place=Place.OVERVIEW, glyphs=ASCII) as shown:
        await shown.until_shown("NEXT TO EXPIRE")
        for part in ("x  expired", "`- intermediate-2", "FINDINGS   x 4 critical", "> 2m "):
            assert part in shown.text
        assert shown.text.isascii()


# Findings.


@pytest.mark.parametrize("size", SIZES)
async def test_findings_are_listed_worst_first_with_what_to_do(size: tuple[int, int]) -> None:
    """All of them, the one under the cursor in full below; a filter searches targets, words and fixes."""
    async with console(size=size) as shown:
        await shown.press("8")
        await shown.until_shown("The certificate has expired.")
        assert "meshtui ▸ findings   5" in shown.lines[0]
        words = [line[2:].split()[1] for line in shown.lines[3:8]]
        assert words == ["critical"] * 4 + ["warning"]
        assert "Run: meshtui rotate workload/payments/ledger" in shown.text
        assert "f fix" in shown.lines[-1]
        await shown.press("slash", *"not-served", "enter")
        assert "1 of 5" in shown.lines[0]
        assert "r rotate" in shown.lines[-1]
        await shown.press("enter")
        await shown.until_shown("first disagreement")
        assert f"findings ▸ {SHOP}" in shown.lines[0]


async def test_a_refusal_of_several_lines_stays() -> None:
    """It takes a line from the page, which is so laid out anew: the cursor has not moved by that."""
    async with console(FakeMesh(now=Clock(), read_only=True), (80, 24), place=Place.OVERVIEW, protected=True) as shown:
        await shown.until_shown("NEXT TO EXPIRE")
        await shown.press("r")
        await shown.until_shown("meshtui --write changes it all the same")
        await shown.settle()
        assert "rotate does not work here" in shown.text


async def test_a_finding_goes_away_when_its_cause_does() -> None:
    """By itself; the last one leaves a sentence."""
    mesh = FakeMesh([row for row in demo_rows(NOW) if row.target == "workload/payments/ledger"], now=Clock())
    async with console(mesh, place=Place.FINDINGS) as shown:
        await shown.until_shown("The certificate has expired.")
        await shown.press("r")
        await shown.until_shown("enter rotate")
        await shown.press("enter")
        await shown.until_shown("this mesh has no findings")


async def test_a_finding_about_no_certificate_opens_as_a_page() -> None:
    """Its words, its fix and what it affects, and no verb promises anything for it."""
    orphan = Finding(
        severity=Severity.WARNING,
        code="no-effect",
        target="",
        text="It has no effect.",
        fix="Bind it.",
        affects=("a/b",),
    )

    class Orphaned(FakeMesh):
        async def findings(self) -> Findings:
            return Findings(findings=(orphan,), complete=False)

    async with console(Orphaned(now=Clock()), place=Place.FINDINGS) as shown:
        await shown.until_shown("It has no effect.")
        assert "only of what expires soonest" in shown.lines[0]
        assert "verify (no row)" in shown.lines[-1]
        await shown.press("enter")
        await shown.until_shown("Affects a/b.")
        assert "findings ▸ no-effect" in shown.lines[0]


# Authorities.


@pytest.mark.parametrize("size", SIZES)
async def test_authorities_are_a_tree_with_what_each_signed(size: tuple[int, int]) -> None:
    """Root, what it signed below it, and counts; enter opens one, and it can be verified but not rotated."""
    async with console(size=size) as shown:
        await shown.press("4")
        await shown.until_shown("└─ intermediate-2")
        names = [line[2:22].split("  ")[0] for line in shown.lines[3:6]]
        assert names == ["example.com", "root", "└─ intermediate-2"]
        for name, words in (("example.com", "signed 3"), ("root", "11 below it"), ("└─", "signed 11")):
            assert any(words in line and name in line for line in shown.lines[3:6])
        assert "~ due" in shown.line("└─")
        await shown.press("G")
        assert "CN=meshtui intermediate 2" in shown.text
        assert "rotate (an authority)" in shown.lines[-1]
        await shown.press("enter")
        await shown.until_shown("CHAIN")
        await shown.press("escape", "v")
        await shown.until_shown("authority/intermediate-2 ▸ verify")
