"""Which signs are drawn: those that a terminal can show, or those that were asked for."""

from __future__ import annotations

import pytest

from meshtui.present.glyphs import ASCII, UNICODE, Glyphs, choose


@pytest.mark.parametrize(
    ("encoding", "environment", "wanted", "expected"),
    [
        ("utf-8", {"TERM": "xterm", "LANG": "en_GB.UTF-8"}, "auto", UNICODE),
        ("UTF-8", {"TERM": "xterm", "LC_ALL": "C.utf8", "LANG": "C"}, "auto", UNICODE),
        ("utf-8", {"TERM": "xterm"}, "auto", UNICODE),
        ("utf-8", {"TERM": "xterm", "LC_CTYPE": "C.UTF-8"}, "auto", UNICODE),
        ("utf-8", {"TERM": "xterm", "LC_CTYPE": "en_US.UTF-8", "LANG": "C"}, "auto", UNICODE),
        # Python made C.UTF-8 of these
        ("utf-8", {"TERM": "xterm", "LC_CTYPE": "C.UTF-8", "LANG": "C"}, "auto", ASCII),
        ("utf-8", {"TERM": "xterm", "LC_CTYPE": "C.UTF-8", "LANG": "de_DE.ISO-8859-1"}, "auto", ASCII),
        ("utf-8", {"TERM": "xterm", "LC_ALL": "C", "LANG": "en_GB.UTF-8"}, "auto", ASCII),
        ("utf-8", {"TERM": "xterm", "LC_ALL": "POSIX"}, "auto", ASCII),
        ("iso8859-1", {"TERM": "xterm", "LANG": "de_DE"}, "auto", ASCII),
        ("ascii", {"TERM": "xterm", "LANG": "en_GB.UTF-8"}, "auto", ASCII),
        ("utf-8", {"TERM": "linux", "LANG": "en_GB.UTF-8"}, "auto", ASCII),
        ("UTF8", {"TERM": "screen", "LANG": "en_GB.UTF-8"}, "auto", UNICODE),
        ("utf-8", {"TERM": "linux", "LANG": "C"}, "unicode", UNICODE),
        ("iso8859-1", {"TERM": "xterm", "LANG": "en_GB.UTF-8"}, "unicode", ASCII),
        ("utf-8", {"TERM": "xterm", "LANG": "en_GB.UTF-8"}, "ascii", ASCII),
    ],
)
def test_the_set_is_what_can_be_shown(
    encoding: str, environment: dict[str, str], wanted: str, expected: Glyphs
) -> None:
    """By locale, encoding and terminal; the person's word goes before all but the encoding."""
    assert choose(encoding, environment, wanted=wanted) == expected


def test_our_own_sentences_are_typewritten_and_foreign_text_is_escaped() -> None:
    """An ellipsis stays one where there is no sign for it; what is foreign is never lost."""
    assert ASCII.show("9f3a…01c7 → the mesh’s CA, held≠served") == "9f3a..01c7 -> the mesh's CA, held!=served"
    assert ASCII.show("M\u00fcnchen\u202e") == "M\\xfcnchen\\u202e"
    assert UNICODE.show("9f3a…01c7 → M\u00fcnchen") == "9f3a…01c7 → M\u00fcnchen"


def test_every_sign_of_the_ascii_set_is_ascii_and_as_wide_as_is_said() -> None:
    """One cell for each, but for states, sequences and trees; so that nothing is out of line."""
    wide = {"fine": 2, "state": 0, "ellipsis": 2, "signed_by": 2, "calls": 2, "differs_from": 2}
    many = {"levels", "parts", "fork", "last_fork", "trunk"}
    signs = {name: sign for name, sign in vars(ASCII).items() if isinstance(sign, str)}
    assert all(sign.isascii() for sign in signs.values())
    assert {name: len(sign) for name, sign in signs.items() if name not in many and len(sign) != 1} == wide
