"""What a person prefers, from `config.toml`: read once, every mistake named with its file, line and key.

What can be used is used, whatever else is wrong; only what guards a mesh fails closed. A key is known here when
something obeys it, and not before: `KEYS` and `TABLES` are the whole list.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from meshtui.chosen_columns import read_columns
from meshtui.errors import UsageError
from meshtui.keymap import Keymap, read_keymap
from meshtui.saved_filters import SavedFilter, read_filters

LARGEST = 1 << 20
"""Bytes of a file that is read."""
THEMES = ("auto", "dark", "light", "colorblind-dark", "colorblind-light", "terminal")
"""`auto`: by what the terminal can show; `terminal`: its own colours, which those with 16 or none always get."""
GLYPHS = ("auto", "unicode", "ascii")
"""`auto`: by the locale and the terminal."""
_CERTIFICATES = ("identities", "workloads", "gateways", "authorities")
VIEWS = ("overview", *_CERTIFICATES, "policies", "traffic", "audit", "findings")
"""Where the console can begin: each of its places."""
LINKS = ("auto", "slow", "fast")
_MISTAKES = 20
"""Lines that are left out until the rest can be read, or it cannot be."""
_LINE = re.compile(r"\(at line (\d+), ")


@dataclass(frozen=True)
class Thresholds:
    """From which share of its lifetime on a certificate is due, and from which it is overdue."""

    due: float = 0.5
    """It is replaced then (`--rotate-at`)."""
    overdue: float | None = None
    """`--overdue-at`; None: a tenth of the lifetime after it was due."""


@dataclass(frozen=True)
class Preferences:
    """How the console begins, and which meshes it only looks at."""

    theme: str = "auto"
    glyphs: str = "auto"
    """Which signs stand before words, here and in what commands print."""
    view: str = "overview"
    """One of `VIEWS`."""
    link: str = "auto"
    """Whether every byte to the terminal counts; `auto`: over SSH."""
    mouse: bool = False
    """Off, the terminal selects text as everywhere; on, the console hears clicks."""
    protected: tuple[str, ...] = ()
    """Patterns of state directories, or parts of their paths, that are only looked at unless it is asked for."""

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By places: columns that their lists show whatever the width."""
    filters: tuple[SavedFilter, ...] = ()
    """Saved under names, some of them on digits."""
    keys: Keymap = field(default_factory=Keymap)
    """What was put on other keys."""
    thresholds: Thresholds = Thresholds()
    """Of a mesh that is started here. One that runs already goes by its own: its owner says what is overdue, so that
    lists, filters, findings and metrics say the same to everyone.
    """

    def protects(self, state: Path) -> bool:
        """Whether a pattern matches the path of a mesh's state directory, or one part of it."""
        path = Path(os.path.normpath(state.absolute()))
        return any(fnmatchcase(name, pattern) for pattern in self.protected for name in (str(path), *path.parts))


@dataclass(frozen=True)
class Problem:
    """One mistake."""

    path: Path
    line: int
    """0 where it is about the whole file."""
    key: str
    text: str

    def __str__(self) -> str:
        where = f"{self.path}, line {self.line}" if self.line else str(self.path)
        key = self.key if self.key.isprintable() else repr(self.key)
        return f"{where}: {key}: {self.text}" if key else f"{where}: {self.text}"


@dataclass(frozen=True)
class Found:
    """What applies, and what is wrong."""

    path: Path
    exists: bool
    preferences: Preferences = Preferences()
    problems: tuple[Problem, ...] = ()


def default_path(environ: Mapping[str, str]) -> Path:
    """`$MESHTUI_CONFIG`, or `meshtui/config.toml` in the XDG config directory."""
    if named := environ.get("MESHTUI_CONFIG"):
        return Path(named).absolute()
    import platformdirs  # noqa: PLC0415 - only where no file was named

    return Path(platformdirs.user_config_dir("meshtui")) / "config.toml"


def read(path: Path) -> Found:
    """Read a file. There may be none; one that cannot be read at all guards every mesh."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            return _unread(path, f"It is larger than {LARGEST >> 20} MiB.")
        text = content.decode()
    except FileNotFoundError:
        return Found(path, exists=False)
    except OSError as error:
        return _unread(path, f"It cannot be read: {error.strerror}.")
    except UnicodeDecodeError as error:
        return _unread(path, f"It is not UTF-8, at byte {error.start}.")
    return parse(text, path)


def parse(text: str, path: Path) -> Found:
    """Read the text of a file."""
    lines = text.split("\n")
    values, problems = _read_lines(lines, path)
    if values is None:
        return replace(_unread(path, ""), problems=tuple(problems))
    preferences = Preferences()
    # a line that had to be left out may have been the one that guards
    if any("protected" in lines[problem.line - 1] for problem in problems):
        preferences = replace(preferences, protected=("*",))
    for key, value in values.items():
        if key in TABLES and isinstance(value, dict):
            read_table, entries = TABLES[key](value)
            preferences = replace(preferences, **{key: read_table})
            problems += [Problem(path, _line_in(key, name, lines), f"{key}.{name}", text) for name, text in entries]
            continue
        try:
            preferences = replace(preferences, **{key: _reader(key)(value)})
        except UsageError as error:
            problems.append(Problem(path, _line_of(key, lines), key, str(error)))
            if key == "protected":
                preferences = replace(preferences, protected=("*",))
    problems.sort(key=lambda problem: problem.line)
    return Found(path, exists=True, preferences=preferences, problems=tuple(problems))


def _unread(path: Path, text: str) -> Found:
    problem = Problem(path, 0, "", f"{text} Until it can be read, every mesh is only looked at.".strip())
    return Found(path, exists=True, preferences=Preferences(protected=("*",)), problems=(problem,))


def _read_lines(lines: list[str], path: Path) -> tuple[dict[str, Any] | None, list[Problem]]:
    """The values, without the lines that no TOML can be made of; None where nothing is left of it."""
    problems: list[Problem] = []
    kept = list(lines)
    for _ in range(_MISTAKES):
        try:
            return tomllib.loads("\n".join(kept)), problems
        except tomllib.TOMLDecodeError as error:
            reason = f"{str(error).partition(' (at')[0]}."
            at = _LINE.search(str(error))
            # "at end of document": of the last line, or of something that began before it
            number = int(at[1]) if at is not None else max((n for n, line in enumerate(kept, 1) if line), default=0)
            if not 0 < number <= len(kept) or not kept[number - 1]:
                return None, [*problems, Problem(path, number, "", f"{reason} Every mesh is only looked at.")]
            problems.append(Problem(path, number, _key_in(kept[number - 1]), reason))
            kept[number - 1] = ""
    return None, [*problems, Problem(path, 0, "", "There are too many mistakes. Every mesh is only looked at.")]


def _key_in(line: str) -> str:
    return line.partition("=")[0].strip().strip("\"'") if "=" in line else ""


def _line_of(key: str, lines: Iterable[str]) -> int:
    """Where a key, or a table of that name, is set; 0 where that cannot be told."""
    name = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[=.\]]""")
    return next((number for number, line in enumerate(lines, 1) if name.match(line)), 0)


def _reader(key: str) -> Callable[[Any], Any]:
    return _no_table if key in TABLES else KEYS.get(key, _unknown)


def _line_in(table: str, name: str, lines: list[str]) -> int:
    """Where an entry of a table, or a table of that name in it, is set; else where the table is."""
    begins = re.compile(rf"""\s*\[\s*{table}\s*\]""")
    whole = re.compile(rf"""\s*\[?\s*{table}\s*\.\s*["']?{re.escape(name)}["']?\s*[=.\]]""")
    entry = re.compile(rf"""\s*["']?{re.escape(name)}["']?\s*[=.]""")
    inside = False
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("["):
            inside = bool(begins.match(line))
        if whole.match(line) or (inside and entry.match(line)):
            return number
    return _line_of(table, lines)


def _unknown(value: Any) -> Any:  # noqa: ARG001 - whatever it is
    raise UsageError(f"There is no such setting. There are: {', '.join((*KEYS, *TABLES))}.")


def _one_of(words: Iterable[str]) -> Callable[[Any], str]:
    known = tuple(words)

    def read_word(value: Any) -> str:
        if value not in known:
            raise UsageError(f"{value!r} is none of {', '.join(known)}.")
        return str(value)

    return read_word


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{value!r} is neither true nor false.")
    return value


def _patterns(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise UsageError(
            f'{value!r} is not a list of patterns such as ["prod", "/srv/*"]. Every mesh is only looked at.'
        )
    return tuple(value)


def _no_table(value: Any) -> Any:
    raise UsageError(f"{value!r} is no table.")


def _read_thresholds(table: Mapping[str, Any]) -> tuple[Thresholds, list[tuple[str, str]]]:
    read, problems = Thresholds(), []
    # `due` first, whatever the order in the file: `overdue` is to come after it
    for name, value in sorted(table.items(), key=lambda entry: entry[0] != "due"):
        is_share = isinstance(value, int | float) and not isinstance(value, bool)
        if name == "due" and is_share and 0.1 <= value <= 0.9:
            read = replace(read, due=float(value))
        elif name == "due":
            problems.append((name, f"{value!r} is no share of a lifetime from 0.1 to 0.9."))
        elif name == "overdue" and is_share and read.due < value <= 1:
            read = replace(read, overdue=float(value))
        elif name == "overdue":
            problems.append(
                (name, f"{value!r} is no share of a lifetime after {read.due:g}, where it is due, up to 1.")
            )
        else:
            problems.append((name, "There is no such threshold. There are: due, overdue."))
    return read, problems


TABLES: dict[str, Callable[[Mapping[str, Any]], tuple[Any, list[tuple[str, str]]]]] = {
    "columns": read_columns,
    "filters": read_filters,
    "keys": read_keymap,
    "thresholds": _read_thresholds,
}
"""Settings that are tables, each entry of which is read for itself."""
KEYS: dict[str, Callable[[Any], Any]] = {
    "theme": _one_of(THEMES),
    "glyphs": _one_of(GLYPHS),
    "view": _one_of(VIEWS),
    "link": _one_of(LINKS),
    "mouse": _yes_or_no,
    "protected": _patterns,
}
"""Every other setting there is, with what reads its value and raises UsageError for one that it cannot be."""
