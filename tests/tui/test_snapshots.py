"""What every view and every theme looks like, compared with pictures that someone has looked at.

Each test first says in words what must be seen: which target, in which state, which key leads out. The picture beside
that, in `__snapshots__`, tells what words do not: colours, places, what is cut. One that differs is explained in words,
and shown beside the accepted one in `snapshot_report.html`. Where the new look is meant, renew it with

    .venv/bin/python -m pytest tests/tui/test_snapshots.py --snapshot-update

and look at each picture that changed before committing it: `rsvg-convert -w 1400 X.svg -o X.png`, or a browser.
Clocks stand still and the mesh is the fake one, so that a picture is the same whenever and wherever it is taken.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from unittest.mock import AsyncMock

import pytest
from textual.pilot import Pilot

from meshtui.errors import UnreachableError
from meshtui.mesh.fake import FakeMesh
from meshtui.mesh.interface import Mesh
from meshtui.present.glyphs import ASCII
from meshtui.tui.places import Place
from meshtui.tui.svg import portable
from meshtui.tui.themes import DARK, THEMES
from meshtui.tui.widgets.row_list import RowList
from tests.tui.console import Clock, Console, app_over
from tests.tui.pictures import difference

Visit = Callable[[Console], Awaitable[None]]
"""Goes where the picture is to be taken, and says in words what must be seen there."""

SIZES = pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
SHOP = "gateway/istio-system/shop-credential"
LEDGER = "workload/payments/ledger"
INTERMEDIATE = "authority/intermediate-2"
MARK_THREE = ("space", "j", "space", "j", "space")


@dataclass(frozen=True)
class Scene:
    """A view, and what is seen there at any size."""

    keys: tuple[str, ...]
    """What leads there from the identities,"""
    parts: tuple[str, ...]
    """what it shows, the last to come first,"""
    leads_out: str
    """and the key that leads on, in the last line or the frame."""
    row: str = ""
    """The target whose row the cursor is on before."""


class Pictured(Protocol):
    """Runs the console at a size of columns and lines, and compares it, after a visit, with the picture of the test."""

    def __call__(self, size: tuple[int, int], visit: Visit, *, wait: bool = True, **options: Any) -> None: ...


@pytest.fixture
def pictured(
    snap_compare: Callable[..., bool], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Pictured:
    """The console of `app_over`, whatever terminal the tests run in."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    # a visit waits for what is to be seen; waiting for the processor to idle besides takes long, and says nothing
    monkeypatch.setattr("textual.pilot.wait_for_idle", AsyncMock())
    accepted = request.path.parent / "__snapshots__" / request.path.stem / f"{request.node.name}.svg"

    def compare(size: tuple[int, int], visit: Visit, *, wait: bool = True, **options: Any) -> None:
        app, seen = app_over(**options), []
        exported = app.export_screenshot
        monkeypatch.setattr(app, "export_screenshot", lambda **how: portable(exported(**how)))

        async def go(pilot: Pilot[None]) -> None:
            shown = Console(app, pilot)
            if wait:
                await shown.until_complete()
            await visit(shown)
            await shown.settle()
            seen.extend(shown.lines)

        if not snap_compare(app, terminal_size=size, run_before=go):
            pytest.fail(difference(accepted, seen), pytrace=False)

    return compare


SCENES = {
    "overview": Scene(("0",), ("▸ 2m        workload/prod/httpbin", "✗ 4 critical", "14:04:31Z", LEDGER), "enter open"),
    "identities": Scene((), (LEDGER, "✗ expired", SHOP, "●●●○", "! overdue"), "r rotate"),
    "workloads": Scene(("2",), ("WORKLOAD", "reviews-v2", "✗ expired", "! overdue", "✗ failed"), "r rotate"),
    "gateways": Scene(("3",), ("SECRET", "shop-credential", "! overdue", "held≠served"), "r rotate"),
    "authorities": Scene(("4",), ("└─", "intermediate-2", "~ due"), "enter open"),
    "policies": Scene(("5",), ("✗ rejected", "! without effect", "prod/ratings"), "m who can call whom"),
    "traffic": Scene(("6",), ("OUTCOME", "prod/sleep", "! denied", "✗ failed"), "enter open"),
    "audit": Scene(("7",), ("✓ configuration", "! denied ×5", "prod/httpbin"), "enter open"),
    "findings": Scene(("8",), ("FINDING", "✗ critical", LEDGER, f"Run: meshtui rotate {LEDGER}"), "enter open"),
    "matrix": Scene(("5", "m"), ("FROM / TO", "plaintext → batch/loader   ✗ no connection"), "esc back"),
    "workload": Scene(("enter",), ("CHAIN", f"identities ▸ {LEDGER}", "✗ expired"), "esc back", row=LEDGER),
    "gateway": Scene(("enter",), ("CHAIN", f"identities ▸ {SHOP}", "held ≠ served"), "esc back", row=SHOP),
    "authority": Scene(("enter",), ("CHAIN", f"identities ▸ {INTERMEDIATE}", "~ due"), "esc back", row=INTERMEDIATE),
    "verify": Scene(("v",), ("2 of 6 checks failed", "✗ handshake", "✓ chain"), "esc back", row=SHOP),
    "help": Scene(("question_mark",), ("THE LIST", "ctrl-z", "only trouble"), "esc close"),
    "palette": Scene(("ctrl+p",), ("rotate: a new key too",), "esc close"),
    "plan": Scene(("r",), ("enter rotate", f"$ meshtui rotate {SHOP}", "Rotate 1 identity"), "esc cancel", row=SHOP),
    "batch": Scene((*MARK_THREE, "r"), ("enter rotate", f"Canary: {LEDGER}.", "Rotate 3 identities"), "esc cancel"),
    "filter": Scene(
        ("slash", *"ns:prod !fresh"), ("/ns:prod !fresh   3 of 18", "workload/prod/ratings-v1"), "esc clear"
    ),
    "command": Scene(("colon", *"rota"), (":rotate", "tab complete"), "esc cancel"),
}


@SIZES
@pytest.mark.parametrize("name", SCENES)
def test_view(name: str, size: tuple[int, int], pictured: Pictured) -> None:
    """Every place, page, dialog and line that is typed in."""
    scene = SCENES[name]

    async def visit(shown: Console) -> None:
        if scene.row:
            shown.app.screen.query_one(RowList).select(scene.row)
        await shown.press(*("space" if key == " " else key for key in scene.keys))
        for part in scene.parts:
            await shown.until_shown(part)
        assert scene.leads_out in shown.text, shown.text

    pictured(size, visit)


@SIZES
@pytest.mark.parametrize("place", [Place.OVERVIEW, Place.IDENTITIES])
@pytest.mark.parametrize("theme", [theme.name for theme in THEMES if theme.name != DARK])
def test_theme(theme: str, place: Place, size: tuple[int, int], pictured: Pictured) -> None:
    """Every one but the dark one, which all other pictures wear: state is a glyph and a word in each."""

    async def visit(shown: Console) -> None:
        await shown.until_shown("NEXT TO EXPIRE" if place is Place.OVERVIEW else "IDENTITY")
        assert re.search("✗( 1)? expired", shown.text)
        assert "! overdue" in shown.text
        assert shown.app.theme == theme

    pictured(size, visit, theme=theme, place=place)


@SIZES
def test_stale(size: tuple[int, int], pictured: Pictured) -> None:
    """The mesh is lost: rows stay, how old they are stands out, and what to do is said."""
    clock = Clock()
    mesh = FakeMesh(now=clock)

    async def visit(shown: Console) -> None:
        mesh.silence()
        await shown.until_shown("✗ The mesh does not answer.")
        clock.time += timedelta(seconds=34)
        shown.app.screen.tick()  # type: ignore[attr-defined]  # a list
        assert "STALE 34s" in shown.lines[0]
        assert "(no mesh)" in shown.lines[-1]
        assert "? help" in shown.lines[-1]
        assert LEDGER in shown.text

    pictured(size, visit, mesh=mesh, clock=clock, backoff=(3600.0,))


@SIZES
def test_read_only(size: tuple[int, int], pictured: Pictured) -> None:
    """Said above and below, and by the verb that was pressed."""

    async def visit(shown: Console) -> None:
        await shown.press("r")
        await shown.until_shown("rotate does not work here: read-only.")
        assert " READ-ONLY " in shown.lines[0]
        assert " READ-ONLY " in shown.lines[-1]
        assert "? help" in shown.lines[-1]

    pictured(size, visit, mesh=FakeMesh(now=Clock(), read_only=True))


@SIZES
def test_no_mesh(size: tuple[int, int], pictured: Pictured) -> None:
    """What is wrong, what to do about it, and the key that tries again."""

    async def open_mesh() -> Mesh:
        raise UnreachableError("There is no mesh at '/run/meshtui'.", fix="Start one with: meshtui serve")

    async def visit(shown: Console) -> None:
        await shown.until_shown("There is no mesh at '/run/meshtui'.")
        assert "Start one with: meshtui serve" in shown.text
        assert "ctrl-r try again" in shown.text
        assert "no mesh" in shown.lines[0]

    pictured(size, visit, wait=False, open_mesh=open_mesh, place=Place.OVERVIEW)


def test_panel(pictured: Pictured) -> None:
    """Where there is room, what is known of the row under the cursor stands beside the list."""

    async def visit(shown: Console) -> None:
        shown.app.screen.query_one(RowList).select(SHOP)
        await shown.until_shown("VirtualService prod/shop-credential (1 route)")
        assert "first disagreement: held ≠ served" in shown.text
        assert "enter open" in shown.lines[-1]

    pictured((200, 50), visit)


@pytest.mark.parametrize("place", [Place.OVERVIEW, Place.IDENTITIES])
def test_small(place: Place, pictured: Pictured) -> None:
    """At 60x20 there is still what is needed, from the first line on."""

    async def visit(shown: Console) -> None:
        await shown.until_shown("! overdue")
        assert "expired" in "".join(shown.lines[2:4])
        assert "? help" in shown.lines[-1]
        assert {len(line) for line in shown.lines} == {60}

    pictured((60, 20), visit, place=place)


@pytest.mark.parametrize("place", [Place.OVERVIEW, Place.IDENTITIES])
def test_ascii(place: Place, pictured: Pictured) -> None:
    """Without box drawing, states keep their sign and word."""

    async def visit(shown: Console) -> None:
        await shown.until_shown("!  overdue")
        assert re.search("x ( |1 )expired", shown.text)
        assert shown.text.isascii()
        assert "? help" in shown.lines[-1]

    pictured((80, 24), visit, place=place, glyphs=ASCII)
