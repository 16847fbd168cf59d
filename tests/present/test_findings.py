"""Findings as lines of lists and as pages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from meshtui.findings import Finding, Severity
from meshtui.mesh.filters import findings as filters
from meshtui.present.cells import line_width
from meshtui.present.findings import (
    FINDINGS,
    brief_lines,
    finding_key,
    finding_page,
    finding_summary,
    severities_line,
)
from meshtui.present.glyphs import ASCII, UNICODE, Glyphs
from meshtui.present.tones import plain

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
EVIL = "\x1b[2J\u202e" + "x" * 5_000
FINDING = Finding(
    severity=Severity.CRITICAL,
    code="held-not-served",
    target="gateway/prod/shop",
    text="held≠served: the certificate is not the same in both places",
    fix="meshtui verify gateway/prod/shop",
    affects=("shop.example.com",),
)
WILD = Finding(severity=Severity.WARNING, code=EVIL, target=EVIL, text=EVIL, fix=EVIL, affects=(EVIL,))


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@pytest.mark.parametrize("width", [40, 72, 80, 140, 200])
@pytest.mark.parametrize("finding", [FINDING, WILD])
def test_every_line_fits_and_is_inert(finding: Finding, width: int, glyphs: Glyphs) -> None:
    """In lists, below them, on the overview and on a page of its own."""
    columns = FINDINGS.layout(width)
    cells = FINDINGS.cells(finding, columns, NOW, glyphs)
    assert [line_width(cell) for cell in cells] == [column.width for column in columns]
    lines = [*brief_lines(finding, width, glyphs), *finding_summary(finding, NOW, width, glyphs)]
    lines += finding_page(finding, width, glyphs)
    for line in (*cells, *lines):
        assert line_width(line) <= width
        assert plain(line).isprintable()
        assert not glyphs.ascii_only or plain(line).isascii()


def test_what_is_wrong_and_what_to_do_are_both_told() -> None:
    """In two lines of the overview and in three below the list, whatever the width leaves of the words."""
    for lines in (brief_lines(FINDING, 60, UNICODE), finding_summary(FINDING, NOW, 60, UNICODE)):
        told = "\n".join(map(plain, lines))
        assert "✗ " in told
        assert "held≠served" in told
        assert FINDING.fix in told
    assert "Affects shop.example.com." in "\n".join(map(plain, finding_page(FINDING, 60, UNICODE)))
    assert "held!=served" in plain(brief_lines(FINDING, 60, ASCII)[0])


def test_a_command_that_is_cut_does_not_look_whole() -> None:
    """Where three lines are too few for it, it ends with the sign for that."""
    hosts = " ".join(f"--host shop{number}.example.net" for number in range(9))
    whole = Finding(severity=Severity.CRITICAL, code="host-not-covered", target="", text="It does not.", fix=hosts)
    *_, last = map(plain, finding_summary(whole, NOW, 60, UNICODE))
    assert last.rstrip().endswith("…")
    *_, last = map(plain, finding_summary(FINDING, NOW, 60, UNICODE))
    assert not last.rstrip().endswith("…")


def test_a_filter_finds_targets_words_fixes_and_hosts() -> None:
    """And what is about no target by calling it the mesh."""
    text = filters.FINDINGS.text(FINDING)
    assert all(word in text for word in ("prod/shop", "critical", "held-not-served", "verify", "shop.example.com"))
    whole = Finding(severity=Severity.INFO, code="no-envoy", target="", text="There is none.", fix="")
    assert "the mesh" in filters.FINDINGS.text(whole)
    assert plain(brief_lines(whole, 60, UNICODE)[0]).startswith("· the mesh  There is none.")


def test_findings_of_one_target_are_told_apart() -> None:
    """By their code, what they affect and, where there is no target, by their words."""
    others = [
        Finding(severity=Severity.CRITICAL, code=code, target=target, text=text, fix="", affects=affects)
        for code, target, text, affects in (
            ("a", "t", "x", ()),
            ("b", "t", "x", ()),
            ("a", "t", "x", ("h",)),
            ("a", "", "x", ()),
            ("a", "", "y", ()),
        )
    ]
    assert len({finding_key(each) for each in others}) == len(others)


def test_severities_are_counted_in_words() -> None:
    """Those that there are; without any, that there are none."""
    counts = {Severity.CRITICAL: 1200, Severity.WARNING: 0, Severity.INFO: 3}
    assert plain(severities_line(counts, UNICODE)) == "✗ 1,200 critical   · 3 info"
    assert plain(severities_line(dict.fromkeys(Severity, 0), UNICODE)) == "✓ none"
