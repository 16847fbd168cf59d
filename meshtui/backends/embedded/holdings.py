"""Who believes in what, and what was signed by whom: kept change by change, because a mesh may have thousands.

Knows nothing of runtimes, and judges nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping

Bundle = frozenset[str]
"""SHA-256 of what somebody believes in."""


class Holdings:
    """Of all targets of a mesh, by what they have in common."""

    def __init__(self) -> None:
        self._bundles: dict[Bundle, set[str]] = defaultdict(set)
        self._signed: dict[str, dict[str, int]] = defaultdict(dict)
        self._known: dict[str, tuple[Bundle | None, tuple[str, ...]]] = {}

    @property
    def bundles(self) -> Iterable[tuple[Bundle, Collection[str]]]:
        """Each bundle with the workloads that have it; those that have none yet have an empty one."""
        return self._bundles.items()

    def signed_by(self, subject: str) -> Mapping[str, int]:
        """Targets with a certificate in service that who is called this signed, each with how many they are."""
        return self._signed.get(subject, {})

    def note(self, target: str, bundle: Bundle | None, issuers: Iterable[str]) -> None:
        """A target has this bundle now, None if it is no workload, and certificates by these issuers."""
        now = bundle, tuple(issuers)
        if now == self._known.get(target):
            return
        self.drop(target)
        self._known[target] = now
        if bundle is not None:
            self._bundles[bundle].add(target)
        for issuer, number in Counter(now[1]).items():
            self._signed[issuer][target] = number

    def drop(self, target: str) -> None:
        """It is gone."""
        bundle, issuers = self._known.pop(target, (None, ()))
        if bundle is not None:
            self._bundles[bundle].remove(target)
            if not self._bundles[bundle]:
                del self._bundles[bundle]
        for issuer in set(issuers):
            del self._signed[issuer][target]
