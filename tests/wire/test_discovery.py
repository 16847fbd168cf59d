"""Every transition of one discovery stream, without a socket."""

from __future__ import annotations

from typing import Any

import pytest
from envoy.service.discovery.v3 import discovery_pb2
from google.protobuf import wrappers_pb2

from meshtui.wire import discovery
from meshtui.wire.discovery import (
    CLUSTER,
    LISTENER,
    ROUTE,
    SECRET,
    Accepted,
    DiscoveryStream,
    ProtocolViolation,
    Rejected,
    Resource,
    World,
    content_version,
)


def secret(version: str) -> Resource:
    return Resource(version, wrappers_pb2.StringValue(value=f"content {version}"))


def world(type_url: str = SECRET, **versions: str) -> World:
    return {type_url: {name: secret(version) for name, version in versions.items()}}


def ask(
    *names: str, nonce: str = "", version: str = "", error: str = "", type_url: str = SECRET
) -> discovery_pb2.DiscoveryRequest:
    request = discovery_pb2.DiscoveryRequest(
        type_url=type_url, resource_names=names, response_nonce=nonce, version_info=version
    )
    if error:
        request.error_detail.message = error
    return request


def contents(response: Any) -> list[str]:
    values = []
    for resource in response.resources:
        value = wrappers_pb2.StringValue()
        resource.Unpack(value)
        values.append(value.value)
    return values


def test_first_request_is_answered_with_what_was_asked_for() -> None:
    """A new subscription gets the resources it names, and no others."""
    responses, verdict = DiscoveryStream(world(default="1", other="1")).receive(ask("default"))
    assert verdict is None
    assert contents(responses[0]) == ["content 1"]
    assert (responses[0].version_info, responses[0].nonce, responses[0].type_url) == ("1", "1", SECRET)


def test_acknowledgement_names_the_versions_and_sends_nothing() -> None:
    """An ACK of the latest nonce reports what is in service and causes no response."""
    stream = DiscoveryStream(world(default="1"))
    stream.receive(ask("default"))
    assert stream.receive(ask("default", nonce="1", version="1")) == ([], Accepted(SECRET, {"default": "1"}))


def test_acknowledgement_counts_once() -> None:
    """A second request with an acknowledged nonce is not another acknowledgement."""
    stream = DiscoveryStream(world(default="1"))
    stream.receive(ask("default"))
    stream.receive(ask("default", nonce="1"))
    assert stream.receive(ask("default", nonce="1")) == ([], None)


def test_rejection_carries_the_proxys_words_and_is_not_sent_again() -> None:
    """A NACK never loops: the rejected version stays unsent until there is another."""
    stream = DiscoveryStream(world(default="1"))
    stream.receive(ask("default"))
    rejection = stream.receive(ask("default", nonce="1", error="KEY_VALUES_MISMATCH"))
    assert rejection == ([], Rejected(SECRET, {"default": "1"}, "KEY_VALUES_MISMATCH"))
    assert stream.update(world(default="1")) == []
    assert [r.version_info for r in stream.update(world(default="2"))] == ["2"]


def test_update_sends_only_what_changed() -> None:
    """Two names on one stream: a change of one leaves the other alone."""
    stream = DiscoveryStream(world(a="1", b="1"))
    stream.receive(ask("a", "b"))
    assert [contents(r) for r in stream.update(world(a="1", b="2"))] == [["content 2"]]


def test_name_that_appears_later_is_sent_then() -> None:
    """A subscription to what does not exist yet is answered when it does."""
    stream = DiscoveryStream({})
    assert stream.receive(ask("default")) == ([], None)
    assert [contents(r) for r in stream.update(world(default="1"))] == [["content 1"]]


def test_name_added_on_a_live_stream_is_sent_alone() -> None:
    """An ACK that also adds a name gets just that name."""
    stream = DiscoveryStream(world(a="1", b="7"))
    stream.receive(ask("a"))
    responses, verdict = stream.receive(ask("a", "b", nonce="1"))
    assert verdict == Accepted(SECRET, {"a": "1"})
    assert [contents(r) for r in responses] == [["content 7"]]


def test_names_may_repeat() -> None:
    """A name that is listed twice is one name: a response never has a resource twice."""
    responses, _ = DiscoveryStream(world(a="1")).receive(ask("a", "a"))
    assert [contents(r) for r in responses] == [["content 1"]]


def test_name_that_changed_order_is_no_change() -> None:
    """The subscription is a set."""
    stream = DiscoveryStream(world(a="1", b="1"), only=SECRET)
    stream.receive(ask("a", "b"))
    assert stream.receive(ask("b", "a", nonce="1")) == ([], Accepted(SECRET, {"a": "1", "b": "1"}))


def test_name_dropped_and_added_again_is_sent_again() -> None:
    """A proxy that forgot a secret gets it again when it asks again."""
    stream = DiscoveryStream(world(a="1", b="2"), only=SECRET)
    stream.receive(ask("a", "b"))
    stream.receive(ask("a", nonce="1"))
    responses, _ = stream.receive(ask("a", "b", nonce="1"))
    assert [contents(r) for r in responses] == [["content 2"]]


def test_name_added_while_nothing_was_sent_yet() -> None:
    """Requests before the first response have no nonce, and the newest counts."""
    stream = DiscoveryStream(world(b="7"))
    stream.receive(ask("a"))
    responses, _ = stream.receive(ask("a", "b"))
    assert [contents(r) for r in responses] == [["content 7"]]


def test_name_added_while_a_response_is_on_its_way_is_sent_after_it() -> None:
    """The request is stale and gets no response; the acknowledgement of what was on its way does."""
    stream = DiscoveryStream(world(a="1", b="7"))
    stream.receive(ask("a"))
    stream.update(world(a="2", b="7"))
    assert stream.receive(ask("a", "b", nonce="1")) == ([], Accepted(SECRET, {"a": "1"}))
    responses, verdict = stream.receive(ask("a", "b", nonce="2"))
    assert verdict == Accepted(SECRET, {"a": "2"})
    assert [contents(r) for r in responses] == [["content 7"]]


def test_name_added_while_a_response_is_on_its_way_is_part_of_the_next_update() -> None:
    """A stale request says what is wanted all the same."""
    stream = DiscoveryStream(world(a="1", b="7"))
    stream.receive(ask("a"))
    stream.update(world(a="2", b="7"))
    stream.receive(ask("a", "b", nonce="1"))
    assert [contents(r) for r in stream.update(world(a="2", b="8"))] == [["content 8"]]


def test_name_dropped_and_added_while_a_response_is_on_its_way_is_sent_again() -> None:
    """A proxy that left, ignored what came meanwhile and asks again is not left waiting (Envoy with ADS)."""
    stream = DiscoveryStream(world(a="1"))
    stream.receive(ask("a"))
    stream.receive(ask("a", nonce="1"))
    stream.update(world(a="2"))
    stream.receive(ask(nonce="1"))
    responses, _ = stream.receive(ask("a", nonce="2"))
    assert [contents(r) for r in responses] == [["content 2"]]


def test_no_names_after_names_is_an_unsubscription() -> None:
    """Nothing is sent to a subscription that was emptied."""
    stream = DiscoveryStream(world(default="1"))
    stream.receive(ask("default"))
    stream.receive(ask(nonce="1"))
    assert stream.update(world(default="2")) == []


def test_subscription_after_an_unsubscription_may_have_forgotten_the_nonce() -> None:
    """A client that drops all it knows of a type when it leaves it (gRPC) is answered when it comes again."""
    stream = DiscoveryStream(world(default="1"))
    stream.receive(ask("default"))
    stream.receive(ask(nonce="1"))
    responses, _ = stream.receive(ask("default"))
    assert [contents(r) for r in responses] == [["content 1"]]


def test_client_that_never_repeats_a_nonce_makes_no_loop() -> None:
    """It is answered once: what comes without the nonce of the answer is stale."""
    stream = DiscoveryStream(world(default="1"))
    stream.receive(ask("default"))
    assert stream.receive(ask("default", version="1")) == ([], None)
    assert stream.receive(ask("default", version="1", error="bad")) == ([], None)


def test_secret_without_names_is_not_everything() -> None:
    """Only listeners and clusters have a wildcard."""
    assert DiscoveryStream(world(default="1")).receive(ask()) == ([], None)
    assert DiscoveryStream(world(default="1")).receive(ask("*")) == ([], None)


def test_resource_that_goes_and_comes_back_the_same_is_not_sent_again() -> None:
    """Leaving a secret out takes it from nobody, so the proxy still has it; also when another changed meanwhile."""
    stream = DiscoveryStream(world(a="1", b="1"))
    stream.receive(ask("a", "b"))
    assert [contents(r) for r in stream.update(world(b="2"))] == [["content 2"]]
    assert stream.update(world(a="1", b="2")) == []


def test_resource_that_goes_and_comes_back_different_is_sent() -> None:
    """It is a change like any other."""
    stream = DiscoveryStream(world(a="1"))
    stream.receive(ask("a"))
    assert stream.update(world()) == []
    assert [contents(r) for r in stream.update(world(a="2"))] == [["content 2"]]


def test_stale_nonce_judges_its_own_response_only() -> None:
    """A late NACK of the first response does not touch the second."""
    stream = DiscoveryStream(world(a="1", b="1"), only=SECRET)
    stream.receive(ask("a", "b"))
    stream.update(world(a="1", b="2"))
    late = stream.receive(ask("a", "b", nonce="1", error="bad a"))
    assert late == ([], Rejected(SECRET, {"a": "1", "b": "1"}, "bad a"))
    assert stream.receive(ask("a", "b", nonce="2")) == ([], Accepted(SECRET, {"b": "2"}))


def test_unknown_nonce_is_ignored() -> None:
    """A nonce that was never sent says nothing."""
    stream = DiscoveryStream(world(default="1"))
    stream.receive(ask("default"))
    assert stream.receive(ask("default", nonce="99")) == ([], None)


def test_rejection_and_back_to_what_was_accepted_before() -> None:
    """It is sent, so that the proxy says that all is well again; Envoy may have taken a part of what it refused."""
    stream = DiscoveryStream(world(default="1"))
    stream.receive(ask("default"))
    stream.receive(ask("default", nonce="1"))
    stream.update(world(default="2"))
    stream.receive(ask("default", nonce="2", version="1", error="KEY_VALUES_MISMATCH"))
    assert [contents(r) for r in stream.update(world(default="1"))] == [["content 1"]]
    assert stream.receive(ask("default", nonce="3", version="1")) == ([], Accepted(SECRET, {"default": "1"}))


def test_rejection_with_another_subscription_in_the_same_request() -> None:
    """A NACK that also adds a name gets just that name."""
    stream = DiscoveryStream(world(a="1", b="7"))
    stream.receive(ask("a"))
    responses, verdict = stream.receive(ask("a", "b", nonce="1", error="bad"))
    assert verdict == Rejected(SECRET, {"a": "1"}, "bad")
    assert [contents(r) for r in responses] == [["content 7"]]


def test_acknowledgement_of_a_secret_that_was_refused_is_not_believed() -> None:
    """Envoy checks a secret only when it differs from the last it was given, refused or not: a reconnect proves it."""
    refused: dict[str, str] = {}
    first = DiscoveryStream(world(default="2"), refused=refused)
    first.receive(ask("default"))
    first.receive(ask("default", nonce="1", error="KEY_VALUES_MISMATCH"))
    again = DiscoveryStream(world(default="2"), refused=refused)
    again.receive(ask("default"))
    assert again.receive(ask("default", nonce="1")) == ([], None)
    again.update(world(default="3"))
    assert again.receive(ask("default", nonce="2")) == ([], Accepted(SECRET, {"default": "3"}))
    again.update(world(default="2"))
    assert again.receive(ask("default", nonce="3")) == ([], Accepted(SECRET, {"default": "2"}))


def test_acknowledgement_of_a_refused_listener_is_believed() -> None:
    """Of anything but secrets Envoy judges every response."""
    refused: dict[str, str] = {}
    for error, expected in (("bad", Rejected(LISTENER, {"a": "1"}, "bad")), ("", Accepted(LISTENER, {"a": "1"}))):
        stream = DiscoveryStream(world(LISTENER, a="1"), refused=refused)
        stream.receive(ask(type_url=LISTENER))
        assert stream.receive(ask(type_url=LISTENER, nonce="1", error=error)) == ([], expected)


@pytest.mark.parametrize("version", ["1", "0"])
def test_reconnect_is_answered_like_a_first_request(version: str) -> None:
    """Whatever the version says: only the proxy knows whether it still has what it names. It gets it once."""
    stream = DiscoveryStream(world(default="1"))
    responses, verdict = stream.receive(ask("default", version=version))
    assert ([contents(r) for r in responses], verdict) == ([["content 1"]], None)
    assert stream.update(world(default="1")) == []


def test_first_request_with_the_nonce_and_error_of_an_earlier_stream() -> None:
    """It is a first request: nonces do not outlive their stream."""
    stream = DiscoveryStream(world(default="1"))
    responses, verdict = stream.receive(ask("default", nonce="1", version="0", error="of another time"))
    assert ([contents(r) for r in responses], verdict) == ([["content 1"]], None)


def test_nonce_of_an_earlier_stream_is_never_one_of_this() -> None:
    """A client that goes on using it acknowledges nothing by it."""
    stream = DiscoveryStream(world(default="1"), nonces="b-")
    responses, _ = stream.receive(ask("default", nonce="a-1"))
    assert responses[0].nonce == "b-1"
    assert stream.receive(ask("default", nonce="a-1")) == ([], None)


def test_old_nonce_is_not_stale_before_anything_was_sent() -> None:
    """Otherwise a client that keeps its nonce would wait for ever for a name that it adds."""
    stream = DiscoveryStream(world(b="7"))
    stream.receive(ask("a", nonce="a-1"))
    responses, _ = stream.receive(ask("a", "b", nonce="a-1"))
    assert [contents(r) for r in responses] == [["content 7"]]


def test_types_on_one_stream_do_not_know_of_each_other() -> None:
    """Nonces, verdicts and subscriptions are for each type by itself."""
    stream = DiscoveryStream({**world(a="1"), **world(ROUTE, a="5")})
    stream.receive(ask("a"))
    responses, _ = stream.receive(ask("a", type_url=ROUTE))
    assert [contents(r) for r in responses] == [["content 5"]]
    assert stream.receive(ask("a", nonce="2")) == ([], None)
    assert stream.receive(ask("a", nonce="1")) == ([], Accepted(SECRET, {"a": "1"}))
    assert stream.receive(ask("a", type_url=ROUTE, nonce="2", error="no")) == ([], Rejected(ROUTE, {"a": "5"}, "no"))
    assert [r.type_url for r in stream.update({**world(a="2"), **world(ROUTE, a="5")})] == [SECRET]


def test_update_of_several_types_is_in_the_order_that_envoy_needs() -> None:
    """Clusters before the listeners and routes that point at them."""
    types = (SECRET, ROUTE, LISTENER, CLUSTER)
    stream = DiscoveryStream({})
    for type_url in types:
        stream.receive(ask("a", type_url=type_url))
    changed = {type_url: {"a": secret("1")} for type_url in types}
    assert [r.type_url for r in stream.update(changed)] == [CLUSTER, LISTENER, ROUTE, SECRET]


def test_secrets_of_an_aggregated_stream_are_sent_one_by_one() -> None:
    """So that Envoy takes the good ones beside a bad one, and its verdict says which is which."""
    stream = DiscoveryStream(world(a="1", b="2"))
    responses, _ = stream.receive(ask("a", "b"))
    assert [contents(r) for r in responses] == [["content 1"], ["content 2"]]
    assert stream.receive(ask("a", "b", nonce="1", error="bad")) == ([], Rejected(SECRET, {"a": "1"}, "bad"))
    assert stream.receive(ask("a", "b", nonce="2")) == ([], Accepted(SECRET, {"b": "2"}))


def test_what_was_refused_is_sent_once_more_when_a_secret_is_taken() -> None:
    """A listener that was refused for a secret that it is made with; if it is refused again, there is no loop."""
    stream = DiscoveryStream({LISTENER: {"a": secret("1")}, SECRET: {"s": secret("1")}})
    stream.receive(ask(type_url=LISTENER))
    stream.receive(ask("s"))
    stream.receive(ask(type_url=LISTENER, nonce="1", error="bad key"))
    assert stream.receive(ask("s", nonce="2", error="bad key"))[0] == []
    stream.update({LISTENER: {"a": secret("1")}, SECRET: {"s": secret("2")}})
    responses, verdict = stream.receive(ask("s", nonce="3"))
    assert verdict == Accepted(SECRET, {"s": "2"})
    assert [(r.type_url, r.nonce, contents(r)) for r in responses] == [(LISTENER, "4", ["content 1"])]
    assert stream.receive(ask(type_url=LISTENER, nonce="4", error="still bad"))[0] == []


def test_what_was_taken_is_not_sent_again_when_a_secret_is_taken() -> None:
    """Only what the proxy does not have."""
    stream = DiscoveryStream({LISTENER: {"a": secret("1")}, SECRET: {"s": secret("1")}})
    stream.receive(ask(type_url=LISTENER))
    stream.receive(ask("s"))
    stream.receive(ask(type_url=LISTENER, nonce="1", error="bad"))
    stream.update({LISTENER: {"a": secret("2")}, SECRET: {"s": secret("1")}})
    stream.receive(ask(type_url=LISTENER, nonce="3"))
    assert stream.receive(ask("s", nonce="2")) == ([], Accepted(SECRET, {"s": "1"}))


def test_stream_of_one_type_answers_together_what_is_asked_for_together() -> None:
    """As Istio's agent does."""
    stream = DiscoveryStream(world(a="1", b="2"), only=SECRET)
    responses, _ = stream.receive(ask("b", "a"))
    assert [contents(r) for r in responses] == [["content 1", "content 2"]]


def test_stream_of_one_type_need_not_name_it() -> None:
    """discovery.proto: the type URL is implicit in requests of singleton services."""
    stream = DiscoveryStream(world(default="1"), only=SECRET)
    responses, _ = stream.receive(ask("default", type_url=""))
    assert [r.type_url for r in responses] == [SECRET]


def test_stream_of_one_type_refuses_another() -> None:
    """Who asks SDS for clusters is at the wrong door."""
    with pytest.raises(ProtocolViolation, match="Cluster"):
        DiscoveryStream(world(CLUSTER, a="1"), only=SECRET).receive(ask(type_url=CLUSTER))


def test_type_that_is_never_served_is_neither_answered_nor_remembered() -> None:
    """Envoy waits for it by its own timeout, and invented types fill no memory."""
    stream = DiscoveryStream(world("type.googleapis.com/x", a="1"))
    assert stream.receive(ask("a", type_url="type.googleapis.com/x")) == ([], None)
    assert stream.update(world("type.googleapis.com/x", a="2")) == []


def test_responses_that_are_never_judged_are_forgotten_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that takes and never answers fills no memory; what it says of recent ones is still heard."""
    monkeypatch.setattr(discovery, "MAX_OUTSTANDING", 2)
    stream = DiscoveryStream(world(a="1"))
    stream.receive(ask("a"))
    stream.update(world(a="2"))
    stream.update(world(a="3"))
    assert stream.receive(ask("a", nonce="1")) == ([], None)
    assert stream.receive(ask("a", nonce="2")) == ([], Accepted(SECRET, {"a": "2"}))


def test_clusters_are_sent_whole_so_that_a_removal_is_seen() -> None:
    """State of the world: leaving a cluster out removes it."""
    stream = DiscoveryStream(world(CLUSTER, a="1", b="1"))
    stream.receive(ask(type_url=CLUSTER))
    assert [contents(r) for r in stream.update(world(CLUSTER, b="1"))] == [["content 1"]]


def test_cluster_that_goes_and_comes_back_the_same_is_sent_again() -> None:
    """The proxy removed it meanwhile."""
    stream = DiscoveryStream(world(CLUSTER, a="1", b="1"))
    stream.receive(ask(type_url=CLUSTER))
    stream.update(world(CLUSTER, b="1"))
    assert [contents(r) for r in stream.update(world(CLUSTER, a="1", b="1"))] == [["content 1", "content 1"]]


def test_update_that_changes_nothing_sends_nothing() -> None:
    """Of no type: Envoy would check it all for nothing."""
    stream = DiscoveryStream({**world(CLUSTER, a="1"), **world(a="1")})
    stream.receive(ask(type_url=CLUSTER, version="1"))
    stream.receive(ask("a"))
    assert stream.update({**world(CLUSTER, a="1"), **world(a="1")}) == []


def test_rejected_clusters_and_back_to_the_accepted_ones() -> None:
    """Envoy applies what it can of a response that it refuses: going back must be said."""
    stream = DiscoveryStream(world(CLUSTER, a="1", b="1"))
    stream.receive(ask(type_url=CLUSTER))
    stream.receive(ask(type_url=CLUSTER, nonce="1"))
    stream.update(world(CLUSTER, a="2", b="2"))
    rejection = stream.receive(ask(type_url=CLUSTER, nonce="2", version="1", error="b"))
    assert rejection == ([], Rejected(CLUSTER, {"a": "2", "b": "2"}, "b"))
    assert stream.update(world(CLUSTER, a="2", b="2")) == []
    assert len(stream.update(world(CLUSTER, a="1", b="1"))) == 1


def test_wildcard_as_the_protocol_describes_it() -> None:
    """None; then `*` and a name; then the name alone; then none, which now is the end."""
    stream = DiscoveryStream(world(CLUSTER, a="1", b="2"))
    steps = [
        (ask(type_url=CLUSTER), [["content 1", "content 2"]]),
        (ask("*", "a", type_url=CLUSTER, nonce="1"), [["content 1", "content 2"]]),
        (ask("a", type_url=CLUSTER, nonce="2"), []),
        (ask(type_url=CLUSTER, nonce="2"), []),
    ]
    assert [expected for _, expected in steps] == [[contents(r) for r in stream.receive(q)[0]] for q, _ in steps]
    assert stream.update(world(CLUSTER, a="3", b="3")) == []


def test_names_of_clusters_without_the_wildcard() -> None:
    """A client that names its clusters (gRPC) gets those, all of them each time, and hears when one is gone."""
    stream = DiscoveryStream(world(CLUSTER, a="1", b="2", c="3"))
    responses, _ = stream.receive(ask("a", "b", type_url=CLUSTER))
    assert [contents(r) for r in responses] == [["content 1", "content 2"]]
    assert [contents(r) for r in stream.update(world(CLUSTER, b="2", c="4"))] == [["content 2"]]


def test_empty_set_of_clusters_is_still_an_answer() -> None:
    """Envoy waits for its first CDS and LDS response; nothing to configure is one too."""
    responses, _ = DiscoveryStream({}).receive(ask(type_url=CLUSTER))
    assert [contents(r) for r in responses] == [[]]


def test_request_without_a_type_ends_the_stream() -> None:
    """What no Envoy sends is refused, not guessed at."""
    with pytest.raises(ProtocolViolation):
        DiscoveryStream({}).receive(ask("default", type_url=""))


def test_ten_thousand_names_are_the_limit() -> None:
    """A subscription cannot be used to fill the memory."""
    with pytest.raises(ProtocolViolation, match="10001 names"):
        DiscoveryStream({}).receive(ask(*(str(i) for i in range(10_001))))


def test_content_version_follows_the_content() -> None:
    """Equal messages have equal versions."""
    one, same, other = (wrappers_pb2.StringValue(value=v) for v in ("a", "a", "b"))
    assert content_version(one) == content_version(same) != content_version(other)


def test_what_was_sent_is_unjudged_until_the_proxy_says_something() -> None:
    """By type and name; a newer word is one about all that was sent before, and an older one is none."""
    stream = DiscoveryStream(world(CLUSTER, a="1"), nonces="x-")
    assert stream.unjudged == frozenset()
    (first,), _ = stream.receive(ask(type_url=CLUSTER))
    assert stream.unjudged == {(CLUSTER, "a")}
    (second,) = stream.update(world(CLUSTER, a="2", b="1"))
    stream.receive(ask(nonce=first.nonce, type_url=CLUSTER))
    assert stream.unjudged == {(CLUSTER, "a"), (CLUSTER, "b")}
    (third,) = stream.update(world(CLUSTER, b="1"))
    stream.receive(ask(nonce=third.nonce, type_url=CLUSTER))
    assert stream.unjudged == frozenset()
    stream.receive(ask(nonce=second.nonce, type_url=CLUSTER))
    (fourth,) = stream.update(world(CLUSTER, b="2"))
    stream.receive(ask(nonce=fourth.nonce, error="no", type_url=CLUSTER))
    assert stream.unjudged == frozenset()


def test_there_and_back_again_is_not_judged_by_what_was_before() -> None:
    """A version that the proxy once took is not in service while it is still at the one in between."""
    stream = DiscoveryStream(world(CLUSTER, a="1"))
    (first,), _ = stream.receive(ask(type_url=CLUSTER))
    stream.receive(ask(nonce=first.nonce, type_url=CLUSTER))
    (away,) = stream.update(world(CLUSTER, a="2"))
    (back,) = stream.update(world(CLUSTER, a="1"))
    for response in (away, back):
        assert stream.unjudged == {(CLUSTER, "a")}
        stream.receive(ask(nonce=response.nonce, type_url=CLUSTER))
    assert stream.unjudged == frozenset()
