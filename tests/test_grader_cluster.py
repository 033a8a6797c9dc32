"""A class on a Dask cluster: the marks are those of this machine, whoever dies; a worker that is not fit gives none."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from cluster_world import Dask, below, cluster, kill, until
from grading_world import Looking, command, hand_in, order

from checker.course import File
from checker.errors import SeamworkError
from checker.grader.executors import Executor
from checker.grader.executors import cluster as module
from checker.grader.executors.cluster import Cluster
from checker.grader.executors.local import Local
from checker.grader.grading import Order, grade
from checker.grader.intake import survey
from checker.grader.judging.work import Limits, Work
from checker.grader.model import Judgement, Key, Status
from checker.grader.store import Store

pytestmark = [pytest.mark.needs("linux", "root"), pytest.mark.timeout(300)]

PRETENDS = """
import os, time
from checker.grader.executors import station
from checker.grader.model import Judgement, Status

def judged(work, attempt):
    time.sleep(float(os.environ.get("PRETEND", "0")))
    return Judgement(work.key, Status.GRADED, {"checks": []}, sandbox=work.sandbox)

station.judged, station._agree = judged, lambda *_: None
"""
"""Of a worker that judges nothing, and says so at once."""
DEADLY = (
    PRETENDS
    + """
def judged(work, attempt):
    if work.key.handin == "deadly":
        os._exit(9)
    return Judgement(work.key, Status.GRADED, {"checks": []}, sandbox=work.sandbox)

station.judged = judged
"""
)
SLEEPS = "import time\ntime.sleep(3600)"
HIDDEN = '''
from checker import Role


def test_strangers_are_nothing(counter: Role) -> None:
    """Nobody has greeted a stranger."""
    assert counter.get("/counts/stranger")["count"] == 0
'''


class Watching(Looking):
    """Does something when the first mark is there."""

    def __init__(self, then: Any) -> None:
        super().__init__()
        self._then = then

    def done(self, student: Any, mark: Any, *, fresh: bool) -> None:
        """Hear of a mark."""
        super().done(student, mark, fresh=fresh)
        then, self._then = self._then, lambda: None
        then()


def _class(place: Path, **wrong: str) -> Path:
    (place / "in").mkdir()
    for student, what in wrong.items():
        hand_in(place / "in", student, wrong=what)
    return place


def _graded(place: Path, executor: Executor, watch: Looking, how: Order | None = None, store: str = "a.db") -> Any:
    """Grade; the table, and how often each was marked."""
    how = how or order()
    with Store.open(place / store) as kept:
        with executor:
            grade(how, survey(place / "in"), kept, executor, watch)
        table = kept.table(how.lab.name)
        return [(entry.student.key, entry.mark, len(kept.history(entry.student.key, how.lab.name))) for entry in table]


def _works(count: int, size: int = 0, **beside: Any) -> Iterator[Work]:
    for number in range(count):
        tree = {"a": File(os.urandom(size))}
        yield Work(Key(f"h{number}", "01-split", "c", 1, "e"), {"tree": tree}, "unsafe", **beside)


def _judged(executor: Cluster, works: Iterator[Work]) -> list[Judgement]:
    with executor:
        return list(executor.run(works, lambda _: None))


def _refused(executor: Cluster, *works: Work) -> str:
    with pytest.raises(SeamworkError) as error:
        _judged(executor, iter(works or _works(1)))
    return str(error.value)


def test_killed_worker_changes_nothing(tmp_path: Path) -> None:
    """With one of two workers killed in the middle each has the mark they would have here, private checks too, and once."""
    place = _class(tmp_path, ada="", bob="counter-forgets", cy="both-answer", dee="", eve="counter-forgets", flo="")
    _hide(place, HIDDEN)
    how = order(private=place / "hidden")

    with cluster(place / "dask", workers=1) as dask:
        dying = dask.worker()
        watch = Watching(lambda: (until(lambda: below(dying)), kill(dying)))
        there = _graded(place, Cluster(dask.address), watch, how)
    here = _graded(place, Local(), Looking(), how, "b.db")

    assert there == here
    assert [(mark.points, times) for _, mark, times in there] == [(5, 1), (2, 1), (4, 1), (5, 1), (2, 1), (5, 1)]
    assert Counter(watch.fresh) == Counter(["ada", "bob", "cy", "dee", "eve", "flo"])


def test_time_is_held_on_the_worker(tmp_path: Path) -> None:
    """A submission that never ends is ended there, and has failed the check that it was in."""
    place = _class(tmp_path)
    hand_in(place / "in", "ada", first=SLEEPS)

    with cluster(place / "dask", workers=1) as dask:
        ((_, mark, _),) = _graded(place, Cluster(dask.address), Looking(), order(limits=Limits(3, 60)))

    assert (mark.status, mark.points) == (Status.GRADED, 0.0)
    assert [outcome for _, outcome, _, _ in mark.checks] == ["failed", *["blocked"] * 3]


def test_class_lies_nowhere(tmp_path: Path) -> None:
    """Of 500 submissions of 256 KiB a handful is on the cluster at a time; grader and scheduler keep none."""
    with cluster(tmp_path, preload=PRETENDS) as dask, Cluster(dask.address) as executor:
        taken, most, sizes = 0, 0, []

        def begun(_: Work) -> None:
            nonlocal taken
            taken += 1

        for done, _ in enumerate(executor.run(_works(500, 1 << 18), begun), 1):
            most = max(most, taken - done)
            if done in (100, 500):
                sizes.append([psutil.Process(pid).memory_info().rss for pid in (os.getpid(), dask.scheduler.pid)])

    assert (taken, done) == (500, 500)
    assert most <= 2 + module.MORE
    assert [last - first < 32 << 20 for first, last in zip(*sizes, strict=True)] == [True, True], sizes


def test_work_that_kills_workers_is_given_up(tmp_path: Path) -> None:
    """It has no mark, and that is no zero; the others have theirs."""
    deadly = Work(Key("deadly", "01-split", "c", 1, "e"), {}, "unsafe")

    with Dask(tmp_path) as dask:
        dask.worker(DEADLY)
        over = threading.Event()
        nanny = threading.Thread(target=_replace, args=[dask, over])
        nanny.start()
        try:
            found = _judged(Cluster(dask.address, 1), iter([*_works(2), deadly, *_works(2)]))
        finally:
            over.set()
            nanny.join()

    assert Counter(each.status for each in found) == {Status.GRADED: 4, Status.NOT_GRADABLE: 1}


def _replace(dask: Dask, over: threading.Event) -> None:
    """Start a worker whenever the last one has died."""
    while not over.wait(0.1):
        if dask.last.poll() is not None:
            dask.worker(DEADLY)


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        ("import checker.grader.keys as keys\nkeys.hash_of_lock = lambda: 'another'", "has another Python"),
        ("import checker.grader.keys as keys\nkeys.hash_of_judges = lambda *_: 'x'", "would judge by other checks"),
        (
            "import checker.grader.sandbox.capabilities as c\nc._try = lambda kind: {'why': 'no namespaces'}",
            "cannot make the sandbox forked (no namespaces)",
        ),
        ("import distributed.versions as v\nv._version_cached = lambda name: None", "has dask -, and the grader has"),
        (
            "import distributed.versions as v\nv._version_cached = lambda n, o=v._version_cached: '0' if n[0] == 's' else o(n)",
            "has seamwork 0, and the grader has",
        ),
    ],
)
def test_worker_that_is_not_fit_gives_no_marks(tmp_path: Path, lie: str, said: str) -> None:
    """One that would judge by something else, in something else, or does not understand us, is named, with what to do."""
    place = _class(tmp_path, ada="")

    with cluster(place / "dask", workers=1, preload=lie) as dask, pytest.raises(SeamworkError) as error:
        _graded(place, Cluster(dask.address), Looking())

    assert said in str(error.value)
    assert "tcp://127.0.0.1:" in str(error.value)
    with Store.open(place / "a.db") as store:
        assert store.table("01-split") == []


def test_sandbox_is_one_that_all_workers_make(tmp_path: Path) -> None:
    """What one of them cannot make is not chosen, and it is said which one, and why."""
    lacks = """
import checker.grader.sandbox.capabilities as c
c._try = lambda kind, old=c._try: {"why": "no namespaces"} if kind == "forked" else old(kind)
"""
    with cluster(tmp_path, workers=1) as dask:
        dask.worker(lacks)
        with Cluster(dask.address) as executor:
            until(lambda: "2 threads" in executor.words or executor._count())
            found = executor.look()

    assert found.best != "forked"
    assert found.kinds["forked"].endswith(": no namespaces")


def test_nobody_at_the_address_is_said() -> None:
    """The sentence names the address, and the command that starts a scheduler."""
    said = _refused(Cluster("tcp://127.0.0.1:9"))

    assert "No scheduler of Dask's answers at tcp://127.0.0.1:9" in said
    assert "dask scheduler" in said


@pytest.mark.parametrize("words", [["--executor", "dask"], ["--scheduler", "tcp://127.0.0.1:9"]])
def test_one_without_the_other_is_said(tmp_path: Path, words: list[str]) -> None:
    """Dask needs a scheduler, and a scheduler is Dask's."""
    said = subprocess.run(
        command(_class(tmp_path) / "in", "--lab", "01", "--store", tmp_path / "a.db", *words),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (said.returncode, "--executor dask --scheduler tcp://host:8786" in said.stderr) == (2, True)


def test_no_workers_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler alone judges nothing."""
    monkeypatch.setattr(module, "WORKERS", 0.5)

    with Dask(tmp_path) as dask:
        assert f"Start one: dask worker {dask.address}" in _refused(Cluster(dask.address))


def test_last_worker_that_dies_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run does not wait for ever for another one."""
    with Dask(tmp_path) as dask:
        dying = dask.worker(PRETENDS)
        with Cluster(dask.address) as executor:
            monkeypatch.setattr(module, "WORKERS", 1.0)
            with pytest.raises(SeamworkError, match="has no workers"):
                list(executor.run(_works(1), lambda _: kill(dying)))


def test_missing_package_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the command that installs it, with its lock file."""
    monkeypatch.setattr(module, "find_spec", lambda _: None)

    with pytest.raises(SeamworkError, match=r"-m pip install -r \S+/requirements/dask.txt"):
        Cluster("tcp://127.0.0.1:9")


def test_lost_scheduler_is_said_and_the_same_goes_on(tmp_path: Path) -> None:
    """What had been judged by then is not judged again."""
    place = _class(tmp_path, ada="", bob="", cy="counter-forgets", dee="", eve="")
    with (
        cluster(place / "dask", workers=1) as dask,
        pytest.raises(SeamworkError, match=r"is lost .* Start it again, and grade again"),
    ):
        _graded(place, Cluster(dask.address), Watching(lambda: kill(dask.scheduler)))

    again = Looking()
    with cluster(place / "again") as dask:
        table = _graded(place, Cluster(dask.address), again)

    assert [mark.points for _, mark, _ in table] == [4, 4, 1, 4, 4]
    assert 0 < len(again.fresh) < 5


def test_cancelled_run_says_so_of_each(tmp_path: Path) -> None:
    """When the time of a run is over, what runs is stopped, and each work still comes to one judgement."""
    with cluster(tmp_path, workers=1, preload=PRETENDS.replace('"0"', '"1"')) as dask:
        executor = Cluster(dask.address)
        clock = threading.Timer(3, executor.cancel)
        with executor:
            clock.start()
            found = list(executor.run(_works(30), lambda _: None))

    assert len({each.key for each in found}) == 30
    assert {each.status for each in found} == {Status.GRADED, Status.NOT_GRADABLE}
    assert {each.message.id for each in found if each.message} == {"The run was stopped before it had come to its end."}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_the_grader(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C, and a kill, end on the workers what was being judged."""
    place = _class(tmp_path, ada="")
    _hide(place, 'import time\n\n\ndef test_it() -> None:\n    """Sleeps."""\n    time.sleep(3600)\n')
    words = ["--lab", "01", "--store", place / "a.db", "--limit-check", "600", "--private", place / "hidden"]

    with Dask(place / "dask") as dask:
        worker = dask.worker()
        there = ["--executor", "dask", "--scheduler", dask.address]
        grader = subprocess.Popen(command(place / "in", *words, *there), stderr=subprocess.DEVNULL)
        until(lambda: _judges(worker))
        grader.send_signal(number)
        grader.wait()
        until(lambda: not _judges(worker))
        left = below(worker)

    assert number == signal.SIGKILL or not left


def _hide(place: Path, checks: str) -> None:
    (place / "hidden" / "checks").mkdir(parents=True)
    (place / "hidden" / "checks" / "test_hidden.py").write_text(checks, "utf-8")


def _judges(worker: subprocess.Popen[bytes]) -> bool:
    """Whether a tester lives below a worker: it is forked from the nursery, and looks like it."""
    return sum("checker.grader.judging.nursery_main" in _words(process) for process in below(worker)) > 1


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []
