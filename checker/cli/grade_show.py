"""What `seamwork grade` shows: how far it is, and in the end the class."""

from __future__ import annotations

import shutil
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from checker.cli.common import colour, unicode_ok
from checker.errors import N_
from checker.grader.model import Mark, Status, Student
from checker.language import language, say, translator
from checker.report.cells import pad, shorten, width, wrap
from checker.report.clean import line
from checker.report.ink import Ink

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.grader.store import Entry
    from checker.outcome import Message

__all__ = ["Progress", "said", "table", "values"]

SIGNS = {
    Status.GRADED: ("✓", "green"),
    Status.MALFORMED: ("✗", "red"),
    Status.NOT_GRADABLE: ("?", "yellow"),
    Status.MISSING: ("○", ""),
}
WORDS = {
    Status.GRADED: N_("graded"),
    Status.MALFORMED: N_("malformed"),
    Status.NOT_GRADABLE: N_("not gradable"),
    Status.MISSING: N_("missing"),
}
ROWS = 60
"""Students whose rows are shown; of more, only those who need to be looked at."""
NAME = 28
"""Cells that a student's name has."""
AGAIN = 0.1
"""Seconds between two looks at the clock on a terminal."""


class Progress:
    """A line for each student whose work was run; on a terminal a last line that says how long it will take."""

    def __init__(self, *, silent: bool = False) -> None:
        self._silent, self._live = silent, sys.stdout.isatty() and not silent
        self._total = self._done = self._fresh = 0
        self._began: float | None = None
        self._shown = 0

    @contextmanager
    def on(self) -> Iterator[Progress]:
        """Show it for as long as a ``with`` lasts."""
        try:
            yield self
        finally:
            self._wipe()

    def expect(self, students: int) -> None:
        """Hear how many there are."""
        self._total = students
        self._bar()

    def begun(self, students: Sequence[str]) -> None:  # noqa: ARG002
        """Hear whose turn has come: from the first on, time counts."""
        self._began = self._began or time.monotonic()
        self._bar()

    def done(self, student: Student, mark: Mark, *, fresh: bool) -> None:
        """Hear of a mark."""
        self._done, self._fresh = self._done + 1, self._fresh + fresh
        if fresh and not self._silent:
            self._wipe()
            click.echo(_row(student, mark))
        self._bar()

    def _bar(self) -> None:
        if not self._live:
            return
        self._wipe()
        room = shutil.get_terminal_size((80, 24)).columns - 1
        text = _glyphs(say(N_("{done} of {total}"), done=self._done, total=self._total) + self._left())
        text = shorten(text, room)
        bar = min(30, room - width(text) - 2)
        if bar > 5:  # noqa: PLR2004  (cells below which a bar says nothing)
            full = bar * self._done // max(1, self._total)
            text += "  " + _glyphs("━" if unicode_ok() else "#") * full + ("─" if unicode_ok() else ".") * (bar - full)
        click.echo(text, nl=False)
        sys.stdout.flush()
        self._shown = width(text)

    def _left(self) -> str:
        if not self._began or not self._fresh:
            return ""
        left = (time.monotonic() - self._began) / self._fresh * (self._total - self._done)
        return "  " + say(N_("about {time} left"), time=_clock(left))

    def _wipe(self) -> None:
        if self._shown:
            click.echo("\r" + " " * self._shown + "\r", nl=False)
            self._shown = 0


def table(entries: Sequence[Entry]) -> str:
    """Return the class as a person reads it."""
    shown = entries if len(entries) <= ROWS else [e for e in entries if e.mark.status is not Status.GRADED]
    rows = [_row(entry.student, entry.mark) for entry in shown]
    return "\n".join([*rows, *([""] if rows else []), _summary(entries)])


def values(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return the class as JSON values."""
    return [
        {
            "student": line(entry.student.key),
            "status": entry.mark.status,
            "points": entry.mark.points,
            "most": entry.mark.most,
            "earned": entry.mark.earned,
            "penalty": entry.mark.penalty,
            "late": entry.mark.late,
            "message": said(entry.mark.message),
            "checks": [
                {"name": name, "outcome": outcome, "points": points, "most": most}
                for name, outcome, points, most in entry.mark.checks
            ],
        }
        for entry in entries
    ]


def said(message: Message | None) -> str:
    """Say a message in one line; what a submission wrote may be in it."""
    if message is None:
        return ""
    translate = translator(language())
    return line(" ".join(translate(part).format(**message.values) for part in (message.id, message.move) if part))


def _summary(entries: Sequence[Entry]) -> str:
    counted = [(status, sum(entry.mark.status is status for entry in entries)) for status in Status]
    points = [entry.mark.points for entry in entries if entry.mark.points is not None]
    parts = [f"{count} {say(WORDS[status])}" for status, count in counted if count]
    if points:
        most = max(entry.mark.most for entry in entries)
        mean = sum(points) / len(points)
        parts.append(say(N_("on average {mean:g} of {most:g}"), mean=round(mean, 2), most=most))
    return _glyphs(" · ".join(parts))


def _row(student: Student, mark: Mark) -> str:
    """Say one student's mark; why there is none, or a zero, is said below, and not cut."""
    sign, tint = SIGNS[mark.status]
    sign = click.style(_glyphs(sign), fg=tint or None) if colour() else _glyphs(sign)
    name = line(f"{student.key}  {student.name}" if student.name and student.name != student.key else student.key)
    why = said(mark.message) if mark.status in (Status.MALFORMED, Status.NOT_GRADABLE) else ""
    below = [f"\n    {part}" for part in wrap(_glyphs(why), _columns() - 4)] if why else []
    return f"{sign} {pad(shorten(_glyphs(name), NAME), NAME)}  {_glyphs(_told(mark))}" + "".join(below)


def _told(mark: Mark) -> str:
    if mark.points is None:
        return say(WORDS[mark.status])
    points = say(N_("{points:g} of {most:g}"), points=mark.points, most=mark.most)
    late = say(N_("{days:g} days late, {share:.0%} off"), days=mark.late, share=mark.penalty) if mark.penalty else ""
    return "  ".join(filter(None, (points, late)))


def _columns() -> int:
    """Return the terminal's width; what goes into a pipe or a file is not broken."""
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 10_000


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _glyphs(text: str) -> str:
    return Ink(unicode=unicode_ok()).glyphs(text)
