"""A class that has been graded, with evidence: real checks of lab 03, what they came to, and every kind of student."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from checker.course import CheckMeta, Course, File, Lab, root
from checker.grader.exports.shown import One, one
from checker.grader.exports.subject import Subject
from checker.grader.marks import basis, mark
from checker.grader.model import Extension, Handin, Judgement, Key, Status, Student
from checker.grader.policy import Policy
from checker.grader.store import Entry, Found, Marking, Store, Why
from checker.outcome import BlockedBy, CheckResult, Message, Outcome, Results
from checker.report import results_json
from checker.report.sample import sample
from checker.report.words import Voice

LABS = Course(root()).labs
LAB = next(lab for lab in LABS if lab.number == "03")
BEFORE = tuple(lab for lab in LABS if lab.number in {"01", "02"})
DUE = datetime(2026, 3, 2, 22, 59, tzinfo=UTC)
POLICY = Policy(deadline=DUE, grace=timedelta(minutes=15), per_day=0.1, cap=0.5)
PRIVATE = {
    "test_a_secret_order": CheckMeta(
        {"en": "Points are asked for once, whoever asks twice.", "zh": "问两遍，积分也只扣一次。"}, points=2
    )
}
SUBJECT = Subject(LAB, Voice(), PRIVATE, BEFORE)
HIDDEN = ("test_a_secret_order", "the hidden value", "GET /hidden")
"""What of a private check nobody may learn: its name, what it saw, what went over the wire."""
PASSED, FAILED, BLOCKED, BROKEN = Outcome
NAMES = ("Ada Lovelace", "Mei Lin", "Grace Hopper", "王小明", "Noor al-Din", "Zoë Ångström", "Ibn Battuta", "Li Wei")


def a_student(number: int, **beside: Any) -> Student:
    """One of many."""
    ids = {
        "sis": f"{70_000 + number}",
        "login": f"s{number:04}",
        "canvas": f"{1_000 + number}",
        "github": f"hub{number}",
    }
    name = f"{NAMES[number % len(NAMES)]} {number}" if number >= len(NAMES) else NAMES[number]
    return Student(f"s{number:04}", name, f"s{number:04}@example.org", ids, "A", **beside)


def checks_of(outcomes: Sequence[Outcome], evidence: Sequence[CheckResult] = ()) -> list[CheckResult]:
    """The lab's checks, with these outcomes in turn; what went over the wire is the sample's."""
    evidence = evidence or sample().checks
    by = {outcome: next(c for c in evidence if c.outcome is outcome) for outcome in Outcome}
    made = []
    for at, name in enumerate(LAB.checks):
        outcome = outcomes[at % len(outcomes)]
        meta = LAB.checks[name]
        blocked = BlockedBy.WORK if outcome is BLOCKED else None
        made.append(replace(by[outcome], name=name, lab=LAB.name, claim=meta.claim, why=meta.why, blocked_by=blocked))
    return made


def results_of(checks: Sequence[CheckResult], seed: int = 7, lang: str = "en") -> dict[str, Any]:
    """What a run leaves in the store."""
    found = Results(LAB.name, seed, "2026-03-02T12:00:00Z", 4.2, checks, "/home/ada/bazaar", {"start": "forked"})
    return results_json(found, lang)


def private_of(outcome: Outcome) -> dict[str, Any]:
    """What the private check left: more than anybody may see."""
    seen = replace(
        sample().checks[4], name="test_a_secret_order", lab=LAB.name, claim=PRIVATE["test_a_secret_order"].claim
    )
    hidden = replace(seen, outcome=outcome, assertion="assert 'the hidden value'", message=Message("the hidden value"))
    wire = [replace(each, request="GET /hidden") for each in hidden.wire]
    return results_of([replace(hidden, wire=wire, logs={"orders": ["the hidden value"]}, again="GET /hidden")])


def earlier(outcome: Outcome = PASSED) -> CheckResult:
    """A check of lab 01."""
    name = next(iter(BEFORE[0].checks))
    return CheckResult(name, BEFORE[0].name, BEFORE[0].checks[name].claim, outcome, seconds=0.01)


def a_handin(student: Student, at: datetime | None = DUE - timedelta(hours=3), **beside: Any) -> Handin:
    """What a student handed in."""
    return Handin(student, f"{student.key}.zip", at, {"tree": {"app.py": File(repr(student.key).encode())}}, **beside)


def a_judgement(handin: Handin, public: Mapping[str, Any], private: Mapping[str, Any], **beside: Any) -> Judgement:
    """What a run came to."""
    key = Key(handin.digest, LAB.name, "c1", 7, "e1")
    told = {"status": Status.GRADED, "sandbox": "forked", "seconds": 4.2, "graded_at": DUE} | beside
    return Judgement(key, results=public, private=private, **told)


Case = tuple[Student, Handin | None, Judgement | None]


def graded(student: Student, *outcomes: Outcome, secret: Outcome = PASSED, at: datetime = DUE, **beside: Any) -> Case:
    """A student whose work was graded."""
    handin = a_handin(student, at)
    public = results_of([*checks_of(outcomes or (PASSED,)), earlier()])
    return student, handin, a_judgement(handin, public, private_of(secret), **beside)


def every_kind() -> list[Case]:
    """A class of all there is: full marks, some, late, extended, malformed, not gradable, missing."""
    late = DUE + timedelta(days=1, hours=2)
    extended = a_student(4, extension=Extension(days=2))
    malformed, missing, ours = a_student(5), a_student(6), a_student(7)
    broken = a_handin(
        malformed, problem=Message("{name!r} leads out of the archive.", "Hand it in again.", {"name": "../x"})
    )
    lost = a_handin(ours)
    nothing = {"status": Status.NOT_GRADABLE, "message": Message("PostgreSQL did not start.", "Run seamwork doctor.")}
    return [
        graded(a_student(0)),
        graded(a_student(1), PASSED, PASSED, FAILED),
        graded(a_student(2), PASSED, FAILED, BLOCKED, secret=FAILED),
        graded(a_student(3), PASSED, PASSED, PASSED, FAILED, at=late),
        graded(extended, PASSED, FAILED, at=late),
        (malformed, replace(broken, trees={}, status=Status.MALFORMED), None),
        (missing, None, None),
        (ours, lost, a_judgement(lost, {}, {}, **nothing)),
    ]


def an_entry(case: Case, lab: Lab = LAB, policy: Policy = POLICY) -> Entry:
    """The mark as a store would have it."""
    student, handin, judgement = case
    worth, stands_on = mark(judgement, lab, handin, policy, PRIVATE), basis(lab, student, policy, PRIVATE)
    found, key = handin and Found.of(handin), judgement.key if judgement else None
    graded_at = judgement.graded_at if judgement else None
    return Entry(student, lab.name, worth, stands_on, found, key, 1, graded_at, DUE, 1, (Why.FIRST,))


def shown(case: Case, subject: Subject = SUBJECT) -> One:
    """One student as the exports get them."""
    return one(an_entry(case), "slug", case[2], subject)


def many(count: int, seed: int = 1) -> Iterator[Case]:
    """A class of this size, with evidence for each check."""
    chance = random.Random(seed)  # noqa: S311  (the same class each time)
    for number in range(count):
        outcomes = [FAILED if chance.random() < 0.2 else PASSED for _ in LAB.checks]
        yield graded(a_student(number), *outcomes, secret=chance.choice([PASSED, FAILED]))


def fill(store: Store, cases: Sequence[Case], lab: Lab = LAB, policy: Policy = POLICY) -> None:
    """Put a class into a store, as `seamwork grade` does."""
    with store.run(lab.name) as run:
        run.enrol(student for student, _, _ in cases)
        run.handed_in(handin for _, handin, _ in cases if handin)
        run.keep(*(judgement for _, _, judgement in cases if judgement))
        run.marked(*(_marking(case, lab, policy) for case in cases))


def _marking(case: Case, lab: Lab, policy: Policy) -> Marking:
    student, handin, judgement = case
    worth = mark(judgement, lab, handin, policy, PRIVATE)
    return Marking(student, worth, basis(lab, student, policy, PRIVATE), handin, judgement)


def a_store(path: Path, cases: Sequence[Case]) -> Path:
    """A store with a class in it."""
    with Store.open(path) as store:
        fill(store, cases)
    return path


def read(path: Path) -> Any:
    """Read JSON."""
    return json.loads(path.read_text("utf-8"))
