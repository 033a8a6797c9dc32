"""From what a row's checks said to what has to be mended; no row is judged anywhere else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from checker.errors import N_, Blocked, EngineFault, SeamworkError
from checker.outcome import Outcome
from checker.verify.rows import Kind, Row

__all__ = ["Answer", "Ran", "Said", "judge"]


@dataclass(frozen=True)
class Said:
    """What one check said. ``unmet``: it is blocked because its fault met nobody, and not behind another check."""

    check: str
    outcome: Outcome
    words: str = ""
    unmet: bool = False


@dataclass(frozen=True)
class Ran:
    """One run of a row's checks."""

    seed: int
    said: tuple[Said, ...]


@dataclass(frozen=True)
class Answer:
    """What a worker came back with: its runs, or a sentence on why there are none."""

    runs: tuple[Ran, ...] = ()
    seconds: float = 0.0
    error: str = ""
    undecided: bool = False

    def named(self, outcome: Outcome) -> tuple[str, ...]:
        """Name the checks that came to this in any run, each once."""
        return tuple(dict.fromkeys(said.check for ran in self.runs for said in ran.said if said.outcome is outcome))

    @property
    def tally(self) -> dict[str, int]:
        """Count outcomes over all runs."""
        everything = [said.outcome for ran in self.runs for said in ran.said]
        return {outcome.value: everything.count(outcome) for outcome in Outcome if outcome in everything}


def judge(row: Row, answer: Answer) -> list[SeamworkError]:
    """List what is not as it must be. A :class:`Blocked` among it could not be decided."""
    if answer.error:
        return [_no_answer(row, answer)]
    rules = {Kind.STARTER: _starter, Kind.WRONG: _wrong}
    return [*_broken(row, answer), *rules.get(row.kind, _passes)(row, answer)]


def _no_answer(row: Row, answer: Answer) -> SeamworkError:
    kind = Blocked if answer.undecided else EngineFault
    return kind(N_("{file} could not be judged ({row}): {words}"), file=row.file, row=row.name, words=answer.error)


def _broken(row: Row, answer: Answer) -> Iterator[SeamworkError]:
    for ran, said in _each(answer.runs, Outcome.BROKEN):
        yield _problem(
            N_("{check} breaks on {file} ({row}, seed {seed}): {words}"),
            N_(
                "Whatever a learner's system does, a check of ours passes, fails or is blocked: mend labs/{lab}/checks."
            ),
            row,
            ran,
            said,
        )


def _starter(row: Row, answer: Answer) -> Iterator[SeamworkError]:
    if not answer.named(Outcome.FAILED):
        yield EngineFault(
            N_("{file}: what lab {lab} starts with fails none of its checks, so there is nothing to build."),
            N_("Take out of the starter what the learner is to write, or add a check that asks for it."),
            file=row.file,
            lab=row.lab.name,
        )


def _passes(row: Row, answer: Answer) -> Iterator[SeamworkError]:
    false_alarm = N_("{file} is a right answer, and {check} fails on it ({row}, seed {seed}): {words}")
    plain = N_("{file} fails {check} ({row}, seed {seed}): {words}")
    for ran, said in _each(answer.runs, Outcome.FAILED):
        message = false_alarm if row.kind is Kind.RIGHT else plain
        yield _problem(message, N_("Mend {file}, or the check in labs/{lab}/checks."), row, ran, said)
    for ran, said in _each(answer.runs, Outcome.BLOCKED):
        if not any(other.outcome in (Outcome.FAILED, Outcome.BROKEN) for other in ran.said):
            yield _undecided(row, ran, said)


_WRONG = {
    (True, Outcome.PASSED): (
        N_("{note} says that {check} fails; it passes (seed {seed})."),
        N_(
            "Make the mistake one that it sees, mend the check in labs/{lab}/checks, or take the name out of that line."
        ),
    ),
    (True, Outcome.BLOCKED): (
        N_("{note} says that {check} fails; it is blocked: {words}"),
        N_("Only a check that failed has caught it: name the one that blocks it, or let {check} build on less."),
    ),
    (False, Outcome.FAILED): (
        N_("{note} does not name {check}, which fails too (seed {seed}): {words}"),
        N_("Name it there, or make the mistake one that leaves it alone."),
    ),
}
"""What is said of a check by whether the NOTE.md names it, and what it came to."""


def _wrong(row: Row, answer: Answer) -> Iterator[SeamworkError]:
    failed, note = answer.named(Outcome.FAILED), f"{row.file}/NOTE.md"
    for ran, said in _each(answer.runs, *Outcome):
        if words := _WRONG.get((said.check in row.kills, said.outcome)):
            yield _problem(*words, row, ran, said, file=note, note=note)
        elif said.outcome is Outcome.BLOCKED and (said.unmet or not failed):
            yield _undecided(row, ran, said)


def _undecided(row: Row, ran: Ran, said: Said) -> SeamworkError:
    return Blocked(
        N_("{check} says nothing of {file} ({row}, seed {seed}), though nothing failed before it: {words}"),
        check=said.check,
        file=row.file,
        row=row.name,
        seed=ran.seed,
        words=said.words,
    )


def _problem(message: str, move: str, row: Row, ran: Ran, said: Said, **values: Any) -> SeamworkError:
    known = {
        "file": row.file,
        "row": row.name,
        "lab": row.lab.name,
        "check": said.check,
        "words": said.words,
        "seed": ran.seed,
    }
    return EngineFault(message, move, **known | values)


def _each(runs: Sequence[Ran], *outcomes: Outcome) -> Iterator[tuple[Ran, Said]]:
    return ((ran, said) for ran in runs for said in ran.said if said.outcome in outcomes)
