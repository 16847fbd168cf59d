"""`meshtui explain` as scripts and people use it."""

from __future__ import annotations

import pytest

from tests.conftest import ServedMesh

HTTPBIN, SLEEP, GATEWAY = "workload/prod/httpbin", "workload/prod/sleep", "workload/istio-system/istio-ingressgateway"
POLICY = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: httpbin, namespace: prod}
spec:
  selector: {matchLabels: {app: httpbin}}
  rules:
    - from: [{source: {principals: [cluster.local/ns/prod/sa/sleep]}}]
      to: [{operation: {methods: [GET], paths: [/get]}}]
      when: [{key: "request.headers[x-token]", values: [secret]}]
    - from: [{source: {namespaces: [istio-system]}}]
"""


@pytest.fixture(scope="module")
def ruled(served: ServedMesh) -> ServedMesh:
    """The demo mesh with a policy about httpbin."""
    assert served.run("apply", "-f", "-", "--yes", stdin=POLICY).returncode == 0
    return served


def test_the_answer_is_json_and_the_status(ruled: ServedMesh) -> None:
    """0 for allowed, 1 for not; every field that other programs rely on is there."""
    asked = ("explain", SLEEP, HTTPBIN, "--path", "/get?x=1", "--header", "X-Token: secret")
    assert ruled.run(*asked).returncode == 0
    answer = ruled.json(*asked)
    assert answer == answer | {
        "source": "spiffe://cluster.local/ns/prod/sa/sleep",
        "destination": HTTPBIN,
        "identity": "spiffe://cluster.local/ns/prod/sa/httpbin",
        "port": 8080,
        "method": "GET",
        "path": "/get",
        "allowed": True,
        "stage": "authorization",
        "policy": "AuthorizationPolicy prod/httpbin",
        "outcome": "the workload's own answer",
        "client": "mTLS",
        "mtls": "STRICT",
        "mtls_policy": "PeerAuthentication istio-system/default",
        "accepted": ["spiffe://cluster.local/ns/prod/sa/httpbin"],
    }
    assert answer["trail"][-1] == {
        "policy": "AuthorizationPolicy prod/httpbin",
        "action": "ALLOW",
        "matched": True,
        "dry_run": False,
        "rule": 0,
        "why": "rules[0] matches",
    }
    assert ruled.run("explain", SLEEP, HTTPBIN, "--path", "/get").returncode == 1
    refused = ruled.json("explain", "plaintext", HTTPBIN, "--port", "8000", "--method", "PUT", "--host", "x")
    assert (refused["source"], refused["policy"], refused["host"], refused["accepted"]) == (
        "plaintext",
        "PeerAuthentication istio-system/default",
        "x",
        [],
    )


def test_people_read_it_in_their_terminal(ruled: ServedMesh) -> None:
    """The verdict first, nothing wider than it may be, no colour codes where nobody looks."""
    result = ruled.run("explain", GATEWAY, HTTPBIN, "--path", "/status/418")
    assert (result.returncode, result.stdout.splitlines()[0]) == (0, "✓ allowed")
    assert "\x1b" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 140


def test_the_matrix_is_json_or_a_line_for_each_pair(ruled: ServedMesh) -> None:
    """Who can call whom, of one namespace or of all."""
    found = ruled.json("explain", "--matrix", "-n", "prod")
    assert found["destinations"] == [HTTPBIN, SLEEP]
    reach = {(cell["source"], cell["destination"]): cell["reach"] for cell in found["cells"]}
    assert len(reach) == len(found["sources"]) * 2
    assert [reach[source, HTTPBIN] for source in ("plaintext", GATEWAY, HTTPBIN, SLEEP)] == [
        "broken",
        "all",
        "none",
        "some",
    ]
    lines = ruled.run("explain", "--matrix").stdout.splitlines()
    assert len(lines) == len(ruled.json("explain", "--matrix")["cells"])
    assert all(len(line.split("\t")) == 4 for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((SLEEP,), "SOURCE and DESTINATION are needed."),
        (("--matrix", SLEEP), "--matrix is about all of the mesh."),
        ((SLEEP, HTTPBIN, "-n", "prod"), "-n goes with --matrix."),
        (("nobody", HTTPBIN), "'nobody' is neither a workload nor an identity."),
        ((SLEEP, "workload/prod/nobody"), "There is no workload/prod/nobody in this mesh."),
        ((SLEEP, HTTPBIN, "--port", "1"), "workload/prod/httpbin has no port 1. It has 8000 (Service prod/httpbin)"),
        ((SLEEP, HTTPBIN, "--header", "nonsense"), "'nonsense' is not a header."),
        ((SLEEP, HTTPBIN, "--path", "get"), "'get' is not a path."),
        (("--matrix", "-n", "nowhere"), "There is no namespace 'nowhere'."),
    ],
)
def test_what_means_nothing_is_wrong_usage(served: ServedMesh, arguments: tuple[str, ...], said: str) -> None:
    """In a sentence with what was given, and nothing on stdout."""
    result = served.run("explain", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr
