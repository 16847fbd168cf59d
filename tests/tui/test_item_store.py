"""Items of a list, and which of them a filter lets through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from meshtui.mesh.filter_fields import Language, TimeField
from meshtui.tui.widgets.item_store import ItemStore

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)


def store(*items: str) -> ItemStore[str]:
    made = ItemStore[str](str.lower, Language(str.casefold), lambda: NOW)
    made.replace(items)
    return made


def shown(items: ItemStore[str]) -> list[str | None]:
    return [items.at(place) for place in range(len(items))]


def test_items_keep_their_order_and_are_found_by_key() -> None:
    """In the order in which they came."""
    items = store("B one", "A two", "C three")
    assert shown(items) == ["B one", "A two", "C three"]
    assert items.place_of("a two") == 1
    assert items.place_of("nobody") is None
    assert (items.at(3), items.at(-1)) == (None, None)


def test_a_filter_lets_through_what_has_all_words() -> None:
    """And none that are denied; the total stays, and places are among those that pass."""
    items = store("B one", "A two", "A three")
    items.arrange("a !two")
    assert shown(items) == ["A three"]
    assert (items.total, items.place_of("a three"), items.place_of("b one")) == (3, 0, None)
    items.replace(["A two", "A four", "A three"])
    assert shown(items) == ["A four", "A three"]
    items.arrange("")
    assert len(items) == 3


def test_a_filter_about_time_is_asked_again_as_time_passes() -> None:
    """And only such a filter: nothing else changes by the clock."""
    clock = [NOW]
    language = Language[datetime](str, {"age": TimeField(lambda item: item, forward=False)})
    items = ItemStore[datetime](str, language, lambda: clock[0])
    items.replace([NOW, NOW - timedelta(hours=1)])
    assert not items.tick()
    items.arrange("age<1m")
    assert (len(items), items.tick()) == (1, False)
    clock[0] += timedelta(minutes=2)
    assert (items.tick(), len(items)) == (True, 0)


def test_the_same_items_are_no_change() -> None:
    """So that nothing is painted for them."""
    items = store("x")
    assert not items.replace(("x",))
    assert items.replace(("x", "y"))
