"""A new lab's folders and files, each with the shape it must have and a note on what to write there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from checker.course import Course
from checker.errors import N_, SeamworkError, UsageError
from checker.verify.guide import SECTIONS

__all__ = ["lay_out"]

_NAME = re.compile(r"(?P<number>\d\d)-(?P<short>[a-z0-9]+(-[a-z0-9]+)*)")
_ANCHORS = (
    "what-goes-wrong",
    "by-the-end",
    "see-it-break",
    "idea",
    "turn",
    "prove-it",
    "gained-and-paid",
    "check-yourself",
    "further",
)
_WRITE = (
    (
        "At most 120 words: an incident that the reader brings about with one command.",
        "不超过 120 词：读者用一条命令就能重现的事故。",
    ),
    (
        "Two to four things the reader will be able to do; the minutes; what is needed.",
        "读者将学会的两到四件事，需要多少分钟，需要什么。",
    ),
    ("Run it; the real output; what to notice in it.", "跑一遍；真实的输出；该注意什么。"),
    ("The practice, one picture, what it costs, when not to do it.", "做法、一张图、代价、什么时候不该用。"),
    ("Steps. Each: why, which file, how to see that it worked.", "逐步来。每步：为什么、改哪个文件、怎样算成功。"),
    ("How to read each kind of failure.", "每种失败该怎么读。"),
    ("Measured on the reader's own system.", "在读者自己的系统上量出来的。"),
    (
        "Three questions that need thought; folded answers that say why the wrong ones are wrong.",
        "三个要动脑的问题；折叠的答案要说清错在哪里。",
    ),
    ("Sources; how large systems do it; what this lab left out.", "出处；大型系统怎么做；本实验没讲什么。"),
)
_FRONT = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
"""
_LAB = """\
minutes = 45
teaches = []
needs = ["postgresql"]
title = {{ en = "{title}", zh = "{title}" }}

[checks.test_it_is_so]
points = 1
read = "idea"
"""
_TEST = '''\
"""Lab {number}: what the learner's running system has to show."""

from __future__ import annotations

from checker import System


def test_it_is_so(system: System) -> None:
    """The system does what this lab promises."""
    reply = system.get("/products")

    assert reply.status_code == 418
'''
_CONFTEST = '''\
"""The world of lab {number}: fixtures that arrange it through the contract alone."""
'''
_WHY = """\
# Why it is like this

What the solution decides, what it costs, and what it leaves to later labs.
"""


def lay_out(root: Path, name: str) -> list[Path]:
    """Write the lab ``name`` ("13-caching") into the course at ``root``; return the files, in the order to write them.

    What ``verify`` finds missing in it is what is left to do. Raises UsageError for a name that is none, or is taken.
    """
    match = _NAME.fullmatch(name)
    if not match:
        raise UsageError(
            N_("{name!r} is no name for a lab."), N_("Two digits, a dash, and small letters: 13-caching."), name=name
        )
    for lab in Course(root).labs:
        if lab.number == match["number"]:
            raise UsageError(
                N_("There is a lab {number} already: {lab}."),
                N_("Take another number."),
                number=lab.number,
                lab=lab.name,
            )
    files = _files(match["number"], match["short"])
    for path, text in files.items():
        _write(root / path.format(lab=name), text)
    for path in _FOLDERS:
        (root / path.format(lab=name)).mkdir(exist_ok=True)
    return [root / path.format(lab=name) for path in files]


def _files(number: str, short: str) -> Mapping[str, str]:
    title = short.replace("-", " ").capitalize()
    return {
        "labs/{lab}/lab.toml": _LAB.format(title=title),
        "labs/{lab}/guide.md": _guide(number, title, 0),
        "labs/{lab}/guide.zh.md": _guide(number, title, 1),
        "labs/{lab}/checks/conftest.py": _CONFTEST.format(number=number),
        "labs/{lab}/checks/test_{short}.py".replace("{short}", short.replace("-", "_")): _TEST.format(number=number),
        "labs/{lab}/checks/claims.zh.toml": '# test_it_is_so = "……"\n',
        "solutions/{lab}/WHY.md": _WHY,
    }


_FOLDERS = ("labs/{lab}/starter", "labs/{lab}/wrong", "labs/{lab}/right")
"""Empty at first: a file in them would be laid over the learner's, or be a version."""


def _guide(number: str, title: str, language: int) -> str:
    parts = [_FRONT, f"# {title}\n"]
    for names, anchor, notes in zip(SECTIONS, _ANCHORS, _WRITE, strict=True):
        parts.append(f"({anchor})=\n## {names[language]}\n\n<!-- {notes[language]} -->\n")
        if anchor == "prove-it":
            parts.append(
                f"```{{code-cell}} ipython3\n:state: solution\n%load_ext checker.notebook\n%check {number}\n```\n"
            )
    return "\n".join(parts)


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    except OSError as reason:
        raise SeamworkError(N_("{file} cannot be written: {reason}."), file=file, reason=reason.strerror) from None
