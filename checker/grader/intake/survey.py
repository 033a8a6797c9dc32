"""What an instructor names on the command line → a Handin for each student, one after the other.

What was typed wrong, and a roster that cannot be read, are UsageErrors at once. After that nothing that a submission
holds ends the run: each comes out as a Handin, with its trees or with what is the matter.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from checker.course.tree import Tree
from checker.errors import N_, Blocked, SeamworkError, UsageError
from checker.grader.intake.choosing import choose
from checker.grader.intake.folders import read_folder
from checker.grader.intake.git import GitRunner, run_git
from checker.grader.intake.jail import Jail
from checker.grader.intake.layouts import Found, one, recognise
from checker.grader.intake.malformed import Malformed, NothingHandedIn, message_of, shown
from checker.grader.intake.matching import Matcher, stranger, unlisted
from checker.grader.intake.packs import MANIFEST
from checker.grader.intake.places import Folder, Place, Zipped, read_bytes, read_file
from checker.grader.intake.repositories import Repository, clone, read_repositories
from checker.grader.intake.roster import Roster, read_roster
from checker.grader.intake.work import PROCFILE, hold_required, trees_of
from checker.grader.model import Handin, Status, Student
from checker.outcome import Message
from checker.report.clean import line

__all__ = ["Survey", "survey"]

_SHOWN = 200


@dataclass(frozen=True)
class _Taken:
    trees: Mapping[str, Tree]
    at: datetime | None
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True)
class _Plan:
    """One hand-in to come: whose, where from, and how it is taken. It raises Malformed or Blocked."""

    student: Student
    source: str
    at: datetime | None
    take: Callable[[Jail], _Taken]
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Survey:
    """Who is to be graded, before anything was read. ``layout``: moodle, canvas, gradescope, plain, one or git."""

    layout: str
    notes: tuple[Message, ...]
    _plans: tuple[_Plan, ...]

    @property
    def students(self) -> tuple[Student, ...]:
        """Whose hand-ins they are, in the same order."""
        return tuple(plan.student for plan in self._plans)

    def __len__(self) -> int:
        """Count the hand-ins to come, those that are missing among them."""
        return len(self._plans)

    def handins(self) -> Iterator[Handin]:
        """Read one hand-in after the other, in the roster's order; those that fit nobody come last."""
        with Jail() as jail:
            for plan in self._plans:
                yield _handin(plan, jail)


def survey(
    path: Path,
    *,
    roster: Path | None = None,
    deadline: datetime | None = None,
    required: Collection[str] = (),
    zone: tzinfo | None = None,
    file_times: bool = False,
    run: GitRunner = run_git,
    local: bool = False,
) -> Survey:
    """Look at what lies there. Raises UsageError for what was typed wrong.

    ``deadline`` chooses among several hand-ins of a student, and among commits. ``required`` names the trees that the lab
    needs ("before-02"). ``file_times``: an archive's own time says when it was handed in; only right where the files came
    with their times, for a download sets them anew. ``run`` runs git; ``local`` allows file:/// addresses.
    """
    known = read_roster(roster, zone) if roster else None
    if path.suffix.lower() == ".csv":
        repositories, notes = read_repositories(path, local=local)
        layout, plans = "git", list(_git_plans(repositories, known, deadline, required, run))
    else:
        layout, found = _found(path, roster)
        found = [_dated(each) for each in found] if file_times else found
        notes, plans = (), list(_plans(found, known, deadline, required))
    if known:
        notes = (*known.notes, *notes)
        plans = _in_order(plans, known, missing=layout != "one")
    return Survey(layout, notes, tuple(plans))


def _found(path: Path, roster: Path | None) -> tuple[str, list[Found]]:
    if path.is_dir():
        if (path / PROCFILE).is_file() or ((path / MANIFEST).is_file() and (path / "tree").is_dir()):
            return "one", [one(f"{path.name}/", path.absolute().name, lambda _: read_folder(path))]
        layout, found = recognise(Folder(path))
        ours = roster.name if roster and roster.resolve().parent == path.resolve() else ""
        return _some(path, layout, [each for each in found if each.label != ours])
    if not path.is_file():
        raise UsageError(
            N_("{path} is not there."),
            N_("Name a folder of submissions, an archive, or a CSV of git addresses."),
            path=path,
        )
    if (place := _zipped(path)) is not None:
        layout, found = recognise(place)
        if layout != "plain":
            return _some(path, layout, found)
    return "one", [one(path.name, path.name, lambda jail: read_file(path, jail), path.stat().st_mtime)]


def _some(path: Path, layout: str, found: list[Found]) -> tuple[str, list[Found]]:
    if not found:
        raise UsageError(
            N_("There is no submission in {path}."),
            N_("Name the folder that holds one folder, zip or tar file for each student."),
            path=path,
        )
    return layout, found


def _zipped(path: Path) -> Place | None:
    """Return a zip as a place, if it is one; whether a platform made it, its names say."""
    try:
        return Zipped.open(path)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, Malformed):
        return None


def _dated(found: Found) -> Found:
    if found.submitted_at is None and found.changed is not None:
        return replace(found, submitted_at=datetime.fromtimestamp(found.changed, UTC))
    return found


def _plans(
    found: Sequence[Found], roster: Roster | None, deadline: datetime | None, required: Collection[str]
) -> Iterator[_Plan]:
    matcher = Matcher(roster) if roster else None
    groups: dict[str, tuple[Student, list[Found]]] = {}
    for each in found:
        try:
            student = matcher.student(each) if matcher else unlisted(each)
        except Blocked as nobody:
            yield _failing(stranger(each), each.label, nobody)
            continue
        groups.setdefault(student.key, (student, []))[1].append(each)
    for student, theirs in groups.values():
        yield _plan(student, theirs, roster, _until(student, deadline), required)


def _until(student: Student, deadline: datetime | None) -> datetime | None:
    """Return a student's own deadline, with the days that cost nothing."""
    until = student.extension.deadline or deadline
    return until + timedelta(days=student.extension.days) if until else None


def _plan(
    student: Student, found: list[Found], roster: Roster | None, deadline: datetime | None, required: Collection[str]
) -> _Plan:
    try:
        chosen, notes = choose(found, deadline)
    except Blocked as undecided:
        return _failing(student, ", ".join(each.label for each in found), undecided)
    at = chosen.submitted_at or (roster.submitted.get(student.key) if roster else None)

    def take(jail: Jail) -> _Taken:
        return _Taken(trees_of(chosen.read(jail), lambda data: read_bytes(data, jail), required), at)

    return _Plan(student, chosen.label, at, take, notes)


def _git_plans(
    repositories: Sequence[Repository],
    roster: Roster | None,
    deadline: datetime | None,
    required: Collection[str],
    run: GitRunner,
) -> Iterator[_Plan]:
    matcher = Matcher(roster) if roster else None
    for repository in repositories:
        found = Found(repository.label, lambda _: {}, folders=(repository.key,))
        try:
            student = matcher.student(found) if matcher else Student(repository.key)
        except Blocked as nobody:
            yield _failing(stranger(found), repository.label, nobody)
            continue
        yield _git_plan(student, repository, _until(student, deadline), required, run)


def _git_plan(
    student: Student, repository: Repository, deadline: datetime | None, required: Collection[str], run: GitRunner
) -> _Plan:
    def take(jail: Jail) -> _Taken:
        cloned = clone(repository, deadline, required, run)
        trees = {**trees_of(cloned.files, lambda data: read_bytes(data, jail)), **cloned.before}
        hold_required(trees, required)
        return _Taken(trees, cloned.at, cloned.notes)

    return _Plan(student, repository.label, None, take)


def _failing(student: Student, source: str, error: SeamworkError) -> _Plan:
    def take(_: Jail) -> _Taken:
        raise error

    return _Plan(student, source, None, take)


def _in_order(plans: list[_Plan], roster: Roster, *, missing: bool) -> list[_Plan]:
    """Put the plans into the roster's order, and one for everybody who is ``missing``."""
    theirs: dict[str, list[_Plan]] = {student.key: [] for student in roster.students}
    others = [plan for plan in plans if plan.student.key not in theirs]
    for plan in plans:
        theirs.get(plan.student.key, []).append(plan)
    nothing = NothingHandedIn(N_("Nothing was handed in."), N_("Look whether it lies under another name."))
    for student in roster.students:
        if missing and not theirs[student.key]:
            theirs[student.key] = [_failing(student, "", nothing)]
    return [*(plan for student in roster.students for plan in theirs[student.key]), *others]


def _handin(plan: _Plan, jail: Jail) -> Handin:
    try:
        taken = plan.take(jail)
    except Malformed as wrong:
        return _without(plan, message_of(wrong), wrong.status)
    except SeamworkError as ours:
        return _without(plan, message_of(ours), Status.NOT_GRADABLE)
    except Exception as reason:  # noqa: BLE001  (one submission costs itself alone, whatever was not foreseen)
        ours_too = Message(_UNFORESEEN, "", {"reason": shown(f"{type(reason).__name__}: {reason}")})
        return _without(plan, ours_too, Status.NOT_GRADABLE)
    return Handin(plan.student, line(plan.source, _SHOWN), taken.at, taken.trees, notes=(*plan.notes, *taken.notes))


_UNFORESEEN = N_("Reading it failed, which is a fault of the grader and not of the submission: {reason}")


def _without(plan: _Plan, problem: Message, status: Status) -> Handin:
    return Handin(plan.student, line(plan.source, _SHOWN), plan.at, problem=problem, status=status, notes=plan.notes)
