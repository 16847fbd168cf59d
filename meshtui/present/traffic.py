"""Calls of the mesh: pairs of identities and denied calls as rows of lists, and a pair as a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meshtui.mesh.traffic import Call, Outcome, Pair
from meshtui.present.cells import cut_line, fit, fit_line, line_width, paragraph, width_of
from meshtui.present.columns import Column, Table
from meshtui.present.ends import NOBODY, called_name, caller_name, end_line, target_line
from meshtui.present.glyphs import Glyphs
from meshtui.present.states import Badge
from meshtui.present.times import AGO_WIDTH, STAMP_WIDTH, ago, counted, moment, stamp
from meshtui.present.tones import Line, Piece, Tone

_BADGE_WIDTH = 9
_LABEL = 12
_NO_POLICY = "no policy allows it"
_NO_POLICY_IN_SHORT = "none allows it"


def outcome_badge(outcome: Outcome, glyphs: Glyphs) -> Badge:
    """How calls ended, as a sign and a word."""
    glyph, tone = {
        Outcome.DENIED: (glyphs.alarm, Tone.WARN),
        Outcome.FAILED: (glyphs.broken, Tone.BAD),
        Outcome.ERROR: (glyphs.alarm, Tone.PLAIN),
        Outcome.OK: (glyphs.fine, Tone.QUIET),
    }[outcome]
    return Badge(glyph, outcome.value, tone)


def pair_key(pair: Pair) -> str:
    """What tells a pair from all others."""
    ends = (pair.source, pair.source_target, pair.destination, pair.destination_identity)
    return "\0".join((*ends, pair.policy, pair.outcome, pair.tls, pair.reporter))


def call_key(call: Call) -> str:
    """What tells a call from others, as far as an access log can."""
    return "\0".join((call.at.isoformat(), call.source, call.destination, call.host, call.method, call.path))


def decided_by(outcome: Outcome, policy: str) -> str:
    """The policy that decided, or what stands for it."""
    return policy or (_NO_POLICY if outcome is Outcome.DENIED else "")


def pair_summary(pair: Pair, now: datetime, width: int, glyphs: Glyphs) -> tuple[Line, ...]:
    """Both identities; the last call; what decided. Three lines."""
    last = (
        Piece(glyphs.show(pair.last_text)),
        Piece(f"  {pair.last_status or 'no answer'}", outcome_badge(pair.outcome, glyphs).tone),
        Piece(f"  {moment(pair.last_at, now)}", Tone.QUIET),
    )
    by = decided_by(pair.outcome, pair.policy)
    tls = pair.tls or ("no TLS" if not pair.source else "")
    decided = (
        Piece(glyphs.show(by), outcome_badge(pair.outcome, glyphs).tone),
        Piece("   " if by and tls else ""),
        Piece(glyphs.show(tls), Tone.QUIET),
        Piece(f"   told by the {glyphs.show(pair.reporter)}", Tone.QUIET),
    )
    lines = (
        _ends(pair, width, glyphs),
        last,
        decided,
    )
    return tuple(fit_line(line, width, glyphs.ellipsis) for line in lines)


def call_summary(call: Call, now: datetime, width: int, glyphs: Glyphs) -> tuple[Line, ...]:
    """Both identities; the request and its answer; what decided, in Envoy's words too. Three lines."""
    request = (
        Piece(glyphs.show(f"{call.method} {call.host}{call.path}")),
        Piece(f"  {call.status or 'no answer'}", outcome_badge(call.outcome, glyphs).tone),
        Piece(f"  {moment(call.at, now)}   {call.tls or 'no TLS'}", Tone.QUIET),
    )
    by = decided_by(call.outcome, call.policy)
    decided = (Piece(glyphs.show(by), Tone.WARN), Piece(f"   {glyphs.show(call.details)}", Tone.QUIET))
    lines = (
        _ends(call, width, glyphs),
        request,
        decided,
    )
    return tuple(fit_line(line, width, glyphs.ellipsis) for line in lines)


def pair_lines(pair: Pair, now: datetime, width: int, glyphs: Glyphs) -> list[Line]:
    """A pair in full: its ends and its numbers."""
    badge = outcome_badge(pair.outcome, glyphs)
    lines: list[Line] = [(*badge.line(glyphs), Piece(f"   {counted(pair.count)} calls", Tone.STRONG)), ()]
    told = {
        "source": pair.source or f"{caller_name(pair)}: nothing was proved",
        "destination": pair.destination_identity or pair.destination or NOBODY,
        "policy": decided_by(pair.outcome, pair.policy),
        "TLS": pair.tls or "none, as far as this end tells",
        "rate": f"{pair.per_second:.1f} a second",
        "last": f"{pair.last_text} {pair.last_status or 'no answer'}, {moment(pair.last_at, now)}",
        "told by": f"the proxy of the {pair.reporter}",
    }
    for label, text in told.items():
        if text:
            lines += paragraph(glyphs.show(text), width, first=(Piece(fit(label, _LABEL), Tone.QUIET),))
    return lines


def call_lines(calls: Sequence[Call], now: datetime, width: int, glyphs: Glyphs, *, ends: bool = True) -> list[Line]:
    """Calls of one page, a line each; without their ends where all have the same."""
    lines = []
    for call in calls:
        who = f"{caller_name(call)} {glyphs.calls} {called_name(call.destination)}  "
        line = (
            Piece(fit(stamp(call.at, now), STAMP_WIDTH), Tone.QUIET),
            Piece(f" {call.status or glyphs.dash:>3}  ", outcome_badge(call.outcome, glyphs).tone),
            Piece(glyphs.show(who) if ends else ""),
            Piece(glyphs.show(f"{call.method} {call.host}{call.path}"), Tone.QUIET if ends else Tone.PLAIN),
        )
        lines.append(cut_line(line, width, glyphs.ellipsis))
    return lines


def _ends(item: Pair | Call, width: int, glyphs: Glyphs) -> Line:
    """Both identities, without their scheme where there is no room for it."""
    source, destination = item.source or caller_name(item), item.destination_identity or item.destination
    for scheme in ("", "spiffe://"):
        line = (
            Piece(glyphs.show(source.removeprefix(scheme)), Tone.STRONG if item.source else Tone.UNSURE),
            Piece(f" {glyphs.calls} ", Tone.QUIET),
            Piece(glyphs.show(destination.removeprefix(scheme) or NOBODY), Tone.STRONG if destination else Tone.UNSURE),
        )
        if line_width(line) <= width:
            break
    return line


def _outcome(item: Pair | Call, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return outcome_badge(item.outcome, glyphs).line(glyphs)


def _source(item: Pair | Call, _now: datetime, width: int, glyphs: Glyphs) -> Line:
    return end_line(caller_name(item), width, glyphs)


def _destination(item: Pair | Call, _now: datetime, width: int, glyphs: Glyphs) -> Line:
    return end_line(called_name(item.destination), width, glyphs)


def _count(pair: Pair, _now: datetime, width: int, _glyphs: Glyphs) -> Line:
    return (Piece(f"{counted(pair.count):>{width}}"),)


def _rate(pair: Pair, _now: datetime, width: int, _glyphs: Glyphs) -> Line:
    rate = f"{pair.per_second:.1f}" if pair.per_second < 100 else counted(round(pair.per_second))
    return (Piece(f"{rate:>{width}}", Tone.PLAIN if pair.per_second else Tone.QUIET),)


def _last(pair: Pair, now: datetime, width: int, _glyphs: Glyphs) -> Line:
    return (Piece(f"{ago(pair.last_at, now):>{width}}", Tone.QUIET),)


def _decided(item: Pair | Call, _now: datetime, width: int, glyphs: Glyphs) -> Line:
    if not item.policy:
        text = decided_by(item.outcome, "")
        return (Piece(text if width_of(text) <= width else _NO_POLICY_IN_SHORT, Tone.QUIET),)
    # where none of several allowed it: the first of them, and how many there are more
    listed, _, unlisted = item.policy.partition(" and ")
    first, *others = listed.split(", ")
    more = len(others) + int(unlisted.partition(" ")[0] or 0)
    rest = f" +{more}" if more else ""
    return (*target_line(first, width - width_of(rest), glyphs), Piece(rest, Tone.QUIET))


def _tls(item: Pair | Call, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    if item.tls:
        return (Piece(glyphs.show(item.tls), Tone.QUIET),)
    return (Piece("none", Tone.UNSURE),) if not item.source else ()


def _last_call(pair: Pair, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return (Piece(f"{pair.last_status or glyphs.dash} {glyphs.show(pair.last_text)}", Tone.QUIET),)


def _when(call: Call, now: datetime, _width: int, _glyphs: Glyphs) -> Line:
    return (Piece(stamp(call.at, now), Tone.QUIET),)


def _status(call: Call, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return (Piece(str(call.status or glyphs.dash), outcome_badge(call.outcome, glyphs).tone),)


def _request(call: Call, _now: datetime, width: int, glyphs: Glyphs) -> Line:
    whole = glyphs.show(f"{call.method} {call.host}{call.path}")
    # the host is as good as said by the destination
    return (Piece(whole if width_of(whole) <= width else glyphs.show(f"{call.method} {call.path}")),)


TRAFFIC: Table[Pair] = Table(
    columns=(
        Column("outcome", "OUTCOME", _BADGE_WIDTH),
        Column("source", "SOURCE", 0, share=4, stays=True),
        Column("destination", "DESTINATION", 0, share=4, stays=True),
        Column("count", "  CALLS", 7, 52),
        Column("rate", "   /s", 5, 96),
        Column("last", "LAST", AGO_WIDTH, 58),
        Column("policy", "POLICY", 0, 72, share=5, least=20),
        Column("tls", "TLS", 7, 118),
        Column("call", "LAST CALL", 0, 150, share=5, least=24),
    ),
    drawn={
        "outcome": _outcome,
        "source": _source,
        "destination": _destination,
        "count": _count,
        "rate": _rate,
        "last": _last,
        "policy": _decided,
        "tls": _tls,
        "call": _last_call,
    },
)
"""The list of pairs."""

DENIED: Table[Call] = Table(
    columns=(
        Column("when", "WHEN", STAMP_WIDTH),
        Column("status", "", 3),
        Column("source", "SOURCE", 0, share=4, stays=True),
        Column("destination", "DESTINATION", 0, share=4, stays=True),
        Column("request", "REQUEST", 0, 70, share=5, least=24),
        Column("policy", "POLICY", 0, 72, share=5, least=20),
        Column("tls", "TLS", 7, 130),
    ),
    drawn={
        "when": _when,
        "status": _status,
        "source": _source,
        "destination": _destination,
        "request": _request,
        "policy": _decided,
        "tls": _tls,
    },
)
"""The list of denied calls, one by one."""
