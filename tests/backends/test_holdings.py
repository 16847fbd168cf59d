"""Who believes in what, and what was signed by whom, after every change."""

from __future__ import annotations

from meshtui.backends.embedded.holdings import Holdings

OLD, NEW, NONE = frozenset({"old"}), frozenset({"old", "new"}), frozenset[str]()


def test_what_is_noted_last_is_what_counts() -> None:
    """A target has one bundle, and what it held before is in nobody's hands any more."""
    holdings = Holdings()
    holdings.note("workload/a", NONE, [])
    holdings.note("workload/a", OLD, ["CN=one", "CN=one"])
    holdings.note("workload/b", OLD, ["CN=one"])
    holdings.note("workload/b", NEW, ["CN=two"])
    holdings.note("gateway/c", None, ["CN=two"])
    assert dict(holdings.bundles) == {OLD: {"workload/a"}, NEW: {"workload/b"}}
    assert holdings.signed_by("CN=one") == {"workload/a": 2}
    assert holdings.signed_by("CN=two") == {"workload/b": 1, "gateway/c": 1}


def test_what_is_gone_holds_nothing() -> None:
    """Nor does what was never there."""
    holdings = Holdings()
    holdings.note("workload/a", OLD, ["CN=one"])
    holdings.note("gateway/c", None, ["CN=one"])
    for target in ("workload/a", "gateway/c", "workload/never"):
        holdings.drop(target)
    assert dict(holdings.bundles) == {}
    assert holdings.signed_by("CN=one") == holdings.signed_by("CN=never") == {}
