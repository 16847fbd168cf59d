"""Policies and requests to be drawn by property tests: few texts, so that rules and requests often meet."""

from __future__ import annotations

from hypothesis import strategies as st

from meshtui.manifest.policy_model import Condition, RequestTo, Rule, Source
from tests.policy.authorizing import policy, request

_NAMES = st.sampled_from(("cluster.local/ns/prod/sa/a", "*/sa/b", "*", "mesh.example/ns/prod/*"))
_METHODS = st.sampled_from(("GET", "P*", "*T", "*"))
_PATHS = st.sampled_from(("/a", "/a*", "*/b", "/{*}/b", "*"))


def _few(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(values, max_size=2).map(tuple)


SOURCES = st.builds(Source, principals=_few(_NAMES), not_principals=_few(_NAMES))
OPERATIONS = st.builds(
    RequestTo, methods=_few(_METHODS), not_methods=_few(_METHODS), paths=_few(_PATHS), not_paths=_few(_PATHS)
)
CONDITIONS = st.one_of(
    st.builds(Condition, key=st.just("request.headers[x]"), values=_few(st.sampled_from(("1", "*")))),
    st.builds(Condition, key=st.just("request.headers[x]"), not_values=_few(st.sampled_from("12"))),
    st.builds(Condition, key=st.just("request.auth.claims[a]"), values=st.just(("1",))),
)
RULES = st.builds(
    Rule,
    sources=st.lists(SOURCES, max_size=2).map(tuple),
    operations=st.lists(OPERATIONS, max_size=2).map(tuple),
    conditions=st.lists(CONDITIONS, max_size=2).map(tuple),
)
POLICIES = st.builds(
    lambda action, rules, dry, name: policy(name, action, *rules, dry_run=dry),
    st.sampled_from(("ALLOW", "DENY", "AUDIT")),
    st.lists(RULES, max_size=2),
    st.booleans(),
    st.sampled_from("abc"),
)
CALLERS = st.sampled_from(("", "a", "b"))
REQUESTS = st.builds(
    lambda caller, method, path, headers, claims: request(
        caller, method=method, path=path, headers=headers, claims=claims
    ),
    CALLERS,
    st.sampled_from(("GET", "POST", "PUT", "DELETE", "PT")),
    st.sampled_from(("/a", "/a/b", "/c/b", "/c", "/ab")),
    st.sampled_from(({}, {"x": "1"}, {"x": "2"})),
    st.sampled_from((None, {"a": "1"})),
)
