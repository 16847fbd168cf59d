"""`meshtui` without a command: the console over the mesh of the state directory."""

from __future__ import annotations

import os
import sys
from typing import Any

from meshtui.cli.exit_codes import Exit
from meshtui.cli.options import Common
from meshtui.cli.settings import read_settings
from meshtui.errors import UsageError
from meshtui.mesh.interface import Mesh


def console(common: Common, *, keep: bool, **options: Any) -> int:
    """Run the console; the mesh is attached to or started while its first screen is already there."""
    settings = read_settings(common, **options)
    # Textual draws on stderr, so that a pipe behind it would swallow the screen
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise UsageError("The console needs a terminal.", fix="Without one, use: meshtui serve, meshtui status --json")
    if os.environ.get("TERM", "dumb") == "dumb":
        raise UsageError("The terminal is dumb (TERM), so the console cannot draw on it.", fix="Use: meshtui status")
    from meshtui.tui.terminal import prepare  # noqa: PLC0415

    prepare(color=common.color)
    from meshtui.tui.app import MeshtuiApp  # noqa: PLC0415 - loads Textual

    async def open_mesh() -> Mesh:
        from meshtui.connect import attach_or_start  # noqa: PLC0415 - after the first paint

        return await attach_or_start(settings, keep=keep)

    MeshtuiApp(open_mesh).run(mouse=False)
    return Exit.FINE
