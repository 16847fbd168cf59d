"""What a terminal sends becomes text that is safe to read keys from, however it is cut into pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.tui.typed import BEGIN, END, INTERRUPT, Typed

BYTES = st.binary(max_size=40)
PIECES = BYTES | st.sampled_from([BEGIN.encode(), END.encode(), b"\x1b", b"\x1b[20", b"1~", b"\x03", "é".encode()])


def fed(*pieces: bytes) -> str:
    typed = Typed()
    return "".join(typed.feed(piece) for piece in pieces)


@given(st.text(st.characters(blacklist_categories=["Cs"]).filter(lambda sign: sign != "\x1b")), st.integers(1, 9))
def test_keys_are_what_they_were(text: str, size: int) -> None:
    """Text without a paste is passed on at once, character by character however its bytes arrive."""
    data = text.encode()
    assert fed(*(data[at : at + size] for at in range(0, len(data), size))) == text


@given(st.lists(PIECES, max_size=8), st.integers(1, 7))
def test_any_bytes_are_survived_and_mean_the_same_in_any_pieces(pieces: list[bytes], size: int) -> None:
    """Whatever is sent; an interrupt alone is a key and not a piece."""
    data = b"".join(pieces).replace(b"\x03", b"")
    assert fed(data) == fed(*(data[at : at + size] for at in range(0, len(data), size)))


@given(st.text(st.characters(blacklist_categories=["Cs"])))
def test_no_paste_holds_a_key(text: str) -> None:
    """Between its two ends there is no control character but tabs and ends of lines, and no end that was pasted."""
    pasted = text.replace(END, "")
    safe = fed(BEGIN.encode(), pasted.encode(), END.encode(), b"q")
    assert safe.startswith(BEGIN)
    assert safe.endswith(END + "q")
    inside = safe[len(BEGIN) : -len(END) - 1]
    assert len(inside) == len(pasted)
    assert not [sign for sign in inside if (sign < " " or "\x7f" <= sign < "\xa0") and sign not in "\t\n\r"]


@pytest.mark.parametrize("data", [b"\xff", b"\xc3(", b"\xe9 \xf5"])
def test_what_is_no_text_is_shown_as_such(data: bytes) -> None:
    """A terminal with another encoding, or a binary file."""
    assert "\N{REPLACEMENT CHARACTER}" in fed(data)


def test_a_paste_without_an_end_is_ended_by_an_interrupt() -> None:
    """Which a paste may hold too: pressed, it comes alone."""
    assert fed(b"\x1b[200~abc", b"d\x03e", b"\x03", b"q") == f"{BEGIN}abcd e{END}{INTERRUPT}q"
