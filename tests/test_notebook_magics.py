"""The magics, in a real kernel: what is shown as HTML and as text, in words also where something goes wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from whole import Program, edit

from checker.session.up import Up

LOAD = "%load_ext checker.notebook"
Cells = Callable[..., list[list[Mapping[str, Any]]]]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Install the program."""
    return Program(tmp_path_factory.mktemp("installed"))


@pytest.fixture
def space(program: Program, tmp_path: Path) -> Path:
    """A workspace at our end of lab 01, with a folder for notebooks."""
    folder = program.workspace(tmp_path / "space")
    (folder / "notebooks").mkdir()
    return folder


@pytest.fixture
def run(program: Program, space: Path) -> Iterator[Cells]:
    """Run cells in a kernel of their own, in the workspace's folder for notebooks; the outputs of each."""

    def ran(*cells: str) -> list[list[Mapping[str, Any]]]:
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in (LOAD, *cells)])
        environment = {**program.environment({"PYTHONPATH": str(program.file.parent)}), "IPYTHONDIR": str(program.home)}
        resources = {"metadata": {"path": str(space / "notebooks")}}
        NotebookClient(book, timeout=40, kernel_name="python3", resources=resources).execute(env=environment)
        return [cell.outputs for cell in book.cells[1:]]

    yield ran
    if (up := Up(space)).running:
        up.stop()
    shutil.rmtree(space, ignore_errors=True)


def text(outputs: list[Mapping[str, Any]]) -> str:
    """All that a cell shows, without HTML."""
    return "\n".join(output["data"]["text/plain"] for output in outputs)


def page(outputs: list[Mapping[str, Any]]) -> str:
    """All that a cell shows, as HTML."""
    return "\n".join(output["data"]["text/html"] for output in outputs)


def test_check_shows_each_claim(run: Cells, space: Path) -> None:
    """%check shows the verdict on each claim, leaves the report, and is warm the second time."""
    first, second = run("%check", "%check 01 --only counter_owns_the_counts --seed 7")

    assert "01-split   3 of 3" in text(first)
    assert page(first).count('class="sw-check sw-passed"') == 3
    assert ("1 of 1" in text(second), "seed 7" in text(second)) == (True, True)
    assert (space / "runs" / "latest" / "report.html").is_file()


def test_what_is_next_hangs_on_what_has_passed(run: Cells) -> None:
    """A part of a lab is followed by all of it, all of it by the next lab."""
    part, whole = run("%check 01 --only counter_owns_the_counts", "%check")

    assert text(part).endswith("Next: all of it, %check 01.")
    assert text(whole).endswith("Next: seamwork start 02, in a terminal.")


def test_nothing_comes_after_the_last_lab(run: Cells, program: Program, tmp_path: Path) -> None:
    """No lab is named that is not there."""
    space = program.workspace(tmp_path / "last", "02")

    (last,) = run(f"import os; os.chdir({str(space)!r})\n%check")

    assert text(last).endswith("That was the last lab there is so far.")


def test_a_failure_is_followed_by_hints(run: Cells, space: Path) -> None:
    """What failed is shown with its evidence; %hint goes on from it, a step further each time."""
    edit(space / "counter" / "app.py", "counts.add(name)", "0")

    failed, hint, again, other = run("%check", "%hint", "%hint", "%hint 01 greeter_keeps_no_counts")

    assert "sw-failed" in page(failed)
    assert ["Hint 1 of 3" in text(hint), "Hint 2 of 3" in text(again), "Hint 1 of 3" in text(other)] == [True] * 3


def test_the_shop_is_asked_broken_and_healed(run: Cells) -> None:
    """%up, %request, %break, %heal, %services and %down do what the commands of these names do."""
    up, asked, cell, broken, seen, healed, down, gone = run(
        "%up --port 20800",
        "%request greeter POST /greetings/ann --json '{}' -H 'X-Why: not'",
        '%%request greeter POST /greetings/ann\n{"loud": {}}',
        "%break counter answers 503",
        "%services",
        "%heal",
        "%down",
        "%services",
    )

    assert ("01-split is up." in text(up), 'href="http://127.0.0.1:' in page(up)) == (True, True)
    assert ("201 Created" in text(asked), '"count": 1' in text(asked), "<svg" in page(asked)) == (True, True, True)
    assert '"count": 2' in text(cell)
    assert all("counter answers 503 for greeter" in text(shown) for shown in (broken, seen))
    assert ("Nothing is broken" in text(healed), "The shop is down" in text(down)) == (True, True)
    assert text(gone).endswith("Put it up: %up")


def test_a_database_is_asked(run: Cells) -> None:
    """%sql takes the rest of the line as it is, %%sql the cell; rows are a table, an error a sentence."""
    _, line, cell, wrong, empty, _ = run(
        "%up --port 20900",
        "%sql counter SELECT 'it''s <b>' AS said, 7 AS seven, NULL AS nothing",
        "%%sql counter --as counter\nSELECT 1 AS one;\nSELECT 'two' AS two",
        "%sql counter SELECT * FROM ordrs",
        "%sql",
        "%down",
    )

    assert " it's <b> |     7 | NULL" in text(line)
    assert '<td>it&#39;s &lt;b&gt;</td><td class="sw-number">7</td><td><em class="sw-dim">NULL</em></td>' in page(line)
    assert text(cell) == " two\n-----\n two\nrows: 1"
    assert ("(undefined_table)" in text(wrong), "sw-trouble" in page(wrong)) == (True, True)
    assert "It is written so: %sql SERVICE [--as OTHER] SELECT …" in text(empty)


def test_streams_are_looked_into(run: Cells) -> None:
    """%stream says that there is no broker where there is none, and how it is written."""
    _, none, wrong, _ = run("%up --port 21000", "%stream", "%stream a --count many", "%down")

    assert ("In lab 01 there is no broker" in text(none), "sw-trouble" in page(none)) == (True, True)
    assert "It is written so: %stream [NAME] [--count N]" in text(wrong)


def test_mistakes_become_sentences(run: Cells) -> None:
    """What was typed wrong is said in a box, and the notebook goes on."""
    shown = run("%check 77", "%request", "%break counter 'hangs", "%solution", "%lang xx", "%check --only nothing_such")

    assert ["There is no lab '77'." in text(shown[0]), "It is written so: %request" in text(shown[1])] == [True, True]
    assert all("sw-trouble" in page(outputs) and "Traceback" not in page(outputs) for outputs in shown)
    assert all(output["output_type"] == "display_data" for outputs in shown for output in outputs)


def test_solution_is_shown_once_passed(run: Cells) -> None:
    """%solution waits until theirs has passed; then it shows why, and each file's change."""
    before, _, after = run("%solution", "%check", "%solution")

    assert "has not passed lab 01 yet" in text(before)
    assert "solution/counter/app.py" in text(after)
    assert "<code>counter/app.py</code>" in page(after)


def test_a_service_that_does_not_start_is_said(run: Cells, space: Path) -> None:
    """%up of a system that does not start says why, in a sentence."""
    (space / "counter" / "app.py").write_text("def (", "utf-8")

    (shown,) = run("%up")

    assert "counter did not start" in text(shown)


def test_outside_of_a_workspace(run: Cells, space: Path) -> None:
    """Where there is no workspace, that is what is said."""
    (shown,) = run(f"import os; os.chdir({str(space.parent)!r})\n%check")[:1]

    assert "There is no workspace in" in text(shown)


def test_braces_are_not_expanded(run: Cells) -> None:
    """What looks like a variable in braces stays what was typed."""
    _, shown = run("loud = 1", '%request greeter POST /x --json "{loud}"')

    assert "{loud}" in text(shown)


def test_coupling_shows_the_map(run: Cells, space: Path) -> None:
    """%coupling draws the map, says it in words as well, and keeps it for later labs."""
    (shown,) = run("%coupling")

    assert ("<svg" in page(shown), text(shown).startswith("Coupling map of lab 01-split")) == (True, True)
    assert (space / "runs" / "coupling" / "01-split.json").is_file()


def test_language_can_be_chosen(run: Cells) -> None:
    """%lang zh speaks Chinese from then on: the claims are."""
    _, checked = run("%lang zh", "%check --only counter_owns_the_counts")

    assert any("\u4e00" <= sign <= "\u9fff" for sign in text(checked))
