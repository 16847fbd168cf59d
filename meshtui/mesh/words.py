"""Words as a person types them to find something: divided by spaces, held together by quotes, negated by `!`.

What a word may mean beyond being sought in a text is decided elsewhere (`filter`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """One word, case and quotes aside."""

    text: str
    negated: bool = False
    bare: int = 0
    """Characters of `text` before the first one that stood in quotes: those alone can be anything but text."""


@dataclass(frozen=True)
class Words:
    """A filter of words alone: every word of `wanted` must occur in a text, none of `unwanted` may."""

    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Words:
        """Any text is a filter; a `!` on its own is one being typed, and waits."""
        return cls.of(split(text)[0])

    @classmethod
    def of(cls, words: list[Word]) -> Words:
        """Words that were split before."""
        return cls(
            wanted=tuple(word.text for word in words if not word.negated),
            unwanted=tuple(word.text for word in words if word.negated),
        )

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted)

    def in_text(self, text: str) -> bool:
        """Whether a text, in lower case, holds the words."""
        return all(word in text for word in self.wanted) and not any(word in text for word in self.unwanted)


def split(text: str) -> tuple[list[Word], bool]:
    """The words of a text, and whether its last quote is still open; what follows an open quote is one word."""
    words: list[Word] = []
    quoted = negated = False
    letters: list[str] = []
    bare: int | None = None

    def end() -> None:
        nonlocal negated, bare
        if letters:
            words.append(Word("".join(letters), negated, len(letters) if bare is None else bare))
        letters.clear()
        negated, bare = False, None

    for letter in text.casefold():
        if letter == '"':
            quoted = not quoted
            bare = len(letters) if bare is None else bare
        elif letter.isspace() and not quoted:
            end()
        elif letter == "!" and not (letters or negated or bare is not None):
            negated = True
        else:
            letters.append(letter)
    end()
    return words, quoted
