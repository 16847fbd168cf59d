"""Every transition of one discovery stream, without a socket."""

from __future__ import annotations

from typing import Any

import pytest
from envoy.service.discovery.v3 import discovery_pb2
from google.protobuf import wrappers_pb2

from meshtui.wire.discovery import (
    CLUSTER,
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


def test_name_dropped_and_added_again_is_sent_again() -> None:
    """A proxy that forgot a secret gets it again when it asks again."""
    stream = DiscoveryStream(world(a="1", b="1"))
    stream.receive(ask("a", "b"))
    stream.receive(ask("a", nonce="1"))
    responses, _ = stream.receive(ask("a", "b", nonce="1"))
    assert [contents(r) for r in responses] == [["content 1"]]


def test_no_names_after_names_is_an_unsubscription() -> None:
    """Nothing is sent to a subscription that was emptied."""
    stream = DiscoveryStream(world(default="1"))
    stream.receive(ask("default"))
    stream.receive(ask(nonce="1"))
    assert stream.update(world(default="2")) == []


def test_stale_nonce_judges_its_own_response_only() -> None:
    """A late NACK of the first response does not touch the second, nor the subscription."""
    stream = DiscoveryStream(world(a="1", b="1"))
    stream.receive(ask("a", "b"))
    stream.update(world(a="1", b="2"))
    late = stream.receive(ask("a", nonce="1", error="bad a"))
    assert late == ([], Rejected(SECRET, {"a": "1", "b": "1"}, "bad a"))
    assert stream.receive(ask("a", "b", nonce="2")) == ([], Accepted(SECRET, {"b": "2"}))


def test_unknown_nonce_is_ignored() -> None:
    """A nonce that was never sent says nothing."""
    stream = DiscoveryStream(world(default="1"))
    stream.receive(ask("default"))
    assert stream.receive(ask("default", nonce="99")) == ([], None)


def test_reconnect_with_the_current_version_sends_nothing() -> None:
    """A proxy that comes back with what is current is not made to reload it; the next change is sent."""
    stream = DiscoveryStream(world(default="1"))
    assert stream.receive(ask("default", version="1")) == ([], None)
    assert [r.version_info for r in stream.update(world(default="2"))] == ["2"]


def test_reconnect_with_an_old_version_is_brought_up_to_date() -> None:
    """A proxy that missed a rotation while away gets it at once."""
    responses, _ = DiscoveryStream(world(default="2")).receive(ask("default", version="1"))
    assert [contents(r) for r in responses] == [["content 2"]]


def test_clusters_are_sent_whole_so_that_a_removal_is_seen() -> None:
    """State of the world: leaving a cluster out removes it."""
    stream = DiscoveryStream(world(CLUSTER, a="1", b="1"))
    stream.receive(ask(type_url=CLUSTER))
    assert [contents(r) for r in stream.update(world(CLUSTER, b="1"))] == [["content 1"]]


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
