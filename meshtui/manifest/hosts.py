"""Host patterns: a DNS name, `*.NAME` for every name that ends like this, and `*`."""

from __future__ import annotations


def meet(one: str, other: str) -> str:
    """The hosts that two patterns share, as a pattern; empty when there are none."""
    if covers(one, other):
        return other
    return one if covers(other, one) else ""


def covers(pattern: str, host: str) -> bool:
    """Whether all hosts of `host` are ones of `pattern`."""
    return pattern in ("*", host) or (pattern.startswith("*.") and host.endswith(pattern[1:]))
