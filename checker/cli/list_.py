"""seamwork list: the labs, how far you are, what is next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from checker.cli.common import colour, open_course, open_workspace, tell, unicode_ok, workspace_option
from checker.errors import N_, UsageError
from checker.language import language, say

if TYPE_CHECKING:
    from checker.course import Course, Lab, Workspace

__all__ = ["command"]


@click.command(name="list")
@workspace_option
@click.option("--checks", is_flag=True, help=N_("Each lab's checks by name, with what they claim."))
@click.option("--json", "as_json", is_flag=True, help=N_("The same as JSON."))
def command(workspace: Path | None, *, checks: bool, as_json: bool) -> None:
    course = open_course()
    space = _workspace_if_any(workspace)
    rows = [_row(lab, space) for lab in course.labs]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo(_line(row))
        if checks:
            for check in row["checks"]:
                click.echo(f"      {check['name'].removeprefix('test_')}\n          {check['claim']}")
    _next(course, space)


def _workspace_if_any(asked: Path | None) -> Workspace | None:
    try:
        return open_workspace(asked)
    except UsageError:
        if asked is not None:
            raise
        return None


def _row(lab: Lab, space: Workspace | None) -> dict[str, Any]:
    lang = language()
    run = space.progress().get(lab.name) if space else None
    return {
        "number": lab.number,
        "name": lab.name,
        "title": lab.title[lang],
        "minutes": lab.minutes,
        "teaches": list(lab.teaches),
        "needs": list(lab.needs),
        "current": space is not None and space.lab == lab,
        "passed": run.passed if run else None,
        "done": bool(run and run.done),
        "checks": [{"name": name, "claim": meta.claim.get(lang, "")} for name, meta in lab.checks.items()],
    }


def _line(row: dict[str, Any]) -> str:
    marks = ("✓", "→", " ") if unicode_ok() else ("+", ">", " ")
    mark = marks[0] if row["done"] else marks[1] if row["current"] else marks[2]
    far = f"{row['passed']}/{len(row['checks'])}" if row["passed"] is not None else ""
    line = f"{mark} {row['name']:<18} {far:>6}  {row['title']} · {say(N_('{minutes} min'), minutes=row['minutes'])}"
    return click.style(line, bold=row["current"]) if colour() else line


def _next(course: Course, space: Workspace | None) -> None:
    if space is None:
        tell(N_("\nnext     seamwork init bazaar"))
        return
    progress = space.progress()
    here = space.lab
    after = course.labs[course.labs.index(here) + 1 :]
    if not (here.name in progress and progress[here.name].done):
        tell(N_("\nnext     seamwork check {number}"), number=here.number)
    elif after:
        tell(N_("\nnext     seamwork start {number}"), number=after[0].number)
    else:
        tell(N_("\nThat is every lab there is so far."))
