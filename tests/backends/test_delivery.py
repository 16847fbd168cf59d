"""How far a proxy has come."""

from __future__ import annotations

from collections.abc import Callable

from meshtui.backends.embedded.delivery import Acknowledged
from meshtui.wire.discovery import CLUSTER, EXTENSION, Accepted, Rejected, Resource, World

ONE, TWO = Resource("1", None), Resource("2", None)
WORLD: World = {EXTENSION: {"a": ONE, "b": ONE}, CLUSTER: {"a": ONE}}


def test_what_is_not_acknowledged_is_waited_for() -> None:
    """By type and name, each by itself."""
    acknowledged = Acknowledged()
    assert acknowledged.waiting == frozenset()
    acknowledged.keep(WORLD)
    assert acknowledged.waiting == {(EXTENSION, "a"), (EXTENSION, "b"), (CLUSTER, "a")}
    acknowledged.hear(Accepted(EXTENSION, {"a": "1"}))
    assert acknowledged.waiting == {(EXTENSION, "b"), (CLUSTER, "a")}


def test_another_version_is_waited_for_again() -> None:
    """And an older one that arrives late is none of it."""
    acknowledged = Acknowledged()
    acknowledged.keep({EXTENSION: {"a": TWO}})
    acknowledged.hear(Accepted(EXTENSION, {"a": "1"}))
    assert acknowledged.waiting == {(EXTENSION, "a")}
    acknowledged.hear(Accepted(EXTENSION, {"a": "2"}))
    assert acknowledged.waiting == frozenset()
    acknowledged.keep({EXTENSION: {"a": ONE}})
    assert acknowledged.waiting == {(EXTENSION, "a")}


def test_what_is_refused_leaves_what_was_in_service() -> None:
    """The version before is there again as soon as it is what the proxy is to have."""
    acknowledged = Acknowledged()
    acknowledged.keep({EXTENSION: {"a": ONE}})
    acknowledged.hear(Accepted(EXTENSION, {"a": "1"}))
    acknowledged.keep({EXTENSION: {"a": TWO}})
    acknowledged.hear(Rejected(EXTENSION, {"a": "2"}, "no"))
    assert acknowledged.waiting == {(EXTENSION, "a")}
    acknowledged.keep({EXTENSION: {"a": ONE}})
    assert acknowledged.waiting == frozenset()


def test_what_was_taken_away_has_to_be_taken_anew() -> None:
    """The proxy dropped it; and a new Envoy has nothing."""
    acknowledged = Acknowledged()
    forgets: tuple[Callable[[], None], ...] = (lambda: acknowledged.keep({}), acknowledged.forget)
    for forget in forgets:
        acknowledged.keep(WORLD)
        acknowledged.hear(Accepted(EXTENSION, {"a": "1", "b": "1"}))
        acknowledged.hear(Accepted(CLUSTER, {"a": "1"}))
        assert acknowledged.waiting == frozenset()
        forget()
        acknowledged.keep(WORLD)
        assert len(acknowledged.waiting) == 3
