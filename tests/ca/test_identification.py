"""Several ways to say who one is: the first that works counts, and every one that did not is told of."""

from __future__ import annotations

from datetime import datetime

import pytest

from meshtui.ca.bearer import OPAQUE
from meshtui.ca.caller import Caller, Credentials
from meshtui.ca.identification import FirstOf
from meshtui.ca.refusal import Reason, RefusalError
from meshtui.identity.spiffe import SpiffeId
from tests.identity.forge import HTTPBIN, NOW

NOBODY = Credentials([])
CALLER = Caller(SpiffeId.parse(HTTPBIN), "prod", "httpbin", "httpbin-1", "uid-1", "second")


class _Way:
    """One that answers, or refuses with a reason."""

    def __init__(self, name: str, reason: Reason | None = None, detail: str = "") -> None:
        self.name = name
        self._reason = reason
        self._detail = detail

    def authenticate(self, credentials: Credentials, now: datetime) -> Caller:
        if self._reason is None:
            return CALLER
        raise RefusalError(self._reason, OPAQUE, detail=self._detail)


NOTHING = _Way("none", Reason.NO_CREDENTIAL, "There is no header.")
VAGUE = _Way("vague", Reason.BAD_CREDENTIAL, "token issuer was 'a'")
LATE = _Way("late", Reason.EXPIRED_CREDENTIAL, "The token expired 3 s ago.")
BLIND = _Way("blind", Reason.CANNOT_VERIFY, "The keys cannot be had.")


def test_the_first_that_works_counts() -> None:
    """What failed before it does not matter, what comes after it is not asked."""
    assert FirstOf([VAGUE, _Way("second"), BLIND]).authenticate(NOBODY, NOW) is CALLER


@pytest.mark.parametrize(
    ("ways", "reason", "detail"),
    [
        ([NOTHING, NOTHING], Reason.NO_CREDENTIAL, "There is no header."),
        ([NOTHING, VAGUE], Reason.BAD_CREDENTIAL, "token issuer was 'a'"),
        (
            [VAGUE, LATE, NOTHING],
            Reason.EXPIRED_CREDENTIAL,
            "vague: token issuer was 'a'; late: The token expired 3 s ago.",
        ),
        (
            [VAGUE, BLIND],
            Reason.CANNOT_VERIFY,
            "vague: token issuer was 'a'; blind: The keys cannot be had.",
        ),
        ([], Reason.NO_CREDENTIAL, "There is no way to authenticate."),
    ],
)
def test_all_failures_are_one_refusal(ways: list[_Way], reason: Reason, detail: str) -> None:
    """The most telling reason, each way's words for the ledger, and one sentence for the caller."""
    with pytest.raises(RefusalError) as caught:
        FirstOf(ways).authenticate(NOBODY, NOW)
    assert (caught.value.reason, caught.value.detail, caught.value.message) == (reason, detail, OPAQUE)
