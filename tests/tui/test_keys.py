"""Every key of the table does on some screen what the table says, and the palette leads to every place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from meshtui.keymap import ACTIONS
from meshtui.mesh.actions import Rotate
from meshtui.mesh.fake import FakeMesh
from meshtui.mesh.interface import Mesh
from meshtui.mesh.rows import Sort, View
from meshtui.tui.frame import Frame
from meshtui.tui.places import Place
from meshtui.tui.screens.list import SORT_KEYS
from meshtui.tui.widgets.matrix_grid import MatrixGrid
from meshtui.tui.widgets.row_list import RowList
from tests.tui.console import Clock, Console, console

HAPPENED = Counter[str]()
"""What cannot be seen on the screen."""
GATEWAY = "gateway/istio-system/httpbin-credential"
Seen = Callable[[Console], Any]
"""Something about what is shown."""


@dataclass(frozen=True)
class Proof:
    """How the effect of an action is seen."""

    seen: Seen
    """What is another once the key was pressed, at once or soon."""
    becomes: object = None
    """What it is then; None where any other will do."""
    before: tuple[str | Seen, ...] = ()
    """Keys that lead to where it works from the first row of all identities, and what is waited for on the way."""
    target: str = ""
    """The row that it works on, where it does not work on the first."""


def screen(shown: Console) -> str:
    return type(shown.app.screen).__name__


def rows(shown: Console) -> RowList:
    return shown.app.screen_stack[0].query_one(RowList)


def row(shown: Console) -> int:
    return rows(shown).place


def cell(shown: Console) -> object:
    grids = shown.app.screen.query(MatrixGrid)
    return grids.first().selected if grids else None


def marks(shown: Console) -> int:
    return len(shown.app.board.marked)


def place(shown: Console) -> str:
    return shown.lines[0].split("   ")[0].removeprefix(" meshtui ▸ ")


def order(shown: Console) -> tuple[Sort, bool]:
    return shown.app.board.store.sort, shown.app.board.store.descending


def asks(shown: Console) -> str:
    return shown.lines[-1][:2]


def listed(shown: Console) -> int:
    return len(shown.app.board.store)


def copied(shown: Console) -> tuple[bool, str]:
    return "BEGIN CERTIFICATE" in shown.app.clipboard, shown.app.clipboard


def ended(shown: Console) -> bool:
    return shown.app._exit


PROOFS: dict[str, Proof] = {
    "open": Proof(screen, "DetailScreen"),
    "issue": Proof(screen, "PlanDialog", target="workload/batch/loader"),
    "rotate": Proof(screen, "PlanDialog", target=GATEWAY),
    "fix": Proof(screen, "PlanDialog"),
    "undo": Proof(screen, "PlanDialog", target=GATEWAY),
    "verify": Proof(screen, "VerifyScreen"),
    "reach": Proof(screen, "ReachScreen"),
    "copy": Proof(copied),
    "copy-pem": Proof(copied),
    "filter": Proof(asks, " /"),
    "clear": Proof(listed, before=("slash", "x", "enter")),
    "only-trouble": Proof(listed),
    "all-columns": Proof(lambda shown: "LIFETIME" in shown.text, True),
    "mark": Proof(marks, 1),
    "mark-range": Proof(marks, 3, before=("space", "j", "j")),
    "mark-all": Proof(marks, 18),
    "unmark": Proof(marks, 0, before=("space",)),
    "matrix": Proof(place, "policies ▸ who can call whom", before=("5",)),
    "denied": Proof(place, "traffic ▸ denied", before=("6", lambda shown: "OUTCOME" in shown.text)),
    "leave": Proof(place, "traffic", before=("6", lambda shown: "OUTCOME" in shown.text, "d")),
    "next-view": Proof(place, "workloads"),
    "view-before": Proof(place, "overview"),
    **{
        f"sort-{name}": Proof(order, (sort, False), before=("S" if sort is Sort.EXPIRY else "L",))
        for name, sort in SORT_KEYS.items()
    },
    "down": Proof(row, 1),
    "up": Proof(row, 0, before=("j",)),
    "page-down": Proof(row),
    "page-up": Proof(row, 0, before=("pagedown",)),
    "half-down": Proof(row),
    "half-up": Proof(row, 0, before=("ctrl+d",)),
    "left": Proof(cell, before=("5", "m", cell, "l")),
    "right": Proof(cell, before=("5", "m", cell)),
    "first": Proof(row, 0, before=("G",)),
    "last": Proof(row, 17),
    "command": Proof(asks, " :"),
    "palette": Proof(screen, "PaletteScreen"),
    "back": Proof(screen, "ListScreen", before=("enter",)),
    "place-before": Proof(place, "identities", before=("1", "3")),
    "place-after": Proof(place, "gateways", before=("3", "left_square_bracket")),
    "last-place": Proof(place, "identities", before=("1", "3")),
    "help": Proof(screen, "HelpScreen"),
    "save": Proof(screen, "SaveDialog"),
    "read-again": Proof(lambda _: HAPPENED["opened"]),
    "redraw": Proof(lambda _: HAPPENED["forgotten"]),
    "quit": Proof(ended, True),
}
"""Of each action of the table; how the app ends is the last."""


async def home(shown: Console) -> None:
    """The first row of all identities, with nothing marked, typed or said."""
    app, store = shown.app, shown.app.board.store
    if asks(shown) in (" /", " :"):
        await shown.press("escape")
    if len(app.screen_stack) > 1 or store.view is not View.IDENTITIES:
        await app.show_place(Place.IDENTITIES)
    app.board.marked.clear()
    app.board.said = None
    if store.filter or store.only_trouble:
        store.arrange(View.IDENTITIES, "", only_trouble=False)
        rows(shown).rearrange()
    rows(shown).go(0)


async def prove(shown: Console, key: str, proof: Proof) -> None:
    await home(shown)
    if proof.target:
        rows(shown).select(proof.target)
    for step in proof.before:
        if isinstance(step, str):
            await shown.press(step)
        else:
            await shown.until(partial(step, shown))
    before = proof.seen(shown)
    assert before != proof.becomes
    await shown.press(key)
    if proof.becomes is None:
        await shown.until(lambda: proof.seen(shown) != before)
    else:
        await shown.until(lambda: proof.seen(shown) == proof.becomes)


async def test_every_key_does_what_the_table_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """One action after the other in one console, each by the first of its keys."""
    assert set(PROOFS) == set(ACTIONS)
    mesh, forget = FakeMesh(now=Clock()), Frame.forget
    HAPPENED.clear()

    async def open_mesh() -> Mesh:
        HAPPENED["opened"] += 1
        return mesh

    def count(frame: Frame) -> None:
        HAPPENED["forgotten"] += 1
        forget(frame)

    monkeypatch.setattr(Frame, "forget", count)
    plan = await mesh.plan(Rotate(targets=(GATEWAY,)))
    assert [progress async for progress in mesh.perform(plan.id)]
    async with console(open_mesh=open_mesh, size=(80, 24)) as shown:
        for name, proof in PROOFS.items():
            key = ACTIONS[name].keys.split(",")[0]
            try:
                await prove(shown, key, proof)
            except AssertionError as error:
                pytest.fail(f"{key} does not {name}: {error}")


async def test_the_palette_leads_to_every_place() -> None:
    """As digits do (`test_list`), and names behind `:` (`test_commands`)."""
    async with console(size=(80, 24)) as shown:
        await shown.press("ctrl+p")
        await shown.paste("go to")
        for there in Place:
            assert f"{there.digit}           go to {there}" in shown.text
        await shown.press("space")
        await shown.paste(Place.FINDINGS)
        await shown.press("enter")
        await shown.until_shown("meshtui ▸ findings ")
