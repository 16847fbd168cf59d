"""What is presented: chain, host and the expected one by real handshakes; days by themselves."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from meshtui.findings import Check
from meshtui.identity.inspect import facts
from meshtui.identity.keys import new_key
from meshtui.probe.attempt import Attempt, End
from meshtui.probe.certificate_checks import days_left, span
from meshtui.probe.question import Expected, Observation, Question
from meshtui.probe.tls import Address
from tests.identity import forge
from tests.identity.forge import Pair
from tests.probe.asking import checks, trusting, verdicts
from tests.probe.servers import DAY, HOST, client_only, leaf, new_intermediate, new_root, presenting, serving, written

ROOT = new_root()
MIDDLE = new_intermediate(ROOT)
SHORT = new_intermediate(ROOT, "short", end=-1 * DAY)
NO_CA = leaf(ROOT, subject="no ca")
ANYWHERE = Address(host="192.0.2.1", port=443)


async def presented(
    directory: Path, *chain: Pair, roots: tuple[Pair, ...] = (ROOT,), host: str = HOST
) -> dict[str, Any]:
    """Verdict and words of the check of the chain, and the verdicts of the others."""
    async with serving(presenting(directory, *chain, ciphers="ALL:@SECLEVEL=0")) as address:
        found = await checks(address, trusting(*roots), host=host)
    return {name: (check.passed, check.seen, check.fix) for name, check in found.items()}


@pytest.mark.parametrize(
    ("chain", "seen"),
    [
        (lambda: [leaf(ROOT)], "1 certificate, up to CN=root in root.pem"),
        (lambda: [leaf(MIDDLE), MIDDLE], "2 certificates, leaf first, up to CN=root in root.pem"),
        (
            lambda: [leaf(MIDDLE), MIDDLE, ROOT],
            "3 certificates, leaf first, the root among them, which nobody needs, up to CN=root in root.pem",
        ),
        (
            lambda: [leaf(lower := new_intermediate(MIDDLE, "lower")), MIDDLE, lower],
            "3 certificates, not each signed by the next, up to CN=root in root.pem",
        ),
    ],
)
async def test_a_chain_that_is_well_says_what_it_is(tmp_path: Path, chain: Callable[[], list[Pair]], seen: str) -> None:
    """How many, in which order, and where it leads."""
    passed, words, fix = (await presented(tmp_path, *chain()))["chain"]
    assert (passed, words) == (True, seen)
    assert bool(fix) is ("not each signed by the next" in seen)


@pytest.mark.parametrize(
    ("chain", "seen", "fix"),
    [
        (
            lambda: [leaf(MIDDLE)],
            "only the certificate itself is presented, and CN=intermediate, which signed it, is not in root.pem",
            "let the server present it too",
        ),
        (
            lambda: [leaf(MIDDLE, end=-1 * DAY), MIDDLE],
            "the certificate: it has expired",
            "Replace what is named",
        ),
        (lambda: [leaf(MIDDLE, start=DAY), MIDDLE], "the certificate: it is not valid yet", ""),
        (lambda: [leaf(SHORT), SHORT], "CN=short: it has expired", ""),
        (lambda: [leaf(None)], "the certificate: it is self-signed and not among the roots", "--ca FILE"),
        (
            lambda: [leaf(other := new_root("other")), other],
            "CN=other: it is a self-signed root that is not among the roots that are trusted",
            "--ca FILE",
        ),
        (
            lambda: [leaf(lower := new_intermediate(new_root("other"))), lower],
            "unknown issuer: CN=other, which signed CN=intermediate, is neither presented nor in root.pem",
            "Let the server present CN=other",
        ),
        (lambda: [leaf(new_root("root"))], "the certificate: its signature does not fit its issuer's key", ""),
        (lambda: [leaf(NO_CA), NO_CA], "CN=no ca: it is not a CA's, but signed another", ""),
        (lambda: [leaf(ROOT, more=client_only())], "the certificate: it is not for servers", ""),
        (
            lambda: [leaf(ROOT, key=rsa.generate_private_key(public_exponent=65537, key_size=1024))],
            "the certificate: its key is too weak",
            "",
        ),
        (
            lambda: [leaf(SHORT, start=-9 * DAY, end=-2 * DAY), SHORT],
            "CN=short: it has expired; the certificate: it has expired",
            "",
        ),
    ],
    ids=[
        "missing intermediate",
        "expired",
        "not yet valid",
        "expired intermediate",
        "self-signed",
        "unknown root",
        "unknown issuer",
        "root of the same name",
        "no CA",
        "for clients",
        "weak key",
        "two faults",
    ],
)
async def test_openssls_reason_is_said_in_plain_words(
    tmp_path: Path, chain: Callable[[], list[Pair]], seen: str, fix: str
) -> None:
    """With what to do; and no other check is hidden by it."""
    found = await presented(tmp_path, *chain())
    assert found["chain"][0] is False
    assert found["chain"][1].startswith(seen)
    assert fix in found["chain"][2]
    assert found["host"][0] is True
    assert found["HTTP"][0] is True
    assert "although the certificate does not verify" in found["HTTP"][1]


async def test_a_certificate_that_expired_fails_both_ways(tmp_path: Path) -> None:
    """By OpenSSL's verdict and by its days, which say since when."""
    found = await presented(tmp_path, leaf(ROOT, start=-9 * DAY, end=-3 * DAY))
    assert found["days left"][0] is False
    assert found["days left"][1].endswith("Z, 3 days ago")


async def test_an_intermediate_that_is_trusted_is_enough(tmp_path: Path) -> None:
    """As for curl."""
    assert (await presented(tmp_path, leaf(MIDDLE), roots=(MIDDLE,)))["chain"][0] is True


async def test_without_a_root_the_chain_stays_open(tmp_path: Path) -> None:
    """What is presented is described, and --ca named."""
    found = await presented(tmp_path, leaf(MIDDLE), MIDDLE, roots=())
    passed, seen, fix = found["chain"]
    assert (passed, seen) == (None, "2 certificates, leaf first; its root is not known")
    assert "--ca FILE" in fix
    assert "does not verify" not in found["HTTP"][1]


@pytest.mark.parametrize(
    ("names", "host", "passed"),
    [
        (["a.example"], "a.example", True),
        (["A.Example"], "a.example", True),
        (["b.example"], "a.example", False),
        (["*.a.example"], "b.a.example", True),
        (["*.a.example"], "c.b.a.example", False),
        (["*.example"], "a.example", False),
        (["*.example", "A.example"], "a.example", True),
        (["a*.example"], "ab.example", False),
        (["xn--bcher-kva.example"], "xn--bcher-kva.example", True),
        ([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))], "127.0.0.1", True),
        (["127.0.0.1"], "127.0.0.1", False),
        ([""], "leaf", False),
    ],
    ids=[
        "same",
        "case",
        "other",
        "wildcard",
        "two labels",
        "too wide",
        "wide and not",
        "part of a label",
        "IDN",
        "IP",
        "IP as DNS",
        "CN only",
    ],
)
async def test_hosts_are_matched_by_san_alone(
    tmp_path: Path, names: list[str | x509.GeneralName], host: str, passed: bool
) -> None:
    """A wildcard is one whole label, an IP address an IP name, and the common name nothing."""
    found = await presented(tmp_path, leaf(ROOT, *names), host=host)
    assert found["host"][0] is passed
    assert found["chain"][0] is True
    assert bool(found["host"][2]) is not passed


async def test_an_ip_address_is_asked_for_by_no_name(tmp_path: Path) -> None:
    """RFC 6066 has none: the server sees no SNI, and what is without one is no question."""
    names: list[str | None] = []
    context = presenting(tmp_path, leaf(ROOT, x509.IPAddress(ipaddress.ip_address("::1"))))
    context.sni_callback = lambda _s, name, _c: names.append(name)
    async with serving(context, host="::1") as address:
        found = await checks(address, trusting(ROOT), host="::1")
    assert set(verdicts(found).values()) == {True}
    assert "SNI" not in found
    assert set(names) == {None}


async def test_the_one_that_is_expected_is_compared_by_fingerprint(tmp_path: Path) -> None:
    """Whoever has another is named with its serial."""
    here, elsewhere = leaf(ROOT), leaf(ROOT)
    mine, other = facts(here.certificate), facts(elsewhere.certificate)

    async def found(*expected: Expected) -> tuple[bool | None, str, str]:
        question = Question(address=address, host=HOST, expected=expected, mend="meshtui rotate x")
        check = (await checks(address, trusting(ROOT), question=question))["serial"]
        return check.passed, check.seen, check.fix

    async with serving(presenting(tmp_path, here)) as address:
        equal = await found(Expected("the Secret", mine), Expected("Envoy", mine))
        differs = await found(Expected("the Secret", other), Expected("Envoy", mine))
    assert equal == (True, f"{mine.serial}, as in the Secret and Envoy", "")
    assert differs == (False, f"it presents {mine.serial}; the Secret has {other.serial}", "meshtui rotate x")


@pytest.mark.parametrize("wanted", ["EC P-256", "RSA 2048"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_of_two_certificates_the_expected_kind_is_judged(
    tmp_path: Path, wanted: str, version: ssl.TLSVersion
) -> None:
    """A server that has RSA and ECDSA presents one of them to whoever does not ask for the other."""
    pairs = {kind: leaf(ROOT, key=new_key(kind)) for kind in ("EC P-256", "RSA 2048")}
    context = presenting(tmp_path, pairs["EC P-256"])
    context.load_cert_chain(written(tmp_path / "rsa.pem", pairs["RSA 2048"], key=True))
    context.maximum_version = version
    serial = await _serial(context, pairs[wanted])
    assert serial.passed
    gone = await _serial(context, leaf(ROOT, key=new_key(wanted)))
    assert gone.passed is False


async def test_that_a_kind_cannot_be_asked_for_is_said(tmp_path: Path) -> None:
    """TLS 1.3 alone leaves it open; with TLS 1.2 the other kind is just not there."""
    context = presenting(tmp_path, leaf(ROOT))
    rsa_pair = leaf(ROOT, key=new_key("RSA 2048"))
    absent = await _serial(context, rsa_pair)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    unknown = await _serial(context, rsa_pair)
    assert (absent.passed, unknown.passed) == (False, None)
    assert "only TLS 1.2 can tell" in unknown.seen


async def _serial(context: ssl.SSLContext, expected: Pair) -> Check:
    async with serving(context) as address:
        question = Question(address=address, host=HOST, expected=(Expected("the Secret", facts(expected.certificate)),))
        return (await checks(address, trusting(ROOT), question=question))["serial"]


@pytest.mark.parametrize(
    ("passed_share", "word"),
    [(0.1, ""), (0.66, ""), (0.67, "it is due for rotation"), (0.76, "due"), (0.77, "overdue"), (0.99, "overdue")],
)
def test_days_are_judged_by_shares_of_the_certificates_own_life(passed_share: float, word: str) -> None:
    """Due at two thirds, overdue a tenth later; both are words, not failures."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    check = days(start, start + 100 * DAY, start + passed_share * 100 * DAY)
    assert check.passed
    assert word in check.seen
    assert ("due" in check.seen) is bool(word)
    assert bool(check.fix) is (word == "overdue")


def days(start: datetime, end: datetime, now: datetime, issued_at: datetime | None = None) -> Check:
    pair = forge.make([], subject="x", start=start, end=end)
    seen = Observation(main=Attempt(end=End.DONE, chain=(pair.certificate,)))
    return days_left(Question(address=ANYWHERE, host=HOST, issued_at=issued_at), seen, now)


def test_the_moment_of_issue_counts_where_it_is_known() -> None:
    """Not the back-dated NotBefore."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    check = days(start, start + 10 * DAY, start + 7 * DAY, issued_at=start + 5 * DAY)
    assert check.seen == "3 days of 5 days, until 2026-01-11 00:00Z"


def test_a_certificate_of_the_future_compares_clocks() -> None:
    """It is no matter of replacing it."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    check = days(start, start + DAY, start - timedelta(minutes=5))
    assert (check.passed, check.fix) == (False, "Compare the clocks.")
    assert check.seen == "it is not valid before 2026-01-01 00:00Z, 5 minutes from now"


@pytest.mark.parametrize(
    ("seconds", "text"), [(90 * 86400 - 1, "89 days"), (86400, "24 hours"), (7200, "2 hours"), (119, "119 seconds")]
)
def test_spans(seconds: int, text: str) -> None:
    """In the largest unit that there are two of, rounded down."""
    assert span(timedelta(seconds=seconds)) == text
