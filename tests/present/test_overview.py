"""The overview as a page of any size."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from meshtui.findings import Finding, Severity
from meshtui.mesh.fake import FakeMesh
from meshtui.mesh.overview import Census, Overview
from meshtui.mesh.rates import RateCounter
from meshtui.mesh.snapshot import RotationState
from meshtui.present.cells import line_width
from meshtui.present.glyphs import ASCII, UNICODE, Glyphs
from meshtui.present.overview import SIDE_BY_SIDE, OverviewPage, counts_seconds, overview_page
from meshtui.present.tones import plain

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
EMPTY = Census(NOW).overview((), (), RateCounter().rates(NOW))
EVIL = "\x1b[2J\u202e[red]" + "x" * 10_000


async def demo() -> Overview:
    return await FakeMesh(now=lambda: NOW).overview()


def texts(page: OverviewPage) -> list[str]:
    return [plain(line) for line in page.lines]


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@pytest.mark.parametrize("width", [40, 60, 80, 109, SIDE_BY_SIDE, 140, 220])
async def test_every_line_fits_and_is_inert(width: int, glyphs: Glyphs) -> None:
    """At every width, whatever names, errors and findings say."""
    overview = await demo()
    finding = Finding(severity=Severity.CRITICAL, code="c", target=f"workload/{EVIL}", text=EVIL, fix=EVIL)
    evil = replace(overview.next[0], target=f"workload/prod/{EVIL}", last_error=EVIL)
    overview = replace(overview, next=(evil, *overview.next), findings=(finding, *overview.findings))
    page = overview_page(overview, NOW, width, 20, glyphs)
    assert {line_width(line) for line in page.lines} == {width}
    assert all(text.isprintable() for text in texts(page))
    assert not glyphs.ascii_only or all(text.isascii() for text in texts(page))


@pytest.mark.parametrize("size", [(80, 20), (140, 36), (60, 14)])
async def test_spots_are_what_they_say(size: tuple[int, int]) -> None:
    """Every certificate, finding and authority of the page is one, in order, and its target stands in its lines."""
    overview, (width, height) = await demo(), size
    page = overview_page(overview, NOW, width, height, UNICODE)
    lines = texts(page)
    assert [spot.line for spot in page.spots] == sorted(spot.line for spot in page.spots)
    assert len({spot.key for spot in page.spots}) == len(page.spots)
    for spot in page.spots:
        told = "".join(lines[spot.line : spot.line + spot.height])
        assert spot.target.rpartition("/")[2][-10:] in told
        assert spot.start + spot.width <= width
    kinds = [spot.key.partition(" ")[0] for spot in page.spots]
    assert {kind: kinds.count(kind) for kind in kinds if kind != "finding"} == {"next": 10, "authority": 3}
    assert page.spots[page.begin].target == overview.next[0].target


async def test_where_it_is_wide_numbers_stand_beside_things() -> None:
    """Expiry and what comes next in one line, the outage and findings below, all without scrolling at 40 lines."""
    page = overview_page(await demo(), NOW, 140, 36, UNICODE)
    lines = texts(page)
    assert len(lines) <= 36
    assert any("EXPIRY" in line and "NEXT TO EXPIRE" in line for line in lines)
    for words in (
        "✗ expired         1",
        "✓ fresh          10",
        "first fails",
        "half failed",
        "all failed",
        "LAST HOUR",
    ):
        assert any(words in line for line in lines)
    for finding in (await demo()).findings:
        assert any(finding.fix in line for line in lines)


async def test_where_it_is_narrow_one_part_stands_below_the_other() -> None:
    """The states, the outage, what is wrong and what comes next are seen at once in 80 by 24."""
    page = overview_page(await demo(), NOW, 80, 20, UNICODE)
    seen = "\n".join(texts(page)[:20])
    for words in ("✗ 1 expired", "! 3 overdue", "If the CA died now", "FINDINGS", "Run: meshtui rotate"):
        assert words in seen
    assert page.spots[page.begin].line < 20


async def test_at_60x20_the_states_and_the_first_to_expire_are_seen_together() -> None:
    """Findings make room: the page begins at its first line, with the cursor in sight."""
    page = overview_page(await demo(), NOW, 60, 16, UNICODE)
    assert "✗ 1 expired" in texts(page)[0]
    assert page.spots[page.begin].line < 16
    assert sum(spot.finding is not None for spot in page.spots) == 2


async def test_errors_are_not_told_where_there_is_room_for_their_beginning_only() -> None:
    """Findings have them in full; wider pages have them beside the state."""
    overview = await demo()
    for width, words in ((140, "! overdue"), (170, "! overdue     The CA did not answer within 5s.")):
        page = overview_page(overview, NOW, width, 36, UNICODE)
        (told,) = (line for line in texts(page) if "prod/reviews-v2 " in line and "! overdue" in line)
        assert told.rstrip().endswith(words)


async def test_no_more_findings_are_told_than_leave_room() -> None:
    """At 24 lines three, at 60 all; how many there are stands above them."""
    overview = await demo()
    small, tall = (overview_page(overview, NOW, 80, height, UNICODE) for height in (20, 60))
    counts = [sum(spot.finding is not None for spot in page.spots) for page in (small, tall)]
    assert counts == [3, len(overview.findings)] == [3, 5]
    assert any("✗ 4 critical   ! 1 warning   8 all" in line for line in texts(small))


@pytest.mark.parametrize("width", [80, 140])
def test_of_nothing_it_says_so(width: int) -> None:
    """A mesh without certificates has a page without spots, and none of its parts is left out in silence."""
    page = overview_page(EMPTY, NOW, width, 20, UNICODE)
    told = "\n".join(texts(page))
    assert not page.spots
    for words in ("NEXT TO EXPIRE", "nothing", "✓ none", "LAST HOUR"):
        assert words in told


async def test_the_bar_of_a_state_is_its_share() -> None:
    """The fullest state has the longest one, and one of a hundred thousand can be seen."""
    states = dict.fromkeys(RotationState, 0) | {RotationState.FRESH: 99_999, RotationState.EXPIRED: 1}
    lines = texts(overview_page(replace(await demo(), states=states), NOW, 140, 36, UNICODE))
    (expired,) = [line for line in lines if "✗ expired" in line and "EXPIRY" not in line]
    (fresh,) = [line for line in lines if "99,999" in line]
    assert "▏" in expired[:46]
    assert fresh[:46].count("█") == 21


async def test_what_is_past_is_now() -> None:
    """An overview that is older than the first failure does not count down below nothing."""
    overview = await demo()
    later = NOW + timedelta(hours=1)
    (line,) = [line for line in texts(overview_page(overview, later, 140, 36, UNICODE)) if "first fails" in line]
    assert "first fails now" in line


async def test_findings_of_some_rows_only_say_so() -> None:
    """Where too much is in trouble to look at all of it."""
    page = overview_page(replace(await demo(), findings_complete=False), NOW, 140, 36, UNICODE)
    assert any("8 all of those soonest to expire" in line for line in texts(page))


@pytest.mark.parametrize("left", [-3600, -61, -30, 0, 1, 60, 119, 121, 3600, 90_000])
@pytest.mark.parametrize("width", [80, 140])
async def test_it_is_known_when_the_page_changes_by_the_second(left: int, width: int) -> None:
    """A console need not draw it every second otherwise, and an idle one costs next to nothing."""
    overview = await demo()
    soonest = replace(overview.next[0], not_after=NOW + timedelta(seconds=left), state=RotationState.OVERDUE)
    later = replace(overview.next[1], not_after=NOW + timedelta(days=3))
    outage = replace(overview.outage, first=NOW + timedelta(hours=5), half=NOW + timedelta(hours=6))
    overview = replace(overview, next=(soonest, later), outage=outage, findings=())
    seconds = re.search(r"\b\d+s\b", "\n".join(texts(overview_page(overview, NOW, width, 30, UNICODE))))
    assert not seconds or counts_seconds(overview, NOW)
    assert counts_seconds(overview, NOW) == (abs(left) <= 120)
