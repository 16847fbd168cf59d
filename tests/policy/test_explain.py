"""One answer out of transport, secure naming, tokens and authorization."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from meshtui.errors import UsageError
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Manifest
from meshtui.manifest.policy_model import ClientTlsMode
from meshtui.policy.connection import OWN_ANSWER, Answer, Stage
from meshtui.policy.explain import Question, explain
from meshtui.policy.model import Transport
from tests.manifest.writing import deployment, document
from tests.policy import authorizing as to
from tests.policy.tokens import NOW, Issuer
from tests.policy.writing import DISABLE, PERMISSIVE, STRICT, account, mesh, peer, rule, sidecar

GATEWAY = "workload/istio-system/gate"
ISSUER = Issuer()
SEED = (
    peer("default", STRICT, "istio-system"),
    to.policy(
        "b",
        "ALLOW",
        to.rule({"principals": ("cluster.local/ns/prod/sa/a",)}, {"methods": ("GET",), "paths": ("/get",)}),
        to.rule({"principals": ("cluster.local/ns/istio-system/sa/gate",)}),
    ),
)


def gate() -> tuple[dict[str, Any], ...]:
    """An ingress gateway and its Service."""
    labels = {"sidecar.istio.io/inject": "true", "istio": "gate"}
    ports = [{"containerPort": 8080, "name": "http2"}, {"containerPort": 8443, "name": "https"}]
    pod = {"containers": [{"name": "proxy", "image": "auto", "ports": ports}], "serviceAccountName": "gate"}
    annotations = {"inject.istio.io/templates": "gateway"}
    spec = {
        "selector": {"istio": "gate"},
        "ports": [
            {"name": "http2", "port": 80, "targetPort": 8080},
            {"name": "https", "port": 443, "targetPort": "https"},
        ],
    }
    return (
        deployment("gate", labels, namespace="istio-system", pod=pod, annotations=annotations),
        document("Service", "gate", "istio-system", spec=spec),
    )


def catalog(*policies: Manifest, more: tuple[dict[str, Any], ...] = ()) -> Catalog:
    """`a` and `b` in prod, `c` in other, a gateway, and `plain` without a sidecar."""
    namespaces = (document("Namespace", name, "") for name in ("prod", "other", "istio-system"))
    return mesh(*policies, more=(*namespaces, *gate(), deployment("plain", {"app": "plain"}), *more))


def ask(known: Catalog, source: str, destination: str = "workload/prod/b", **question: Any) -> Answer:
    asked = Question(source=source, destination=destination, **question)
    return explain(known, asked, trust_domain=to.TRUST_DOMAIN, now=NOW)


def test_the_seed_case() -> None:
    """STRICT; `a` may GET /get and not /status/418, the gateway may call, and a plaintext caller is refused."""
    known = catalog(*SEED)
    get = ask(known, "workload/prod/a", path="/get?x=1")
    assert (get.allowed, get.stage, get.policy) == (True, Stage.AUTHORIZATION, "AuthorizationPolicy prod/b")
    assert (get.outcome, get.client, get.accepted) == (OWN_ANSWER, Transport.MTLS, (account("b"),))
    teapot = ask(known, "workload/prod/a", path="/status/418")
    assert (teapot.allowed, teapot.outcome, teapot.policy) == (False, "403", "")
    assert teapot.trail[-1].why == "rules[0]: operation.paths: /status/418 is not /get"
    assert ask(known, GATEWAY, path="/status/418").allowed
    plain = ask(known, "plaintext", path="/get")
    assert (plain.allowed, plain.stage, plain.outcome) == (False, Stage.TRANSPORT, "connection reset")
    assert plain.policy == "PeerAuthentication istio-system/default"
    assert "takes only mTLS, by the PeerAuthentication istio-system/default (STRICT)." in plain.reason
    other = ask(known, "workload/other/c", path="/get")
    assert (other.allowed, other.outcome) == (False, "403")


def test_an_identity_stands_for_its_workload_and_is_one_without_it() -> None:
    """Somebody who is nobody of the mesh has a certificate of its own, and calls straight."""
    known = catalog(*SEED)
    assert ask(known, account("a"), account("b"), path="/get") == ask(known, "workload/prod/a", path="/get")
    stranger = ask(known, account("stranger"), path="/get")
    assert (stranger.allowed, stranger.client, stranger.outcome) == (False, Transport.MTLS, "403")
    foreign = ask(known, "spiffe://other.example/ns/prod/sa/a", path="/get")
    assert (foreign.allowed, foreign.stage, foreign.outcome) == (False, Stage.SECURE_NAMING, "connection reset")


def test_a_permissive_workload_takes_plaintext_that_nobody_is() -> None:
    """Without a policy it may do anything; rules about identities do not fit it."""
    assert ask(catalog(), "plaintext").allowed
    known = catalog(peer("default", PERMISSIVE), SEED[1])
    refused = ask(known, "plaintext", path="/get")
    assert (refused.allowed, refused.stage, refused.outcome) == (False, Stage.AUTHORIZATION, "403")
    assert "a caller without an identity is not cluster.local/ns/prod/sa/a" in refused.trail[-1].why


def test_a_workload_that_takes_only_plaintext_breaks_auto_mtls() -> None:
    """The policy that names a workload is not looked at by clients, and is named here."""
    known = catalog(peer("b", DISABLE, selector={"app": "b"}))
    broken = ask(known, "workload/prod/a")
    assert (broken.allowed, broken.stage, broken.outcome) == (False, Stage.TRANSPORT, "503")
    assert broken.policy == "PeerAuthentication prod/b"
    assert "Auto mTLS does not look at policies with a selector." in broken.reason
    assert ask(known, "plaintext").allowed
    assert ask(known, account("stranger")).outcome == "connection reset"


def test_a_destination_rule_can_take_the_identity_away() -> None:
    """In plaintext a workload is nobody to the other end; where that end is STRICT no connection comes about."""
    plain = rule("plain", "b.prod.svc.cluster.local")
    strict = ask(catalog(*SEED, plain), "workload/prod/a", path="/get")
    assert (strict.allowed, strict.outcome, strict.policy) == (False, "503", "DestinationRule prod/plain")
    permissive = ask(catalog(SEED[1], plain), "workload/prod/a", path="/get")
    assert (permissive.allowed, permissive.outcome, permissive.client) == (False, "403", Transport.PLAINTEXT)
    assert (account("a"), "") == (permissive.source, permissive.request.principal)


def test_secure_naming_refuses_who_answers() -> None:
    """When a DestinationRule accepts others only."""
    known = catalog(rule("names", "b.prod.svc.cluster.local", ClientTlsMode.ISTIO_MUTUAL, names=(account("x"),)))
    answer = ask(known, "workload/prod/a")
    assert (answer.allowed, answer.stage, answer.outcome) == (False, Stage.SECURE_NAMING, "503")
    assert (answer.policy, answer.accepted) == ("DestinationRule prod/names", (account("x"),))


def test_tokens_are_asked_before_rules() -> None:
    """A wrong one is answered with 401, and with 403 where the audience is another; a valid one brings its claims."""
    wanted = to.policy("b", "ALLOW", to.rule({"request_principals": (f"{ISSUER.name}/mia",)}))
    known = catalog(ISSUER.policy(audiences=("api",)), wanted)

    def bearing(token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"}

    assert ask(known, "workload/prod/a", headers=bearing(ISSUER.token(aud="api"))).allowed
    expired = ask(known, "workload/prod/a", headers=bearing(ISSUER.token(aud="api", exp=1)))
    assert (expired.outcome, expired.stage) == ("401", Stage.REQUEST_AUTHENTICATION)
    assert expired.policy == "RequestAuthentication prod/jwt"
    assert ask(known, "workload/prod/a", headers=bearing(ISSUER.token(aud="web"))).outcome == "403"
    without = ask(known, "workload/prod/a")
    assert (without.outcome, without.stage) == ("403", Stage.AUTHORIZATION)


def test_at_a_gateway_callers_are_outside() -> None:
    """Its policies decide about them; whoever has an identity of the mesh is not among them."""
    deny = to.policy(
        "no-admin", "DENY", to.rule(to={"paths": ("/admin*",), "ports": ("8443",)}), namespace="istio-system"
    )
    known = catalog(*SEED, deny)
    assert ask(known, "plaintext", GATEWAY, path="/admin").allowed
    assert ask(known, "plaintext", GATEWAY, port=443, path="/admin/x").policy == str(deny.key)
    assert ask(known, "plaintext", GATEWAY, port=8443, path="/a/../admin").outcome == "403"
    inside = ask(known, "workload/prod/a", GATEWAY)
    assert (inside.allowed, inside.stage) == (False, Stage.TRANSPORT)
    assert "is a gateway: it takes requests from outside" in inside.reason


def test_where_no_proxy_is_nothing_is_enforced_and_nothing_called() -> None:
    """Without a sidecar there is nobody to take requests, and nobody to prove who sends them."""
    known = catalog(*SEED)
    nowhere = ask(known, "workload/prod/a", "workload/prod/plain")
    assert (nowhere.allowed, nowhere.outcome) == (False, "503")
    assert "has no sidecar" in nowhere.reason
    assert ask(known, "plaintext", "workload/prod/plain").outcome == "no connection"
    bare = ask(known, "workload/prod/plain", path="/get")
    assert (bare.allowed, bare.client, bare.source) == (False, Transport.PLAINTEXT, account("default"))
    assert "workload/prod/plain has no proxy that would speak mTLS for it" in bare.reason


def test_a_workload_behind_no_service_has_no_way_to_it() -> None:
    """For a proxy; who calls straight finds it."""
    (lonely, _) = sidecar("lonely")
    known = catalog(more=(lonely,))
    answer = ask(known, "workload/prod/a", "workload/prod/lonely")
    assert (answer.allowed, answer.outcome) == (False, "503")
    assert answer.reason == "No Service selects workload/prod/lonely, so that no proxy has a way to it."
    assert ask(known, "plaintext", "workload/prod/lonely").allowed


def test_a_workload_without_a_port_takes_no_requests() -> None:
    """Whatever policies say, and whoever asks: nothing listens there."""
    (idle, service) = sidecar("idle")
    del idle["spec"]["template"]["spec"]["containers"][0]["ports"]
    known = catalog(more=(idle, service))
    for source, outcome in (("workload/prod/a", "503"), ("plaintext", "no connection")):
        answer = ask(known, source, "workload/prod/idle")
        assert (answer.allowed, answer.outcome) == (False, outcome)
        assert answer.reason == "workload/prod/idle takes no requests: no container of it names a port."


def test_a_workload_may_be_named_as_lists_show_it() -> None:
    """Without its kind, on both sides."""
    known = catalog(*SEED)
    assert ask(known, "prod/a", "prod/b", path="/get") == ask(known, "workload/prod/a", path="/get")
    with pytest.raises(UsageError, match=r"There is no workload/prod/nobody in this mesh\."):
        ask(known, "prod/nobody")


def test_ports_are_the_services_or_the_workloads() -> None:
    """Policies see the workload's; the first is meant where none is given."""
    known = catalog()
    assert [ask(known, "workload/prod/a", port=port).request.port for port in (0, 80, 81, 8080)] == [8080] * 4
    assert ask(known, "workload/prod/a").request.host == "b.prod.svc.cluster.local"
    assert ask(known, "workload/prod/a", port=81).request.host == "b.prod.svc.cluster.local:81"
    with pytest.raises(UsageError, match=r"workload/prod/b has no port 9\. It has 80 \(Service prod/b\), 81 "):
        ask(known, "workload/prod/a", port=9)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ({"source": "workload/prod/nobody"}, "There is no workload/prod/nobody in this mesh."),
        ({"source": "nonsense"}, "'nonsense' is neither a workload nor an identity."),
        ({"source": "spiffe://x"}, "names no workload"),
        ({"destination": "plaintext"}, "plaintext is a way to call"),
        ({"destination": "spiffe://mesh.example/ns/prod/sa/nobody"}, "no workload has it"),
        ({"path": "get"}, "'get' is not a path. A path begins with /."),
    ],
)
def test_what_means_nothing_is_said_so(question: dict[str, str], text: str) -> None:
    """With the text that was given."""
    with pytest.raises(UsageError) as caught:
        ask(catalog(), **{"source": "workload/prod/a", **question})
    assert text in str(caught.value)


def test_the_client_of_a_forwarded_request_is_the_last_that_is_named() -> None:
    """In X-Forwarded-For, as the nearest proxy wrote it."""
    known = catalog(to.policy("b", "ALLOW", to.rule({"remote_ip_blocks": ("192.0.2.0/24",)})))
    assert ask(known, "plaintext", headers={"X-Forwarded-For": "10.0.0.1, 192.0.2.7"}).allowed
    assert not ask(known, "plaintext", headers={"X-Forwarded-For": "192.0.2.7, 10.0.0.1"}).allowed
    assert not ask(known, "plaintext", headers={"X-Forwarded-For": "rubbish"}).allowed


def test_the_trail_has_every_policy_in_the_order_of_asking() -> None:
    """With why each stands or does not."""
    known = catalog(
        *SEED,
        rule("b", "b.prod.svc.cluster.local", ClientTlsMode.ISTIO_MUTUAL),
        rule("wide", "*.prod.svc.cluster.local"),
        rule("theirs", "b.prod.svc.cluster.local", namespace="other"),
        peer("b", STRICT, selector={"app": "b"}),
        peer("a", STRICT, selector={"app": "a"}),
        peer("newer", DISABLE, created_at="2026"),
        peer("lost", DISABLE, "istio-system", {"app": "b"}),
        to.policy("try", "DENY", to.EVERYTHING, dry_run=True),
        ISSUER.policy(),
    )
    answer = ask(known, "workload/prod/a", path="/get")
    told = [(step.policy.partition(" ")[2], step.action, step.matched, step.why) for step in answer.trail]
    assert told == [
        ("other/theirs", "DISABLE", False, "it is for clients in other, and the caller is in prod"),
        ("prod/b", "ISTIO_MUTUAL", True, "it is for b.prod.svc.cluster.local"),
        ("prod/wide", "DISABLE", False, "the DestinationRule prod/b stands before it"),
        ("prod/a", "STRICT", False, "workload/prod/b has not the labels app=a"),
        ("prod/b", "STRICT", True, "it is about the workload"),
        ("prod/newer", "DISABLE", False, "the PeerAuthentication prod/b is about the workload itself"),
        ("istio-system/lost", "DISABLE", False, "with a selector in istio-system it is about nothing"),
        ("istio-system/default", "STRICT", False, "the PeerAuthentication prod/b is about the workload itself"),
        ("prod/jwt", "JWT", False, "there is no token where it looks for one"),
        ("prod/try", "DENY", True, "rules[0] matches"),
        ("prod/b", "ALLOW", True, "rules[0] matches"),
    ]
    assert [step.dry_run for step in answer.trail].index(True) == len(answer.trail) - 2


def test_an_answer_does_not_depend_on_what_is_about_others() -> None:
    """A policy of another namespace changes nothing but the trail, and not even that."""
    known = catalog(*SEED)
    elsewhere = catalog(*SEED, replace(SEED[1], metadata=replace(SEED[1].metadata, namespace="other")))
    assert ask(known, "workload/prod/a", path="/get") == ask(elsewhere, "workload/prod/a", path="/get")
