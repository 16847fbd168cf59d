"""Whether one may call another, as lines."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from meshtui.mesh.access import Explanation, Matrix, MatrixCell, Reach, TrailStep
from meshtui.present.cells import line_width
from meshtui.present.explanation import explanation_lines
from meshtui.present.glyphs import ASCII, UNICODE, Glyphs
from meshtui.present.matrix_page import matrix_lines
from meshtui.present.tones import Line, Tone, plain

SLEEP = "spiffe://cluster.local/ns/prod/sa/sleep"
HTTPBIN = "spiffe://cluster.local/ns/prod/sa/httpbin"
DENIED = Explanation(
    source=SLEEP,
    destination="workload/prod/httpbin",
    identity=HTTPBIN,
    port=8080,
    method="GET",
    path="/status/418",
    host="httpbin.prod:8000",
    allowed=False,
    stage="authorization",
    policy="",
    reason="AuthorizationPolicy prod/httpbin is the only ALLOW policy about the workload, and does not match.",
    outcome="403",
    client="mTLS",
    mtls="STRICT",
    mtls_policy="PeerAuthentication istio-system/default",
    accepted=(HTTPBIN,),
    trail=(
        TrailStep(policy="PeerAuthentication istio-system/default", action="STRICT", matched=True, why="the mesh"),
        TrailStep(policy="AuthorizationPolicy prod/try", action="DENY", matched=True, dry_run=True, rule=0),
        TrailStep(policy="AuthorizationPolicy prod/httpbin", action="ALLOW", matched=False, why="rules[0]: no"),
    ),
)


def texts(explanation: Explanation, width: int = 80, glyphs: Glyphs = UNICODE) -> list[str]:
    return [plain(line).rstrip() for line in explanation_lines(explanation, width, glyphs)]


def test_the_answer_comes_first_and_every_policy_last() -> None:
    """What is decided, both ends, the request, why, and the trail."""
    lines = texts(DENIED)
    assert lines[0] == "✗ denied: 403"
    assert lines[1:4] == [
        f"from         {SLEEP}",
        "to           workload/prod/httpbin, port 8080",
        "request      GET httpbin.prod:8000/status/418",
    ]
    assert "server takes STRICT, by PeerAuthentication istio-system/default" in lines
    assert lines[lines.index("POLICIES, IN THE ORDER OF ASKING") + 1 :] == [
        "● STRICT       PeerAuthentication istio-system/default",
        "               the mesh",
        "◐ DENY         AuthorizationPolicy prod/try, a dry run",
        "· ALLOW        AuthorizationPolicy prod/httpbin",
        "               rules[0]: no",
    ]


def test_the_policy_that_decides_is_pointed_out() -> None:
    """Where there is one; and what is allowed looks it."""
    step = TrailStep(policy="AuthorizationPolicy prod/httpbin", action="ALLOW", matched=True, rule=0)
    allowed = replace(DENIED, allowed=True, policy=step.policy, trail=(step,), outcome="the workload's own answer")
    lines = explanation_lines(allowed, 80, UNICODE)
    assert (lines[0][0].text, lines[0][0].tone) == ("✓ allowed", Tone.GOOD)
    assert plain(lines[-1]) == "● ALLOW        AuthorizationPolicy prod/httpbin, which decides"


def test_what_is_not_known_has_no_line() -> None:
    """A gateway has no mTLS mode, and plaintext nobody who may answer."""
    lines = texts(replace(DENIED, mtls="", accepted=(), trail=()))
    assert not [line for line in lines if line.startswith(("server takes", "may answer", "POLICIES"))]


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@pytest.mark.parametrize("width", [40, 80, 200])
def test_every_line_fits_and_is_inert(width: int, glyphs: Glyphs) -> None:
    """Whatever a policy is called, and whatever a reason repeats."""
    evil = "\x1b[2J" + "x" * 300 + "\u202e"
    step = TrailStep(policy=evil, action=evil, matched=True, why=evil)
    lines = explanation_lines(replace(DENIED, reason=evil, path=evil, outcome=evil, trail=(step,)), width, glyphs)
    fit(lines, width)


def fit(lines: list[Line], width: int) -> None:
    assert all(line_width(line) <= width for line in lines)
    assert all(plain(line).isprintable() for line in lines)


def grid(count: int) -> Matrix:
    names = tuple(f"workload/prod/w{index}" for index in range(count))
    reaches = list(Reach)
    cells = (
        MatrixCell(source=source, destination=destination, reach=reaches[(row + column) % 4], reason="")
        for column, destination in enumerate(names)
        for row, source in enumerate(("plaintext", *names))
    )
    return Matrix(sources=("plaintext", *names), destinations=names, cells=tuple(cells))


def test_a_matrix_that_is_too_wide_goes_on_below() -> None:
    """Every destination is there once, above all of the sources."""
    lines = matrix_lines(grid(20), 80, UNICODE)
    fit(lines, 80)
    headings = [plain(line).split()[3:] for line in lines if plain(line).startswith("FROM / TO")]
    assert [f"w{index}" for index in range(20)] == [name for heading in headings for name in heading]
    rows = [plain(line).split() for line in lines if plain(line).startswith("plaintext")]
    assert [sign for row in rows for sign in row[1:]] == ["●", "◐", "·", "✗"] * 5
    assert plain(lines[-1]).split()[:2] == ["●", "all"]


def test_an_empty_matrix_says_why() -> None:
    """Nothing is enforced where no proxy is."""
    (line,) = matrix_lines(Matrix(sources=("plaintext",), destinations=(), cells=()), 80, UNICODE)
    assert plain(line) == "No workload here has a proxy that could enforce a policy."
