"""Everybody who may call, so that what a rule asks of the caller is worked out for all of them at once."""

from __future__ import annotations

from collections.abc import Iterable

from meshtui.policy.conditions import PRINCIPAL, Attribute, Test
from meshtui.policy.matching import SCHEME, How, Pattern, in_trust_domain
from meshtui.policy.model import AccessRequest


class Callers:
    """Principals, each as a certificate proves it; the empty one is a caller without a certificate."""

    def __init__(self, principals: Iterable[str], trust_domain: str) -> None:
        self.all = frozenset(principals)
        self._trust_domain = trust_domain
        self._fitting: dict[tuple[str, str], frozenset[str]] = {}

    def passing(self, tests: Iterable[Test]) -> frozenset[str]:
        """Those for whom all tests pass, which ask of nothing but the caller."""
        left = self.all
        for test in tests:
            if test.values:
                left &= self._any(test.attribute, test.values)
            left -= self._any(test.attribute, test.not_values)
        return left

    def _any(self, attribute: Attribute, texts: Iterable[str]) -> frozenset[str]:
        return frozenset[str]().union(*(self._that_fit(attribute, text) for text in texts))

    def _that_fit(self, attribute: Attribute, text: str) -> frozenset[str]:
        if attribute is PRINCIPAL and Pattern.read(text).how is How.EXACT:
            return self.all & {SCHEME + in_trust_domain(text, self._trust_domain)}
        key = attribute.name, text
        if key not in self._fitting:
            self._fitting[key] = frozenset(
                each for each in self.all if attribute.matches(text, AccessRequest(principal=each), self._trust_domain)
            )
        return self._fitting[key]
