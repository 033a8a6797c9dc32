"""A lesson's notebook: derived from its guide, executed, and compared with what is committed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from checker.course import LANGUAGES, Course, Lab
from checker.errors import N_, EngineFault, SeamworkError
from checker.lessons.guide import Cell, read_guide
from checker.lessons.include import included
from checker.lessons.maps import keep_map
from checker.lessons.masks import leaks
from checker.lessons.run import Output, run_cells
from checker.lessons.states import lay_out

__all__ = ["build", "cells_of", "notebook_file", "stale_notebooks"]

_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
_REMAKE = N_("Run: make lessons")


def build(course: Course, lab: Lab, language: str) -> Path:
    """Run the lesson in a language and write its notebook, and the coupling map that it draws; the notebook's path.

    Raises EngineFault where a cell fails, a region is missing, or an output names a place on this machine.
    """
    cells = cells_of(course, lab, language)
    outputs = run_cells(cells, partial(lay_out, course, lab), language, partial(keep_map, course, lab))
    text = json.dumps(_notebook(lab, language, cells, outputs), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    file = notebook_file(course, lab, language)
    if found := leaks(text):
        raise EngineFault(
            N_("{file} would name a place on this machine: {found!r}."),
            N_("Mask it, in checker/lessons/masks.py."),
            file=file.name,
            found=found[0],
        )
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    return file


def stale_notebooks(course: Course, lab: Lab) -> list[SeamworkError]:
    """Name the committed notebooks of a lab whose cells are not those of its guides today; nothing is run.

    A course without a folder ``notebooks`` derives none.
    """
    if not (course.root / "notebooks").is_dir():
        return []
    return [fault for language in LANGUAGES for fault in _stale(course, lab, language)]


def cells_of(course: Course, lab: Lab, language: str) -> list[Cell]:
    """Return the cells that the guide in a language makes. Raises EngineFault as ``read_guide`` and ``included`` do."""
    guide = lab.guide(language)
    return read_guide(f"labs/{lab.name}/{guide.name}", guide.read_text("utf-8"), partial(included, course, lab))


def notebook_file(course: Course, lab: Lab, language: str) -> Path:
    """Return where the notebook is, or will be: notebooks/01-boundaries.zh.ipynb."""
    return course.root / "notebooks" / f"{lab.name}{'' if language == 'en' else f'.{language}'}.ipynb"


def _stale(course: Course, lab: Lab, language: str) -> Iterator[SeamworkError]:
    if not lab.guide(language).is_file():
        return
    try:
        wanted = cells_of(course, lab, language)
    except SeamworkError as fault:
        yield fault
        return
    file = notebook_file(course, lab, language)
    name = file.relative_to(course.root).as_posix()
    if not file.is_file():
        yield EngineFault(N_("{file} is not there."), _REMAKE, file=name)
    elif (found := _departure(json.loads(file.read_text("utf-8")), wanted)) is not None:
        yield EngineFault(
            N_("{file} is not what {guide} makes today; its cell {number} is another."),
            _REMAKE,
            file=name,
            guide=f"labs/{lab.name}/{lab.guide(language).name}",
            number=found,
        )


def _departure(book: dict[str, Any], wanted: Sequence[Cell]) -> int | None:
    """Return the number of the first cell that differs, from 1; None when the notebook is up to date."""
    there = [("".join(cell["source"]), cell["metadata"].get("state", "")) for cell in book["cells"]]
    due = [(cell.source, cell.state) for cell in wanted]
    for number in range(max(len(there), len(due))):
        if there[number : number + 1] != due[number : number + 1]:
            return number + 1
    return None if book["metadata"].get("seamwork", {}).get("guide") == _hash(wanted) else 1


def _notebook(lab: Lab, language: str, cells: Sequence[Cell], outputs: Sequence[list[Output]]) -> dict[str, Any]:
    ran = iter(enumerate(outputs, 1))
    return {
        "cells": [
            _cell(place, cell, *next(ran)) if cell.runs else _cell(place, cell) for place, cell in enumerate(cells, 1)
        ],
        "metadata": {
            "kernelspec": _KERNEL,
            "language_info": {"name": "python"},
            "seamwork": {"lab": lab.name, "language": language, "guide": _hash(cells)},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(place: int, cell: Cell, count: int = 0, outputs: Sequence[Output] = ()) -> dict[str, Any]:
    """Return a cell; its id says where it stands, so that it is the same whenever it is made."""
    base = {"id": f"cell-{place:03}", "source": cell.source.splitlines(keepends=True)}
    if not cell.runs:
        return {**base, "cell_type": "markdown", "metadata": {}}
    metadata = {"state": cell.state, **({"tags": list(cell.tags)} if cell.tags else {})}
    numbered = [{**out, "execution_count": count} if "execution_count" in out else dict(out) for out in outputs]
    return {**base, "cell_type": "code", "execution_count": count, "metadata": metadata, "outputs": numbered}


def _hash(cells: Sequence[Cell]) -> str:
    text = json.dumps([[cell.source, cell.state, *cell.tags] for cell in cells], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
