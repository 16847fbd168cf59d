"""On real terminals: the start, the end, colours, and what becomes of the console when a terminal vanishes."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import termios
from datetime import UTC, datetime

import pytest

from meshtui.mesh.fake import demo_rows
from meshtui.mesh.query import select
from meshtui.mesh.rows import Query
from meshtui.tui.terminal import prepare
from tests.tui.pseudo_terminal import PROGRAM, Terminal

LEAVES_ALTERNATE_SCREEN = b"\x1b[?1049l"
SHOWS_CURSOR = b"\x1b[?25h"
RGB, INDEXED, BASIC = rb"\x1b\[[0-9;]*[34]8;2;", rb"\x1b\[[0-9;]*[34]8;5;", rb"\x1b\[(?:[0-9;]*;)?3[1-6](?:;[0-9;]*)?m"
GROUND = rb"\x1b\[(?:[0-9;]*;)?(?:4[0-8]|10[0-7])[;m]"
"""A colour behind text."""


def test_it_starts_answers_and_leaves_the_terminal_as_it_was() -> None:
    """Rows come, a key works, q ends it with status 0, and the prompt is back with its cursor."""
    with Terminal() as terminal:
        terminal.until("workload/payments/ledger")
        terminal.press("j")
        terminal.until("▸ workload/prod/httpbin")
        terminal.press("q")
        assert terminal.ended() == 0
        assert LEAVES_ALTERNATE_SCREEN in terminal.sent
        assert SHOWS_CURSOR in terminal.sent


def test_idle_it_sends_next_to_nothing() -> None:
    """An SSH link carries at most 200 bytes a second while nobody does anything."""
    with Terminal() as terminal:
        terminal.until("workload/payments/ledger")
        terminal.read(0.5)
        assert terminal.read(2.0) <= 2 * 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_in_good_order(number: signal.Signals) -> None:
    """Whoever ends it by a signal gets the terminal back as after q."""
    with Terminal() as terminal:
        terminal.until("workload/payments/ledger")
        terminal.process.send_signal(number)
        assert terminal.ended() == 0
        assert LEAVES_ALTERNATE_SCREEN in terminal.sent


def test_a_crash_restores_the_terminal_and_reports_no_values() -> None:
    """The prompt is back as it was, the report says what broke and where, and what was in local variables is not in it.

    Nobody can tell what those hold; it may be a key.
    """
    with Terminal({"CRASH": "terces a"}) as terminal:
        before = terminal.local_modes()
        assert terminal.ended() != 0
        assert LEAVES_ALTERNATE_SCREEN in terminal.sent
        assert terminal.sent.rindex(SHOWS_CURSOR) > terminal.sent.rindex(LEAVES_ALTERNATE_SCREEN) - 200
        report = terminal.sent[terminal.sent.rindex(LEAVES_ALTERNATE_SCREEN) :]
        assert b"RuntimeError" in report
        assert b"It broke in" in report
        assert b"feed.py" in report
        assert b"a secret" not in terminal.sent
        assert b"terces" not in terminal.sent
        assert terminal.local_modes() & (termios.ECHO | termios.ICANON | termios.ISIG) == before & (
            termios.ECHO | termios.ICANON | termios.ISIG
        )


@pytest.mark.parametrize("ignored", [False, True])
def test_it_does_not_outlive_its_terminal(ignored: bool) -> None:
    """A terminal that is gone ends it within five seconds, also where SIGHUP is ignored, and it never spins."""
    with Terminal({"IGNORE_HANGUP": "1"} if ignored else {}) as terminal:
        terminal.until("workload/payments/ledger")
        terminal.hang_up()
        assert terminal.process.wait(timeout=5) == 0


@pytest.mark.parametrize(
    ("environment", "present", "absent"),
    [
        ({"COLORTERM": "truecolor"}, [RGB], []),
        ({}, [INDEXED], [RGB]),
        ({"TERM": "screen"}, [BASIC], [RGB, INDEXED, GROUND]),
        ({"TERM": "xterm"}, [BASIC], [RGB, INDEXED, GROUND]),
        ({"COLOR": "16"}, [BASIC], [RGB, INDEXED, GROUND]),
        ({"NO_COLOR": "1", "COLORTERM": "truecolor"}, [], [RGB, INDEXED, BASIC, GROUND]),
    ],
)
def test_colours_are_those_of_the_terminal(
    environment: dict[str, str], present: list[bytes], absent: list[bytes]
) -> None:
    """24-bit, 256, 16 colours and none: nothing is sent that the terminal does not know, and the state is a word.

    With 16 or none, its ground stays as it is.
    """
    with Terminal(environment) as terminal:
        terminal.until("✗ expired")
        assert all(re.search(pattern, terminal.sent) for pattern in present)
        assert not any(re.search(pattern, terminal.sent) for pattern in absent)


@pytest.mark.parametrize("environment", [{"TERM": "screen"}, {"NO_COLOR": "1"}])
def test_other_places_keep_to_the_colours_of_the_terminal_too(environment: dict[str, str]) -> None:
    """And without any, states, outcomes and reaches are signs and words."""
    with Terminal(environment) as terminal:
        terminal.until("workload/payments/ledger")
        for key, words in (
            ("0", "✗ 1 expired"),
            ("8", "✗ critical"),
            ("4", "└─ intermediate-2"),
            ("5", "✗ rejected"),
            ("6", "! denied"),
            ("7", "! refused"),
            ("5", "POLICY"),
            ("m", "◐ some"),
        ):
            terminal.press(key)
            terminal.until(words)
        assert not re.search(RGB, terminal.sent)
        assert not re.search(INDEXED, terminal.sent)
        assert not re.search(GROUND, terminal.sent)
        assert bool(re.search(BASIC, terminal.sent)) == ("NO_COLOR" not in environment)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"TERM": "linux", "PLACE": "identities"}, "x  expired"),
        ({"LC_ALL": "C", "PLACE": "overview"}, "x  workload/payments/ledger"),
        ({"LC_ALL": "", "LANG": "C", "PLACE": "findings"}, "x  critical"),
    ],
)
def test_where_there_are_no_signs_letters_stand_in(environment: dict[str, str], words: str) -> None:
    """The Linux console, and a locale without UTF-8, are sent ASCII and nothing else."""
    with Terminal(environment, rows=40) as terminal:
        terminal.until(words)
        assert terminal.text.isascii()
        assert terminal.sent.isascii()


def test_what_is_sent_is_what_is_meant() -> None:
    """After opening and closing pages, dialogs and filters, the screen is the same as one that was painted afresh."""
    with Terminal() as terminal:
        terminal.until("workload/payments/ledger")
        for keys, words in (
            ("G", "▸ workload/batch/loader"),
            ("\r", "FINDINGS"),
            ("\x1b", "IDENTITY"),
            ("i", "enter issue"),
            ("\x1b", "? help"),
            ("/", "enter keep"),
            ("shop", "1 of 18"),
            ("\x1b", "? help"),
            ("?", "THE LIST"),
            ("\x1b", "? help"),
            ("0", "NEXT TO EXPIRE"),
            ("jjj", "▸ "),
            ("\r", "CHAIN"),
            ("\x1b", "NEXT TO EXPIRE"),
            ("4", "└─ "),
            ("8", "SEVERITY"),
            ("3", "SECRET"),
            ("5", "rejected"),
            ("m", "FROM / TO"),
            ("l", "loader"),
            ("\x1b", "tab view"),
            ("6", "OUTCOME"),
            ("\r", "LAST DENIED"),
            ("\x1b", "tab view"),
            ("7", "configuration"),
            ("1", "IDENTITY"),
        ):
            terminal.press(keys)
            terminal.until(words)
            if keys == "\x1b":
                terminal.read(0.3)  # an escape waits for what may follow it
        terminal.read(0.3)
        before = _without_times(terminal.text)
        terminal.screen.reset()
        terminal.press("\x0c")
        terminal.until("IDENTITY")
        terminal.read(0.3)
        assert _without_times(terminal.text) == before


def test_the_first_row_that_comes_takes_the_place_of_what_was_said() -> None:
    """Where one row comes into an empty list, nothing below it goes on saying that there is none."""
    with Terminal() as terminal:
        terminal.until("workload/payments/ledger")
        for digit, place, word, found in (
            ("1", "identities", "shop", "1 of 18"),
            ("5", "policies   12", "shop-users", "1 of 12"),
        ):
            terminal.press(digit)
            terminal.until(f"meshtui ▸ {place}")
            terminal.press(f"/{word}x")
            terminal.until("none of")
            terminal.press("\x7f")
            terminal.until(found)
            terminal.read(0.1)
            assert "none of" not in terminal.text
            terminal.press("\r")


def test_nothing_that_arrives_breaks_it() -> None:
    """Sizes that change all the time, keys that are held, pastes of more than text, sequences without an end, and bytes
    that are no text: no traceback, and q still ends it.
    """
    chance = random.Random(7)
    with Terminal() as terminal:
        terminal.until("workload/payments/ledger")
        for _ in range(25):
            terminal.resize(chance.randrange(1, 200), chance.randrange(1, 60))
            terminal.send(b"j")
        terminal.resize(100, 24)
        terminal.send(b"\x1b[B" * 150 + b"\x1b[A" * 150)
        hostile = bytes(chance.choices(range(32), k=3000)) + b"\xc3( \xff words" * 600
        terminal.send(b"/\x1b[200~" + hostile + b"\x1b[201~\r")
        terminal.until("none of 18")
        terminal.send(b":" + b"x" * 300 + b"\x1b[200~" + hostile + b"\x1b[201~\r")
        terminal.until("There is no command")
        for end in (b"\x1b[", b"\x1b[<0;1", b"\x1bO", b"\x1bP1$r", b"\x1b[48;", b"\xc3", b"\xe2\x82"):
            terminal.send(end)
        kept = set(b"qQ\x03\x11\x13")  # keys that end it, or would save files
        terminal.send(bytes(byte for byte in chance.randbytes(200) if byte not in kept))
        assert terminal.quit_from_anywhere() == 0
        assert b"Traceback" not in terminal.sent


def _without_times(text: str) -> str:
    return re.sub(r"\d+[smh]\w*", "", text)


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"TERM": "xterm"}])
def test_without_a_terminal_it_says_what_to_do(environment: dict[str, str]) -> None:
    """Into a pipe there is no console, but a sentence with the command that works there."""
    program = [sys.executable, "-c", PROGRAM]
    result = subprocess.run(
        program, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL, check=False
    )
    assert result.returncode != 0
    assert "meshtui status" in result.stderr


def test_a_dumb_terminal_is_refused_in_words() -> None:
    """A terminal that cannot move its cursor is named."""
    with Terminal({"TERM": "dumb"}) as terminal:
        terminal.until("TERM is 'dumb'")
        assert terminal.ended() != 0


def test_links_are_spared_unless_told_otherwise() -> None:
    """Over SSH there are fewer frames, animations never, and what the environment says already stays."""
    near: dict[str, str] = {}
    prepare(environ=near)
    assert near == {"TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0", "TEXTUAL_FPS": "240"}
    far = {"SSH_CONNECTION": "a b c d"}
    prepare(environ=far)
    assert far["TEXTUAL_FPS"] == "20"
    mine = {"SSH_CONNECTION": "a b c d", "TEXTUAL_FPS": "60"}
    prepare("256", mine)
    assert (mine["TEXTUAL_FPS"], mine["TEXTUAL_COLOR_SYSTEM"]) == ("60", "256")
    none: dict[str, str] = {}
    prepare("none", none)
    assert none["NO_COLOR"] == "1"


def test_the_console_loads_only_what_it_needs() -> None:
    """Cryptography, gRPC, Kubernetes, YAML and a traceback printer would cost a start more than it may take."""
    heavy = ("cryptography", "grpc", "kubernetes", "google", "yaml", "pygments", "sqlite3")
    code = f"import sys, meshtui.tui.app; print([name for name in {heavy!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("place", ["overview", "identities"])
def test_the_first_screen_is_painted_once(place: str) -> None:
    """What follows the first full paint are differences: the header is sent once, whatever the first screen is."""
    with Terminal({"PLACE": place}, columns=140, rows=40) as terminal:
        terminal.until("workload/prod/httpbin")
        terminal.read(0.5)
        sent = re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", bytes(terminal.sent)).decode()
        assert sent.count("meshtui ▸") == 1


def test_a_cursor_move_is_a_few_hundred_bytes() -> None:
    """Over a bad link a key is felt by what it sends: two lines, what is below the list, and no colour twice."""
    rows = select(demo_rows(datetime.now(UTC)), Query(), datetime.now(UTC)).rows
    with Terminal({"PLACE": "identities"}, columns=140, rows=40) as terminal:
        terminal.until(f"▸ {rows[0].target} ")
        terminal.until("x calls")
        terminal.press("j")
        terminal.until(f"▸ {rows[1].target} ")
        before = len(terminal.sent)
        for row in rows[2:12]:
            terminal.press("j")
            terminal.until(f"▸ {row.target} ")
        terminal.until(rows[11].identity)
        # Every second of these is in trouble, in words and colours; of rows that are well, the benchmark allows 700
        assert (len(terminal.sent) - before) / 10 <= 850
