"""Detail, verification, plan, progress, history and summary as lines that both front ends show."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from meshtui.findings import Check, Verification
from meshtui.mesh.actions import Progress, Rotate
from meshtui.mesh.fake import FakeMesh
from meshtui.mesh.rows import Step
from meshtui.mesh.snapshot import Truth
from meshtui.present.cells import line_width
from meshtui.present.commands import with_state
from meshtui.present.detail import detail_lines
from meshtui.present.glyphs import ASCII, UNICODE, choose
from meshtui.present.history import history_lines
from meshtui.present.plan import STEPS_SHOWN, plan_lines
from meshtui.present.progress import ended_lines, progress_line
from meshtui.present.summary import SUMMARY_LINES, summary
from meshtui.present.tones import Line, plain
from meshtui.present.verification import verification_lines

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
SHOP = "gateway/istio-system/shop-credential"
CHECKOUT = "workload/payments/checkout"
LOADER = "workload/batch/loader"


@pytest.fixture
def mesh() -> FakeMesh:
    return FakeMesh(now=lambda: NOW)


def text(lines: list[Line] | tuple[Line, ...]) -> str:
    return "\n".join(plain(line) for line in lines)


@pytest.mark.parametrize("width", [60, 78, 138])
@pytest.mark.parametrize("target", [SHOP, CHECKOUT, LOADER, "authority/root"])
async def test_every_page_keeps_to_its_width(mesh: FakeMesh, width: int, target: str) -> None:
    """No line of any page is wider than the screen."""
    detail, verification = await mesh.detail(target), await mesh.verify(target)
    for glyphs in (UNICODE, ASCII):
        lines = [
            *detail_lines(detail, NOW, width, glyphs),
            *verification_lines(verification, width, glyphs),
            *history_lines(detail.history, NOW, width, glyphs, targets=True),
            *summary(detail.row, NOW, width, glyphs),
        ]
        assert max(map(line_width, lines)) <= width


async def test_wide_details_show_the_four_truths_side_by_side(mesh: FakeMesh) -> None:
    """At 138 cells the truths are columns, each with its serial, and the first disagreement is named below."""
    detail = await mesh.detail(SHOP)
    shown = text(detail_lines(detail, NOW, 138, UNICODE))
    titles = next(line for line in shown.splitlines() if "○ served" in line)
    assert [titles.index(word) for word in ("● desired", "● issued", "● held", "○ served")] == sorted(
        titles.index(word) for word in ("● desired", "● issued", "● held", "○ served")
    )
    assert "✗ first disagreement: held ≠ served" in shown
    assert "! Envoy rejected the update" in shown


async def test_narrow_details_stack_the_truths(mesh: FakeMesh) -> None:
    """At 78 cells each truth is a line."""
    lines = text(detail_lines(await mesh.detail(SHOP), NOW, 78, UNICODE)).splitlines()
    truths = [line for line in lines if line[:1] in ("●", "○")]
    assert [line[:10].strip() for line in truths] == ["● desired", "● issued", "● held", "○ served"]
    assert truths[-1].endswith("10:40:31Z  3h ago")


async def test_details_show_chain_names_dates_keys_and_fingerprints(mesh: FakeMesh) -> None:
    """Everything that one would ask openssl for, leaf first, and what depends on it."""
    detail = await mesh.detail(SHOP)
    shown = text(detail_lines(detail, NOW, 138, UNICODE))
    for link in detail.chain:
        assert link.certificate.sha256 in shown
        assert link.certificate.serial in shown
        assert link.certificate.key in shown
    assert shown.index("CN=shop.example.com") < shown.index("← CN=example.com root")
    for word in ("ends in 38 minutes, 2026-11-24 14:40:31Z", "lives 4 hours", "FINDINGS", "DEPENDS ON IT", "HISTORY"):
        assert word in shown
    assert "PRIVATE KEY" not in shown


async def test_until_when_each_certificate_is_good_is_not_cut_off(mesh: FakeMesh) -> None:
    """However narrow, the history of a target has for each certificate which one it is, and when it ends."""
    detail = await mesh.detail(SHOP)
    lines = text(history_lines(detail.history, NOW, 60, UNICODE)).splitlines()
    signed = [line for line, entry in zip(lines, detail.history, strict=True) if entry.kind == "issued"]
    assert signed
    for line in signed:
        assert re.search(r"✓ [0-9a-f]{4}…[0-9a-f]{4}  until \S*[0-9: -]+Z", line), line


async def test_why_something_was_refused_is_told_to_its_end(mesh: FakeMesh) -> None:
    """In the details a reason is as many lines as it takes, each within the width, and shown inert."""
    detail = await mesh.detail(SHOP)
    why = "The caller prod/a wanted a certificate for 'spiffe://cluster.local/ns/prod/sa/b'; it may not ask for others."
    refused = replace(detail.history[0], kind="refused", outcome="refused", text=f"{why}\x1b[2J", not_after=None)
    lines = detail_lines(replace(detail, history=(refused,)), NOW, 60, UNICODE)
    told = text(lines[[plain(line) for line in lines].index("HISTORY") + 1 :])
    assert why in " ".join(told.split())
    assert "\x1b" not in told
    assert max(map(line_width, lines)) <= 60


async def test_what_is_unknown_is_said_with_its_reason(mesh: FakeMesh) -> None:
    """A truth that could not be asked is not blank and not fine."""
    shown = text(detail_lines(await mesh.detail(CHECKOUT), NOW, 78, UNICODE))
    assert "? served is not known: Envoy's admin interface did not answer." in shown


async def test_an_unknown_ledger_does_not_make_up_a_certificate(mesh: FakeMesh) -> None:
    """Of an unknown truth, no serial is shown."""
    detail = replace(await mesh.detail(CHECKOUT), issued=Truth(unknown="another CA signed it"))
    assert "another CA signed it" in text(detail_lines(detail, NOW, 78, UNICODE))


async def test_a_verification_says_what_was_seen_and_what_to_do(mesh: FakeMesh) -> None:
    """The verdict counts, failed checks have their fix below them, and passed ones have none."""
    shown = text(verification_lines(await mesh.verify(SHOP), 78, UNICODE))
    assert shown.startswith("✗ 2 of 6 checks failed")
    assert shown.count(f"Run: meshtui rotate {SHOP}") == 2
    assert "✓ chain" in shown
    assert "✗ handshake" in shown


@pytest.mark.parametrize(
    ("passed", "verdict"),
    [
        ((True, True), "✓ all 2 checks passed"),
        ((True, None), "? 1 checks passed, 1 could not be made"),
        ((False, None), "✗ 1 of 2 checks failed, 1 could not be made"),
        ((), "? nothing could be checked"),
    ],
)
def test_what_was_not_checked_is_not_called_fine(passed: tuple[bool | None, ...], verdict: str) -> None:
    """The verdict keeps apart what passed, what failed and what stayed open."""
    checks = tuple(Check(name="c", passed=value, seen="s") for value in passed)
    lines = verification_lines(Verification(target=SHOP, checks=checks), 78, UNICODE)
    assert plain(lines[0]) == verdict


def test_an_address_passes_with_what_could_not_be_made() -> None:
    """And says how much that was."""
    checks = tuple(Check(name="c", passed=value, seen="s") for value in (True, None))
    lines = verification_lines(Verification(target="a:1", checks=checks, outside=True), 78, UNICODE)
    assert plain(lines[0]) == "✓ 1 checks passed, 1 could not be made"


def test_a_check_that_passed_and_says_what_to_do_is_a_warning() -> None:
    """It is not quiet, and the verdict counts it."""
    checks = (Check(name="a", passed=True, seen="s"), Check(name="b", passed=True, seen="s", fix="Renew it."))
    lines = verification_lines(Verification(target=SHOP, checks=checks), 78, UNICODE)
    assert plain(lines[0]) == "✓ all 2 checks passed, 1 with a warning"
    assert [plain(line).strip() for line in lines[-2:]] == ["! b  s", "Renew it."]


def test_endpoints_have_a_line_of_their_own_above_their_checks() -> None:
    """The checks of the target come first; an IP address is said once."""
    checks = (
        Check(name="of it", passed=True, seen="s"),
        Check(name="first", passed=True, seen="s", host="a.example", address="192.0.2.1:443"),
        Check(name="second", passed=True, seen="s", host="a.example", address="192.0.2.1:443"),
        Check(name="third", passed=True, seen="s", host="::1", address="[::1]:443"),
    )
    lines = verification_lines(Verification(target=SHOP, checks=checks), 78, UNICODE)
    assert [plain(line).split("  ")[0] for line in lines] == [
        *("✓ all 4 checks passed", "", "✓ of it", ""),
        *("a.example at 192.0.2.1:443", "✓ first", "✓ second", ""),
        *("[::1]:443", "✓ third"),
    ]


@pytest.mark.parametrize("width", [20, 40, 80, 140])
def test_commands_can_be_pasted_at_any_width(width: int) -> None:
    """They are broken where a shell joins them again, never inside of quotes, and are inert."""
    command = "curl -w '%{http_code} a  b\\n' --cacert 'it'\"'\"'s.pem' https://a.example:8443/x </dev/null"
    lines = verification_lines(Verification(target=SHOP, checks=(), by_hand=(command,)), width, UNICODE)
    printed = [plain(line) for line in lines][3:]
    assert shlex.split("\n".join(printed).replace("\\\n", " ")) == shlex.split(command)
    assert all(len(line) <= width or " " not in line.strip().removesuffix(" \\") for line in printed if "'" not in line)
    hostile = verification_lines(Verification(target=SHOP, checks=(), by_hand=("curl \x1b[31m",)), width, UNICODE)
    assert plain(hostile[-1]) == "curl \\x1b[31m"


def test_commands_name_the_state_directory_that_they_are_for() -> None:
    """Ours, wherever they stand in a text, and quoted for a shell; prose and other commands stay as they are."""
    text = "meshtui rotate a, or: echo '{}' | meshtui apply -f -; this meshtui is no issue: kubectl get pods"
    there = "meshtui rotate --state '/tmp/my mesh' a, or: echo '{}' | meshtui apply --state '/tmp/my mesh' -f -"
    assert with_state(text, "/tmp/my mesh") == f"{there}; this meshtui is no issue: kubectl get pods"
    assert with_state(text, "") == text
    assert choose("utf-8", {}, state="/a\x1b").show("meshtui status") == "meshtui status --state '/a\\x1b'"


async def test_a_plan_shows_steps_effects_and_command(mesh: FakeMesh) -> None:
    """All that one must know before saying yes."""
    plan = await mesh.plan(Rotate(targets=(SHOP,)))
    shown = text(plan_lines(plan, 70, UNICODE))
    assert plan.steps[0].text.split()[0] in shown
    assert all(effect in shown for effect in plan.effects)
    assert f"$ meshtui rotate {SHOP}" in shown


async def test_long_plans_are_counted(mesh: FakeMesh) -> None:
    """A plan for hundreds shows the first ones and how many more there are."""
    plan = await mesh.plan(Rotate(targets=(SHOP,)))
    plan = replace(plan, steps=plan.steps * (STEPS_SHOWN + 1300))
    assert "and 1,300 more" in text(plan_lines(plan, 70, UNICODE))


@pytest.mark.parametrize(
    ("progress", "shown"),
    [
        (Progress(target=SHOP, step=Step.KEY), "~ key  · signed  · pushed  · verifying  · served"),
        (Progress(target=SHOP, step=Step.VERIFYING), "✓ key  ✓ signed  ✓ pushed  ~ verifying  · served"),
        (Progress(target=SHOP, step=Step.FAILED, done=True, error="The CA refused."), "The CA refused."),
        (Progress(target=SHOP, step=Step.SERVED, done=True, text="stored"), "✓ stored"),
    ],
)
def test_progress_is_a_trail(progress: Progress, shown: str) -> None:
    """What is done, what runs and what is to come stand in one line, which never says more than is known."""
    assert shown in plain(progress_line(progress, 110, UNICODE))


@pytest.mark.parametrize("width", [40, 80, 140])
def test_how_it_ended_badly_is_told_in_whole_words(width: int) -> None:
    """In as many lines as it takes, behind the target or, where that leaves no room, below it."""
    error = "Envoy did not take 0a1b: the listener of port 8443 wants another certificate. Run: meshtui verify it"
    lines = ended_lines(Progress(target=SHOP, step=Step.FAILED, done=True, error=error), width, UNICODE)
    assert all(line_width(line) <= width for line in lines)
    assert text(lines).split() == ["✗", SHOP, *error.split()]


async def test_only_what_the_wire_presents_is_called_served(mesh: FakeMesh) -> None:
    """The last line names the new serial and the old one, and says `held` where nothing serves it."""
    plan = await mesh.plan(Rotate(targets=(SHOP, "workload/prod/sleep")))
    shop, sleep = [item async for item in mesh.perform(plan.id) if item.done]
    assert plain(progress_line(shop, 110, UNICODE)).startswith("✓ served ")
    assert ", was " in plain(progress_line(shop, 110, UNICODE))
    assert plain(progress_line(sleep, 110, UNICODE)).startswith("✓ held ")
    assert "not yet served" in plain(progress_line(replace(shop, served=False), 110, UNICODE))


async def test_a_summary_has_its_lines(mesh: FakeMesh) -> None:
    """Identity, certificate and trouble always take the same room."""
    for target in (SHOP, CHECKOUT, LOADER, "authority/root"):
        assert len(summary((await mesh.detail(target)).row, NOW, 78, UNICODE)) == SUMMARY_LINES
    shown = text(summary((await mesh.detail(SHOP)).row, NOW, 78, UNICODE))
    assert "shop.example.com" in shown
    assert "until 14:40:31Z" in shown
    assert "✗ held≠served  Envoy rejected" in shown
