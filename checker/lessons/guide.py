"""Read a guide (Jupytext's MyST Markdown) into the cells of its notebook, in order, with includes filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from checker.errors import N_, EngineFault

__all__ = ["SHOWN", "Cell", "Include", "read_guide"]

SHOWN = ("mermaid",)
"""Fences that are neither run nor included: pictures."""

Include = Callable[[str], str]
"""From what a guide names ("solution:shop/points.py#add") to the lines that are shown."""

_FENCE = re.compile(r"(?P<fence>`{3,}|~{3,})\s*(?P<info>\{[\w-]+\}|\S*)\s*(?P<rest>.*)$")
_HEADING = re.compile(r"#{1,3} ")
_TARGET = re.compile(r"\((?P<name>[\w-]+)\)=\s*$")
_OPTION = re.compile(r":(?P<key>[\w-]+):\s*(?P<value>.*)$")
_STATE = re.compile(r"start|solution|(wrong|right)/[a-z0-9-]+")
_LANGUAGES = {"py": "python", "toml": "toml", "yaml": "yaml", "html": "html", "sql": "sql"}
_COMMENTS = {"sql": "--"}
"""What a comment begins with where it is not ``#``: what is shown may be copied."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. ``state`` is what a code cell runs on ("start", "solution", "wrong/x"), "" for Markdown."""

    source: str
    state: str = ""
    tags: tuple[str, ...] = ()

    @property
    def runs(self) -> bool:
        """Whether it is code."""
        return bool(self.state)


def read_guide(file: str, text: str, include: Include) -> list[Cell]:
    """Return a guide's cells; headings down to the third level begin a new one.

    Raises EngineFault on a code cell that names no state, and on a code block that is neither run nor included.
    """
    cells: list[Cell] = []
    waiting: list[str] = []
    for kind, lines in _blocks(_body(text.splitlines())):
        if kind != "code":
            waiting += lines if kind == "text" else _shown(file, lines, include)
            continue
        cells += [*_markdown(waiting), _code(file, lines)]
        waiting = []
    return [*cells, *_markdown(waiting)]


def _body(lines: list[str]) -> list[str]:
    """Leave the front matter out."""
    return lines[lines.index("---", 1) + 1 :] if lines and lines[0] == "---" else lines


def _blocks(lines: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Tell fenced blocks ("code" cells and "fence") from the "text" between them."""
    rest = iter(lines)
    for line in rest:
        opening = _FENCE.match(line)
        if opening is None:
            yield "text", [line]
            continue
        block = [line]
        for inner in rest:
            block.append(inner)
            if inner.rstrip() == opening["fence"]:
                break
        yield "code" if opening["info"] == "{code-cell}" else "fence", block


def _code(file: str, lines: list[str]) -> Cell:
    options: dict[str, str] = {}
    body = lines[1:-1]
    while body and (option := _OPTION.match(body[0])):
        options[option["key"]] = option["value"].strip()
        body.pop(0)
    if not _STATE.fullmatch(options.get("state", "")):
        raise EngineFault(
            N_("{file}: the cell that begins with {line!r} does not say on which state it runs: {state!r}."),
            N_("Write :state: start, solution, wrong/<mistake> or right/<manner> below its fence."),
            file=file,
            line=body[0] if body else "",
            state=options.get("state", ""),
        )
    tags = tuple(re.findall(r"[\w-]+", options.get("tags", "")))
    return Cell("\n".join(body).strip("\n"), options["state"], tags)


def _shown(file: str, lines: list[str], include: Include) -> list[str]:
    fence = _FENCE.match(lines[0])
    if fence and fence["info"] == "{include}":
        path = fence["rest"].partition(":")[2].partition("#")[0]
        language = _LANGUAGES.get(path.rpartition(".")[2], "")
        named = f"{_COMMENTS.get(language, '#')} {path}"
        return [f"```{language}", named, *include(fence["rest"].strip()).splitlines(), "```"]
    if fence and fence["info"] in SHOWN:
        return lines
    raise EngineFault(
        N_("{file}: the code block {line!r} is neither run nor included."),
        N_("Make it a {{code-cell}} with a state, or an {{include}} of a file; {shown} may stand as it is."),
        file=file,
        line=lines[0],
        shown=", ".join(SHOWN),
    )


def _markdown(lines: list[str]) -> Iterator[Cell]:
    """Cut text at its headings; a target goes with the heading below it."""
    part: list[str] = []
    targets: list[str] = []
    fenced = ""
    for line in lines:
        if fence := _FENCE.match(line):
            fenced = "" if fenced else fence["fence"]
        if not fenced and (target := _TARGET.match(line)):
            targets.append(f'<a id="{target["name"]}"></a>')
        elif not fenced and _HEADING.match(line):
            yield from _text(part)
            part, targets = [*targets, *([""] if targets else []), line], []
        else:
            part += [*targets, line]
            targets = []
    yield from _text([*part, *targets])


def _text(lines: list[str]) -> Iterator[Cell]:
    if source := "\n".join(lines).strip():
        yield Cell(source)
