"""Which logs are of the mesh's own connections."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from envoy.data.accesslog.v3 import accesslog_pb2

from meshtui.telemetry.own_connections import KEPT, OwnConnections
from meshtui.xds.access_logs import NO_CHAIN, Log

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


class Clock:
    """Goes when it is told to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        """See `OwnConnections`."""
        return self.now

    def go(self, seconds: float) -> None:
        """So much later."""
        self.now += timedelta(seconds=seconds)


def log_of(seconds: float) -> Any:
    """Of what began so many seconds after noon."""
    entry = accesslog_pb2.HTTPAccessLogEntry()
    entry.common_properties.start_time.FromDatetime(NOON + timedelta(seconds=seconds))
    return entry


def at_gateway(seconds: float, port: int = 40000, server: int = 8443, address: str = "127.0.0.1") -> Any:
    """A request to a gateway."""
    entry = log_of(seconds)
    common = entry.common_properties
    common.downstream_direct_remote_address.socket_address.address = address
    common.downstream_direct_remote_address.socket_address.port_value = port
    # what a client says of itself in X-Forwarded-For
    common.downstream_remote_address.socket_address.address = "127.0.0.1"
    common.downstream_remote_address.socket_address.port_value = 40000
    common.downstream_local_address.socket_address.address = "127.0.0.1"
    common.downstream_local_address.socket_address.port_value = server
    return entry


def at_sidecar(seconds: float = 0, *, path: str = "", socket: str = "/run/in", **tags: str) -> Any:
    """A request to a sidecar, or a connection that came to nothing."""
    entry = log_of(seconds)
    entry.common_properties.downstream_local_address.pipe.path = socket
    # as of every Unix socket
    entry.common_properties.downstream_direct_remote_address.pipe.path = socket
    entry.request.path = path
    for name, text in tags.items():
        entry.common_properties.custom_tags[name.replace("_", "-")] = text
    return entry


@pytest.fixture
def clock() -> Clock:
    """Noon."""
    return Clock()


@pytest.fixture
def own(clock: Clock) -> OwnConnections:
    """With one connection to a gateway, open from 10 to 20 seconds after noon."""
    own = OwnConnections(clock)
    clock.go(10)
    with own.ends("127.0.0.1 40000", "127.0.0.1 8443"):
        assert own.made(at_gateway(10.5), Log.GATEWAY)
        clock.go(10)
    return own


def test_ends_are_the_meshs_own_while_it_has_them(own: OwnConnections) -> None:
    """Before and after, another may have the port; its calls are told."""
    times = (9.9, 10, 15, 20, 20.1)
    assert [own.made(at_gateway(each), Log.GATEWAY) for each in times] == [False, True, True, True, False]


def test_no_other_connection_passes_for_it(own: OwnConnections) -> None:
    """Of another port, to another server, of another address, and of none that is known, whatever the client says."""
    others = at_gateway(15, port=40001), at_gateway(15, server=8080), at_gateway(15, address="192.0.2.1"), log_of(15)
    assert [own.made(each, Log.GATEWAY) for each in others] == [False] * 4


def test_a_sidecar_tells_the_name_that_was_made_for_one(clock: Clock) -> None:
    """By SNI, or as the path of a request; another name, none, and the same at another sidecar are a stranger's."""
    own = OwnConnections(clock)
    with own.mark("/run/in") as name:
        strange = f"0{name[1:]}" if name[0] != "0" else f"1{name[1:]}"
        connections = [at_sidecar(server_name=each) for each in (name, strange, "")]
        connections.append(at_sidecar(server_name=name, socket="/run/other"))
        assert [own.made(each, Log.CONNECTIONS) for each in connections] == [True, False, False, False]
        requests = [at_sidecar(path=f"/{each}") for each in (name, strange, "")]
        assert [own.made(each, Log.INBOUND) for each in requests] == [True, False, False]
        # TLS of the mesh's own hides nobody's plaintext
        assert not own.made(at_sidecar(reason=NO_CHAIN), Log.CONNECTIONS)


def test_of_plaintext_that_was_turned_away_as_much_is_told_as_strangers_made(clock: Clock) -> None:
    """One is left out for each that the mesh made, and only of those that began meanwhile, for that reason."""
    own = OwnConnections(clock)
    clock.go(10)
    with own.mark("/run/in", plaintext=True):
        clock.go(1)
    found = [own.made(at_sidecar(each, reason=NO_CHAIN), Log.CONNECTIONS) for each in (9.9, 11.1, 10.5, 10.6)]
    assert found == [False, False, True, False]
    with own.mark("/run/in", plaintext=True):
        other = at_sidecar(11, reason=NO_CHAIN, socket="/run/other"), at_sidecar(11, reason="", server_name="a")
        assert [own.made(each, Log.CONNECTIONS) for each in other] == [False, False]
        assert own.made(at_sidecar(11, reason=NO_CHAIN), Log.CONNECTIONS)


def test_logs_are_waited_for_and_no_longer(own: OwnConnections, clock: Clock) -> None:
    """Without any connection that a log may be of, none is looked at."""
    clock.go(KEPT.total_seconds())
    assert own
    clock.go(1)
    assert not own
