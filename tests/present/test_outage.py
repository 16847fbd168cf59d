"""How long all goes on without a CA, in a sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from meshtui.mesh.overview import Outage
from meshtui.present.outage import outage_sentence

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_the_sentence_has_all_three_moments() -> None:
    """When the first fails, when half have, when all have: how long that is from now, and when."""
    outage = Outage(workloads=1200, first=NOW + 3 * MINUTE, half=NOW + 90 * MINUTE, all=NOW + 1440 * MINUTE)
    assert outage_sentence(outage, NOW) == (
        "If the CA died now, the first of 1,200 workloads fails in 3m (14:05:31Z), half in 1h30m (15:32:31Z), "
        "all in 1d (2026-11-25 14:02:31Z)."
    )


def test_one_workload_is_first_and_last() -> None:
    """Half of one is not spoken of."""
    soon = NOW + MINUTE
    found = outage_sentence(Outage(workloads=1, first=soon, half=soon, all=soon), NOW)
    assert found == "If the CA died now, the only workload fails in 1m00s (14:03:31Z)."


def test_nothing_is_said_of_nothing() -> None:
    """Without certificates there is nothing to lose."""
    assert not outage_sentence(Outage(workloads=0), NOW)
