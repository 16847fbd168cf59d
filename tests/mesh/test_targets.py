"""What a person names is read as exactly one thing."""

from __future__ import annotations

import pytest

from meshtui.mesh.targets import serial_in


@pytest.mark.parametrize(
    ("text", "serial"),
    [
        ("1c7eb4aad7772bce79f75d0966b96199", "1c7eb4aad7772bce79f75d0966b96199"),
        ("1C7EB4AAD7772BCE79F75D0966B96199", "1c7eb4aad7772bce79f75d0966b96199"),
        ("1c:7e:b4:aa", "1c7eb4aa"),
        ("7", "07"),
        ("f" * 41, ""),
        ("workload/prod/httpbin", ""),
        ("gateway/fade/cafe", ""),
        ("spiffe://cluster.local/ns/prod/sa/httpbin", ""),
        ("1c7e…6199", ""),
        ("", ""),
    ],
)
def test_serials_are_told_from_everything_else(text: str, serial: str) -> None:
    """Hexadecimal as openssl, browsers and this program write it, and nothing that is a target."""
    assert serial_in(text) == serial
