"""Which loopback ports gateways get."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from meshtui.backends.embedded.ports import HTTPS_TARGET, PortMap


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else has."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_that_is_taken_is_replaced_with_a_notice(taken: int) -> None:
    """The person is told which one it is now."""
    ports = PortMap(taken)
    given = ports.give(HTTPS_TARGET)
    assert given not in (0, taken)
    assert ports.notices == [f"Port {taken} is taken, so the gateway uses {given} instead."]


def test_zero_asks_for_free_ports_without_a_notice() -> None:
    """That is what was wanted."""
    ports = PortMap(0)
    assert len({ports.give(HTTPS_TARGET), ports.give(8080)}) == 2
    assert ports.notices == []


def test_a_port_stays_what_it_was() -> None:
    """However often it is asked for."""
    ports = PortMap(0)
    assert ports.give(8080) == ports.give(8080)
    assert ports.ports == {8080: ports.give(8080)}
