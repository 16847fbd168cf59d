"""When a dead proxy is started again."""

from __future__ import annotations

from meshtui.envoy.restarts import LONGEST_DELAY, failures_after, restart_delay


def test_delay_doubles_up_to_the_longest() -> None:
    """Each death in a row doubles the wait, and no wait is longer than half a minute."""
    assert [restart_delay(failures) for failures in (1, 2, 3, 4)] == [0.2, 0.4, 0.8, 1.6]
    assert LONGEST_DELAY == restart_delay(9) == restart_delay(10_000)


def test_being_up_for_long_forgives_earlier_failures() -> None:
    """A proxy that was ready for ten seconds starts again as quickly as after its first death."""
    assert failures_after(7, 10.0) == 1
    assert failures_after(7, 9.9) == 8
    assert failures_after(0, 0.0) == 1
