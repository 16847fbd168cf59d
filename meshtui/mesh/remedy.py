"""What a finding says is to be done, as the action that does it: so that one key ends what was found. Pure.

A fix is a sentence for people that names a command; where that command changes certificates and lacks nothing but a
yes, it can be planned as it stands. What needs a file or a choice of the person is left to the person.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from meshtui.errors import UsageError
from meshtui.findings import Finding
from meshtui.identity.signers import MESH_CA
from meshtui.manifest.lifetimes import parse_lifetime
from meshtui.mesh.actions import NO_TERMS, Issue, Rotate, Terms, Undo
from meshtui.mesh.targets import has_target_form

_PROGRAM = "meshtui"
_VERBS = ("issue", "rotate", "undo")
_PLACEHOLDERS = ("FILE", "NAME")
_ENDS = ".,;:"


@dataclass(frozen=True)
class Remedy:
    """A finding, and what ends it."""

    finding: Finding
    action: Issue | Rotate | Undo


def remedy(findings: Iterable[Finding]) -> Remedy | None:
    """Of the first finding that one action ends; None when there is none."""
    found = ((finding, action_in(finding.fix)) for finding in findings)
    return next((Remedy(finding, action) for finding, action in found if action is not None), None)


def action_in(fix: str) -> Issue | Rotate | Undo | None:
    """The first command of a fix that changes a certificate; None where it names none that is complete."""
    words = _words(fix)
    for place, word in enumerate(words):
        if word == _PROGRAM and words[place + 1 : place + 2] and words[place + 1] in _VERBS:
            action = _action(words[place + 1], words[place + 2 :])
            if action is not None:
                return action
    return None


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # an apostrophe of a sentence
        return text.split()


def _action(verb: str, words: list[str]) -> Issue | Rotate | Undo | None:
    target, ended = _stripped(words[0] if words else "")
    if not has_target_form(target):
        return None
    terms = NO_TERMS if ended else _terms(words[1:])
    if terms is None:
        return None
    if verb == "undo":
        return Undo(target=target)
    return Issue(targets=(target,), terms=terms) if verb == "issue" else Rotate(targets=(target,), terms=terms)


def _terms(words: list[str]) -> Terms | None:
    """What the options of a command say; None where one of them is for the person to fill in."""
    terms, rest = NO_TERMS, iter(words)
    for option in rest:
        if option.rstrip(_ENDS) == "--mesh-ca":
            return replace(terms, issuer=MESH_CA)
        if not option.startswith("--"):
            break
        value, ended = _stripped(next(rest, ""))
        if not value or value in _PLACEHOLDERS:
            return None
        known = _with(terms, option, value)
        if known is None:
            return None
        terms = known
        if ended:
            break
    return terms


def _with(terms: Terms, option: str, value: str) -> Terms | None:
    if option == "--host":
        return replace(terms, hosts=(*terms.hosts, value))
    if option == "--issuer":
        return replace(terms, issuer=value)
    if option == "--key-kind":
        return replace(terms, key_kind=value)
    if option == "--lifetime":
        try:
            return replace(terms, lifetime=parse_lifetime(value))
        except UsageError:
            return None
    return None


def _stripped(word: str) -> tuple[str, bool]:
    """A word without what ends a sentence or a part of it, and whether that was there."""
    bare = word.rstrip(_ENDS)
    return bare, bare != word
