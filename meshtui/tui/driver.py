"""Textual's driver for terminals, but reading them by `typed`."""

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
    """A driver that no byte ends."""

    def run_input_thread(self) -> None:
        """Read until the end, and pass on what was pressed and pasted."""
        typed, parser = Typed(), XTermParser()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                data = os.read(self.fileno, _AT_ONCE) if selector.select(_LOOK) else b""
                # An empty text would be the end of all input
                for message in parser.feed(text) if (text := typed.feed(data)) else ():
                    self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)
        with suppress(EOFError, ParseError):
            list(parser.feed(""))
