"""Item 43 of the checklist: whatever the clock does, no lifetime is absurd, and nothing is stuck or believed for ever.

The clock is handed in; timers that must not follow it are handed in as well.
"""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meshtui.ca.authenticate import TokenAuthenticator
from meshtui.ca.caller import Authenticator
from meshtui.ca.identification import Existing
from meshtui.ca.key_source import MAX_AGE, KeySource
from meshtui.ca.ledger import Ledger, LedgerReader
from meshtui.ca.records import Applicant
from meshtui.ca.refusal import Reason, RefusalError
from meshtui.ca.server_certificate import ServerCertificate
from meshtui.ca.token_cache import TokenCache
from meshtui.ca.verify_ledger import verify_ledger
from tests.ca.hostile import Hostile, now, outside_jwks, serving
from tests.ca.setting import ISSUER, Setting
from tests.ca.test_ledger import INTENT, ROOT
from tests.identity.forge import NOW

OK, UNAUTHENTICATED, INTERNAL = grpc.StatusCode.OK, grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.INTERNAL
HOUR, YEAR = timedelta(hours=1), timedelta(days=365)
BACKDATE = timedelta(minutes=2)


class Caching(Hostile):
    """A CA that remembers tokens, as its process does."""

    def make_authenticator(self) -> Authenticator:
        """Tokens of the mesh, of accounts that exist."""
        super().make_authenticator()
        return Existing(TokenCache(TokenAuthenticator(self.tokens.jwks(), ISSUER, "cluster.local")), self.inventory)


@pytest.fixture
async def ca(tmp_path: Path) -> AsyncIterator[Caching]:
    async with serving(found := Caching(tmp_path, now=now())):
        yield found


def _leaf(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def _openssl_complains(directory: Path, moment: datetime) -> str:
    command = ["openssl", "verify", "-x509_strict", "-attime", str(int(moment.timestamp())), "-CAfile"]
    command += [str(directory / "root.pem"), str(directory / "leaf.pem")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2028, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC),
        datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
        datetime(2049, 12, 31, 12, 0, tzinfo=UTC),
        datetime(2050, 1, 1, 0, 1, tzinfo=UTC),
        datetime(2106, 2, 7, 6, 28, 16, tzinfo=UTC),
        datetime(1970, 1, 2, tzinfo=UTC),
    ],
    ids=str,
)
async def test_dates_are_right_at_any_time(tmp_path: Path, moment: datetime) -> None:
    """Past 2038, across 2050, where the encoding changes, and near the epoch: two minutes back and 24 hours on."""
    ca = Setting(tmp_path, now=moment)
    chain = await ca.authority.create_certificate(ca.workload_request(), ca.now)
    leaf, start = _leaf(chain[0]), moment.replace(microsecond=0)
    assert (leaf.not_valid_before_utc, leaf.not_valid_after_utc) == (start - BACKDATE, start + timedelta(hours=24))
    der = leaf.public_bytes(Encoding.DER)
    for date in (leaf.not_valid_before_utc, leaf.not_valid_after_utc):  # RFC 5280, 4.1.2.5
        text = date.strftime("%y%m%d%H%M%SZ" if date.year < 2050 else "%Y%m%d%H%M%SZ").encode()
        assert (b"\x17" if date.year < 2050 else b"\x18") + bytes([len(text)]) + text in der
    for name, pem in (("leaf", chain[0]), ("root", chain[-1])):
        (tmp_path / f"{name}.pem").write_text(pem)
    assert _openssl_complains(tmp_path, moment) == ""
    (entry,) = ca.reader.entries()
    assert (entry.not_after, entry.effective_seconds) == (leaf.not_valid_after_utc, 86_400)


async def test_a_time_zone_changes_nothing(tmp_path: Path) -> None:
    """The hour that a zone repeats or leaves out is in no certificate and no ledger: both are in UTC."""
    ca = Setting(tmp_path)
    moments = [ca.now, *(ca.now.astimezone(timezone(timedelta(hours=hours))) for hours in (-4, -5, 14))]
    leaves = [_leaf((await ca.authority.create_certificate(ca.workload_request(), each))[0]) for each in moments]
    assert len({(leaf.not_valid_before_utc, leaf.not_valid_after_utc) for leaf in leaves}) == 1
    assert {entry.at for entry in ca.reader.entries()} == {ca.now}


@pytest.mark.parametrize("jump", [-HOUR, -timedelta(days=19), HOUR, YEAR])
async def test_after_a_jump_leaves_are_as_long_as_ever(ca: Caching, jump: timedelta) -> None:
    """An hour back or a year ahead, a caller with a token of that time gets a leaf for that time."""
    assert (await ca.ask(ca.message(), ca.bearer())).code is OK
    ca.now += jump
    leaf = _leaf((await ca.ask(ca.message(), ca.bearer())).chain[0])
    start = ca.now.replace(microsecond=0)
    assert (leaf.not_valid_before_utc, leaf.not_valid_after_utc) == (start - BACKDATE, start + timedelta(hours=24))
    assert verify_ledger(ca.directory / "ledger.db", ca.root.following[-1].encode()).problems == ()


@pytest.mark.parametrize("jump", [timedelta(days=3651), -timedelta(days=21)])
async def test_a_ca_out_of_its_time_refuses(ca: Caching, jump: timedelta) -> None:
    """While its own certificate is not valid by the clock the CA signs nothing; with the clock right, it does again."""
    ca.now += jump
    answer = await ca.ask(ca.message(), ca.bearer())
    assert (answer.code, answer.text) == (INTERNAL, "CSR signing error (the CA cannot sign)")
    assert ca.refusal().reason == Reason.SIGNER_EXPIRED
    ca.now -= jump
    assert (await ca.ask(ca.message(), ca.bearer())).code is OK


async def test_a_known_token_is_neither_stuck_nor_immortal(ca: Caching) -> None:
    """A token that was verified counts exactly within its own times, however often the clock leaves them."""
    begin, headers = ca.now, ca.bearer()
    for after, expected in (
        (timedelta(0), OK),
        (-HOUR, UNAUTHENTICATED),
        (timedelta(minutes=5), OK),
        (YEAR, UNAUTHENTICATED),
        (timedelta(minutes=6), OK),
        (timedelta(minutes=61), UNAUTHENTICATED),
        (-timedelta(days=19), UNAUTHENTICATED),
        (timedelta(minutes=59), OK),
    ):
        ca.now = begin + after
        assert (await ca.ask(ca.message(), headers)).code is expected, after


def test_keys_of_an_issuer_do_not_get_younger() -> None:
    """When the clock is set back a day, last good keys count a day in all, and not until the clock is there again."""
    clock, timer, answers = [NOW + YEAR], [0.0], [outside_jwks(), b"{}"]
    source = KeySource("there", lambda: answers.pop(0), lambda: clock[0], lambda: timer[0])
    assert [source.refresh(), source.refresh()] == [True, False]
    timer[0] = MAX_AGE.total_seconds()
    assert source.keys(NOW)
    timer[0] += 1
    with pytest.raises(RefusalError) as caught:
        source.keys(NOW)
    assert caught.value.reason is Reason.CANNOT_VERIFY


def test_keys_of_an_issuer_age_while_the_machine_sleeps() -> None:
    """A timer that stands still in a suspended machine does not keep them young either."""
    source = KeySource("there", outside_jwks, lambda: NOW, lambda: 0.0)
    source.refresh()
    with pytest.raises(RefusalError, match="authenticate failure") as caught:
        source.keys(NOW + MAX_AGE + timedelta(seconds=1))
    assert "too old" in caught.value.detail


def test_the_servers_certificate_is_renewed_once_for_a_jump_ahead(tmp_path: Path) -> None:
    """A year ahead is one renewal, and the next one is due half a life later: no storm."""
    ca = Setting(tmp_path)
    certificate = ServerCertificate(ca.authority, ca.clock)
    for step, renewed in ((timedelta(0), 1), (YEAR, 2), (HOUR, 2), (12 * HOUR, 3)):
        ca.now += step
        certificate.renew_if_due()
        certificate.renew_if_due()
        assert len(ca.reader.entries(target="ca-server")) == renewed


def test_the_servers_certificate_is_renewed_for_a_jump_back(tmp_path: Path) -> None:
    """A certificate that is not valid yet is of no use to any caller: it is made anew at the next look."""
    ca = Setting(tmp_path)
    ca.now += timedelta(days=2)
    certificate = ServerCertificate(ca.authority, ca.clock)
    ca.now -= HOUR
    certificate.renew_if_due()
    latest = ca.reader.latest_for_target("ca-server")
    assert latest is not None
    assert latest.not_before is not None
    assert latest.not_before <= ca.now


def test_a_start_with_a_wrong_clock_forgets_nothing(tmp_path: Path) -> None:
    """A clock that is a year ahead at one start does not make the CA drop what is still valid."""
    path, times = tmp_path / "ledger.db", [NOW, NOW + YEAR, NOW]
    for number, moment in enumerate(times):
        ledger = Ledger.open(path, moment.replace)
        ledger.seal_with(ROOT)
        if not number:
            ledger.issued(ledger.intend(INTENT), "PEM")
        ledger.close()
    assert LedgerReader(path).by_serial(INTENT.serial)
    assert verify_ledger(path, ROOT.pem.encode()).problems == ()


def test_refusals_are_counted_whichever_way_time_goes(tmp_path: Path) -> None:
    """Strangers are counted by minutes though the clock goes back between them; the ledger verifies."""
    path = tmp_path / "ledger.db"
    ledger = Ledger.open(path, lambda: NOW)
    ledger.seal_with(ROOT)
    for seconds in (0, 10, -3600, -3590, 0, 20):
        ledger.refused(Applicant(), "no-credential", "none", NOW + timedelta(seconds=seconds))
    ledger.close()
    assert [entry.count for entry in LedgerReader(path).entries()] == [2, 2, 2]
    assert verify_ledger(path, ROOT.pem.encode()).problems == ()
