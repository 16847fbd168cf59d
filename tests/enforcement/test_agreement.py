"""Whatever the policies and whatever the request: a real Envoy does what the pure functions say.

`ENFORCEMENT_EXAMPLES=5000` draws that many sets of policies; each is asked sixteen times.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from meshtui.manifest.policy_model import AuthorizationPolicy, RequestAuthentication
from tests.enforcement.drawing import authorization_policies, request_authentications, requests
from tests.enforcement.judging import Asked, expected, expected_marks, marks, seen
from tests.enforcement.proxy import EnforcingProxy

EXAMPLES = int(os.environ.get("ENFORCEMENT_EXAMPLES", "100"))
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""What fails is told at once: to make it smaller takes minutes."""


@pytest.mark.timeout(120 + EXAMPLES)
@pytest.mark.asyncio(loop_scope="module")
@settings(max_examples=EXAMPLES, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(
    policies=authorization_policies(),
    tokens=request_authentications(),
    asked=st.lists(requests(), min_size=16, max_size=16),
)
async def test_they_never_disagree(
    sidecar: EnforcingProxy,
    policies: list[AuthorizationPolicy],
    tokens: list[RequestAuthentication],
    asked: list[Asked],
) -> None:
    """The same answer for the same reason: status, deciding rule, audits and dry runs."""
    together = [*tokens, *policies]
    await sidecar.put(*together)
    answers = await sidecar.ask(*asked)
    for each, answer in zip(asked, answers, strict=True):
        assert seen(answer) == expected(together, each), (each, together)
        if answer.status == 200:
            assert marks(answer) == expected_marks(together, each), (each, together)
