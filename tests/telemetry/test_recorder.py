"""What is done with a call that was heard of, and what is told of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest_asyncio

from meshtui.mesh.traffic import TrafficQuery
from meshtui.telemetry.calls import Reported
from meshtui.telemetry.directory import Directory
from meshtui.telemetry.recorder import Recorder
from meshtui.telemetry.store import DenialStore
from tests.telemetry.calling import HTTPBIN, NOW, call, denied


@dataclass
class Clock:
    """A clock that moves when it is told to."""

    seconds: float = 100.0
    changes: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.seconds

    def changed(self) -> None:
        """Something was told."""
        self.changes.append(self.seconds)


@pytest_asyncio.fixture
async def recorder(tmp_path: Path) -> AsyncIterator[Recorder]:
    """One with an empty store."""
    store = DenialStore(tmp_path / "telemetry.db", lambda: NOW)
    clock = Clock()
    made = Recorder(store, lambda: NOW, clock, clock.changed)
    yield made
    await store.stop()


async def test_denied_calls_are_kept_one_by_one(recorder: Recorder) -> None:
    """Others only as counts."""
    for each in (call(), denied(path="/first"), denied(path="/second"), call()):
        recorder.record(Reported(each))
    traffic = await recorder.traffic(TrafficQuery())
    assert [pair.count for pair in traffic.pairs] == [2, 2]
    assert {"/first", "/second"} == {each.path for each in traffic.denied}
    assert traffic.since == NOW


async def test_filter_looks_at_pairs_and_denials(recorder: Recorder) -> None:
    """Words of both ends, the policy, the outcome; `plaintext` for what has no TLS."""
    recorder.record(Reported(call()))
    recorder.record(Reported(call(source="", source_target="", tls="")))
    recorder.record(Reported(denied()))
    found = await recorder.traffic(TrafficQuery(filter="plaintext"))
    assert ([pair.tls for pair in found.pairs], list(found.denied)) == ([""], [])
    found = await recorder.traffic(TrafficQuery(filter="Prod/Deny httpbin"))
    assert (len(found.pairs), len(found.denied)) == (1, 1)
    found = await recorder.traffic(TrafficQuery(filter="!denied"))
    assert (len(found.pairs), len(found.denied)) == (2, 0)


async def test_fields_ask_pairs_and_denials_alike(recorder: Recorder) -> None:
    """Ends, outcome, count, path and time; denied calls are found among all of them, not among the newest alone."""
    recorder.record(Reported(denied(path="/first")))
    for number in range(9):
        recorder.record(Reported(denied(path=f"/{number}", policy="AuthorizationPolicy prod/other")))
    recorder.record(Reported(call()))
    found = await recorder.traffic(TrafficQuery(filter="from:sleep outcome:denied policy:deny", limit=2))
    assert ([pair.count for pair in found.pairs], [each.path for each in found.denied]) == ([1], ["/first"])
    found = await recorder.traffic(TrafficQuery(filter="count>5 path:/8 last<5m"))
    assert ([pair.count for pair in found.pairs], list(found.denied)) == ([9], [])
    found = await recorder.traffic(TrafficQuery(filter="to:httpbin is:denied status:403 path:/3"))
    assert [each.path for each in found.denied] == ["/3"]


async def test_denied_only_leaves_out_the_rest(recorder: Recorder) -> None:
    """Also when there are many more of those."""
    for number in range(30):
        recorder.record(Reported(call(source=f"spiffe://cluster.local/ns/prod/sa/{number}")))
    recorder.record(Reported(denied()))
    found = await recorder.traffic(TrafficQuery(denied_only=True, limit=5))
    assert [pair.destination for pair in found.pairs] == [HTTPBIN]
    assert len((await recorder.traffic(TrafficQuery(limit=5))).pairs) == 5


async def test_connection_that_was_turned_away_is_no_request(recorder: Recorder) -> None:
    """It is denied, but Prometheus counts requests."""
    recorder.record(Reported(denied(method="", path="", host="", status=0)))
    assert len((await recorder.traffic(TrafficQuery())).denied) == 1
    assert list(recorder.series) == []


async def test_who_is_where_is_made_when_it_is_asked_for(recorder: Recorder) -> None:
    """Once for each change, and not while the manifests are changed."""
    made = []

    def make() -> Directory:
        made.append(1)
        return Directory(identities={HTTPBIN: "it"})

    recorder.know(make)
    recorder.know(make)
    assert not made
    assert [recorder.directory.identities, recorder.directory.identities] == [{HTTPBIN: "it"}] * 2
    assert made == [1]
