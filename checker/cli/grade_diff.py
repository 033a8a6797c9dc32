"""seamwork grade diff: whose mark moved, from what to what, and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from checker.cli.common import open_course, tell
from checker.cli.grade import lab_option, store_option
from checker.errors import N_
from checker.language import say
from checker.report.clean import line

if TYPE_CHECKING:
    from checker.grader.store import Entry, Moved

__all__ = ["command"]

SCHEMA = "seamwork/grade-diff/v1"


@click.command(name="grade diff")
@lab_option
@store_option
@click.option("--from", "before", type=click.IntRange(0), metavar="RUN", help=N_("As it was after that run."))
@click.option("--to", "after", type=click.IntRange(1), metavar="RUN", help=N_("Up to that run; default: the last."))
@click.option("--json", "as_json", is_flag=True, help=N_("The same as JSON."))
@click.option("--course", "folder", type=click.Path(), hidden=True)
def command(
    asked: str, place: str, before: int | None, after: int | None, folder: str | None, *, as_json: bool
) -> None:
    """Show whose mark moved, from what to what, and why: in the last run, or between two."""
    from pathlib import Path  # noqa: PLC0415

    from checker.course import Course  # noqa: PLC0415
    from checker.grader.store import Store  # noqa: PLC0415

    lab = (Course(Path(folder)) if folder else open_course()).lab(asked)
    with Store.open(place, new=False) as store:
        moved = store.diff(lab.name, before, after)
    if as_json:
        found = {"schema": SCHEMA, "lab": lab.name, "moved": [_values(each) for each in moved]}
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for each in moved:
        click.echo(_line(each))
    if not moved:
        tell(N_("No mark has moved."))


def _line(moved: Moved) -> str:
    why = ", ".join(_why(moved))
    return f"{line(moved.after.student.key)}  {_told(moved.before)} → {_told(moved.after)}  {why}"


def _why(moved: Moved) -> list[str]:
    from checker.grader.store import WHYS  # noqa: PLC0415

    return [say(WHYS[why]) for why in moved.why]


def _told(entry: Entry | None) -> str:
    from checker.cli.grade_show import WORDS  # noqa: PLC0415

    if entry is None:
        return say(N_("nothing"))
    mark = entry.mark
    return say(WORDS[mark.status]) if mark.points is None else f"{mark.points:g}"


def _values(moved: Moved) -> dict[str, Any]:
    return {
        "student": line(moved.after.student.key),
        "before": _side(moved.before),
        "after": _side(moved.after),
        "why": [str(why) for why in moved.why],
    }


def _side(entry: Entry | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    return {"run": entry.run, "status": entry.mark.status, "points": entry.mark.points, "most": entry.mark.most}
