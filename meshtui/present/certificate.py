"""One certificate as a person reads it."""

from __future__ import annotations

from datetime import datetime

from meshtui.identity.facts import CertificateFacts
from meshtui.present.glyphs import Glyphs
from meshtui.present.times import absolute, in_words
from meshtui.present.tones import Line, Piece, Tone


def certificate_lines(certificate: CertificateFacts, now: datetime, glyphs: Glyphs) -> list[Line]:
    """Label and value, a line each."""
    expired = certificate.not_after <= now
    values = (
        ("serial", certificate.serial, Tone.PLAIN),
        ("subject", certificate.subject or glyphs.dash, Tone.PLAIN),
        ("names", ", ".join(certificate.sans) or glyphs.dash, Tone.PLAIN),
        ("issuer", certificate.issuer, Tone.PLAIN),
        ("not before", absolute(certificate.not_before), Tone.PLAIN),
        (
            "not after",
            f"{absolute(certificate.not_after)} ({in_words(certificate.not_after, now)})",
            Tone.BAD if expired else Tone.PLAIN,
        ),
        ("key", f"{certificate.key}, SPKI {certificate.public_key_sha256}", Tone.PLAIN),
        ("signature", certificate.signature, Tone.PLAIN),
        ("CA", "yes" if certificate.is_ca else "no", Tone.PLAIN),
        ("sha256", certificate.sha256, Tone.PLAIN),
    )
    return [(Piece(f"   {label:<11}", Tone.QUIET), Piece(glyphs.show(value), tone)) for label, value, tone in values]
