"""How the certificate of a Secret is issued and renewed, as annotations of the Secret say it.

`meshtui.io/issuer: example.com` is a gateway root (or the mesh's own CA) that signs what is missing and renews what is
due; `meshtui.io/lifetime: 90d` and `meshtui.io/key: RSA 2048` say what it makes; `meshtui.io/rotation: manual` leaves
every rotation to a person. `meshtui.io/roots` has, for a pair that was made elsewhere, the PEM of what it leads to:
in the data, as `ca.crt`, it would say which clients may come.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from meshtui.errors import IdentityError, UsageError
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.signers import MESH_CA
from meshtui.manifest.fields import Fields, shown
from meshtui.manifest.grants import KEYS
from meshtui.manifest.lifetimes import parse_lifetime
from meshtui.manifest.names import name_problem

ISSUER = "meshtui.io/issuer"
LIFETIME = "meshtui.io/lifetime"
KEY = "meshtui.io/key"
ROTATION = "meshtui.io/rotation"
ROOTS = "meshtui.io/roots"
MANUAL = "manual"
"""Never rotated by itself."""
UNDONE = "undone"
"""The same for a version that was brought back, until somebody rotates it."""

_OF_THE_MESH = re.compile(r"(root|intermediate)(-\d+)?", re.ASCII)


@dataclass(frozen=True)
class Issuance:
    """What the annotations of a Secret say; see `Secret` for the fields."""

    issuer: str = ""
    lifetime: timedelta | None = None
    key_kind: str = ""
    rotation: str = ""
    roots: str = ""


def read_issuance(place: Fields, annotations: Mapping[str, str]) -> Issuance:
    """Read them; problems go to `place`."""
    return Issuance(
        issuer=_issuer(place, annotations.get(ISSUER, "")),
        lifetime=_lifetime(place, annotations.get(LIFETIME)),
        key_kind=_one_of(place, KEY, annotations.get(KEY, ""), KEYS),
        rotation=_one_of(place, ROTATION, annotations.get(ROTATION, ""), (MANUAL, UNDONE)),
        roots=_roots(place, annotations.get(ROOTS, "")),
    )


def _issuer(place: Fields, name: str) -> str:
    if name == MESH_CA:
        return name
    if name and (reason := name_problem(name)):
        place.problem(ISSUER, f"{reason}; found {shown(name)}")
    elif _OF_THE_MESH.fullmatch(name):
        better = f"name a gateway root, such as example.com, or {MESH_CA} for the mesh's CA"
        place.problem(ISSUER, f"{name} is an authority of the mesh; {better}")
    return name


def _lifetime(place: Fields, text: str | None) -> timedelta | None:
    if text is None:
        return None
    try:
        return parse_lifetime(text)
    except UsageError as error:
        place.problem(LIFETIME, str(error))
        return None


def _roots(place: Fields, pem: str) -> str:
    try:
        if pem:
            TrustBundle.parse(pem)
    except IdentityError as error:
        place.problem(ROOTS, error.message)
    return pem


def _one_of(place: Fields, name: str, value: str, choices: tuple[str, ...]) -> str:
    if value and value not in choices:
        place.problem(name, f"expected one of {', '.join(choices)}; found {shown(value)}")
    return value
