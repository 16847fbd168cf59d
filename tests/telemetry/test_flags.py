"""Envoy's response flags by their short codes."""

from __future__ import annotations

from envoy.data.accesslog.v3 import accesslog_pb2

from meshtui.telemetry.flags import CODES, flags_of


def test_every_flag_of_envoy_has_a_code() -> None:
    """A new Envoy with a new one is noticed here."""
    assert set(accesslog_pb2.ResponseFlags.DESCRIPTOR.fields_by_name) == CODES.keys()
    assert len(CODES) == len(set(CODES.values()))


def test_flags_that_are_set_are_told_in_order() -> None:
    """None at all is an empty text."""
    assert flags_of(accesslog_pb2.ResponseFlags()) == ""
    flags = accesslog_pb2.ResponseFlags(upstream_retry_limit_exceeded=True, no_healthy_upstream=True)
    assert flags_of(flags) == "UH,URX"
