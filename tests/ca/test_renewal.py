"""Renewal by mTLS: a certificate renews itself for as long as a token is shown now and then, over real TLS."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import grpc
import pytest

from meshtui.ca.bearer import OPAQUE
from meshtui.ca.records import State
from meshtui.ca.refusal import Reason
from meshtui.ca.renewal import Renewal
from meshtui.identity.csr import make_csr
from meshtui.identity.inspect import facts, load_certificates
from meshtui.identity.keys import PrivateKey, new_key
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.svid import svid_from_response
from tests.ca.hostile import INVENTORY, Hostile, serving, setting
from tests.identity.forge import HTTPBIN, NOW

OK = grpc.StatusCode.OK
UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
MONTH = 30 * 86_400


@pytest.fixture
async def ca(tmp_path: Path) -> AsyncIterator[Hostile]:
    async with serving(setting(tmp_path)) as served:
        yield served


@dataclass(frozen=True)
class Held:
    """A certificate with its key."""

    chain: Sequence[str]
    key: PrivateKey

    @property
    def pair(self) -> tuple[str, PrivateKey]:
        """For a connection."""
        return self.chain[0], self.key

    @property
    def serial(self) -> str:
        """Of the leaf."""
        return facts(load_certificates(self.chain[0])[0]).serial


async def _issue(ca: Hostile, seconds: int = MONTH, token: str | None = None, **metadata: str) -> Held:
    key = new_key()
    answer = await ca.ask(ca.message(csr=make_csr(key), seconds=seconds, **metadata), ca.bearer(token))
    assert answer.code is OK
    return Held(answer.chain, key)


async def _renew(ca: Hostile, held: Held) -> Held:
    key = new_key()
    answer = await ca.ask(ca.message(csr=make_csr(key), seconds=MONTH), (), held.pair)
    assert answer.code is OK, ca.decisions()[0].detail
    return Held(answer.chain, key)


async def _refused(ca: Hostile, held: Held, reason: Reason, detail: str) -> None:
    answer = await ca.ask(ca.message(), (), held.pair)
    assert (answer.code, answer.text) == (UNAUTHENTICATED, OPAQUE)
    entry = ca.decisions()[0]
    assert (entry.state, entry.reason) == (State.REFUSED, reason)
    assert detail in entry.detail


async def test_a_certificate_renews_itself(ca: Hostile) -> None:
    """With its certificate and no token, a workload gets the next one, and the ledger says by which."""
    first = await _issue(ca)
    second = await _renew(ca, first)
    assert svid_from_response(second.chain, second.key, SpiffeId.parse(HTTPBIN), ca.now).facts.serial == second.serial
    entry, original = ca.decisions()
    assert (entry.serial, entry.pod_uid, entry.actor) == (second.serial, "uid-httpbin", "prod/httpbin")
    assert Renewal.parse(entry.authenticator) == Renewal(first.serial, original.at)
    assert (entry.policy, original.policy) == ("renewal", "own-identity")


async def test_a_token_is_due_every_week(ca: Hostile) -> None:
    """However often it was renewed meanwhile, a week after the last token the chain ends; a token starts another."""
    ca.now -= timedelta(days=8)
    held = await _issue(ca)
    for _ in range(3):
        ca.now += timedelta(days=2)
        held = await _renew(ca, held)
    ca.now += timedelta(days=1, seconds=1)
    await _refused(ca, held, Reason.RENEWED_TOO_LONG, "showed a token last at")
    answer = await ca.ask(ca.message(csr=make_csr(held.key), seconds=MONTH), ca.bearer(), held.pair)
    assert answer.code is OK
    assert ca.decisions()[0].authenticator == "token"
    await _renew(ca, Held(answer.chain, held.key))


async def test_anothers_token_does_not_feed_a_stolen_certificate(ca: Hostile) -> None:
    """The week counts along the chain of renewals, not for the pod: what its rightful holder shows feeds no thief."""
    ca.now -= timedelta(days=8)
    stolen = await _issue(ca)
    ca.now += timedelta(days=6)
    await _issue(ca)
    stolen = await _renew(ca, stolen)
    ca.now += timedelta(days=1, seconds=1)
    await _refused(ca, stolen, Reason.RENEWED_TOO_LONG, "showed a token last at")


async def test_a_deleted_account_renews_nothing(ca: Hostile) -> None:
    """The service account and the pod must exist."""
    held = await _issue(ca)
    ca.write_inventory(type(INVENTORY)(service_accounts=INVENTORY.service_accounts, pods=()))
    await _refused(ca, held, Reason.UNKNOWN_ACCOUNT, "The pod httpbin-1")
    ca.now += timedelta(minutes=2)  # refusals of one minute are one entry
    ca.write_inventory(type(INVENTORY)(service_accounts=(), pods=INVENTORY.pods))
    await _refused(ca, held, Reason.UNKNOWN_ACCOUNT, "prod/httpbin does not exist")


async def test_an_expired_certificate_renews_nothing(ca: Hostile) -> None:
    """On a connection from before its end, a certificate is dead all the same."""
    held = await _issue(ca, seconds=3600)
    ca.now += timedelta(hours=2)
    await _refused(ca, held, Reason.EXPIRED_CREDENTIAL, "expired at")


async def test_an_impersonated_certificate_is_not_renewed(ca: Hostile) -> None:
    """What a node's proxy got for a pod, only that proxy's token gets again: the pod may have moved on."""
    held = await _issue(ca, token=ca.ztunnel(), ImpersonatedIdentity=HTTPBIN)
    assert ca.decisions()[0].policy == "trusted-node"
    await _refused(ca, held, Reason.BAD_CREDENTIAL, "only a token renews it")


async def test_without_a_certificate_there_is_no_connection(ca: Hostile) -> None:
    """The port for certificates takes none without; the other port takes none with."""
    ca.port, ca.mtls_port = ca.mtls_port, ca.port
    assert (await ca.ask(ca.message(), ca.bearer())).code is grpc.StatusCode.UNAVAILABLE
    held = Held(await ca.authority.create_certificate(ca.workload_request(), ca.now), ca.key)
    assert (await ca.ask(ca.message(), (), held.pair)).code is UNAUTHENTICATED


def test_what_vouched_survives_the_ledger() -> None:
    """The record of a renewal is read as it was written, and nothing else is taken for one."""
    renewal = Renewal("5f", NOW)
    assert Renewal.parse(renewal.text) == renewal
    assert Renewal.parse("token") is None
    assert Renewal.parse("oidc https://a, token at b") is None
