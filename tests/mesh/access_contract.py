"""What every `Mesh` promises of policies, traffic and the audit. Part of the contract in `contract`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

import pytest

from meshtui.errors import UsageError
from meshtui.mesh.access import AccessQuestion, Reach
from meshtui.mesh.actions import Apply, Delete, Rotate
from meshtui.mesh.interface import Mesh
from meshtui.mesh.rows import Query, View
from meshtui.mesh.traffic import AuditQuery, Outcome, TrafficQuery

WORKLOAD = "workload/prod/httpbin"
CALLER = "workload/prod/sleep"
PLAINTEXT = "plaintext"
STATES = {"in force", "dry run", "without effect", "rejected", "pending"}
AUDIT_KINDS = {"issued", "refused", "configuration", "denied", "operator"}
NAMED = "apiVersion: v1\nkind: Namespace\nmetadata: {name: audited}\n"


POLICY = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: contract, namespace: prod}
spec:
  selector: {matchLabels: {app: httpbin}}
  action: DENY
  rules: [{to: [{operation: {paths: ["/contract/*"]}}]}]
"""


class AccessContract:
    """Inherited by the whole contract."""

    async def test_policies_come_in_order_and_say_how_they_stand(self, mesh: Mesh) -> None:
        """By kind, namespace and name; each with a state that front ends know, and a reason where it is not well."""
        policies = await mesh.policies()
        names = [(each.kind, each.namespace, each.name) for each in policies]
        assert names == sorted(set(names))
        assert policies
        for each in policies:
            assert each.policy == f"{each.kind} {each.namespace}/{each.name}"
            assert each.state in STATES
            assert each.says
            assert each.scope
            assert each.problem or each.state not in ("rejected", "without effect")

    async def test_a_policy_is_among_them_from_its_apply_to_its_delete(self, mesh: Mesh) -> None:
        """`get` has it under the short name of its kind, and that can be applied again."""

        async def done(action: Apply | Delete) -> bool:
            plan = await mesh.plan(action)
            return [progress async for progress in mesh.perform(plan.id)][-1].done

        assert await done(Apply(text=POLICY))
        (found,) = [each for each in await mesh.policies() if each.name == "contract"]
        assert (found.policy, found.says) == ("AuthorizationPolicy prod/contract", "DENY 1 rule")
        assert (found.scope, found.workloads) == ("app=httpbin in prod", 1)
        (document,) = await mesh.get("ap", "contract", "prod")
        again = await mesh.plan(Apply(text=json.dumps(document)))
        assert [step.target for step in again.steps] == [found.policy]
        assert await done(Delete(kind="ap", name="contract", namespace="prod"))
        assert "contract" not in {each.name for each in await mesh.policies()}

    async def test_a_plaintext_caller_of_a_strict_mesh_is_turned_away(self, mesh: Mesh) -> None:
        """By the PeerAuthentication of the mesh, before any rule is asked."""
        answer = await mesh.explain(AccessQuestion(source=PLAINTEXT, destination=WORKLOAD))
        assert (answer.allowed, answer.stage, answer.source) == (False, "transport", PLAINTEXT)
        assert (answer.mtls, answer.client) == ("STRICT", "plaintext")
        assert answer.mtls_policy.startswith("PeerAuthentication ")
        assert answer.reason
        assert answer.outcome

    async def test_an_identity_is_as_good_as_a_target(self, mesh: Mesh) -> None:
        """Both ends may be named either way, and the answer names both."""
        rows = {row.target: row for row in (await mesh.rows(Query(view=View.WORKLOADS, limit=1000))).rows}
        by_target = await mesh.explain(AccessQuestion(source=CALLER, destination=WORKLOAD, path="/get"))
        named = AccessQuestion(source=rows[CALLER].identity, destination=rows[WORKLOAD].identity, path="/get")
        assert await mesh.explain(named) == by_target
        assert (by_target.source, by_target.destination) == (rows[CALLER].identity, WORKLOAD)
        assert by_target.identity == rows[WORKLOAD].identity
        assert by_target.accepted == (rows[WORKLOAD].identity,)

    @pytest.mark.parametrize("unknown", ["workload/prod/nobody", "nonsense"])
    async def test_ends_that_are_not_there_are_named(self, mesh: Mesh, unknown: str) -> None:
        """Whichever of the two it is."""
        for question in (
            AccessQuestion(source=unknown, destination=WORKLOAD),
            AccessQuestion(source=CALLER, destination=unknown),
        ):
            with pytest.raises(UsageError, match=unknown):
                await mesh.explain(question)

    async def test_the_matrix_has_widgets_and_says_what_explain_says(self, mesh: Mesh) -> None:
        """A cell for every two ends, in order; what is all or nothing is so for a request that is asked about."""
        matrix = await mesh.matrix("prod")
        ends = [(cell.destination, cell.source) for cell in matrix.cells]
        assert ends == list(product(matrix.destinations, matrix.sources))
        assert {PLAINTEXT, CALLER, WORKLOAD} <= set(matrix.sources)
        assert WORKLOAD in matrix.destinations
        assert all(target.startswith("workload/prod/") for target in matrix.destinations)
        for cell in matrix.cells:
            assert cell.reason
            if cell.destination == WORKLOAD and cell.reach is not Reach.SOME:
                answer = await mesh.explain(AccessQuestion(source=cell.source, destination=cell.destination))
                assert answer.allowed == (cell.reach is Reach.ALL), cell
        with pytest.raises(UsageError, match="nowhere"):
            await mesh.matrix("nowhere")

    async def test_the_matrix_of_all_has_the_destinations_of_one(self, mesh: Mesh) -> None:
        """A namespace narrows who is called, not who calls."""
        everything, prod = await mesh.matrix(), await mesh.matrix("prod")
        assert everything.sources == prod.sources
        assert set(prod.cells) < set(everything.cells)

    async def test_traffic_is_denied_first_and_what_was_asked_for(self, mesh: Mesh) -> None:
        """In the order of outcomes; bounded; only what was denied, where that is wanted."""
        traffic = await mesh.traffic(TrafficQuery())
        order = list(Outcome)
        assert traffic.since <= datetime.now(UTC)
        assert all(order.index(one.outcome) <= order.index(other.outcome) for one, other in pairwise(traffic.pairs))
        assert all(one.at >= other.at for one, other in pairwise(traffic.denied))
        denied = await mesh.traffic(TrafficQuery(denied_only=True))
        assert {pair.outcome for pair in denied.pairs} <= {Outcome.DENIED}
        one = await mesh.traffic(TrafficQuery(limit=1))
        assert (len(one.pairs), len(one.denied)) == (min(len(traffic.pairs), 1), min(len(traffic.denied), 1))
        assert not (await mesh.traffic(TrafficQuery(filter="nothing-is-called-so"))).pairs

    async def test_the_audit_tells_what_operators_did_and_what_was_issued(self, mesh: Mesh) -> None:
        """Newest first, of one target or of some kinds; from a moment on there is only what came later."""
        before = datetime.now(UTC) - timedelta(seconds=1)
        plan = await mesh.plan(Rotate(targets=(WORKLOAD,)))
        last = [progress async for progress in mesh.perform(plan.id)][-1]
        assert last.after is not None
        entries = await mesh.audit(AuditQuery(target=WORKLOAD, since=before))
        assert {"issued", "operator"} <= {entry.kind for entry in entries}
        assert {WORKLOAD} == {entry.target for entry in entries}
        assert last.after.serial in {entry.serial for entry in entries}
        every = await mesh.audit(AuditQuery())
        assert all(one.at >= other.at for one, other in pairwise(every))
        assert {entry.kind for entry in every} <= AUDIT_KINDS
        some = await mesh.audit(AuditQuery(kinds=("issued", "denied")))
        assert "issued" in {entry.kind for entry in some} <= {"issued", "denied"}
        assert len(await mesh.audit(AuditQuery(limit=1))) == 1
        assert not await mesh.audit(AuditQuery(since=datetime.now(UTC) + timedelta(hours=1)))

    async def test_what_was_applied_is_found_in_the_audit_by_its_name(self, mesh: Mesh) -> None:
        """Words must all occur, and those behind `!` must not."""
        plan = await mesh.plan(Apply(text=NAMED))
        assert [progress async for progress in mesh.perform(plan.id)][-1].done
        named = await mesh.audit(AuditQuery(filter="NAMESPACE audited"))
        assert "Namespace audited" in {entry.target for entry in named}
        others = await mesh.audit(AuditQuery(filter="namespace !audited"))
        assert "Namespace audited" not in {entry.target for entry in others}
        by_field = await mesh.audit(AuditQuery(filter="target:audited at<1h outcome:ok"))
        assert {"Namespace audited"} == {entry.target for entry in by_field}
        assert not await mesh.audit(AuditQuery(filter="target:audited at>1h"))
