"""Lifetimes follow Istio's rules and never pass the signer's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meshtui.ca.refusal import Reason, RefusalError
from meshtui.ca.validity import LifetimeLimits, decide_validity
from tests.identity.forge import NOW, ca

LIMITS = LifetimeLimits(default=timedelta(hours=24))
DAY = 86_400
ROOT = ca("root", end=NOW + timedelta(days=3650)).certificate


@pytest.mark.parametrize(
    ("requested", "seconds", "limited_by"),
    [
        (0, DAY, "default"),
        (-1, DAY, "default"),
        (-(2**63), DAY, "default"),
        (1, 1, "request"),
        (3600, 3600, "request"),
        (90 * DAY, 90 * DAY, "request"),
    ],
)
def test_what_is_asked_for(requested: int, seconds: int, limited_by: str) -> None:
    """Nothing asked means the default; up to the maximum, the request decides. NotBefore lies two minutes back."""
    validity = decide_validity(requested, LIMITS, [ROOT], NOW + timedelta(microseconds=999_999))
    assert validity.not_after == NOW + timedelta(seconds=seconds)
    assert validity.not_before == NOW - timedelta(minutes=2)
    assert (validity.limited_by, validity.seconds(NOW)) == (limited_by, seconds)


@pytest.mark.parametrize("requested", [90 * DAY + 1, 2**63 - 1])
def test_too_much_is_refused(requested: int) -> None:
    """More than the maximum is an error and not a shorter certificate."""
    with pytest.raises(RefusalError, match="greater than the max") as caught:
        decide_validity(requested, LIMITS, [ROOT], NOW)
    assert caught.value.reason is Reason.BAD_LIFETIME


def test_a_leaf_does_not_outlive_its_signer() -> None:
    """Close to the signer's end, certificates get shorter, and the reason is kept."""
    signer = ca("root", end=NOW + timedelta(hours=1)).certificate
    validity = decide_validity(0, LIMITS, [signer], NOW)
    assert validity.not_after == signer.not_valid_after_utc
    assert validity.limited_by == "signer"


def test_a_leaf_outlives_nobody_above_its_signer() -> None:
    """The first end of the whole path counts, and an expired CA anywhere in it stops the signing."""
    short = ca("intermediate", end=NOW + timedelta(hours=2)).certificate
    assert decide_validity(0, LIMITS, [ROOT, short], NOW).not_after == short.not_valid_after_utc
    with pytest.raises(RefusalError, match="cannot sign") as caught:
        decide_validity(0, LIMITS, [ROOT, short], NOW + timedelta(hours=2))
    assert "CN=intermediate" in caught.value.detail


def test_limits_are_named_as_istio_names_them() -> None:
    """The refusal of a lifetime has Istio's words, durations included."""
    with pytest.raises(RefusalError) as caught:
        decide_validity(90 * DAY + 61, LIMITS, [ROOT], NOW)
    assert caught.value.message == (
        "CSR signing error (requested TTL 2160h1m1s is greater than the max allowed TTL 2160h0m0s)"
    )


@pytest.mark.parametrize("after", [timedelta(days=3650), timedelta(days=-30)])
def test_a_signer_out_of_its_time_does_not_sign(after: timedelta) -> None:
    """An expired CA, and one from the future, refuse."""
    with pytest.raises(RefusalError) as caught:
        decide_validity(0, LIMITS, [ROOT], NOW + after)
    assert caught.value.reason is Reason.SIGNER_EXPIRED
