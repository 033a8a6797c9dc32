"""Run a lesson's cells, each on the state that it names, and return what they put out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from checker.errors import N_, EngineFault
from checker.lessons.guide import Cell
from checker.lessons.masks import masked, places
from checker.session.up import Up
from checker.wait import until

__all__ = ["PATIENCE", "Output", "run_cells"]

PATIENCE = 300
"""Seconds that one cell may take."""
SETTLES = 15.0
"""Seconds that the shop has to notice a change and start again."""
LOAD = "%load_ext checker.notebook"
TROUBLE = 'class="sw-trouble'
"""How a magic shows that it could not do what was asked."""

Output = Mapping[str, Any]
"""One output of a cell, as nbformat 4 has it."""


def run_cells(
    cells: Sequence[Cell],
    lay_out: Callable[[str, Path], None],
    language: str,
    keep: Callable[[Path], None] = lambda _: None,
) -> list[list[Output]]:
    """Return the masked outputs of each code cell, in order.

    Cells that follow one another on one state share a workspace (laid out by ``lay_out(state, folder)``) and a kernel;
    another state, or the tag ``fresh``, begins anew. ``keep`` takes what it wants out of a workspace that has been used.
    Raises EngineFault where a cell raises or takes too long.
    """
    return [outputs for scene in _scenes(cells) for outputs in _play(scene, lay_out, language, keep)]


def _scenes(cells: Sequence[Cell]) -> list[list[Cell]]:
    number = 0
    numbered: list[tuple[int, Cell]] = []
    before = ""
    for cell in (cell for cell in cells if cell.runs):
        number += cell.state != before or "fresh" in cell.tags
        before = cell.state
        numbered.append((number, cell))
    return [[cell for _, cell in scene] for _, scene in groupby(numbered, key=lambda pair: pair[0])]


def _play(
    scene: Sequence[Cell], lay_out: Callable[[str, Path], None], language: str, keep: Callable[[Path], None]
) -> list[list[Output]]:
    with TemporaryDirectory(prefix="seamwork-lesson-") as folder:
        workspace = Path(folder) / "bazaar"
        lay_out(scene[0].state, workspace)
        with _environment(language, Path(folder)) as environment:
            try:
                played = _execute([cell.source for cell in scene], workspace, environment)
            finally:
                _down(workspace, environment)
        keep(workspace)
        known = places(workspace)
        return [_tidied(outputs, known) for outputs in played]


def _execute(sources: Sequence[str], workspace: Path, environment: Mapping[str, str]) -> list[list[Output]]:
    """Run the cells in one kernel, from the folder a learner's notebook runs in; the magics are there without asking."""
    from nbclient import NotebookClient  # noqa: PLC0415  (heavy, and for authors only)
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError  # noqa: PLC0415
    from nbformat import v4  # noqa: PLC0415

    unasked = [] if any(LOAD in source for source in sources) else [LOAD]
    code = [v4.new_code_cell(source) for source in [*unasked, *sources]]  # type: ignore[no-untyped-call]  # it brings no types
    book = v4.new_notebook(cells=code)  # type: ignore[no-untyped-call]
    start = workspace / "notebooks"
    start.mkdir(exist_ok=True)
    client = NotebookClient(book, timeout=PATIENCE, kernel_name="python3", resources={"metadata": {"path": str(start)}})
    try:
        with client.setup_kernel(env=dict(environment)):
            for number, cell in enumerate(book.cells):
                with _settled(workspace):
                    client.execute_cell(cell, number)
                _hold_well(cell.source, cell.outputs)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise EngineFault(
            N_("A cell of the lesson fails: {words}"),
            N_("Run it by hand in a workspace of that state, and mend the guide or what it shows."),
            words=str(error).strip()[-1500:],
        ) from None
    return [list(cell.outputs) for cell in book.cells[len(unasked) :]]


def _hold_well(source: str, outputs: Sequence[Output]) -> None:
    for output in outputs:
        data = output.get("data", {})
        if TROUBLE in data.get("text/html", ""):
            raise EngineFault(
                N_("The cell {cell!r} of the lesson could not do what it says: {words}"),
                N_("Run it by hand in a workspace of that state, and mend the guide."),
                cell=source.partition("\n")[0],
                words=data.get("text/plain", ""),
            )


@contextmanager
def _settled(workspace: Path) -> Iterator[None]:
    """After a cell that changes code, wait until the shop that is up has started again: people are slower than cells."""
    up = Up(workspace)
    before, restarts = _code(workspace), up.state().restarts if up.running else 0
    yield
    if up.running and _code(workspace) != before:
        until(lambda: up.state().restarts > restarts and up.state().ready, within=SETTLES)


def _code(workspace: Path) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns for file in workspace.rglob("*.py")}


@contextmanager
def _environment(language: str, folder: Path) -> Iterator[dict[str, str]]:
    """Give what a learner's JupyterLab would have: our programs on PATH, no settings of the author's."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SEAMWORK_", "LC_", "LANG", "PYTEST_"))
    }
    yield {
        **ours,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{ours.get('PATH', os.defpath)}",
        "SEAMWORK_LANG": language,
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
        "COLUMNS": "100",
        "IPYTHONDIR": str(folder / "ipython"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _down(workspace: Path, environment: Mapping[str, str]) -> None:
    """Stop the shop, if a cell left it up."""
    seamwork = Path(sys.executable).with_name("seamwork")
    subprocess.run(
        [seamwork, "down"], cwd=workspace, env=dict(environment), capture_output=True, check=False, timeout=60
    )


def _tidied(outputs: Sequence[Output], known: Mapping[str, str]) -> list[Output]:
    """Join what was printed in pieces, mask what differs from run to run, and keep text where there is text.

    A notebook that came by mail, or by git, is not trusted: JupyterLab, and sites that show notebooks, take styles and
    pictures out of its saved HTML, and what is left cannot be read. Run by the learner, the same cell shows its HTML.
    """
    tidy: list[dict[str, Any]] = []
    for output in masked([dict(each) for each in outputs], known):
        last = tidy[-1] if tidy else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            tidy.append({key: _text_first(value) for key, value in output.items() if key != "transient"})
    return [*tidy]


def _text_first(value: Any) -> Any:
    return {"text/plain": value["text/plain"]} if isinstance(value, dict) and "text/plain" in value else value
