"""The two ends of a call in few cells: `prod/sleep` for a workload, an identity where no workload has it."""

from __future__ import annotations

from meshtui.manifest.kinds import SUPPORTED
from meshtui.mesh.targets import TargetKind
from meshtui.mesh.traffic import PLAINTEXT, STRANGER, Call, Pair
from meshtui.present.cells import cut_start, width_of
from meshtui.present.glyphs import Glyphs
from meshtui.present.tones import Line, Piece, Tone

NOBODY = "nobody known"
"""Who was called where the request did not say it in words that Envoy understood."""

_KIND_IN_FULL = 48
"""Cells from which there is room for the name of a kind beside most names."""


def end_name(target: str, identity: str = "") -> str:
    """`prod/sleep`, else the identity without its scheme, else `plaintext`."""
    if target:
        return target.removeprefix(f"{TargetKind.WORKLOAD}/")
    return identity.removeprefix("spiffe://") or PLAINTEXT


def caller_name(call: Pair | Call) -> str:
    """`prod/sleep`, else what it proved, else how it came without proof."""
    return end_name(call.source_target, call.source or (STRANGER if call.tls else ""))


def actor_name(actor: str) -> str:
    """Who did something: `cluster.local/prod/sleep` for the identity of a service account, others as they are."""
    match actor.removeprefix("spiffe://").split("/"):
        case [domain, "ns", namespace, "sa", account]:
            return f"{domain}/{namespace}/{account}"
    return actor.removeprefix("spiffe://")


def called_name(target: str) -> str:
    """`prod/httpbin`, or the host that was asked for where no workload was reached."""
    return end_name(target) if target else NOBODY


def end_line(name: str, width: int, glyphs: Glyphs) -> Line:
    """The name, of which the end tells more than the beginning."""
    if name in (PLAINTEXT, STRANGER, NOBODY):
        return (Piece(name, Tone.UNSURE),)
    where, slash, last = cut_start(glyphs.show(name), width, glyphs.ellipsis).rpartition("/")
    return (Piece(where + slash, Tone.QUIET), Piece(last))


def target_line(target: str, width: int, glyphs: Glyphs) -> Line:
    """A target, or an object as `NAMESPACE/NAME KIND`: what tells it apart comes first.

    Where there is no room for the kind it is kubectl's word for it, as in `prod/sleep ap`, and where there is little,
    it is so for all, that a column has one form of it.
    """
    kind, _, name = target.partition(" ")
    if "/" in name or (name and kind.isalpha()):
        shown = glyphs.show(kind)
        if kind in SUPPORTED and width < max(_KIND_IN_FULL, width_of(name) + 1 + width_of(shown)):
            shown = SUPPORTED[kind].short or SUPPORTED[kind].word
        return (*end_line(name, max(width - 1 - width_of(shown), 0), glyphs), Piece(f" {shown}", Tone.QUIET))
    return end_line(target if width_of(target) <= width else end_name(target), width, glyphs)
