"""The store, on SQLite and on a real PostgreSQL: what is kept, what is not run again, whose mark moved and why."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from class_world import LAB, MONDAY, a_handin, a_key, a_lab, judged
from sqlalchemy import text

from checker.backing import Database, Postgres, open_postgres
from checker.course import Lab
from checker.errors import EngineFault, UsageError
from checker.grader.marks import basis, mark
from checker.grader.model import Extension, Handin, Status, Student
from checker.grader.policy import Policy
from checker.grader.store import Marking, Moved, Run, State, Store, Why
from checker.outcome import Message

HERE = Path(__file__).parent
MARKS = a_lab({"test_a": 2, "test_b": 1})
PASSED, HALF = {"test_a": "passed", "test_b": "passed"}, {"test_a": "passed", "test_b": "failed"}
Empty = Callable[[], str]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with open_postgres("embedded") as postgres:
        yield postgres


@pytest.fixture(scope="module")
def made(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A new store of each kind, made once and copied for each test: a file, and a template."""
    file, database = tmp_path_factory.mktemp("made") / "grades.db", server.database("grades")
    Store.open(file).close()
    Store.open(database.url).close()
    return file, server.template_from(database)


@pytest.fixture
def databases(server: Postgres) -> Iterator[Callable[..., Database]]:
    """Databases of this test alone."""
    there: list[Database] = []

    def another(**options: Any) -> Database:
        there.append(server.database(f"grades_{time.monotonic_ns()}", owner="grades", **options))
        return there[-1]

    yield another
    for database in there:
        database.drop()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path, databases: Callable[..., Database]) -> Empty:
    """Where a store can be made."""
    numbers = iter(range(100))
    return lambda: str(tmp_path / f"{next(numbers)}.db") if request.param == "sqlite" else databases().url


@pytest.fixture(params=["sqlite", "postgresql"])
def places(
    request: pytest.FixtureRequest, tmp_path: Path, databases: Callable[..., Database], made: tuple[Path, str]
) -> Empty:
    """Stores that are new."""
    file, template = made

    def another() -> str:
        if request.param == "postgresql":
            return databases(template=template).url
        path = tmp_path / f"{time.monotonic_ns()}.db"
        path.write_bytes(file.read_bytes())
        return str(path)

    return another


@pytest.fixture
def place(places: Empty) -> str:
    """Return where a new store is."""
    return places()


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    with Store.open(place) as store:
        yield store


def grade(
    run: Run, outcomes: dict[str, str], handin: Handin | None = None, lab: Lab = MARKS, policy: Policy = Policy(),  # noqa: B008
    status: Status = Status.GRADED, **parts: Any,
) -> int:  # fmt: skip
    """Grade what somebody handed in, to its end; return how many marks are other ones."""
    handin = handin or a_handin()
    seeds = run.enrol([handin.student])
    run.handed_in([handin])
    judgement = (
        None
        if handin.problem
        else judged(a_key(handin, **{"seed": seeds[handin.student.key]} | parts), status, **outcomes)
    )
    if judgement:
        run.keep(judgement)
    worth, on = mark(judgement, lab, handin, policy), basis(lab, handin.student, policy)
    return run.marked(Marking(handin.student, worth, on, handin, judgement))


def points(store: Store, after: int | None = None) -> dict[str, float | None]:
    return {entry.student.key: entry.mark.points for entry in store.table(LAB, after)}


def told(moved: list[Moved]) -> list[tuple[str, float | None, float | None, list[Why]]]:
    return [(m.after.student.key, m.before and m.before.mark.points, m.after.mark.points, list(m.why)) for m in moved]


# What is known is not run again


def test_what_is_kept_comes_back(store: Store) -> None:
    """A judgement is found by its key, as it was, evidence and all."""
    handin = a_handin()
    judgement = replace(judged(a_key(handin), **HALF), message=Message("said {x}", values={"x": 1}), seconds=0.1)
    judgement = replace(
        judgement, results={"checks": [{"wire": "x" * 100_000, "name": "\x00\ud800"}]}, private={"a": 1}
    )
    with store.run(LAB) as run:
        run.keep(judgement)

    assert store.known([judgement.key]) == {judgement.key: judgement}
    assert dict(store.known([judgement.key])[judgement.key].private) == {"a": 1}


@pytest.mark.parametrize("part", ["handin", "lab", "checks", "seed", "environment"])
def test_another_key_is_another_judgement(store: Store, part: str) -> None:
    """Other work, checks, seed or environment: nothing is known of that."""
    key = a_key(a_handin())
    with store.run(LAB) as run:
        run.keep(judged(key, **HALF))

    assert store.known([replace(key, **{part: 8 if part == "seed" else "another"})]) == {}


def test_what_was_not_gradable_is_run_again(store: Store) -> None:
    """Our fault is kept, and never taken for an answer; what was graded first stays."""
    key = a_key(a_handin())
    with store.run(LAB) as run:
        run.keep(judged(key, Status.NOT_GRADABLE), judged(key, Status.NOT_GRADABLE))
        nothing = store.known([key])
        run.keep(judged(key, **HALF), judged(key, **PASSED), judged(key, Status.NOT_GRADABLE))

    assert nothing == {}
    assert store.known([key])[key] == judged(key, **HALF)


def test_same_again_leaves_no_trace(store: Store) -> None:
    """The same class graded twice has one mark each in its history, and nobody moved."""
    said = Message("{path} is empty.", values={"path": Path("x")})
    everybody = [(a_handin("ada"), HALF), (a_handin("bob", problem=said), {})]
    eve, runs = Student("eve"), []
    for _ in range(2):
        with store.run(LAB) as run:
            runs.append([grade(run, outcomes, handin) for handin, outcomes in everybody])
            run.enrol([eve])
            runs[-1].append(run.marked(Marking(eve, mark(None, MARKS, None), basis(MARKS, eve, Policy()))))

    assert runs == [[1, 1, 1], [0, 0, 0]]
    assert [len(store.history(student, LAB)) for student in ("ada", "bob", "eve")] == [1, 1, 1]


def test_entry_knows_what_it_stands_on(store: Store) -> None:
    """What has not changed need not be looked at; each thing that has makes the mark a matter of doubt."""
    handin, policy = a_handin(), Policy(MONDAY)
    with store.run(LAB) as run:
        grade(run, HALF, handin, policy=policy, seed=7)
    (entry,) = store.table(LAB)
    key, on = a_key(handin), basis(MARKS, handin.student, policy)

    assert entry.stands_on(replace(handin, source="elsewhere"), key, on)
    assert not any(
        [
            entry.stands_on(a_handin(work="2"), key, on),
            entry.stands_on(a_handin(at=MONDAY + timedelta(1)), key, on),
            entry.stands_on(None, None, on),
            entry.stands_on(handin, replace(key, checks="c2"), on),
            entry.stands_on(handin, key, basis(MARKS, handin.student, Policy())),
        ]
    )


def test_seed_is_drawn_once(places: Empty) -> None:
    """A student has one seed in a lab for ever, and others in other labs; nobody can foretell it."""
    place, students = places(), [Student(f"s{number}") for number in range(1_100)]
    drawn = []
    for lab in (LAB, LAB, "04-events"):
        with Store.open(place) as store, store.run(lab) as run:
            drawn.append(run.enrol(students))

    assert drawn[0] == drawn[1]
    assert len({*drawn[0].values(), *drawn[2].values()}) > 2_190  # of 2,200, drawn from two thousand million


# Whose mark moved, and why


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"handin": a_handin(work="2")}, Why.HANDIN),
        ({"handin": a_handin(problem=Message("It is empty."))}, Why.HANDIN),
        ({"handin": a_handin(at=MONDAY + timedelta(days=3))}, Why.TIME),
        ({"checks": "c2"}, Why.CHECKS),
        ({"environment": "e2"}, Why.ENVIRONMENT),
        ({"seed": 8}, Why.SEED),
        ({"policy": Policy(MONDAY, per_day=0.5)}, Why.POLICY),
        ({"handin": a_handin(Student("ada", extension=Extension(days=2)))}, Why.EXTENSION),
        ({"lab": a_lab({"test_a": 5, "test_b": 1})}, Why.POINTS),
    ],
)
def test_history_says_why_a_mark_was_made(store: Store, changed: dict[str, Any], why: Why) -> None:
    """Each thing that a mark stands on is named when it has changed, and nothing else is."""
    with store.run(LAB) as run:
        grade(run, HALF, seed=7)
        grade(run, HALF, **{"seed": 7} | changed)

    assert [list(entry.why) for entry in store.history("ada", LAB)] == [[Why.FIRST], [why]]


def test_several_reasons_are_all_named(store: Store) -> None:
    """New work under new checks and another policy: all three."""
    with store.run(LAB) as run:
        grade(run, HALF, seed=7)
        grade(run, HALF, a_handin(work="2"), policy=Policy(MONDAY), checks="c2", seed=7)

    assert list(store.history("ada", LAB)[-1].why) == [Why.HANDIN, Why.CHECKS, Why.POLICY]


def test_graded_after_not_gradable_is_no_first_mark(store: Store) -> None:
    """What came to nothing and was run again has a mark in its history: none, and then one."""
    for status in (Status.NOT_GRADABLE, Status.GRADED):
        with store.run(LAB) as run:
            grade(run, HALF, status=status)

    assert [(entry.mark.points, list(entry.why)) for entry in store.history("ada", LAB)] == [
        (None, [Why.FIRST]),
        (2.0, [Why.AGAIN]),
    ]


def test_diff_names_who_moved_and_why(store: Store) -> None:
    """A check was mended: whose mark moved is shown, whose did not is not, though both were regraded."""
    with store.run(LAB) as run:
        grade(run, HALF, a_handin("ada"))
        grade(run, HALF, a_handin("bob"))
    with store.run(LAB) as run:
        grade(run, PASSED, a_handin("ada"), checks="c2")
        grade(run, HALF, a_handin("bob"), checks="c2")
        grade(run, HALF, a_handin("eve"))

    assert told(store.diff(LAB)) == [("ada", 2.0, 3.0, [Why.CHECKS]), ("eve", None, 2.0, [Why.FIRST])]
    assert [list(entry.why) for entry in store.history("bob", LAB)] == [[Why.FIRST], [Why.CHECKS]]


def test_diff_looks_between_any_two_runs(store: Store) -> None:
    """Each run's table can be had again, and what lies between two of them, with all reasons on the way."""
    runs = []
    for outcomes, checks, work in ((HALF, "c1", "1"), (PASSED, "c2", "1"), (HALF, "c2", "2")):
        with store.run(LAB) as run:
            grade(run, outcomes, a_handin(work=work), checks=checks, seed=7)
            runs.append(run.id)

    assert [points(store, run)["ada"] for run in runs] == [2.0, 3.0, 2.0]
    assert told(store.diff(LAB, runs[0], runs[1])) == [("ada", 2.0, 3.0, [Why.CHECKS])]
    assert store.diff(LAB, runs[0], runs[2]) == []  # there and back again


def test_interrupted_run_and_its_continuation_are_one(store: Store) -> None:
    """What moved before somebody stopped the grader is not forgotten by the diff after the next run."""
    with store.run(LAB) as run:
        grade(run, HALF, a_handin("ada"))
        grade(run, HALF, a_handin("bob"))
    with suppress(KeyboardInterrupt), store.run(LAB) as run:
        grade(run, PASSED, a_handin("ada"), checks="c2")
        raise KeyboardInterrupt
    with store.run(LAB) as run:
        grade(run, PASSED, a_handin("ada"), checks="c2")
        grade(run, PASSED, a_handin("bob"), checks="c2")

    assert [info.state for info in store.runs(LAB)] == [State.FINISHED, State.INTERRUPTED, State.FINISHED]
    assert [moved[0] for moved in told(store.diff(LAB))] == ["ada", "bob"]


def test_labs_do_not_meet(store: Store) -> None:
    """A mark in one lab is none in another."""
    with store.run("04-events") as run:
        grade(run, PASSED, lab=MARKS)

    assert store.table(LAB) == []
    assert store.runs(LAB) == []


def test_times_are_instants(store: Store) -> None:
    """When it was handed in and when it was graded are two times, and the same instants after they were kept."""
    at = datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    with store.run(LAB) as run:
        grade(run, HALF, a_handin(at=at))
    (entry,) = store.table(LAB)

    assert entry.handin is not None
    assert (entry.handin.submitted_at, entry.graded_at) == (at, MONDAY)


def test_mark_comes_back_as_it_was(store: Store) -> None:
    """Points, penalty, checks and words: what is read is what was marked."""
    student = Student("ada", "Ada L.", "ada@example.org", {"canvas": "7"}, "B", Extension(MONDAY, 0.5))
    policy = Policy(MONDAY - timedelta(5), per_day=0.1, cap=0.3)
    handin = a_handin(student)
    with store.run(LAB) as run:
        grade(run, HALF, handin, policy=policy)
    (entry,) = store.table(LAB)

    assert entry.mark == mark(judged(a_key(handin), **HALF), MARKS, handin, policy)
    assert entry.student == student


def test_missing_and_malformed_have_their_place(store: Store) -> None:
    """Who handed in nothing, or what cannot be read, is in the table, without a run."""
    with store.run(LAB) as run:
        grade(run, {}, a_handin("ada", problem=Message("It is empty.", "Pack it again.")))
        bob = Student("bob")
        run.enrol([bob])
        run.marked(Marking(bob, mark(None, MARKS, None), basis(MARKS, bob, Policy())))

    assert [(entry.mark.status, entry.mark.points, entry.key) for entry in store.table(LAB)] == [
        (Status.MALFORMED, 0.0, None),
        (Status.MISSING, None, None),
    ]


HOSTILE = "\x00 \ud800 \x1b[31m '; DROP TABLE marks; -- \u202e 订单"


def test_hostile_names_do_no_harm(store: Store) -> None:
    """A folder's name that is no text, or is meant to be more than that, is written out; its student gets a mark."""
    student = Student(HOSTILE, HOSTILE, HOSTILE, {HOSTILE: HOSTILE})
    handin = Handin(student, HOSTILE, MONDAY, problem=Message("{x}", values={"x": HOSTILE}))
    with store.run(LAB) as run:
        run.queued(run.enrol([student]))
        assert grade(run, {}, handin) == 1
        assert grade(run, {}, handin) == 0
    (entry,) = store.table(LAB)

    assert entry.student.key.isprintable()
    assert entry.mark.message == handin.problem
    assert [step.state for step in store.progress().steps] == [State.DONE]  # type: ignore[union-attr]
    assert len(store.history(HOSTILE, LAB)) == 1


# Who watches


def test_progress_can_be_watched(place: str) -> None:
    """Somebody else sees how far it is while the grader writes, with times."""
    with Store.open(place) as store, Store.open(place) as watcher, store.run(LAB, {"executor": "local"}) as run:
        run.queued(run.enrol([Student(name) for name in ("ada", "bob", "eve")]))
        run.running("bob")
        run.running("ada")
        grade(run, HALF)
        progress = watcher.progress()

    assert progress is not None
    assert {step.student: (step.state, step.status) for step in progress.steps} == {
        "ada": (State.DONE, Status.GRADED), "bob": (State.RUNNING, None), "eve": (State.QUEUED, None),
    }  # fmt: skip
    assert progress.run.options == {"executor": "local"}
    ada = progress.steps[0]
    assert ada.started_at is not None
    assert ada.done_at is not None
    assert ada.queued_at <= ada.started_at <= ada.done_at <= datetime.now(UTC)


def test_who_reads_does_not_wait_for_who_writes(place: str) -> None:
    """While a transaction is open, the table can be read: as it was before."""
    with Store.open(place) as store, Store.open(place) as watcher, store.run(LAB) as run:
        grade(run, HALF)
        with run._writing() as session:
            session.execute(text("UPDATE marks SET points = 0"))
            began = time.monotonic()
            seen = points(watcher)
            took = time.monotonic() - began

    assert seen == {"ada": 2.0}
    assert took < 5  # it would be 30


def test_many_threads_may_write(store: Store) -> None:
    """Eight at once: nothing lost, nothing double, nobody locked out."""
    with store.run(LAB) as run:
        threads = [threading.Thread(target=grade, args=(run, HALF, a_handin(f"s{n}", str(n % 3)))) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert points(store) == {f"s{n}": 2.0 for n in range(8)}


# One grader at a time

HOLD = """
import os, sys, time
from checker.grader.store import Store
with Store.open(sys.argv[1]) as store, store.run("03-calls") as run:
    child = os.fork() if "forks" in sys.argv else 1
    if child:
        print(child, flush=True)
    time.sleep(50)
"""


@pytest.fixture
def another(place: str) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Another grader, in the middle of its work on the same store."""
    began: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "ignore", "-c", HOLD, place, *words]
        began.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert began[-1].stdout is not None
        began[-1].child = int(began[-1].stdout.readline())  # type: ignore[attr-defined]
        return began[-1]

    yield start
    for process in began:
        process.kill()
        process.communicate()


def test_second_grader_is_told_of_the_first(store: Store, another: Callable[..., subprocess.Popen[str]]) -> None:
    """Whoever comes second learns which process is at it, where and since when; reading goes on."""
    first = another()

    with (
        pytest.raises(UsageError, match=rf"Process {first.pid} on \S+ grades into .*, since 20\d\d-\S+\. Wait"),
        store.run(LAB),
    ):
        pass
    assert store.table(LAB) == []


def test_dead_grader_holds_nothing(store: Store, another: Callable[..., subprocess.Popen[str]]) -> None:
    """After a kill -9 the next one begins at once, though a child of the dead one lives on."""
    first = another("forks")
    child = psutil.Process(first.child)  # type: ignore[attr-defined]
    first.kill()
    first.wait()

    try:
        with _soon(store.run, LAB) as run:
            assert child.is_running()
            assert run.id == 2
    finally:
        child.kill()
        child.wait()
    assert [info.state for info in store.runs()] == [State.FINISHED, State.INTERRUPTED]


def _soon(run: Callable[[str], Any], lab: str) -> Any:
    """A server needs a moment to learn that a client is gone."""
    last = time.monotonic() + 5
    while True:
        entered = run(lab)
        try:
            value = entered.__enter__()
        except UsageError:
            if time.monotonic() > last:
                raise
            time.sleep(0.02)
        else:
            return _Entered(entered, value)


class _Entered:
    def __init__(self, entered: Any, value: Any) -> None:
        self._entered, self._value = entered, value

    def __enter__(self) -> Any:
        return self._value

    def __exit__(self, *fault: object) -> Any:
        return self._entered.__exit__(*fault)


def test_run_that_failed_lets_go(store: Store) -> None:
    """An error ends the run as interrupted, passes through, and the next one may begin."""
    with pytest.raises(BlockingIOError), store.run(LAB):
        raise BlockingIOError
    with store.run(LAB):
        states = [info.state for info in store.runs()]

    assert states == [State.RUNNING, State.INTERRUPTED]


def test_grader_that_lost_its_hold_writes_nothing(server: Postgres, databases: Any, made: tuple[Path, str]) -> None:
    """Where the server dropped the connection that holds the lock, and another began, the first one is stopped."""
    url = databases(template=made[1]).url

    def loses_hold(first: Store, second: Store) -> None:
        with first.run(LAB) as run, closing(psycopg.connect(server.url, autocommit=True)) as admin:
            admin.execute("SELECT pg_terminate_backend(pid, 2000) FROM pg_locks WHERE locktype = 'advisory'")
            with second.run(LAB):
                grade(run, HALF)

    with Store.open(url) as first, Store.open(url) as second:
        with pytest.raises(EngineFault, match="lost its hold"):
            loses_hold(first, second)
        assert points(second) == {}


# Killed at any moment


@pytest.mark.timeout(300)  # twenty-one gradings in processes of their own
@pytest.mark.parametrize("seed", ["20261125", "20261126"])
def test_killed_grader_goes_on(places: Empty, seed: str) -> None:
    """Killed anywhere and started again, it comes to the table of one that was left alone, and nothing is double."""
    command = [sys.executable, str(HERE / "class_graded.py"), seed, *(places() for _ in range(11))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.stderr == ""
    found = json.loads(done.stdout)
    alone, *killed = ({**each, "interrupted": 0} for each in found["outcomes"])
    assert (found["ended"], alone["judged"], alone["done"]) == ([True] * 11, True, True)
    assert [each for each in killed if each != alone] == []
    assert sum(each["interrupted"] for each in found["outcomes"]) >= 5  # the kill came in the middle


# Revisions


def test_store_is_made_where_there_is_none(empty: Empty) -> None:
    """The first to open a place makes the store; two at once wait for each other."""
    place, failed = empty(), []

    def opens() -> None:
        try:
            Store.open(place).close()
        except BaseException as error:  # noqa: BLE001  (told by the assertion)
            failed.append(error)

    threads = [threading.Thread(target=opens) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    with Store.open(place) as store:
        assert store.runs() == []
