"""What is shown to the CA, where, and in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from meshtui.agent.credentials import HELD, PROVISIONED, TOKEN, ways
from meshtui.agent.options import AgentOptions
from meshtui.identity.keys import new_key
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.svid import Svid
from tests.agent.authority import ShortCa
from tests.identity.forge import HTTPBIN, NOW

OPTIONS = AgentOptions(
    ca="ca:1",
    ca_root=None,
    identity=SpiffeId.parse(HTTPBIN),
    sds_socket=Path("/run/sds"),
    token_file=Path("token"),
)
HOUR = timedelta(hours=1)


def names(options: AgentOptions, held: Svid | None, now: datetime = NOW) -> list[str]:
    return [name for name, _ in ways(options, held, now)]


@pytest.fixture
def held() -> Svid:
    return ShortCa().svid(new_key(), NOW, HOUR)


def test_a_token_is_all_there_is(held: Svid) -> None:
    """Where the CA takes no certificates."""
    assert names(OPTIONS, None) == [TOKEN]
    assert names(OPTIONS, held) == [TOKEN]


def test_a_certificate_renews_itself_before_the_token_is_shown(held: Svid) -> None:
    """At the port for it, for as long as it is alive."""
    options = replace(OPTIONS, ca_mtls="ca:2")
    assert names(options, None) == [TOKEN]
    assert names(options, held) == [HELD, TOKEN]
    assert names(options, held, NOW + HOUR) == [TOKEN]
    credential = next(ways(options, held, NOW))[1]()
    assert (credential.address, credential.token) == ("ca:2", "")
    assert credential.pair is not None
    assert credential.pair.chain_pem == held.chain_pem
    assert "PRIVATE" not in repr(credential)


def test_a_provisioned_certificate_begins(held: Svid) -> None:
    """At the CA's own port where no other is named, and the certificate in service goes on there."""
    options = replace(OPTIONS, provisioned_certs=Path("prov"), token_file=None)
    assert names(options, None) == [PROVISIONED]
    assert names(options, held) == [HELD, PROVISIONED]
    assert next(ways(options, held, NOW))[1]().address == "ca:1"
    assert names(replace(options, token_file=Path("token")), held) == [HELD, PROVISIONED, TOKEN]
