"""A view as a file: what is in it, what it is called, and that nothing is lost by it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from meshtui.mesh.fake import FakeMesh, fleet_rows
from meshtui.tui.board import Told
from meshtui.tui.screens.help import HelpScreen
from meshtui.tui.screens.save import SaveDialog
from tests.tui.console import NOW, Clock, Console, console

FILES = ("csv", "json", "txt", "svg")


def content(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def names(directory: Path) -> list[str]:
    return sorted(each.name for each in directory.iterdir())


async def save(shown: Console, path: Path | str) -> None:
    """Press the key, clear the proposal, type a path."""
    await shown.press("ctrl+s")
    await shown.until(lambda: isinstance(shown.app.screen, SaveDialog))
    await shown.press("ctrl+u")
    await shown.paste(str(path))
    await shown.press("enter")


async def saved(shown: Console, path: Path) -> str:
    await save(shown, path)
    await shown.until(lambda: not isinstance(shown.app.screen, SaveDialog))
    said = shown.app.board.said
    assert isinstance(said, Told)
    assert said.text.endswith(f" in {path}.")
    await shown.until_shown("Saved ")
    return content(path)


async def test_csv_and_json_have_every_row_of_the_list(tmp_path: Path) -> None:
    """Those that pass the filter, in the order of the list, in sight or not."""
    mesh = FakeMesh(fleet_rows(300, NOW), now=Clock())
    async with console(mesh, size=(80, 24)) as shown:
        await shown.press("slash", *"ratings", "enter")
        wanted = [row.target for row in shown.app.board.store]
        assert 20 < len(wanted) < 300
        text = await saved(shown, tmp_path / "list.csv")
        assert [row["target"] for row in csv.DictReader(io.StringIO(text))] == wanted
        found = json.loads(await saved(shown, tmp_path / "list.json"))
        assert (found["schema"], found["view"], found["filter"]) == (1, "identities", "ratings")
        assert [row["target"] for row in found["rows"]] == wanted


async def test_text_and_picture_are_what_is_seen(tmp_path: Path) -> None:
    """Titles and rows; the picture without the question that was asked for its name."""
    async with console() as shown:
        text = await saved(shown, tmp_path / "list.txt")
        assert text.splitlines()[0].startswith("IDENTITY")
        assert len(text.splitlines()) == 1 + len(shown.app.board.store)
        assert "✗ expired" in text
        picture = await saved(shown, tmp_path / "list.svg")
        assert picture.startswith("<svg")
        assert "ledger" in picture
        assert "cancel" not in picture


async def test_a_page_is_saved_as_text_and_picture_only(tmp_path: Path) -> None:
    """A detail is no list of rows, and says so."""
    async with console() as shown:
        await shown.press("enter")
        await shown.until_shown("FINDINGS")
        assert "FINDINGS" in await saved(shown, tmp_path / "detail.txt")
        await save(shown, tmp_path / "detail.csv")
        await shown.until_shown("does not say what to write. End its name with one of .txt, .svg.")
        assert not (tmp_path / "detail.csv").exists()


async def test_the_matrix_is_saved_as_a_table_and_pages_whole(tmp_path: Path) -> None:
    """Every pair, in sight or not; all lines of a page and of a list; help from above another screen."""
    async with console(size=(80, 24)) as shown:
        await shown.press("5", "m")
        await shown.until_shown("plaintext → batch/loader")
        lines = list(csv.DictReader(io.StringIO(await saved(shown, tmp_path / "matrix.csv"))))
        found = json.loads(await saved(shown, tmp_path / "matrix.json"))
        assert found["cells"] == lines
        assert len(lines) == len(found["sources"]) * len(found["destinations"]) > 100
        assert {"source": "workload/prod/sleep", "destination": "workload/prod/httpbin", "reach": "some"}.items() <= (
            next(line for line in lines if "sleep" in line["source"] and "httpbin" in line["destination"]).items()
        )
        assert "FROM / TO" in await saved(shown, tmp_path / "matrix.txt")
        await shown.press("escape", "6")
        await shown.until_shown("DESTINATION")
        text = await saved(shown, tmp_path / "traffic.txt")
        assert "LAST CALL" in text
        assert len(text.splitlines()) == 14
        await shown.press("enter")
        await shown.until_shown("LAST DENIED")
        assert "operation.paths: /status/418 is none of /get" in await saved(shown, tmp_path / "pair.txt")
        await shown.press("question_mark")
        await save(shown, tmp_path / "help.txt")
        await shown.until(lambda: isinstance(shown.app.screen, HelpScreen))
        assert "FILTER" not in content(tmp_path / "help.txt")
        assert "ALWAYS" in content(tmp_path / "help.txt")


async def test_a_file_that_is_there_is_replaced_only_when_asked_twice(tmp_path: Path) -> None:
    """Once is a question; another name in between is another question."""
    path, other = tmp_path / "list.json", tmp_path / "other.json"
    path.write_text("mine")
    other.write_text("mine too")
    async with console() as shown:
        await save(shown, path)
        await shown.until_shown("Type another name, or enter again to replace it.")
        assert "list.json already." in shown.text
        assert content(path) == "mine"
        await shown.press("ctrl+u")
        await shown.paste(str(other))
        await shown.press("enter")
        await shown.until_shown("other.json already.")
        assert content(other) == "mine too"
        await shown.press("enter")
        await shown.until(lambda: not isinstance(shown.app.screen, SaveDialog))
        assert json.loads(content(other))["schema"] == 1
        assert content(path) == "mine"
        assert names(tmp_path) == ["list.json", "other.json"]


async def test_what_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    """A directory that is not there, no name at all; the question stays open, and escape ends it."""
    async with console() as shown:
        await save(shown, tmp_path / "nowhere" / "list.csv")
        await shown.until_shown("cannot be written: No such file or directory.")
        await shown.press("ctrl+u", "enter")
        await shown.until_shown("No file was named. Type where to save it.")
        await shown.press("escape")
        assert not isinstance(shown.app.screen, SaveDialog)
        assert names(tmp_path) == []


async def test_a_mesh_that_does_not_answer_leaves_no_file(tmp_path: Path) -> None:
    """Rows are asked of it; what it says is said."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh) as shown:
        mesh.silence()
        await save(shown, tmp_path / "list.csv")
        await shown.until_shown("The mesh does not answer.")
        assert names(tmp_path) == []


async def test_a_name_is_proposed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which sorts by time, in the directory where the console was started."""
    monkeypatch.chdir(tmp_path)
    async with console() as shown:
        await shown.press("ctrl+s")
        await shown.until_shown("meshtui-identities-20261124T140231Z.csv")
        await shown.press("enter")
        await shown.until(lambda: not isinstance(shown.app.screen, SaveDialog))
        assert names(tmp_path) == ["meshtui-identities-20261124T140231Z.csv"]


async def test_foreign_text_is_inert_in_a_spreadsheet(tmp_path: Path) -> None:
    """No formula, no control character."""
    rows = fleet_rows(1, NOW)
    mesh = FakeMesh([replace(rows[0], last_error='=HYPERLINK("x")\x1b[31m', issuer="@SUM(1)")], now=Clock())
    async with console(mesh) as shown:
        text = await saved(shown, tmp_path / "list.csv")
        (row,) = csv.DictReader(io.StringIO(text))
        assert row["last_error"] == '\'=HYPERLINK("x")\\x1b[31m'
        assert row["issuer"] == "'@SUM(1)"
