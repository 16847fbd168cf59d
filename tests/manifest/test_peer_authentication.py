"""PeerAuthentications."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.manifest.documents import parse
from meshtui.manifest.policy_model import MtlsMode, PeerAuthentication
from tests.manifest.policy_writing import peer_authentication
from tests.manifest.writing import problems, read


def only(*documents: dict[str, Any]) -> PeerAuthentication:
    (found,) = read(*documents)
    assert isinstance(found, PeerAuthentication)
    return found


@pytest.mark.parametrize("mode", ["UNSET", "DISABLE", "PERMISSIVE", "STRICT"])
def test_a_mode_is_read(mode: str) -> None:
    """As it is written; without a selector it is about all."""
    found = only(peer_authentication("a", mode))
    assert (MtlsMode(mode), {}, {}) == (found.mode, found.selector, found.port_modes)


@pytest.mark.parametrize("spec", [{}, {"mtls": {}}, {"mtls": None}, {"selector": None}, {"selector": {}}])
def test_what_is_left_out_is_unset(spec: dict[str, Any]) -> None:
    """The wider scope decides."""
    assert only(peer_authentication("a", **spec)).mode is MtlsMode.UNSET


def test_ports_have_modes_of_their_own() -> None:
    """By number, whether YAML has the number as text or not."""
    text = """
apiVersion: security.istio.io/v1beta1
kind: PeerAuthentication
metadata: {name: a, namespace: prod}
spec:
  selector: {matchLabels: {app: httpbin}}
  mtls: {mode: STRICT}
  portLevelMtls:
    8080: {mode: DISABLE}
    "9090": {}
"""
    (found,) = parse(text, "test")
    assert isinstance(found, PeerAuthentication)
    assert found.selector == {"app": "httpbin"}
    assert found.port_modes == {8080: MtlsMode.DISABLE, 9090: MtlsMode.UNSET}


SELECTED = {"selector": {"matchLabels": {"app": "a"}}}


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"mtls": {"mode": "strict"}}, "spec.mtls.mode: expected one of UNSET, DISABLE, PERMISSIVE, STRICT, found"),
        ({"mtls": {"mode": 3}}, "spec.mtls.mode: expected text, found 3"),
        ({"mtls": "STRICT"}, 'spec.mtls: expected an object, found "STRICT"'),
        ({"mtls": {"mod": "STRICT"}}, "spec.mtls.mod: unknown field; did you mean mode?"),
        ({"portLevelMtls": {"80": {}}}, "spec.portLevelMtls: needs a selector with labels"),
        ({"portLevelMtls": {"80": {}}, "selector": {"matchLabels": {}}}, "spec.portLevelMtls: needs a selector with"),
        ({**SELECTED, "portLevelMtls": {}}, "spec.portLevelMtls: must not be empty"),
        ({**SELECTED, "portLevelMtls": {"http": {}}}, "spec.portLevelMtls.http: expected a port number from 1 to"),
        ({**SELECTED, "portLevelMtls": {"0": {}}}, "spec.portLevelMtls.0: expected a port number from 1 to 65535"),
        ({**SELECTED, "portLevelMtls": {"80": "x"}}, 'spec.portLevelMtls.80: expected an object, found "x"'),
        ({**SELECTED, "portLevelMtls": {"80": {"mode": "x"}}}, "spec.portLevelMtls.80.mode: expected one of UNSET"),
        ({"selector": {"matchLabels": {"a b": "c"}}}, 'spec.selector.matchLabels["a b"]: is not a label name'),
        ({"selector": {"matchLabels": {"a": "*"}}}, "spec.selector.matchLabels.a: expected at most 63 letters"),
        ({"selector": {"matchExpressions": []}}, "spec.selector.matchExpressions: unknown field"),
        ({"targetRef": {"kind": "Gateway"}}, "spec.targetRef: valid elsewhere but not supported here: select gateways"),
        ({"targetRefs": [{"kind": "Gateway"}]}, "spec.targetRefs: valid elsewhere but not supported here: select "),
        ({"mtsl": {}}, "spec.mtsl: unknown field; did you mean mtls?"),
    ],
)
def test_what_is_refused(spec: dict[str, Any], reason: str) -> None:
    """One problem each, with its path."""
    (problem,) = problems(peer_authentication("a", **spec))
    assert problem.startswith(reason)


def test_every_problem_at_once() -> None:
    """Not the first one only."""
    found = problems(peer_authentication("a", "STRCT", portLevelMtls={"x": {}}, targetRef={"a": "b"}))
    assert [problem.partition(":")[0] for problem in found] == [
        "spec.targetRef",
        "spec.mtls.mode",
        "spec.portLevelMtls.x",
        "spec.portLevelMtls",
    ]
