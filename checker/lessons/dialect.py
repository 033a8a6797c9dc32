"""From the Markdown that notebooks read to the one that the site reads (Python-Markdown): headings, folds, listings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

__all__ = ["adapted", "headings", "joined", "slug"]

_FENCE = re.compile(r"(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)$")
_HEADING = re.compile(r"(?P<marks>#{1,6}) +(?P<title>.+?)\s*$")
_TARGET = re.compile(r'<a id="(?P<name>[\w-]+)"></a>\s*$')
_PATH = re.compile(r"(?:#|--) (?P<path>[\w./-]+\.\w+|Procfile)$")
_WIDE = r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef“”‘’—…]"
_BROKEN = re.compile(rf"(?<={_WIDE})\n(?=[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef“‘])")


def headings(source: str) -> list[str]:
    """Return the ids of a text's headings in order: what was put above one, else made of its words."""
    found: list[str] = []
    waiting: list[str] = []
    for line in _outside(source.split("\n")):
        if target := _TARGET.match(line):
            waiting.append(target["name"])
        elif heading := _HEADING.match(line):
            found.append(waiting[0] if waiting else slug(heading["title"]))
            waiting = []
    return found


def slug(title: str) -> str:
    """Return an id for a heading: small letters, digits and dashes."""
    return "-".join(re.findall(r"[a-z0-9]+", title.lower().replace("'", "")))


def adapted(source: str, ids: Sequence[str]) -> str:
    """Return the text as the site reads it. ``ids``: one for each heading, in order, the same in every language."""
    given = iter(ids)
    blocks = [_fence(block) if fenced else _prose(block, given.__next__) for fenced, block in _blocks(source)]
    return "\n".join(blocks)


def joined(source: str) -> str:
    """Join lines that were broken between two Chinese characters: a browser would show a space there."""
    blocks = _blocks(source)
    return "\n".join(block if fenced else _BROKEN.sub("", block) for fenced, block in blocks)


def _blocks(source: str) -> list[tuple[bool, str]]:
    """Tell fenced blocks (True) from what is between them."""
    found: list[tuple[bool, list[str]]] = [(False, [])]
    closing = ""
    for line in source.split("\n"):
        fence = _FENCE.match(line)
        if not closing and fence:
            closing = fence["fence"]
            found.append((True, [line]))
            continue
        found[-1][1].append(line)
        if closing and line.rstrip() == closing:
            closing = ""
            found.append((False, []))
    return [(fenced, "\n".join(lines)) for fenced, lines in found if lines]


def _outside(lines: Sequence[str]) -> Iterator[str]:
    for fenced, block in _blocks("\n".join(lines)):
        if not fenced:
            yield from block.split("\n")


def _prose(text: str, give: Callable[[], str]) -> str:
    lines: list[str] = []
    waiting: list[str] = []
    for line in text.split("\n"):
        if target := _TARGET.match(line):
            waiting.append(target["name"])
        elif heading := _HEADING.match(line):
            lines.append(_headed(heading, waiting, give()))
            waiting = []
        elif line or not waiting:
            lines.append(_folding(line))
    return "\n".join(lines)


def _headed(heading: re.Match[str], targets: Sequence[str], name: str) -> str:
    others = "".join(f'<a id="{target}"></a>' for target in targets if target != name)
    return f"{heading['marks']} {others}{heading['title']} {{ #{name} }}"


def _folding(line: str) -> str:
    """Let Markdown be read inside of a fold."""
    return line.replace("<details>", '<details markdown="1">').replace("<summary>", '<summary markdown="span">')


def _fence(block: str) -> str:
    """Put the path that a listing begins with above it; a picture scrolls in its frame."""
    first, *lines = block.split("\n")
    if first.endswith("mermaid"):
        return f'<div class="sw-picture" tabindex="0" markdown="1">\n\n{block}\n\n</div>'
    if lines and (path := _PATH.match(lines[0])):
        return "\n".join([f'{first} title="{path["path"]}"', *lines[1:]])
    return block
