"""seamwork verify: the authors' proof, row by row as it is found, and at the end what to mend."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from checker.cli.check import exit_on_hangup
from checker.cli.common import backing_option, colour, tell, unicode_ok
from checker.errors import N_, Blocked, SeamworkError
from checker.language import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.verify import LabProof, Proof, Repeated, RowProof

__all__ = ["command"]

SCHEMA = "seamwork/verify/v1"
MARKS = {"proven": ("✓", "green"), "unchanged": ("·", "white"), "failed": ("✗", "red"), "undecided": ("?", "yellow")}
FLAKES = 20
"""Flakes that are shown to a person."""
PLAIN = {"proven": "ok", "unchanged": "--", "failed": "!!", "undecided": "??"}


@click.command(name="verify")
@click.option("--lab", "labs", multiple=True, metavar="01", help=N_("Only this lab. May be repeated."))
@click.option("--full", is_flag=True, help=N_("Prove everything anew, also what did not change."))
@click.option(
    "--record",
    is_flag=True,
    help=N_("Write into each overlay which versions it sits on now, show what changed, and stop."),
)
@click.option(
    "--repeat",
    "times",
    type=click.IntRange(1),
    metavar="N",
    help=N_("Hunt flakes: the solutions N times, each time with another seed."),
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    help=N_("Versions run side by side; default: as many as there are cores."),
)
@click.option(
    "--json", "as_json", is_flag=True, help=N_("Print the proof as JSON, and nothing else, on standard output.")
)
@click.option("--course", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), hidden=True)
@backing_option
def command(
    labs: tuple[str, ...],
    *,
    full: bool,
    record: bool,
    times: int | None,
    jobs: int | None,
    as_json: bool,
    folder: Path | None,
    backing: str,
) -> None:
    from checker.course import root  # noqa: PLC0415
    from checker.lessons import stale_notebooks  # noqa: PLC0415
    from checker.verify import repeat, verify  # noqa: PLC0415

    exit_on_hangup()
    course = (folder or root()).resolve()
    if record:
        _record(course)
    elif times:
        say_run = _silent if as_json else _ran
        found = repeat(course, labs=labs, times=times, jobs=jobs, backing=backing, on_run=say_run)
        _say_repeated(found, as_json=as_json)
        sys.exit(found.exit_code)
    else:
        say_row = _silent if as_json else _row
        proof = verify(course, stale=stale_notebooks, labs=labs, full=full, jobs=jobs, backing=backing, on_row=say_row)
        click.echo(json.dumps(_as_json(proof), ensure_ascii=False, indent=2)) if as_json else _say_proof(proof)
        sys.exit(proof.exit_code)


def _silent(_: object) -> None:
    return


# As it goes


def _row(row: RowProof) -> None:
    """One line for what was run; what did not change is counted at the end."""
    if row.state == "unchanged":
        return
    tally = "  ".join(f"{count} {say(outcome)}" for outcome, count in row.tally.items())
    drawn = say(N_("drawn by chance")) if row.drawn else ""
    click.echo(
        f"{_mark(row.state)} {row.lab:<20} {row.row:<32} {row.seconds:6.1f} s  {'  '.join(filter(None, (tally, drawn)))}"
    )


def _mark(state: str) -> str:
    mark, ink = MARKS[state]
    if not unicode_ok():
        return PLAIN[state]
    return click.style(mark, fg=ink) if colour() else mark


def _ran(found: Repeated) -> None:
    """On a terminal one line that counts up; elsewhere a line every ten runs."""
    if sys.stdout.isatty():
        click.echo("\r" + say(N_("{runs} runs, {bad} of them bad"), runs=found.runs, bad=found.bad), nl=False)
    elif found.runs % 10 == 0:
        tell(N_("{runs} runs, {bad} of them bad"), runs=found.runs, bad=found.bad)


# At the end


def _say_proof(proof: Proof) -> None:
    for lab in proof.labs:
        _say_lab(lab)
    for problem in proof.all_problems:
        _say_problem(problem)
    problems = proof.all_problems
    undecided = sum(isinstance(problem, Blocked) for problem in problems)
    if not problems:
        tell(N_("\neverything is proven"))
    else:
        tell(N_("\n{wrong} to mend, {undecided} undecided"), wrong=len(problems) - undecided, undecided=undecided)


def _say_lab(lab: LabProof) -> None:
    states = [row.state.value for row in lab.rows]
    counted = ", ".join(f"{states.count(state)} {say(state)}" for state in MARKS if state in states)
    lines = (
        say(N_("{logic} lines of logic by hand"), logic=lab.change.logic)
        if lab.change
        else say(N_("cannot be laid out"))
    )
    click.echo(f"{lab.lab:<22} {lines}; {counted or say(N_('nothing was run'))}")


def _say_problem(problem: SeamworkError) -> None:
    mark = _mark("undecided" if isinstance(problem, Blocked) else "failed")
    click.echo(f"\n{mark} {say(problem.message, **problem.values)}")
    if problem.move:
        click.echo(f"  {say(problem.move, **problem.values)}")


def _as_json(proof: Proof) -> Mapping[str, Any]:
    return {
        "schema": SCHEMA,
        "exit_code": proof.exit_code,
        "labs": [
            {
                "lab": lab.lab,
                "logic": lab.change.logic if lab.change else None,
                "rows": [
                    {
                        "row": row.row,
                        "state": row.state,
                        "seconds": row.seconds,
                        "tally": dict(row.tally),
                        "drawn": row.drawn,
                    }
                    for row in lab.rows
                ],
            }
            for lab in proof.labs
        ],
        "problems": [
            {
                "message": str(problem),
                "file": str(problem.values.get("file", "")),
                "undecided": isinstance(problem, Blocked),
            }
            for problem in proof.all_problems
        ],
    }


def _say_repeated(found: Repeated, *, as_json: bool) -> None:
    flakes = [
        {"lab": flake.lab, "seed": flake.seed, "check": flake.check, "message": flake.words} for flake in found.flakes
    ]
    if as_json:
        counted = {"runs": found.runs, "bad": found.bad, "seconds": round(found.seconds, 3), "flakes": flakes}
        click.echo(json.dumps(counted, ensure_ascii=False, indent=2))
        return
    if sys.stdout.isatty():
        click.echo()
    each = found.seconds / max(1, found.runs)
    tell(N_("{runs} runs, {bad} of them bad; {each:.2f} s a run"), runs=found.runs, bad=found.bad, each=each)
    for flake in flakes[:FLAKES]:
        tell(N_("  {lab}  seed {seed}  {check}  {message}"), **flake)
    if len(flakes) > FLAKES:
        tell(N_("  … and {more} more; --json shows all"), more=len(flakes) - FLAKES)


def _record(course: Path) -> None:
    from checker.course import Course  # noqa: PLC0415

    changes = Course(course).record()
    for change in changes:
        click.echo(f"{change.overlay}  {change.what} {change.path}  {_hash(change.old)} → {_hash(change.new)}")
    tell(
        N_("{count} records changed; next: seamwork verify") if changes else N_("every record is up to date"),
        count=len(changes),
    )


def _hash(value: str | None) -> str:
    return value[:12] if value else say(N_("nothing"))
