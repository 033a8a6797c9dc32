"""What the commands share: options, the course, the workspace, and printing for people."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from checker.errors import N_
from checker.language import language, say, translator

if TYPE_CHECKING:
    from checker.course import Course, Lab, Workspace
    from checker.outcome import Results

__all__ = [
    "backing_option",
    "colour",
    "lab_argument",
    "open_course",
    "open_lab",
    "open_workspace",
    "render",
    "tell",
    "unicode_ok",
    "workspace_option",
]

workspace_option = click.option(
    "--workspace",
    "-w",
    type=click.Path(path_type=Path),
    default=None,
    metavar="DIR",
    help=N_("Your workspace; default: the one you are in."),
)
backing_option = click.option(
    "--backing",
    default="embedded",
    metavar="KIND",
    show_default=True,
    help=N_(
        "PostgreSQL and Redis: embedded, path (those on your PATH), docker, or postgresql://… of a server of yours."
    ),
)


def complete_lab(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Complete lab numbers in the shell."""
    return [lab.number for lab in open_course().labs if lab.number.startswith(incomplete)]


lab_argument = click.argument("lab", required=False, shell_complete=complete_lab)


def open_course() -> Course:
    """Open the course this program came with."""
    from checker.course import Course, root  # noqa: PLC0415

    return Course(root())


def open_workspace(path: Path | None) -> Workspace:
    """Open the workspace named, or the one around the current folder. Raises UsageError where there is none."""
    from checker.course import Workspace  # noqa: PLC0415

    course = open_course()
    return Workspace.open(path, course) if path else Workspace.find(Path.cwd(), course)


def open_lab(course: Course, workspace: Workspace, asked: str | None) -> Lab:
    """Return the lab asked for, or the one the workspace is at. Raises UsageError for one that does not exist."""
    return course.lab(asked) if asked else workspace.lab


def tell(message: str, /, **values: Any) -> None:
    """Print a message in the reader's language."""
    click.echo(say(message, **values))


def colour() -> bool:
    """Whether colours are wanted: a terminal, and no NO_COLOR."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def unicode_ok() -> bool:
    """Whether the output can carry ✓ and →."""
    try:
        "✓✗→…".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def render(results: Results) -> str:
    """Return the results as a person reads them in this terminal."""
    from checker.report import render_text  # noqa: PLC0415

    return render_text(
        results,
        lang=language(),
        translate=translator(language()),
        width=shutil.get_terminal_size((100, 24)).columns,
        color=colour(),
        unicode=unicode_ok(),
    )
