"""The proof itself: look at each lab's papers, run what is stale, and one thing more that chance picks."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checker.course import Course, Lab, write_tree
from checker.errors import N_, Blocked, EngineFault, SeamworkError
from checker.outcome import Outcome
from checker.verify import proven
from checker.verify.crew import Crew, Job
from checker.verify.judging import Answer, Ran, Said, judge
from checker.verify.papers import Stale, change_of, lab_gaps, too_large, unkilled
from checker.verify.proof import LabProof, Proof, RowProof, State, without_repeats
from checker.verify.proven import Entry
from checker.verify.rows import Kind, Pass, Row, rows_of
from checker.verify.timing import alone, beside

__all__ = ["answer_of", "cores", "job_of", "verify"]

MOST_SEEDS = 1_000_000
Part = Callable[[Lab, Sequence[Pass]], tuple[Pass, ...]]


@dataclass
class _Desk:
    """One lab in work."""

    lab: Lab
    proof: LabProof
    key: str = ""
    rows: list[Row] = field(default_factory=list)
    known: dict[str, Entry] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    drawn: str = ""
    killed: set[str] = field(default_factory=set)
    said: dict[str, Job] = field(default_factory=dict)  # by row: what the parts of it that were run came to
    whole: bool = True  # every version of the lab could be laid out, and every wrong one was decided

    def passes(self, row: Row, part: Part) -> tuple[Pass, ...]:
        """Return what is run of a row in one part of the proof."""
        if row.kind is Kind.FORM:
            return row.passes if part is beside else ()
        return part(self.lab, row.brief if row.name == self.drawn else row.passes)

    def stale(self, row: Row) -> bool:
        entry = self.known.get(row.name)
        return entry is None or entry.hash != self.hashes[row.name]


def verify(
    root: Path,
    *,
    stale: Stale,
    labs: Sequence[str] = (),
    full: bool = False,
    draw: bool = True,
    jobs: int | None = None,
    backing: str = "embedded",
    on_row: Callable[[RowProof], None] = lambda _: None,
) -> Proof:
    """Prove the labs of the course at ``root`` (all, or those named), and keep in each proven.json what was proven.

    Only what changed is run, and (``draw``) one row of each lab that did not; ``full`` runs everything. ``jobs`` rows
    go side by side (default: as many as there are cores); checks in which time is the point run after them, one by one.
    ``stale`` names a lab's notebooks that are not up to date: verify and the lessons do not know each other.
    Raises UsageError for a lab that does not exist; everything else is a problem in the proof.
    """
    course = Course(root)
    try:
        chosen = [course.lab(name) for name in labs] if labs else list(course.labs)
    except EngineFault as error:  # a lab.toml, a folder's name: nothing can be said of any lab
        return Proof(problems=[error])
    desks = [_look_at(course, lab, stale=stale, full=full, draw=draw) for lab in chosen]
    with (  # the folder goes last: whoever is interrupted still has processes that work in it
        tempfile.TemporaryDirectory(prefix="seamwork-verify-") as folder,
        Crew(root, most=jobs or cores(), backing=backing) as crew,
    ):
        for desk in desks:
            _tell_unchanged(desk, on_row)
        work = [(desk, row) for desk in desks for row in _to_run(desk)]
        for part, most in ((beside, None), (alone, 1)):
            for (desk, row), said in crew.run(_prepared(work, part, Path(folder)), most=most):
                if told := _settle(desk, row, said, last=part is alone):
                    proven.write(desk.lab, desk.key, desk.known)  # who is interrupted has lost nothing
                    on_row(told)
    for desk in desks:
        _conclude(desk)
    return Proof([desk.proof for desk in desks])


def cores() -> int:
    """Return how many cores we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def job_of(row: Row, tree: Path, passes: Sequence[Pass]) -> Job:
    """Lay a row's tree out in the folder ``tree`` and return the job for a worker, each pass with a seed of its own."""
    write_tree(row.tree, tree)
    if row.kind is Kind.FORM:
        return {"lab": row.lab.name, "tree": str(tree), "form": row.file}
    runs = [
        {"only": list(each.only), "shuffled": each.shuffled, "seed": random.SystemRandom().randrange(1, MOST_SEEDS)}
        for each in passes
    ]
    return {"lab": row.lab.name, "tree": str(tree), "cold": row.cold, "passes": runs}


def answer_of(said: Mapping[str, Any]) -> Answer:
    """Read what a worker sent."""
    runs = tuple(
        Ran(
            run["seed"],
            tuple(Said(each["check"], Outcome(each["outcome"]), each["words"], each["unmet"]) for each in run["said"]),
        )
        for run in said.get("runs", ())
    )
    return Answer(runs, float(said.get("seconds", 0.0)), str(said.get("error", "")), bool(said.get("undecided", False)))


# Before anything runs


def _look_at(course: Course, lab: Lab, *, stale: Stale, full: bool, draw: bool) -> _Desk:
    desk = _Desk(lab, LabProof(lab.name))
    problems = desk.proof.problems
    problems += _collected(lab_gaps(course, lab))
    problems += _collected(iter(stale(course, lab)))
    desk.rows, bad = rows_of(course, lab)
    desk.whole = not bad
    problems += bad
    if not bad:
        desk.proof.change = change_of(course, lab)
        problems += too_large(lab, desk.proof.change)
    desk.key = proven.key_of(course, lab)
    desk.hashes = {row.name: proven.hash_of(row, desk.key) for row in desk.rows}
    desk.known = {} if full else {name: entry for name, entry in proven.read(lab).items() if name in desk.hashes or bad}
    unchanged = [row.name for row in desk.rows if not desk.stale(row)]
    desk.drawn = random.SystemRandom().choice(unchanged) if draw and unchanged else ""
    return desk


def _collected(found: Iterator[SeamworkError]) -> list[SeamworkError]:
    """Take all there are; where looking itself comes upon an error, that is the last."""
    problems: list[SeamworkError] = []
    try:
        problems.extend(found)
    except SeamworkError as error:
        problems.append(error)
    return problems


def _to_run(desk: _Desk) -> Iterator[Row]:
    return (row for row in desk.rows if desk.stale(row) or row.name == desk.drawn)


def _tell_unchanged(desk: _Desk, on_row: Callable[[RowProof], None]) -> None:
    for row in desk.rows:
        if not desk.stale(row) and row.name != desk.drawn:
            desk.proof.rows.append(RowProof(desk.lab.name, row.name, State.UNCHANGED))
            on_row(desk.proof.rows[-1])


def _prepared(work: Iterable[tuple[_Desk, Row]], part: Part, folder: Path) -> Iterator[tuple[tuple[_Desk, Row], Job]]:
    for number, (desk, row) in enumerate(work):
        if passes := desk.passes(row, part):
            tree = folder / f"{desk.lab.name}-{number}-{part.__name__}"
            yield (desk, row), job_of(row, tree, passes)


# As answers come in


def _settle(desk: _Desk, row: Row, said: Job, *, last: bool) -> RowProof | None:
    """Judge a row, note what it came to, and what was proven by it; None where a part of it is still to be run."""
    said = desk.said[row.name] = _together(desk.said.get(row.name), said)
    if not last and desk.passes(row, alone):
        return None
    answer = answer_of(said)
    problems = [*_faults(said), *judge(row, answer)]
    desk.proof.problems += problems
    drawn, state = row.name == desk.drawn, _state(problems)
    if row.kind is Kind.WRONG:
        desk.killed.update(answer.named(Outcome.FAILED))
        desk.whole &= state is not State.UNDECIDED
    if state is not State.PROVEN:
        desk.known.pop(row.name, None)
    elif not drawn:
        failed, blocked = answer.named(Outcome.FAILED), answer.named(Outcome.BLOCKED)
        desk.known[row.name] = Entry(desk.hashes[row.name], answer.tally.get("passed", 0), failed, blocked)
    ended = RowProof(desk.lab.name, row.name, state, answer.seconds, answer.tally, drawn)
    desk.proof.rows.append(ended)
    return ended


def _together(one: Job | None, other: Job) -> Job:
    """Return what both parts of a row came to: where one came to nothing, neither did the row."""
    if one is None or "error" in one:
        return one or other
    if "error" in other:
        return other
    seconds = one.get("seconds", 0.0) + other.get("seconds", 0.0)
    return {**other, "runs": [*one["runs"], *other["runs"]], "seconds": seconds}


def _faults(said: Job) -> list[SeamworkError]:
    return [
        (Blocked if fault["undecided"] else EngineFault)(N_("{words}"), words=fault["words"])
        for fault in said.get("faults", ())
    ]


def _state(problems: Sequence[SeamworkError]) -> State:
    if not problems:
        return State.PROVEN
    return State.UNDECIDED if all(isinstance(problem, Blocked) for problem in problems) else State.FAILED


# At the end


def _conclude(desk: _Desk) -> None:
    """Ask whether each check has been seen to fail, and keep what was proven."""
    proven_before = (desk.known[row.name] for row in desk.rows if row.kind is Kind.WRONG and row.name in desk.known)
    killed = desk.killed.union(*(entry.failed for entry in proven_before))
    if desk.whole:
        desk.proof.problems += unkilled(desk.lab, killed)
    desk.proof.problems = without_repeats(desk.proof.problems)
    proven.write(desk.lab, desk.key, desk.known)
