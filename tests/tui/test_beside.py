"""A panel about the row under the cursor, where there is room beside the list."""

from __future__ import annotations

import pytest

from meshtui.mesh.fake import FakeMesh
from meshtui.mesh.rows import Detail
from meshtui.tui.screens import beside
from meshtui.tui.screens.beside import LEAST_LIST, LEAST_PANEL, MOST_PANEL, panel_width
from tests.tui.console import NOW, console

SHOP = "gateway/istio-system/shop-credential"


class Asked(FakeMesh):
    """Counts what it is asked for."""

    def __init__(self) -> None:
        super().__init__(now=lambda: NOW)
        self.details: list[str] = []

    async def detail(self, target: str) -> Detail:
        self.details.append(target)
        return await super().detail(target)


@pytest.mark.parametrize(
    ("width", "expected"),
    [(140, 0), (179, 0), (180, LEAST_PANEL), (190, 56), (LEAST_LIST + MOST_PANEL, MOST_PANEL), (300, MOST_PANEL)],
)
def test_the_list_keeps_its_columns(width: int, expected: int) -> None:
    """The panel takes only what the list has beyond those that it shows at 140 cells."""
    assert panel_width(width) == expected


async def test_moving_the_cursor_asks_nothing_and_resting_asks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row is there at once; its details when the cursor has rested on it; the lines below the list are not."""
    async with console(mesh := Asked(), size=(200, 45)) as shown:
        assert "LAST ERROR" in shown.lines[2]
        await shown.until_shown("DEPENDS ON IT")
        first = list(mesh.details)
        assert len(first) == 1
        monkeypatch.setattr(beside, "REST", 3600.0)
        await shown.press("j", "j", "j")
        assert shown.cursor == SHOP
        assert mesh.details == first
        for part in ("● held     e189…1333", "○ served   b0ea…d135", "first disagreement: held ≠ served"):
            assert part in shown.text
        assert "DEPENDS ON IT" not in shown.text
        assert "until 14:40:31Z, in 38 minutes" in shown.text
        assert "held e189" not in shown.text
        monkeypatch.setattr(beside, "REST", 0.01)
        await shown.press("j", "k")
        await shown.until_shown("VirtualService prod/shop-credential (1 route)")
        assert mesh.details[-1] == SHOP
        assert "○ served   b0ea…d135  10:40:31Z" in shown.text
        await shown.press("slash")
        await shown.paste("no such row")
        assert "SIGNED BY" not in shown.text


async def test_it_comes_and_goes_with_the_width() -> None:
    """Where there is no room for it, what it says stands below the list."""
    async with console(size=(200, 40)) as shown:
        assert "SIGNED BY" in shown.text
        for size in ((140, 40), (200, 40), (60, 20), (300, 60), (179, 40)):
            await shown.pilot.resize_terminal(*size)
            await shown.settle()
            assert {len(line) for line in shown.lines} == {size[0]}
            assert ("SIGNED BY" in shown.text) is (size[0] >= 180)
            assert ("served 99e1…4112 by envoy" in shown.text) is (size[0] < 180)
        await shown.pilot.resize_terminal(300, 5)
        assert shown.text.split() == ["300x5", "is", "too", "small", "40x8", "at", "least"]
