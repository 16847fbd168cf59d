"""What a verb does to a row, by its key or by its command: it is refused with a reason, or planned and shown.

A person who confirms the plan has it performed by the app.
"""

from __future__ import annotations

from meshtui.errors import MeshError
from meshtui.mesh.actions import Issue, Rotate, Undo
from meshtui.mesh.rows import Row
from meshtui.tui.board import Board, Told
from meshtui.tui.messages import Failed
from meshtui.tui.screens.framed import Framed
from meshtui.tui.verbs import verbs


def why_protected(board: Board) -> str:
    """What to add to a refusal where this person's settings are behind it; nothing where they are not."""
    if not (board.guard and board.protected):
        return ""
    return " config.toml protects this mesh; meshtui --write changes it all the same."


def refusal(verb: str, row: Row | None, board: Board) -> Told | None:
    """Why a verb does not work on a row, as a sentence; None when it does."""
    reason = next(each.reason for each in verbs(row, board) if each.name == verb)
    if not reason:
        return None
    text = f"{verb} does not work here: {reason}.{why_protected(board)}"
    return Told(text, wrong=True, about=row.target if row else "")


def action_of(verb: str, row: Row) -> Issue | Rotate | Undo:
    """What is planned for a row."""
    if verb == "undo":
        return Undo(target=row.target)
    return Issue(targets=(row.target,)) if verb == "issue" else Rotate(targets=(row.target,))


async def propose(screen: Framed, action: Issue | Rotate | Undo, about: str) -> None:
    """Ask the mesh for a plan, and show it above this screen to the person, who may confirm it."""
    from meshtui.tui.screens.plan import PlanDialog  # noqa: PLC0415 - a start need not wait for it

    screen.say(Told("planning"))
    try:
        plan = await screen.board.the_mesh().plan(action)
    except MeshError as error:
        screen.app.post_message(Failed(error, about=about))
        return
    screen.say(None)
    await screen.open(PlanDialog(plan, screen.board))


async def propose_fix(screen: Framed, row: Row) -> None:
    """Plan what ends the worst finding about a row; where nothing that can be planned does, say what to do."""
    from meshtui.mesh.remedy import remedy  # noqa: PLC0415 - a start need not wait for it

    screen.say(Told("planning"))
    try:
        findings = (await screen.board.the_mesh().detail(row.target)).findings
    except MeshError as error:
        screen.app.post_message(Failed(error, about=row.target))
        return
    found = remedy(findings)
    screen.say(None)
    if found is not None:
        refused = refusal(type(found.action).__name__.lower(), row, screen.board)
        if refused is None:
            await propose(screen, found.action, row.target)
        else:
            screen.say(refused)
    elif findings:
        worst = f"{findings[0].text.removesuffix('.')}. {findings[0].fix}"
        screen.say(Told(f"No key ends this: {worst}", wrong=True, about=row.target))
    else:
        screen.say(Told("Nothing is found to be wrong here.", about=row.target))
