"""Who may call whom in the embedded mesh: what `policy` decides, in the values of `mesh.access`. Decides nothing."""

from __future__ import annotations

import itertools
from datetime import datetime

from meshtui.manifest.catalog import Catalog
from meshtui.mesh.access import AccessQuestion, Explanation, Matrix, MatrixCell, Reach, TrailStep
from meshtui.policy.connection import Answer
from meshtui.policy.ends import PLAINTEXT
from meshtui.policy.explain import Question, explain
from meshtui.policy.extent import Extent
from meshtui.policy.matrix import who_can_call
from meshtui.policy.trail import Step

_REACH = {extent: Reach(extent.value) for extent in Extent}


def explanation(catalog: Catalog, question: AccessQuestion, *, trust_domain: str, now: datetime) -> Explanation:
    """The answer to a question; raises UsageError for an end, a port or a path that means nothing."""
    asked = Question(
        source=question.source,
        destination=question.destination,
        port=question.port,
        method=question.method,
        path=question.path,
        host=question.host,
        headers=question.headers,
    )
    return _explanation(explain(catalog, asked, trust_domain=trust_domain, now=now))


def matrix(catalog: Catalog, namespace: str, *, trust_domain: str) -> Matrix:
    """Who can call whom; raises UsageError for a namespace that is not there, and for more than can be shown."""
    found = who_can_call(catalog, namespace, trust_domain)
    ends = itertools.product(found.destinations, found.sources)
    return Matrix(
        sources=found.sources,
        destinations=found.destinations,
        cells=tuple(
            MatrixCell(source=source, destination=destination, reach=_REACH[each.extent], reason=each.reason)
            for (destination, source), each in zip(ends, found.reached, strict=True)
        ),
    )


def _explanation(answer: Answer) -> Explanation:
    server = answer.server
    return Explanation(
        source=answer.source or PLAINTEXT,
        destination=answer.destination.target,
        identity=answer.identity,
        port=answer.request.port,
        method=answer.request.method,
        path=answer.request.path,
        host=answer.request.host,
        allowed=answer.allowed,
        stage=answer.stage.value,
        policy=answer.policy,
        reason=answer.reason,
        outcome=answer.outcome,
        client=answer.client.value,
        mtls=server.mode.value if server is not None else "",
        mtls_policy=str(server.policy) if server is not None and server.policy is not None else "",
        accepted=answer.accepted,
        trail=tuple(map(_step, answer.trail)),
    )


def _step(step: Step) -> TrailStep:
    return TrailStep(
        policy=step.policy,
        action=step.action,
        matched=step.matched,
        dry_run=step.dry_run,
        rule=step.rule,
        why=step.why,
    )
