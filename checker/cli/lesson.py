"""seamwork lesson: for authors, make the notebooks of the lessons anew."""

from __future__ import annotations

import sys

import click

from checker.cli.common import lab_argument, open_course, tell
from checker.errors import N_

__all__ = ["command"]


@click.command(name="lesson")
@lab_argument
@click.option("--lang", type=click.Choice(["en", "zh"]), default=None, help=N_("Only in this language."))
@click.option("--stale", is_flag=True, help=N_("Only say which are not up to date."))
def command(lab: str | None, lang: str | None, *, stale: bool) -> None:
    from checker.course import LANGUAGES  # noqa: PLC0415  (only when it is asked for)
    from checker.lessons import build, stale_notebooks  # noqa: PLC0415

    course = open_course()
    labs = [course.lab(lab)] if lab else course.labs
    if stale:
        faults = [fault for each in labs for fault in stale_notebooks(course, each)]
        for fault in faults:
            tell(fault.message + " " + fault.move, **fault.values)
        sys.exit(1 if faults else 0)
    for each in labs:
        for language in [lang] if lang else LANGUAGES:
            tell(N_("{path} is made."), path=build(course, each, language).name)
