"""seamwork check: start the learner's system, prove a lab's claims on it, say what was seen."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from checker.cli.common import backing_option, lab_argument, open_lab, open_workspace, render, tell, workspace_option
from checker.errors import N_, EngineFault
from checker.language import language, translator
from checker.session.runs import remember

if TYPE_CHECKING:
    from checker.course import Lab, Workspace
    from checker.outcome import Results

__all__ = ["after", "command", "exit_on_hangup", "keep", "remember"]

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command(name="check")
@lab_argument
@workspace_option
@backing_option
@click.option(
    "--only", multiple=True, metavar="NAME", help=N_("Only this check, and what it builds on. May be repeated.")
)
@click.option(
    "--seed", type=click.IntRange(0, 2**31 - 1), default=None, metavar="N", help=N_("Replay a run with its seed.")
)
@click.option(
    "--all", "earlier", is_flag=True, help=N_("The checks of the labs before, too: what was built must stay true.")
)
@click.option("--cold", is_flag=True, help=N_("Start every process from nothing, without the preloaded fork server."))
@click.option("--shuffle", is_flag=True, help=N_("In an order drawn by the seed."))
@click.option("--json", "as_json", is_flag=True, help=N_("Print results.json, and nothing else, on standard output."))
def command(
    lab: str | None,
    workspace: Path | None,
    backing: str,
    only: tuple[str, ...],
    seed: int | None,
    earlier: bool,
    cold: bool,
    shuffle: bool,
    as_json: bool,
) -> None:
    from checker.runtime.ground import Ground  # noqa: PLC0415

    exit_on_hangup()
    space = open_workspace(workspace)
    asked = open_lab(space.course, space, lab)
    with Ground(space.course, backing=backing, cold=cold) as ground:
        ground.ready_for(space.path)  # the launcher loads what services need while we import what checks need
        from checker.session import check  # noqa: PLC0415

        results = check(ground, asked, space.path, seed=seed, only=only, earlier=earlier, shuffled=shuffle)
        report = keep(results, space.path, ground)
        remember(space, results)
        if as_json:
            _print_json(results)
        else:
            click.echo(render(results))
            after(space, results, asked, report)
        sys.stdout.flush()
    sys.exit(results.exit_code)


def _print_json(results: Results) -> None:
    from checker.report import results_json  # noqa: PLC0415

    found = results_json(results, lang=language(), translate=translator(language()))
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))


def keep(results: Results, workspace: Path, ground: object) -> Path | None:
    """Write runs/latest; where the disk refuses, say so and keep the verdict."""
    from checker.session import save  # noqa: PLC0415

    try:
        return save(results, workspace, ground.ledger, lang=language(), translate=translator(language()))  # type: ignore[attr-defined]
    except OSError as error:
        click.echo(
            str(
                EngineFault(
                    N_("The report could not be written: {error}."),
                    N_("Is the disk full? The verdict below stands."),
                    error=error,
                )
            ),
            err=True,
        )
        return None


def after(space: Workspace, results: Results, lab: Lab, report: Path | None) -> None:
    """Say where to read more, and what to type next."""
    if report is not None:
        tell(N_("report   {path}"), path=_short(report / "report.html"))
    labs = space.course.labs
    following = labs[labs.index(lab) + 1 :]
    if results.exit_code:
        again = N_("next     mend it, then: seamwork check {number}   (or seamwork watch {number}: on every save)")
        tell(again, number=lab.number)
    elif sum(check.lab == lab.name for check in results.checks) < len(lab.checks):
        tell(N_("next     all of it: seamwork check {number}"), number=lab.number)
    elif following:
        tell(N_("map      seamwork map   (who imports, calls and queries whom now)"))
        tell(N_("next     seamwork start {next}"), next=following[0].number)
    else:
        tell(N_("That was the last lab there is so far."))


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def exit_on_hangup() -> None:
    """Make one orderly way out of Ctrl-C, SIGTERM and a closed terminal; pressing again does not make a mess of it."""
    for number in STOPS:
        signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: object) -> None:
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
