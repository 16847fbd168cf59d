"""Asks the mesh whether one may call another, for pages that show the answer."""

from __future__ import annotations

from meshtui.errors import RefusedError, UsageError
from meshtui.mesh.access import AccessQuestion
from meshtui.mesh.interface import Mesh
from meshtui.present.cells import paragraph
from meshtui.present.explanation import explanation_lines
from meshtui.present.tones import Tone
from meshtui.tui.screens.page import Drawing, Load


def explained(question: AccessQuestion) -> Load:
    """The answer as it is now; or why there is none, as for a caller of another mesh."""

    async def load(mesh: Mesh) -> Drawing:
        try:
            explanation = await mesh.explain(question)
        except (RefusedError, UsageError) as error:
            words = str(error)
            return lambda _now, width, glyphs: paragraph(glyphs.show(words), width, Tone.UNSURE)
        return lambda _now, width, glyphs: explanation_lines(explanation, width, glyphs)

    return load
