"""A picture that differs is explained in words."""

from __future__ import annotations

from pathlib import Path

from meshtui.mesh.fake import FakeMesh
from meshtui.tui.picture import take
from tests.tui.console import Clock
from tests.tui.pictures import difference, words_of


async def test_a_picture_is_read_and_compared(tmp_path: Path) -> None:
    """Line by line what it says; of another one the lines that differ, or that only its colours do."""
    svg = await take(FakeMesh(now=Clock()), "identities", (80, 24), now=Clock())
    words = words_of(svg)
    assert words[0].endswith("live · 14:02Z")
    assert len(words[0]) == 79
    assert words[3] == "▸ workload/payments/ledger                       ●●●●    3h ago    ✗ expired"
    accepted = tmp_path / "identities.svg"
    assert "There is no picture identities.svg." in difference(accepted, words)
    accepted.write_text(svg, encoding="utf-8")
    assert "in other colours" in difference(accepted, [f"{line} " for line in words])
    told = difference(accepted, [line.replace("expired", "fresh") for line in words]).splitlines()
    assert told[-2:] == [f"-{words[3]}", f"+{words[3].replace('expired', 'fresh')}"]
