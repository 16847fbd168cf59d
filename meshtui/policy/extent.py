"""How much of a workload one caller can reach: every request that the rules about it tell apart, decided at once.

What a rule asks of the caller and of the place is known; what is left are texts that the caller is free to choose, and
facts that only a token or another proxy brings. Of each text as many values are tried as the rules can tell apart,
of each such fact both answers; where that would be too many, the answer is SOME.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from meshtui.manifest.policy_model import AuthorizationPolicy, PolicyAction, Rule
from meshtui.policy.callers import Callers
from meshtui.policy.conditions import METHOD, PATH, About, Test, condition_test, operation_tests, source_tests
from meshtui.policy.model import AccessRequest
from meshtui.policy.specimens import specimens, varies

TRIED = 2048
"""Requests that are tried of one caller at most."""

_NAMED = 2
"""Rules that one reason names; it is to be read in one line."""


class Extent(StrEnum):
    """What may pass."""

    ALL = "all"
    SOME = "some"
    NONE = "none"
    BROKEN = "broken"
    """Not even a connection comes about."""


@dataclass(frozen=True)
class Reached:
    """How far a caller comes."""

    extent: Extent
    reason: str


@dataclass(frozen=True)
class _Residue:
    """What is left of a rule for a caller whom it is about: any of each group of alternatives, and all conditions."""

    name: str
    """`AuthorizationPolicy prod/httpbin, rules[0]`."""
    groups: tuple[tuple[tuple[Test, ...], ...], ...]

    def tests(self) -> Iterator[Test]:
        """All tests that are left."""
        return (test for group in self.groups for tests in group for test in tests)

    def matches(self, holds: Mapping[Test, bool]) -> bool:
        """Whether it matches where each test holds or not."""
        return all(any(all(holds[test] for test in tests) for tests in group) for group in self.groups)

    @property
    def said(self) -> str:
        """The rule, with what it still asks for."""
        told = dict.fromkeys(test.said for test in self.tests())
        return f"{self.name}: {'; '.join(told)}" if told else self.name


@dataclass(frozen=True)
class _Alternative:
    """One source, one operation, or the conditions: what it asks of the caller, and what is open then."""

    about: frozenset[str]
    """The principals of whose requests it can match some."""
    open: tuple[Test, ...]


@dataclass(frozen=True)
class _Compiled:
    """A rule, ready to be asked for many callers."""

    name: str
    denies: bool
    groups: tuple[tuple[_Alternative, ...], ...]

    def survivors(self, principal: str) -> tuple[tuple[int, ...], ...] | None:
        """Of each group the alternatives that can match this caller's requests; None when a group has none."""
        found = []
        for group in self.groups:
            left = tuple(index for index, each in enumerate(group) if principal in each.about)
            if not left:
                return None
            found.append(left)
        return tuple(found)

    def residue(self, survivors: tuple[tuple[int, ...], ...]) -> _Residue:
        """What these still ask. A group of which one asks nothing is no question any more."""
        groups = (
            tuple(group[index].open for index in left) for group, left in zip(self.groups, survivors, strict=True)
        )
        return _Residue(self.name, tuple(group for group in groups if all(group)))


class Enforced:
    """The AuthorizationPolicies about one place, to be asked for many callers."""

    def __init__(
        self,
        policies: Sequence[AuthorizationPolicy],
        place: AccessRequest,
        known: Iterable[About],
        callers: Callers,
        trust_domain: str,
    ) -> None:
        """`place` has what is true of every request there, as far as it is about one of `known`."""
        self._callers = callers
        self._place = place
        self._known = frozenset(known)
        self._trust_domain = trust_domain
        enforced = [each for each in policies if not each.dry_run and each.action is not PolicyAction.AUDIT]
        self._allows = any(each.action is PolicyAction.ALLOW for each in enforced)
        compiled = (
            self._compile(policy, index, rule) for policy in enforced for index, rule in enumerate(policy.rules)
        )
        self._rules = [rule for rule in compiled if all(rule.groups)]
        self._decided: dict[tuple[object, ...], Reached] = {}
        self._reached: dict[str, Reached] = {}

    def reach(self, principal: str) -> Reached:
        """How far the caller comes whose certificate proves `principal`; empty: one without any."""
        found = self._reached.get(principal)
        if found is None:
            found = self._reached[principal] = self._reach(principal)
        return found

    def _reach(self, principal: str) -> Reached:
        left = tuple(
            (index, each) for index, rule in enumerate(self._rules) if (each := rule.survivors(principal)) is not None
        )
        if left not in self._decided:
            residues = [(self._rules[index].denies, self._rules[index].residue(each)) for index, each in left]
            self._decided[left] = self._decide(
                [each for denies, each in residues if denies], [each for denies, each in residues if not denies]
            )
        return self._decided[left]

    def _compile(self, policy: AuthorizationPolicy, index: int, rule: Rule) -> _Compiled:
        conditions = [tuple(map(condition_test, rule.conditions))] if rule.conditions else []
        written = ([*map(source_tests, rule.sources)], [*map(operation_tests, rule.operations)], conditions)
        return _Compiled(
            name=f"{policy.key}, rules[{index}]",
            denies=policy.action is PolicyAction.DENY,
            groups=tuple(
                tuple(each for tests in group if (each := self._alternative(tests)) is not None)
                for group in written
                if group
            ),
        )

    def _alternative(self, tests: Iterable[Test]) -> _Alternative | None:
        """None when it can never match here."""
        asked, rest = [], []
        for test in tests:
            if test.attribute.about is About.CALLER:
                asked.append(test)
            elif test.attribute.about not in self._known:
                rest += [] if _always(test) else [test]
            elif not test.passes(self._place, self._trust_domain):
                return None
        return _Alternative(self._callers.passing(asked), tuple(rest))

    def _decide(self, denying: list[_Residue], allowing: list[_Residue]) -> Reached:
        if certain := [each for each in denying if not each.groups]:
            return Reached(Extent.NONE, f"{certain[0].name} denies everything.")
        if self._allows and not allowing:
            return Reached(Extent.NONE, "No rule of an ALLOW policy is about this caller.")
        free = [each for each in allowing if not each.groups]
        if not denying and (free or not self._allows):
            reason = f"{free[0].name} allows everything." if free else "No policy keeps anything from it."
            return Reached(Extent.ALL, reason)
        told = f"Only what {_any_of(allowing)} allows" if self._allows and not free else "All"
        denied = f"{', but not' if told != 'All' else ' but'} what {_any_of(denying)} denies" if denying else ""
        outcomes = self._outcomes(denying, None if free or not self._allows else allowing)
        if outcomes == {True}:
            return Reached(Extent.ALL, "The rules together allow everything.")
        if outcomes == {False}:
            again = f"denied again by {denying[0].name}" if denying else "ruled out by the same rule"
            return Reached(Extent.NONE, f"What is allowed is {again}.")
        return Reached(Extent.SOME, f"{told}{denied}.")

    def _outcomes(self, denying: list[_Residue], allowing: list[_Residue] | None) -> set[bool]:
        """Which answers there are among all requests; both where there are too many to try. None allows all."""
        residues = [*denying, *(allowing or ())]
        tests = list(dict.fromkeys(test for residue in residues for test in residue.tests()))
        choices = self._choices(tests)
        found: set[bool] = set()
        size = 1
        for choice in choices:
            size *= len(choice)
        if size > TRIED:
            return {True, False}
        for combination in itertools.product(*choices):
            holds = {test: answer for chosen in combination for test, answer in chosen.items()}
            allowed = allowing is None or any(each.matches(holds) for each in allowing)
            found.add(allowed and not any(each.matches(holds) for each in denying))
            if len(found) == 2:
                break
        return found

    def _choices(self, tests: list[Test]) -> list[list[dict[Test, bool]]]:
        """For each thing that can differ between requests: what each of its values makes of the tests about it."""
        choices = []
        for name, group in itertools.groupby(sorted(tests, key=_varying), key=_varying):
            about = list(group)
            if not name:
                choices += [[{test: answer} for answer in (True, False)] for test in about]
                continue
            answers = [
                {test: test.passes(specimen, self._trust_domain) for test in about}
                for specimen in specimens(name, about, self._place)
            ]
            choices.append(list({tuple(each.values()): each for each in answers}.values()))
        return choices


def _any_of(residues: Sequence[_Residue]) -> str:
    named = [each.said for each in residues[:_NAMED]]
    more = len(residues) - len(named)
    if more:
        named.append("another rule" if more == 1 else f"one of {more} other rules")
    return " or ".join(named)


def _varying(test: Test) -> str:
    return test.attribute.name if varies(test) else ""


def _always(test: Test) -> bool:
    """Whether every request passes: any method and any path will do."""
    return test.attribute in (METHOD, PATH) and "*" in test.values and not test.not_values
