"""What is asked of a certificate, as a command line says it, and whether it can be asked of these targets. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from meshtui.identity.signers import MESH_CA
from meshtui.manifest.lifetimes import lifetime_text
from meshtui.mesh.actions import NO_TERMS, Terms
from meshtui.mesh.targets import TargetKind


def options_of(terms: Terms) -> list[str]:
    """The options of `issue` and `rotate` that say the same."""
    words = [word for host in terms.hosts for word in ("--host", host)]
    if terms.issuer == MESH_CA:
        words.append("--mesh-ca")
    elif terms.issuer:
        words += ["--issuer", terms.issuer]
    if terms.key_kind:
        words += ["--key-kind", terms.key_kind]
    if terms.lifetime is not None:
        words += ["--lifetime", lifetime_text(terms.lifetime)]
    if terms.brought is not None:
        words += [word for pair in zip(("--cert", "--key", "--ca"), terms.brought.files, strict=False) for word in pair]
    return words


def problem_with(targets: Sequence[str], terms: Terms) -> str:
    """Why these terms cannot be asked; empty when they can."""
    if terms == NO_TERMS:
        return ""
    others = [target for target in targets if not target.startswith(f"{TargetKind.GATEWAY}/")]
    if others:
        return f"{others[0]} is not a gateway certificate: {' '.join(_options(terms))} say what such a one is to be."
    if len(targets) != 1 and (terms.hosts or terms.brought is not None):
        return f"{' '.join(_options(terms))} say what one certificate is to be; {len(targets)} targets are named."
    if terms.brought is not None and (terms.issuer or terms.key_kind or terms.lifetime is not None):
        return "A pair from files has its issuer, key and lifetime already."
    return ""


def _options(terms: Terms) -> list[str]:
    return list(dict.fromkeys(word for word in options_of(terms) if word.startswith("--")))
