"""How manifests spell the lifetime of a certificate, and what is too short to be one."""

from __future__ import annotations

from datetime import timedelta

from meshtui.errors import UsageError
from meshtui.settings import parse_duration

SHORTEST = timedelta(seconds=10)
"""A certificate that lives shorter is renewed all the time."""


def parse_lifetime(text: str) -> timedelta:
    """Read `3m`, `24h`, `90d`; raises UsageError for what is no duration or shorter than SHORTEST."""
    lifetime = parse_duration(text)
    if lifetime < SHORTEST:
        raise UsageError(
            f"{text} is too short a lifetime: it would be renewed all the time.",
            fix=f"Use at least {SHORTEST.total_seconds():g}s.",
        )
    return lifetime


def lifetime_text(lifetime: timedelta) -> str:
    """The shortest way to write it, in whole seconds."""
    seconds = round(lifetime.total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
