"""Where a view is saved, and writing it there: never over something that is there already unless that is meant."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from meshtui.errors import StateError, UsageError

_LONGEST = 60
"""Characters of a view in the name of a file."""


class TakenError(UsageError):
    """There is something of that name."""


def default_name(view: str, kind: str, now: datetime) -> str:
    """A name that sorts by time: `meshtui-identities-20261124T140231Z.csv`."""
    safe = re.sub(r"[^A-Za-z0-9.-]+", "-", view).strip("-.")[:_LONGEST]
    return f"meshtui-{safe}-{now:%Y%m%dT%H%M%SZ}.{kind}"


def kind_of(path: Path, kinds: tuple[str, ...]) -> str:
    """The ending that says what is written; raises UsageError where it is none of these."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in kinds:
        known = ", ".join(f".{each}" for each in kinds)
        raise UsageError(f"{path.name!r} does not say what to write.", fix=f"End its name with one of {known}.")
    return kind


def path_of(text: str) -> Path:
    """What was typed, as an absolute path; `~` is a home. Raises UsageError for nothing, and for nobody's home."""
    if not text.strip():
        raise UsageError("No file was named.", fix="Type where to save it.")
    try:
        return Path(text.strip()).expanduser().absolute()
    except RuntimeError as error:
        raise UsageError(f"{text!r} names a home that is not there.", fix="Type the whole path.") from error


def write(path: Path, text: str, *, over: bool) -> None:
    """Write a file whole or not at all. Raises TakenError where one is there and may not be replaced, and StateError
    where it cannot be written.
    """
    try:
        if not over:
            with path.open("x", encoding="utf-8") as file:
                _or_remove(path, lambda: file.write(text))
            return
        beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with beside.open("x", encoding="utf-8") as file:
            _or_remove(beside, lambda: file.write(text))
        _or_remove(beside, lambda: os.replace(beside, path))  # noqa: PTH105 - as a call without a result
    except FileExistsError as error:
        raise TakenError(
            f"There is a {path} already.", fix="Type another name, or enter again to replace it."
        ) from error
    except OSError as error:
        raise StateError(f"{path} cannot be written: {error.strerror}.", fix="Type another path.") from error


def _or_remove(path: Path, act: Callable[[], object]) -> None:
    """Leave nothing half written."""
    try:
        act()
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise
