"""What a person can do to a mesh: action → plan → confirm → perform → progress.

A plan is single-use and lapses; the owner of the mesh re-checks it when it is performed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from meshtui.identity.facts import CertificateFacts
from meshtui.mesh.rows import Step


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate and key that were made elsewhere: goes inbound only, is stored in its Secret and shown nowhere."""

    certificate: str
    """PEM, leaf first."""
    private_key: str
    """PEM, not encrypted."""
    ca: str = ""
    """PEM of what the chain must lead to; kept beside the pair, to verify it by."""
    files: tuple[str, ...] = ()
    """Names of the two or three files, for messages and commands."""

    def __repr__(self) -> str:
        return f"Brought(files={self.files!r})"


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What the certificate of a gateway is to be. What is empty stays as it was, or is the default."""

    hosts: tuple[str, ...] = ()
    issuer: str = ""
    """A gateway root, made when it is first named, or `mesh/ca`."""
    key_kind: str = ""
    """`EC P-256`, `RSA 2048`, …"""
    lifetime: timedelta | None = None
    brought: Brought | None = None
    """Used instead of a new one."""


NO_TERMS = Terms()


class Issue(msgspec.Struct, frozen=True, kw_only=True, tag="issue"):
    """Make the first certificate of each target; refused where there is one."""

    targets: tuple[str, ...]
    terms: Terms = NO_TERMS
    route: str = ""
    """`NAMESPACE/SERVICE[:PORT]`: for one gateway certificate, make what leads from its hosts to there as well."""


class Rotate(msgspec.Struct, frozen=True, kw_only=True, tag="rotate"):
    """Replace the certificate of each target by one with a new key."""

    targets: tuple[str, ...]
    terms: Terms = NO_TERMS


class Undo(msgspec.Struct, frozen=True, kw_only=True, tag="undo"):
    """Bring back the version that a gateway's Secret had before its key pair was replaced; once more undoes that."""

    target: str


class Apply(msgspec.Struct, frozen=True, kw_only=True, tag="apply"):
    """Create or replace objects. All of the documents are accepted, or none."""

    text: str
    """YAML documents. May carry a Secret's private key: this value goes inbound only and is never stored or shown."""
    source: str = "-"
    """File name for messages."""

    def __repr__(self) -> str:
        return f"Apply(source={self.source!r}, text=<{len(self.text)} characters>)"


class Delete(msgspec.Struct, frozen=True, kw_only=True, tag="delete"):
    """Remove one object."""

    kind: str
    name: str
    namespace: str = ""


Action = Issue | Rotate | Undo | Apply | Delete


class PlannedStep(msgspec.Struct, frozen=True, kw_only=True):
    """What will be done to one target."""

    target: str
    text: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What an action would do, before anything changes."""

    id: str
    title: str
    """`Rotate 3 identities`."""
    verb: str
    """For the button: `rotate`."""
    steps: tuple[PlannedStep, ...]
    effects: tuple[str, ...]
    """Blast radius and order, as sentences: `Serves 3 hosts, 5 routes.`"""
    warnings: tuple[str, ...] = ()
    """What is likely not to be wanted, as sentences: told even to who does not ask for the plan."""
    command: str
    """The same on the command line."""
    by_hand: tuple[str, ...] = ()
    """The same without meshtui: commands for a shell, with openssl and kubectl."""
    lapses_at: datetime


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a plan that is being performed. The last one of each target has `done`."""

    target: str
    step: Step
    text: str = ""
    done: bool = False
    error: str = ""
    before: CertificateFacts | None = None
    """With `done`: the certificate that was replaced."""
    after: CertificateFacts | None = None
    """With `done`: the certificate in its place."""
    served: bool | None = None
    """With `done`: whether the wire presents `after`; None where nothing serves it."""
