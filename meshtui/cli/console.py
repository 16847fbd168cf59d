"""`meshtui` without a command: the console over the mesh of the state directory."""

from __future__ import annotations

import gc
import os
from typing import Any

from meshtui.cli.exit_codes import Exit
from meshtui.cli.options import Common
from meshtui.cli.settings import read_settings
from meshtui.mesh.interface import Mesh


def console(common: Common, *, keep: bool, mouse: bool | None, link: str | None, **options: Any) -> int:
    """Run the console; the mesh is attached to or started while its first screen is already there.

    `mouse` and `link` overrule what is preferred where they are said.
    """
    # What is loaded stays; looking through all of it again and again is a tenth of the time until the first paint
    gc.disable()
    settings = read_settings(common, **options)
    from meshtui.tui import terminal  # noqa: PLC0415 - only for the console

    terminal.check()
    preferred = common.found.preferences
    link = link or preferred.link
    slow = terminal.is_remote(os.environ) if link == "auto" else link == "slow"
    terminal.prepare(color=common.color, slow=slow)
    from meshtui.tui.app import MeshtuiApp  # noqa: PLC0415 - loads Textual, which reads what `prepare` set
    from meshtui.tui.board import Told  # noqa: PLC0415
    from meshtui.tui.places import Place  # noqa: PLC0415

    async def open_mesh() -> Mesh:
        from meshtui.connect import attach_or_start  # noqa: PLC0415 - after the first paint

        try:
            return await attach_or_start(settings, keep=keep, read_only=common.only_looks)
        finally:
            gc.freeze()
            gc.enable()

    app = MeshtuiApp(
        open_mesh,
        opening=f"opening the mesh in {settings.state}",
        glyphs=terminal.glyphs(common.signs, common.named_state),
        slow_link=slow,
        keymap=preferred.keys,
        saved=preferred.filters,
        columns=preferred.columns,
        place=Place(preferred.view),
        protected=common.protected,
    )
    app.dress(preferred.theme)
    if problems := common.found.problems:
        more = f" And {len(problems) - 1} more: meshtui info has all." if len(problems) > 1 else ""
        app.board.said = Told(f"{problems[0]}{more}", wrong=True, stays=True)
    app.run(mouse=preferred.mouse if mouse is None else mouse)
    if app.unopened is not None:
        raise app.unopened  # it was on the screen, and is the reason for the status too
    return Exit.FINE if app.return_code == 0 else Exit.FAILED
