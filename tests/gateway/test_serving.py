"""What Envoy presents, compared with what the Secret holds."""

from __future__ import annotations

from meshtui.findings import Severity
from meshtui.gateway.flaws import Code
from meshtui.gateway.serving import serving_flaw

TARGET = "gateway/edge/shop"


def test_a_secret_that_is_newer_than_what_is_served() -> None:
    """Names both serials, Envoy's own words where it refused something, and the command that looks further."""
    plain = serving_flaw("02", "01", "", TARGET)
    assert (plain.code, plain.severity) == (Code.NOT_SERVED, Severity.CRITICAL)
    assert plain.text == "The Secret holds 02, but Envoy still serves 01."
    assert f"meshtui verify {TARGET}" in plain.fix
    refused = serving_flaw("02", "01", "Failed to load private key", TARGET)
    assert refused.text.endswith("Envoy rejected it: Failed to load private key")


def test_an_envoy_that_still_waits() -> None:
    """It has none in service: nobody is answered under these hosts."""
    flaw = serving_flaw("02", "", "", TARGET)
    assert flaw.code is Code.WAITING
    assert "still waits for the Secret's certificate 02" in flaw.text
