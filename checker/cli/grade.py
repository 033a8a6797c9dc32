"""seamwork grade: a class, from what was handed in to marks; seamwork grade diff: whose mark moved, and why."""

from __future__ import annotations

import json
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from checker.cli.check import exit_on_hangup
from checker.cli.common import complete_lab, open_course, tell
from checker.cli.grade_options import MOMENT, SHARE, SPAN
from checker.errors import N_, Blocked, UsageError
from checker.language import language, say, translator

if TYPE_CHECKING:
    from checker.course import Course, Lab
    from checker.grader.executors import Executor
    from checker.grader.grading import Order
    from checker.grader.store import Entry, Store

__all__ = ["command"]

SCHEMA = "seamwork/grade/v1"
STORE = "grades.db"
ENGINE = {"docker", "registry", "kubernetes"}
"""What a lab needs that builds and runs images: no sandbox holds who may speak to the engine."""
LEAST, EACH = 600.0, 30.0
"""Seconds that a submission has at the least, and for each check."""
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)

lab_option = click.option(
    "--lab", "asked", required=True, metavar="03", shell_complete=complete_lab, help=N_("The lab that was handed in.")
)
store_option = click.option(
    "--store",
    "place",
    default=STORE,
    show_default=True,
    metavar="PLACE",
    help=N_("Where results and marks are kept: a file, or postgresql://… with your database."),
)


class Grade(click.Command):
    """A command that has another one, `diff`, in the place of its argument."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the words; `grade diff` is a command of its own."""
        if args[:1] == ["diff"]:
            from checker.cli.grade_diff import command as diff  # noqa: PLC0415

            return diff.make_context("grade diff", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command(name="grade", cls=Grade)
@click.argument("submissions", type=click.Path(path_type=Path), metavar="SUBMISSIONS")
@lab_option
@click.option("--roster", type=FILE, metavar="CSV", help=N_("Who is in the class; without, the folders' names say."))
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help=N_("Write reports and gradebooks there."))
@store_option
@click.option("--private", type=FOLDER, metavar="DIR", help=N_("Checks of your own that no learner sees."))
@click.option(
    "--sandbox",
    "kind",
    type=click.Choice(["forked", "bubblewrap", "docker"]),
    help=N_("What students' programs run in; default: the best there is here."),
)
@click.option("--unsafe", is_flag=True, help=N_("Without a sandbox: students' programs can do what you can do here."))
@click.option(
    "--disposable",
    is_flag=True,
    help=N_("This machine may be thrown away: labs that need Docker run without a sandbox."),
)
@click.option("--deadline", type=MOMENT, metavar="TIME", help=N_("When it was due: 2026-11-25 23:59+01:00."))
@click.option("--grace", type=SPAN, default="0m", metavar="SPAN", help=N_("How much later costs nothing: 30m, 2h, 1d."))
@click.option("--per-day", type=SHARE, default="0", metavar="SHARE", help=N_("What each day begun later costs: 10%."))
@click.option("--cap", type=SHARE, default="1", metavar="SHARE", help=N_("What being late costs at the most: 50%."))
@click.option("--closes", type=MOMENT, metavar="TIME", help=N_("From when on nothing is worth anything."))
@click.option("--jobs", type=click.IntRange(1), metavar="N", help=N_("Submissions judged at a time."))
@click.option(
    "--limit-check",
    type=click.FloatRange(1),
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help=N_("How long one check may take."),
)
@click.option(
    "--limit-submission",
    type=click.FloatRange(1),
    metavar="SECONDS",
    help=N_("How long all checks of one submission may take; default: half a minute each, and ten minutes at least."),
)
@click.option(
    "--limit-run",
    type=click.FloatRange(1),
    metavar="SECONDS",
    help=N_("Stop after that long; the same command goes on from there."),
)
@click.option(
    "--executor",
    type=click.Choice(["local", "dask"]),
    default="local",
    show_default=True,
    help=N_("Who judges: processes of this machine, or a Dask cluster."),
)
@click.option("--scheduler", metavar="ADDRESS", help=N_("Dask's scheduler: tcp://host:8786."))
@click.option("--json", "as_json", is_flag=True, help=N_("Print the class as JSON, and nothing else."))
@click.option("--course", "folder", type=FOLDER, hidden=True)
def command(
    submissions: Path,
    asked: str,
    *,
    roster: Path | None,
    out: Path | None,
    place: str,
    private: Path | None,
    kind: str | None,
    unsafe: bool,
    disposable: bool,
    deadline: datetime | None,
    grace: timedelta,
    per_day: float,
    cap: float,
    closes: datetime | None,
    jobs: int | None,
    limit_check: float,
    limit_submission: float | None,
    limit_run: float | None,
    executor: str,
    scheduler: str | None,
    as_json: bool,
    folder: Path | None,
) -> None:
    """Judge what a class handed in, each submission in a sandbox of its own, and keep what came of it.

    What is known already is not run again; stopped, it goes on where it was. Exit code 0: everybody has a mark, or nothing
    was handed in; 2: somebody's work could not be graded, by no fault of theirs.
    """
    from checker.grader.grading import Order  # noqa: PLC0415
    from checker.grader.judging.private import read_private  # noqa: PLC0415
    from checker.grader.judging.work import Limits  # noqa: PLC0415
    from checker.grader.policy import Policy  # noqa: PLC0415

    exit_on_hangup()
    course = _course(folder)
    lab = course.lab(asked)
    policy = Policy(deadline, grace, per_day, cap, closes)
    if private:
        read_private(private)
    from checker.grader.store import Store  # noqa: PLC0415

    with Store.open(place) as store:
        with _executor(executor, scheduler, jobs) as workers:
            order = Order(
                course,
                lab,
                _sandbox(lab, kind, workers, unsafe=unsafe, disposable=disposable),
                policy,
                Limits(limit_check, limit_submission or _time_for(course, lab)),
                private.resolve() if private else None,
                language(),
            )
            _grade(order, submissions, roster, store, workers, limit_run, silent=as_json)
        entries = store.table(lab.name)
        _write(store, order, out, silent=as_json)
    _show(entries, lab, order.sandbox, as_json=as_json)
    from checker.grader.model import Status  # noqa: PLC0415

    sys.exit(2 if any(entry.mark.status is Status.NOT_GRADABLE for entry in entries) else 0)


def _course(folder: Path | None) -> Course:
    from checker.course import Course  # noqa: PLC0415

    return Course(folder.resolve()) if folder else open_course()


def _time_for(course: Course, lab: Lab) -> float:
    """Return the seconds that all checks up to a lab may take together: many times what they do, for machines are busy."""
    return max(LEAST, EACH * sum(len(each.checks) for each in course.labs if each.number <= lab.number))


def _sandbox(lab: Lab, wanted: str | None, workers: Executor, *, unsafe: bool, disposable: bool) -> str:
    """Choose what submissions run in. Raises Blocked where there is nothing to be had, and nobody said that none will do."""
    from checker.grader.judging.work import UNSAFE  # noqa: PLC0415
    from checker.grader.sandbox.capabilities import KINDS  # noqa: PLC0415

    if ENGINE & set(lab.needs):
        if disposable:
            return UNSAFE
        raise Blocked(
            N_("Lab {lab} builds and runs images: whoever may do that owns the machine, and no sandbox holds them."),
            N_("Have it graded in the learners' own CI, or on a machine that may be thrown away, with --disposable."),
            lab=lab.name,
        )
    if unsafe:
        if wanted:
            raise UsageError(
                N_("--unsafe is without a sandbox, and --sandbox names one."), N_("Leave one of them out.")
            )
        return UNSAFE
    first = workers.look([wanted or KINDS[0]])
    return (first if wanted or first.best else workers.look()).choose(wanted or "")


def _executor(name: str, scheduler: str | None, jobs: int | None) -> Executor:
    if (name == "dask") != (scheduler is not None):
        raise UsageError(
            N_("--executor dask and --scheduler go together."),
            N_("Say both: --executor dask --scheduler tcp://host:8786"),
        )
    if scheduler:
        from checker.grader.executors.cluster import Cluster  # noqa: PLC0415

        return Cluster(scheduler, jobs)
    from checker.grader.executors.local import Local  # noqa: PLC0415

    return Local(jobs)


def _grade(
    order: Order,
    submissions: Path,
    roster: Path | None,
    store: Store,
    workers: Executor,
    limit: float | None,
    *,
    silent: bool,
) -> None:
    from checker.cli.grade_show import Progress, said  # noqa: PLC0415
    from checker.grader.grading import grade  # noqa: PLC0415
    from checker.grader.intake import survey  # noqa: PLC0415

    number = order.lab.number
    required = [f"before-{number}"] if order.course.contract(number).provision else []
    found = survey(submissions, roster=roster, deadline=order.policy.deadline, required=required)
    if not silent:
        for note in found.notes:
            click.echo(said(note))
    clock = threading.Timer(limit, workers.cancel) if limit else None
    with Progress(silent=silent).on() as progress:
        if clock:
            clock.daemon = True
            clock.start()
        try:
            grade(order, found, store, workers, progress)
        finally:
            if clock:
                clock.cancel()


def _write(store: Store, order: Order, out: Path | None, *, silent: bool) -> None:
    """Write reports, feedback and gradebooks."""
    if out is None:
        return
    from checker.cli.grade_show import said  # noqa: PLC0415
    from checker.grader.exports import write_all  # noqa: PLC0415

    before = [lab for lab in order.course.labs if lab.number < order.lab.number]
    lang = language()
    written = write_all(
        store, order.lab, out, lang=lang, translate=translator(lang), private=order.hidden, before=before
    )
    if not silent:
        for note in written.notes:
            click.echo(said(note))
        tell(N_("report   {path}"), path=written.report)


def _show(entries: list[Entry], lab: Lab, sandbox: str, *, as_json: bool) -> None:
    from checker.cli.grade_show import table, values  # noqa: PLC0415

    if as_json:
        found = {"schema": SCHEMA, "lab": lab.name, "sandbox": sandbox, "students": values(entries)}
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    click.echo("\n" + table(entries))
    if sandbox == "unsafe":
        click.echo(say(N_("This was run without a sandbox.")))
