"""Who can call whom, decided from the manifests alone: all pairs of two hundred workloads, and one question."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Manifest
from meshtui.policy.explain import Question, explain
from meshtui.policy.matrix import who_can_call
from tests.bench.table import Row
from tests.manifest.writing import read
from tests.policy.authorizing import TRUST_DOMAIN, policy, rule
from tests.policy.writing import STRICT, peer, sidecar

WORKLOADS, NAMESPACES = 200, 20


def measure() -> list[Row]:
    """In seconds of this thread's CPU time: the mesh answers others meanwhile."""
    documents = [each for index in range(WORKLOADS) for each in sidecar(f"w{index}", f"ns{index % NAMESPACES}")]
    workloads = read(*documents)
    shared = [_shared(index) for index in range(NAMESPACES)]
    strict = peer("default", STRICT, "istio-system")
    few = Catalog.of((*workloads, strict, *shared))
    many = Catalog.of((*workloads, strict, *shared, *map(_own, range(WORKLOADS))))
    question = Question(source="workload/ns1/w1", destination="workload/ns0/w0", path="/get")
    pairs = f"{WORKLOADS * (WORKLOADS + 1):,} pairs"
    return [
        (
            f"matrix of {pairs}, a policy for each namespace",
            _took(lambda: who_can_call(few, "", TRUST_DOMAIN)),
            "≤ 1 s",
        ),
        (f"matrix of {pairs}, one for each workload too", _took(lambda: who_can_call(many, "", TRUST_DOMAIN)), "≤ 1 s"),
        (
            "one question",
            _took(lambda: explain(many, question, trust_domain=TRUST_DOMAIN, now=datetime.now(UTC))),
            "≤ 0.01 s",
        ),
    ]


def _took(work: Callable[[], object]) -> str:
    work()
    begun = time.thread_time()
    work()
    return f"{time.thread_time() - begun:.4f} s"


def _shared(index: int) -> Manifest:
    others = rule({"not_namespaces": ("ns1", f"ns{index}")}, {"paths": ("/admin*",)})
    return policy("no-admin", "DENY", others, namespace=f"ns{index}")


def _own(index: int) -> Manifest:
    other = (index + 1) % WORKLOADS
    caller = f"cluster.local/ns/ns{other % NAMESPACES}/sa/w{other}"
    made = policy(
        f"w{index}",
        "ALLOW",
        rule({"principals": (caller,)}, {"methods": ("GET",), "paths": ("/get*", "/x")}),
        rule({"namespaces": (f"ns{index % NAMESPACES}",)}),
        rule({"principals": ("*/sa/w1", "*/sa/w2")}, {"methods": ("POST",)}),
        namespace=f"ns{index % NAMESPACES}",
    )
    return replace(made, selector={"app": f"w{index}"})
