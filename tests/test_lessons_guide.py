"""A guide becomes cells."""

from __future__ import annotations

import pytest

from checker.errors import EngineFault
from checker.lessons.guide import Cell, read_guide

FRONT = "---\njupytext: {}\n---\n\n"


def nothing(named: str) -> str:
    """Include nothing; no test that uses it asks for it."""
    raise AssertionError(named)


def cells(text: str) -> list[Cell]:
    """Read a guide that includes nothing."""
    return read_guide("guide.md", FRONT + text, nothing)


def test_front_matter_is_left_out() -> None:
    """What Jupytext says about itself is no part of the lesson."""
    assert cells("# Split\n") == [Cell("# Split")]


def test_headings_begin_cells() -> None:
    """Each heading down to the third level begins a cell of its own."""
    assert [cell.source for cell in cells("# A\n\none\n\n## B\n\n### C\n\ntwo\n#### D\n")] == [
        "# A\n\none",
        "## B",
        "### C\n\ntwo\n#### D",
    ]


def test_a_code_cell_keeps_state_and_tags() -> None:
    """A code cell says on which state it runs, and may begin anew."""
    read = cells("```{code-cell} ipython3\n:state: wrong/late\n:tags: [fresh]\n%check 01\n```\n")

    assert read == [Cell("%check 01", "wrong/late", ("fresh",))]


def test_blank_lines_of_a_cell_stay() -> None:
    """Two blank lines inside a cell are two blank lines of a file."""
    (cell,) = cells("```{code-cell} ipython3\n:state: start\n%%writefile -a x.py\n\n\ndef f(): ...\n```\n")

    assert cell.source == "%%writefile -a x.py\n\n\ndef f(): ..."


def test_targets_become_anchors() -> None:
    """A target moves to the heading that it is meant for."""
    assert [cell.source for cell in cells("one\n\n(narrow)=\n(wide)=\n### Two\n")] == [
        "one",
        '<a id="narrow"></a>\n<a id="wide"></a>\n\n### Two',
    ]


def test_an_include_is_filled_in() -> None:
    """What is included stands there in its own language, under its path."""
    (cell,) = read_guide(
        "guide.md", "```{include} start:shop/a.py#f\n```\n", {"start:shop/a.py#f": "def f(): ..."}.__getitem__
    )

    assert cell.source == "```python\n# shop/a.py\ndef f(): ...\n```"


def test_the_path_is_a_comment_of_its_language() -> None:
    """What is copied out of a lesson runs: in SQL, a comment begins with dashes."""
    (cell,) = read_guide(
        "guide.md", "```{include} start:infra/a.sql\n```\n", {"start:infra/a.sql": "SELECT 1;"}.__getitem__
    )

    assert cell.source == "```sql\n-- infra/a.sql\nSELECT 1;\n```"


def test_a_picture_may_stand_as_it_is() -> None:
    """Mermaid is neither run nor included; a heading in it is none."""
    assert len(cells("```mermaid\n# no heading\nflowchart LR\n```\n")) == 1


def test_a_cell_without_a_state_is_refused() -> None:
    """Nobody can run a cell that does not say on what."""
    with pytest.raises(EngineFault, match=r"'%check'.*does not say on which state"):
        cells("```{code-cell} ipython3\n%check\n```\n")


def test_code_that_nobody_runs_is_refused() -> None:
    """A block that is neither run nor included may be a lie tomorrow."""
    with pytest.raises(EngineFault, match="neither run nor included"):
        cells("```python\nprint(1)\n```\n")


def test_jupytext_reads_the_same_code() -> None:
    """Jupytext, which others open the guide with, finds the same code cells."""
    jupytext = pytest.importorskip("jupytext")
    text = "# A\n\n```{code-cell} ipython3\n:state: start\n%check\n```\n\ntwo\n\n```{code-cell} ipython3\n:state: solution\n!ls\n```\n"

    book = jupytext.reads("---\njupytext:\n  text_representation:\n    format_name: myst\n---\n" + text, fmt="md:myst")
    theirs = [(cell.source, cell.metadata["state"]) for cell in book.cells if cell.cell_type == "code"]

    assert theirs == [(cell.source, cell.state) for cell in cells(text) if cell.runs]
