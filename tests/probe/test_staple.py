"""OCSP responses that come with the handshake, from openssl's server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from meshtui.findings import Check
from meshtui.probe.question import Question
from tests.identity.forge import Pair
from tests.probe.asking import checks, trusting
from tests.probe.servers import DAY, HOST, leaf, new_root, s_server

ROOT = new_root()
LEAF = leaf(ROOT)
OTHER = leaf(ROOT, "b.example")
DELEGATED = leaf(ROOT, "ocsp", more=[(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)])
ATTACHED_ONLY = leaf(ROOT, "ocsp")
STRANGER = new_root()
GOOD, REVOKED = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED


def response(
    about: Pair = LEAF,
    signer: Pair = ROOT,
    status: ocsp.OCSPCertStatus = GOOD,
    start: timedelta = -1 * DAY,
    end: timedelta = DAY,
) -> bytes:
    now = datetime.now(UTC)
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=about.certificate,
        issuer=ROOT.certificate,
        algorithm=hashes.SHA256(),
        cert_status=status,
        this_update=now + start,
        next_update=now + end,
        revocation_time=now - DAY if status is REVOKED else None,
        revocation_reason=None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
    if signer is not ROOT:
        builder = builder.certificates([signer.certificate])
    return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)


async def asked(
    directory: Path,
    staple: bytes | None,
    *,
    configured: bool = True,
    pair: Pair = LEAF,
    roots: tuple[Pair, ...] = (ROOT,),
) -> Check | None:
    options = []
    if staple is not None:
        (directory / "staple.der").write_bytes(staple)
        options = ["-status_file", str(directory / "staple.der")]
    with s_server(directory, [pair], *options) as address:
        question = Question(address=address, host=HOST, stapled=configured)
        return (await checks(address, trusting(*roots), question=question)).get("OCSP staple")


@pytest.mark.parametrize("signer", [ROOT, DELEGATED], ids=["issuer", "delegate"])
@pytest.mark.parametrize("configured", [True, False])
async def test_a_response_that_is_good_says_until_when(tmp_path: Path, signer: Pair, configured: bool) -> None:
    """Signed by the issuer or by whom it delegated; it is shown even if nobody configured it."""
    check = await asked(tmp_path, response(signer=signer), configured=configured)
    assert check is not None
    assert check.passed is True
    assert check.seen.startswith(f"good, until {datetime.now(UTC) + DAY:%Y-%m-%d}")


@pytest.mark.parametrize(
    ("staple", "seen"),
    [
        (response(status=REVOKED), "The responder says REVOKED."),
        (response(about=OTHER), "The response is about another certificate."),
        (response(start=-9 * DAY, end=-1 * DAY), "The response is too old"),
        (response(start=DAY, end=2 * DAY), "The response is not valid before"),
        (response(signer=STRANGER), "not signed by the certificate's issuer"),
        (response(signer=ATTACHED_ONLY), "not signed by the certificate's issuer"),
    ],
    ids=["revoked", "other certificate", "old", "future", "stranger", "no delegate"],
)
async def test_a_response_that_no_client_should_take_fails(tmp_path: Path, staple: bytes, seen: str) -> None:
    """With the reason, and where a new one goes."""
    check = await asked(tmp_path, staple)
    assert check is not None
    assert check.passed is False
    assert seen in check.seen
    assert "tls.ocsp-staple" in check.fix


async def test_what_is_configured_and_does_not_come_fails(tmp_path: Path) -> None:
    """And a certificate that demands it counts as configured."""
    missing = await asked(tmp_path, None)
    feature = x509.TLSFeature([x509.TLSFeatureType.status_request])
    demanded = await asked(tmp_path, None, configured=False, pair=leaf(ROOT, more=[(feature, False)]))
    assert missing is not None
    assert demanded is not None
    assert (missing.passed, missing.seen) == (False, "none came with the handshake, though one is configured")
    assert (demanded.passed, "must-staple" in demanded.seen) == (False, True)


async def test_nobody_misses_what_nobody_configured(tmp_path: Path) -> None:
    """There is no such check then."""
    assert await asked(tmp_path, None, configured=False) is None


async def test_without_the_issuer_its_signature_is_not_claimed(tmp_path: Path) -> None:
    """The words say what was not checked."""
    check = await asked(tmp_path, response(), roots=())
    assert check is not None
    assert "its signature is not checked" in check.seen
