"""Textual's driver for terminals, but reading them by `typed`, and no more once they are gone."""

from __future__ import annotations

import os
import selectors
from contextlib import suppress

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from meshtui.tui.typed import Typed

_LOOK = 0.1
"""Seconds after which the thread looks whether it is to end, and whether an escape was a key."""
_AT_ONCE = 4096


class TolerantDriver(LinuxDriver):
    """A driver that no byte ends, and that does not read the end of a terminal for ever."""

    def run_input_thread(self) -> None:
        """Pass on what is pressed and pasted, until the end."""
        typed, parser = Typed(), XTermParser()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_LOOK):
                    data = self._read()
                    if not data:
                        break  # the watchdog sees to the rest
                    # An empty text would tell the parser that this is the end
                    for message in parser.feed(text) if (text := typed.feed(data)) else ():
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)
        with suppress(EOFError, ParseError):
            list(parser.feed(""))

    def _read(self) -> bytes:
        """What arrived; nothing where the terminal is gone."""
        try:
            return os.read(self.fileno, _AT_ONCE)
        except OSError:
            return b""
