"""A class graded into a store, killed at random moments: ``python class_graded.py SEED PLACE…``.

Each PLACE is a store that is there and empty. The first is graded undisturbed; in each other one a grader is killed at
a random moment, and then the same is done again. Prints, as JSON, what each one came to.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from class_world import LAB, a_handin, a_key, a_lab, judged

from checker.grader.marks import basis, mark
from checker.grader.model import Handin, Judgement, Key, Status, Student
from checker.grader.policy import Policy
from checker.grader.store import Marking, Store
from checker.outcome import Message

STUDENTS = [Student(f"s{number:02}") for number in range(6)]
MISSING, MALFORMED, TWINS = "s03", "s05", ("s01", "s02")
THE_LAB = a_lab({"test_a": 2, "test_b": 1})
POLICY = Policy()
STEPS = 20
"""What one grading comes to in ``grade``."""


def handins() -> dict[str, Handin]:
    """What the class handed in: one did not, one cannot be read, two have the same."""
    found = {student.key: a_handin(student, student.key) for student in STUDENTS if student.key != MISSING}
    found[TWINS[1]] = a_handin(TWINS[1], TWINS[0])
    found[MALFORMED] = replace(found[MALFORMED], trees={}, problem=Message("It is empty."))
    return found


def judge(key: Key) -> Judgement:
    """Run the checks, as it were: what comes of it hangs on what was handed in."""
    return judged(key, test_a="passed" if int(key.handin, 16) % 3 else "failed", test_b="passed")


def grade(place: str, step: Callable[[], object] = lambda: None) -> None:
    """Do what ``seamwork grade`` will do, one student at a time, a ``step`` before each thing that is written."""
    with Store.open(place) as store, store.run(LAB) as run:
        step()
        found, seeds = handins(), run.enrol(STUDENTS)
        step()
        run.handed_in(found.values())
        step()
        run.queued(seeds)
        keys = {name: a_key(each, seed=seeds[name]) for name, each in found.items() if not each.problem}
        known = store.known(keys.values())
        for student in STUDENTS:
            step()
            run.running(student.key)
            judgement = None
            if key := keys.get(student.key):
                judgement = known.get(key) or judge(key)
                step()
                run.keep(judgement)
            worth = mark(judgement, THE_LAB, found.get(student.key), POLICY)
            step()
            run.marked(Marking(student, worth, basis(THE_LAB, student, POLICY), found.get(student.key), judgement))


def outcome(place: str) -> dict[str, Any]:
    """What the store holds in the end, times and seeds left out."""
    with Store.open(place) as store:
        table, progress = store.table(LAB), store.progress()
        keys = [entry.key for entry in table if entry.key]
        return {
            "table": [
                [
                    each.student.key,
                    each.mark.status,
                    each.mark.points,
                    each.mark.checks,
                    each.why,
                    each.handin and each.handin.digest,
                ]
                for each in table
            ],
            "history": [len(store.history(student.key, LAB)) for student in STUDENTS],
            "judged": len(store.known(keys)) == len(keys) == len(STUDENTS) - 2,
            "done": progress is not None
            and {step.status for step in progress.steps} == set(Status) - {Status.NOT_GRADABLE},
            "interrupted": sum(run.state == "interrupted" for run in store.runs()),
        }


def graded(place: str, until: int | None = None, moment: float = 0.0) -> bool:
    """Grade in a process of its own, killed a ``moment`` after the step ``until``; whether it came to its end."""
    reads, writes = os.pipe()
    if not (pid := os.fork()):
        try:
            grade(place, lambda: os.write(writes, b"."))
        except BaseException as error:  # noqa: BLE001  (said, and then the child ends)
            sys.stderr.write(f"{error!r}\n")
            os._exit(1)
        os._exit(0)
    os.close(writes)
    if until is not None:
        while until and os.read(reads, 1):
            until -= 1
        time.sleep(moment)
        os.kill(pid, signal.SIGKILL)
    code = os.waitpid(pid, 0)[1]
    os.close(reads)
    return code == 0


def main(seed: int, places: list[str]) -> None:
    """Grade the first undisturbed; in each of the others kill a grader, and do the same again."""
    chance = random.Random(seed)  # noqa: S311  (the same moments each time)
    for place in places[1:]:
        graded(place, chance.randrange(STEPS), chance.uniform(0, 0.02))
    ended = [graded(place) for place in places]
    sys.stdout.write(json.dumps({"ended": ended, "outcomes": [outcome(place) for place in places]}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
