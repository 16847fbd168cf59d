"""Who may call whom in the fake mesh, worked out from its policies as far as those go.

It knows the fields that `policies` uses and no others; the rules of Istio are in `meshtui.policy`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from meshtui.errors import UsageError
from meshtui.mesh.access import AccessQuestion, Explanation, Matrix, MatrixCell, Reach, TrailStep
from meshtui.mesh.fake.plans import find
from meshtui.mesh.fake.policies import is_about, is_dry_run, is_in_force, policy_name
from meshtui.mesh.rows import Row
from meshtui.mesh.targets import Target, TargetKind

PLAINTEXT = "plaintext"
PORT = 8000
"""On which every workload of the fake listens."""

Document = Mapping[str, Any]


def explanation_of(question: AccessQuestion, documents: Iterable[Document], rows: Mapping[str, Row]) -> Explanation:
    """The answer; raises UsageError for an end that is no workload."""
    source = "" if question.source == PLAINTEXT else _workload(question.source, rows).identity
    row = _workload(question.destination, rows)
    about = [each for each in documents if is_in_force(each) and is_about(each, row.target)]
    mode, mode_policy = _mode(about)
    plain_rule = next((each for each in about if each["kind"] == "DestinationRule"), None)
    encrypted = bool(source) and plain_rule is None
    answer = Explanation(
        source=source or PLAINTEXT,
        destination=row.target,
        identity=row.identity,
        port=question.port or PORT,
        method=question.method,
        path=question.path,
        host=question.host or _host(row.target),
        allowed=False,
        stage="transport",
        policy=mode_policy,
        reason="",
        outcome="connection reset",
        client="mTLS" if encrypted else PLAINTEXT,
        mtls=mode,
        mtls_policy=mode_policy,
        accepted=(row.identity,) if encrypted else (),
        trail=(),
    )
    if mode == "STRICT" and not encrypted:
        if source and plain_rule is not None:
            policy = policy_name(plain_rule)
            reason = f"{policy} lets clients speak plaintext, and {mode_policy} takes mutual TLS only."
            return replace(answer, policy=policy, reason=reason, outcome="503")
        return replace(answer, reason=f"{mode_policy} takes mutual TLS only, and the caller speaks plaintext.")
    return _authorized(answer, about)


def matrix_of(namespace: str, documents: Sequence[Document], rows: Mapping[str, Row]) -> Matrix:
    """Who can call whom; raises UsageError when no workload is in the namespace."""
    workloads = sorted(target for target in rows if target.startswith(f"{TargetKind.WORKLOAD}/"))
    destinations = [target for target in workloads if namespace in ("", Target.parse(target).namespace)]
    if namespace and not destinations:
        raise UsageError(f"There is no namespace {namespace!r} with workloads.", fix="See: meshtui get Namespace")
    sources = (PLAINTEXT, *workloads)
    cells = tuple(_cell(source, destination, documents, rows) for destination in destinations for source in sources)
    return Matrix(sources=sources, destinations=tuple(destinations), cells=cells)


def _workload(name: str, rows: Mapping[str, Row]) -> Row:
    row = find(name, rows)
    if not row.target.startswith(f"{TargetKind.WORKLOAD}/"):
        raise UsageError(f"{name} is not a workload.", fix="Name one that calls or is called.")
    return row


def _host(target: str) -> str:
    parsed = Target.parse(target)
    return f"{parsed.name}.{parsed.namespace}.svc.cluster.local"


def _mode(about: list[Document]) -> tuple[str, str]:
    """The mode of a workload, and the policy that it comes from: the narrowest has the word."""
    found = [each for each in about if each["kind"] == "PeerAuthentication"]
    found.sort(key=lambda each: ("selector" not in each["spec"], each["metadata"]["namespace"] == "istio-system"))
    return (found[0]["spec"]["mtls"]["mode"], policy_name(found[0])) if found else ("PERMISSIVE", "")


def _authorized(answer: Explanation, about: list[Document]) -> Explanation:
    """What DENY and then ALLOW policies say; none of either lets everything pass."""
    trail: list[TrailStep] = []
    allows = False
    for action in ("DENY", "ALLOW"):
        for document in (each for each in about if _action(each) == action):
            step = _asked(document, answer)
            trail.append(step)
            allows |= action == "ALLOW" and not step.dry_run
            if step.matched and not step.dry_run:
                passes = action == "ALLOW"
                return replace(
                    answer,
                    allowed=passes,
                    stage="authorization",
                    policy=step.policy,
                    reason=f"{step.policy} {'allows' if passes else 'denies'} it.",
                    outcome="the workload's own answer" if passes else "403",
                    trail=tuple(trail),
                )
    reason = "ALLOW policies are about it, and none of them matches." if allows else "No policy speaks against it."
    return replace(
        answer,
        allowed=not allows,
        stage="authorization",
        policy="",
        reason=reason,
        outcome="403" if allows else "the workload's own answer",
        trail=tuple(trail),
    )


def _action(document: Document) -> str:
    return str(document["spec"].get("action", "ALLOW")) if document["kind"] == "AuthorizationPolicy" else ""


def _asked(document: Document, answer: Explanation) -> TrailStep:
    """How one AuthorizationPolicy stands to the request."""
    rules = document["spec"].get("rules", ())
    reasons = [_mismatch(rule, answer) for rule in rules]
    if "" in reasons:
        return _step(document, matched=True, rule=(index := reasons.index("")), why=f"rule {index} is about this call")
    # the rule that came closest is the one whose source fits
    closest = [reason for reason in reasons if reason.startswith("operation")] or reasons
    return _step(document, matched=False, why=closest[0] if closest else "It has no rule, which matches nothing.")


def _step(document: Document, **facts: Any) -> TrailStep:
    return TrailStep(policy=policy_name(document), action=_action(document), dry_run=is_dry_run(document), **facts)


def _mismatch(rule: Document, answer: Explanation) -> str:
    """What of a rule does not fit; empty when all does."""
    principal = answer.source.removeprefix("spiffe://") if answer.client == "mTLS" else ""
    for source in (each["source"] for each in rule.get("from", ())):
        if principal not in (wanted := source.get("principals", [principal])):
            return f"source.principals: {principal or 'nobody'} is none of {', '.join(wanted)}"
        namespaces = source.get("namespaces", ())
        if namespaces and not any(f"/ns/{namespace}/" in principal for namespace in namespaces):
            return f"source.namespaces: {principal or 'nobody'} is not in {', '.join(namespaces)}"
    for operation in (each["operation"] for each in rule.get("to", ())):
        for field, said in (("methods", answer.method), ("paths", answer.path)):
            if said not in (wanted := operation.get(field, [said])):
                return f"operation.{field}: {said} is none of {', '.join(wanted)}"
    return ""


def _cell(source: str, destination: str, documents: Sequence[Document], rows: Mapping[str, Row]) -> MatrixCell:
    """The reach, from a request of every kind that some policy tells from others."""
    operations = [
        each["operation"]
        for document in documents
        if is_about(document, destination)
        for rule in document["spec"].get("rules", ())
        for each in rule.get("to", ())
    ]
    methods = {"GET", "POST", *(method for each in operations for method in each.get("methods", ()))}
    paths = {"/", *(path for each in operations for path in each.get("paths", ()))}
    answers = [
        explanation_of(
            AccessQuestion(source=source, destination=destination, method=method, path=path), documents, rows
        )
        for method in sorted(methods)
        for path in sorted(paths)
    ]
    passed = [each for each in answers if each.allowed]
    first = answers[0]
    if first.stage == "transport" and not passed:
        reach = Reach.BROKEN
    else:
        reach = Reach.NONE if not passed else Reach.ALL if len(passed) == len(answers) else Reach.SOME
    reason = first.reason
    if reach is Reach.SOME:
        reason = f"{passed[0].policy} allows {passed[0].method} {passed[0].path}, not everything."
    return MatrixCell(source=source, destination=destination, reach=reach, reason=reason)
