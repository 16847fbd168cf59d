"""Authorities as a tree of who signed whom, each with how many certificates it signed and how long it is good."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from meshtui.mesh.filter_fields import Language, NumberField, TextField, TimeField, WordField
from meshtui.mesh.overview import Signer, short_name
from meshtui.mesh.targets import TargetKind
from meshtui.present.cells import cut, fit_line, width_of
from meshtui.present.columns import Column, Table
from meshtui.present.glyphs import Glyphs
from meshtui.present.lifetime_bar import BAR_WIDTH, lifetime_bar, row_bar
from meshtui.present.states import STATE_WIDTH, row_badge
from meshtui.present.times import LEFT_WIDTH, counted, in_words, left, moment
from meshtui.present.tones import Line, Piece, Tone

_PREFIX = f"{TargetKind.AUTHORITY}/"
_KEY_WIDTH = 10


@dataclass(frozen=True)
class Branch:
    """One authority and its place in the tree."""

    signer: Signer
    turns: tuple[bool, ...] = ()
    """From the root to here: of each authority below the root, whether others of the same parent follow."""
    below: int = 0
    """Certificates of workloads and gateways that it signed, or that authorities below it did."""

    @property
    def target(self) -> str:
        """Its target."""
        return self.signer.authority.target

    @property
    def name(self) -> str:
        """Its target without the kind."""
        return self.target.removeprefix(_PREFIX)


def trust_tree(signers: Iterable[Signer]) -> list[Branch]:
    """Every authority once, each below the one that signed it; of the same parent, the soonest to expire first.

    Those whose issuer is not among them are roots, and so is one in each circle that certificates might claim.
    """
    known = sorted(signers, key=lambda each: (each.authority.certificate.not_after, each.authority.target))
    children: dict[str, list[Signer]] = {}
    roots = []
    for signer in known:
        parent = _parent(signer, known)
        if parent is None:
            roots.append(signer)
        else:
            children.setdefault(parent, []).append(signer)
    seen: set[str] = set()
    return [branch for each in (*roots, *known) for branch in _walk(each, children, (), seen)]


def _walk(
    signer: Signer, children: dict[str, list[Signer]], turns: tuple[bool, ...], seen: set[str]
) -> Iterator[Branch]:
    target = signer.authority.target
    if target in seen:
        return
    seen.add(target)
    own = [each for each in children.get(target, ()) if each.authority.target not in seen]
    under = [list(_walk(each, children, (*turns, each is not own[-1]), seen)) for each in own]
    depth = len(turns) + 1
    direct = (branch.below for group in under for branch in group if len(branch.turns) == depth)
    yield Branch(signer, turns, signer.issued + sum(direct))
    for group in under:
        yield from group


def _parent(signer: Signer, known: Sequence[Signer]) -> str | None:
    """Which other authority signed it; None where none did that is known."""
    certificate = signer.authority.certificate
    if certificate.issuer == certificate.subject:
        return None
    issuer = _common_name(certificate.issuer)
    for other in known:
        authority = other.authority
        named = issuer in (authority.target.removeprefix(_PREFIX), short_name(authority))
        if authority.certificate.subject == certificate.issuer or named:
            return None if other is signer else authority.target
    return None


def _common_name(name: str) -> str:
    parts = dict(part.partition("=")[::2] for part in name.split(","))
    return parts.get("CN") or parts.get("O") or name


def stem(branch: Branch, glyphs: Glyphs) -> str:
    """What is drawn before its name."""
    if not branch.turns:
        return ""
    *above, follows = branch.turns
    trunk = "".join(glyphs.trunk if turn else " " * width_of(glyphs.trunk) for turn in above)
    return trunk + (glyphs.fork if follows else glyphs.last_fork)


def signed_words(branch: Branch) -> str:
    """`signed 27`, `27 below it`, `signed 3, 27 with those below`."""
    own, below = branch.signer.issued, branch.below
    if own == below:
        return f"signed {counted(own)}" if own else "signed none"
    return f"signed {counted(own)}, {counted(below)} with those below" if own else f"{counted(below)} below it"


def _text(branch: Branch) -> str:
    """All that words of a filter are sought in."""
    authority = branch.signer.authority
    parts = (authority.target, authority.role, authority.certificate.subject, authority.certificate.key)
    return "\0".join((*parts, *_uses(branch))).casefold()


BRANCHES: Language[Branch] = Language(
    _text,
    {
        "name": TextField(lambda branch: branch.name),
        "role": TextField(lambda branch: branch.signer.authority.role, values=("root", "intermediate")),
        "left": TimeField(lambda branch: branch.signer.authority.certificate.not_after, forward=True),
        "issued": NumberField(lambda branch: branch.signer.issued),
        "is": WordField(
            {
                "signing": lambda branch: branch.signer.authority.signing,
                "trusted": lambda branch: branch.signer.authority.trusted,
            }
        ),
    },
    examples="role:root left<30d !is:signing issued>0",
)
"""What a filter can ask of them."""


def branch_summary(branch: Branch, now: datetime, width: int, glyphs: Glyphs) -> tuple[Line, ...]:
    """Its subject; until when, and who signed it; what it is there for. Three lines."""
    certificate = branch.signer.authority.certificate
    lines: tuple[Line, ...] = (
        (Piece(glyphs.show(certificate.subject), Tone.STRONG),),
        (
            Piece("until " if now < certificate.not_after else "ended ", Tone.QUIET),
            Piece(f"{moment(certificate.not_after, now)}, {in_words(certificate.not_after, now)}"),
            Piece("   from ", Tone.QUIET),
            Piece(glyphs.show(certificate.issuer)),
        ),
        (Piece(f"{signed_words(branch)}   {', '.join(_uses(branch))}", Tone.QUIET),),
    )
    return tuple(fit_line(line, width, glyphs.ellipsis) for line in lines)


def _uses(branch: Branch) -> Iterator[str]:
    authority = branch.signer.authority
    yield "signs" if authority.signing else "signs no more"
    yield "trusted by the mesh" if authority.trusted else "not trusted by the mesh"


def branch_name(branch: Branch, width: int, glyphs: Glyphs) -> Line:
    """Its name at its place of the tree."""
    before = stem(branch, glyphs)
    return (Piece(before, Tone.QUIET), Piece(cut(glyphs.show(branch.name), width - width_of(before), glyphs.ellipsis)))


def branch_bar(branch: Branch, now: datetime, glyphs: Glyphs, width: int = BAR_WIDTH) -> Line:
    """Its lifetime."""
    certificate, row = branch.signer.authority.certificate, branch.signer.row
    if row is not None:
        return row_bar(row, now, glyphs, width)
    return lifetime_bar(certificate.not_before, None, certificate.not_after, now, glyphs, width=width)


def branch_state(branch: Branch, glyphs: Glyphs) -> Line:
    """Where it stands."""
    row = branch.signer.row
    return row_badge(row, glyphs).line(glyphs) if row is not None else (Piece(glyphs.unknown, Tone.UNSURE),)


def branch_left(branch: Branch, now: datetime) -> Piece:
    """How long it is good."""
    until = branch.signer.authority.certificate.not_after
    return Piece(left(until, now), Tone.PLAIN if now < until else Tone.BAD)


TREE: Table[Branch] = Table(
    columns=(
        Column("name", "AUTHORITY", 0, share=2, least=24, stays=True),
        Column("role", "ROLE", 12, 96),
        Column("key", "KEY", _KEY_WIDTH, 110),
        Column("left", "LEFT", LEFT_WIDTH),
        Column("lifetime", "LIFETIME", BAR_WIDTH, 56),
        Column("state", "STATE", STATE_WIDTH, 72),
        Column("signed", "SIGNED", 0, share=2, least=20),
        Column("trust", "TRUST", 23, 130),
    ),
    drawn={
        "name": lambda branch, _now, width, glyphs: branch_name(branch, width, glyphs),
        "role": lambda branch, _now, _width, glyphs: (Piece(glyphs.show(branch.signer.authority.role), Tone.QUIET),),
        "key": lambda branch, _now, _width, glyphs: (Piece(glyphs.show(branch.signer.authority.certificate.key)),),
        "left": lambda branch, now, _width, _glyphs: (branch_left(branch, now),),
        "lifetime": lambda branch, now, width, glyphs: branch_bar(branch, now, glyphs, width),
        "state": lambda branch, _now, _width, glyphs: branch_state(branch, glyphs),
        "signed": lambda branch, _now, _width, _glyphs: (Piece(signed_words(branch)),),
        "trust": lambda branch, _now, _width, _glyphs: (Piece(list(_uses(branch))[-1], Tone.QUIET),),
    },
)
"""The list of authorities."""
