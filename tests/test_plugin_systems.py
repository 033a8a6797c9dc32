"""Which system a check gets, which checks run and in which order, and the chance they are given."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from whole import TINY, judged, lab, outcomes, run, solved, standing, words

from checker.course import Course
from checker.errors import EngineFault, UsageError
from checker.outcome import Outcome
from checker.runtime.ground import Ground
from checker.session import check


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    """A ground for all tests of this file."""
    with standing() as ground:
        yield ground


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return the end of lab 01: greeter and counter."""
    return solved(tmp_path)


SEEN = "import psutil\n\nseen = []\n\n"


def test_checks_share_a_system_and_fresh_ones_do_not(ground: Ground, tree: Path) -> None:
    """One system is started for all; ``fresh`` has one of its own, untouched, that goes with the check."""
    results = run(
        ground,
        tree,
        SEEN
        + """
def test_first(counter):
    counter.post("/counts/Ada")
    seen.append(counter.service.pid)

def test_second(counter):
    assert counter.service.pid == seen[0]
    assert counter.get("/counts/Ada")["count"] == 1

@pytest.mark.fresh
def test_fresh(counter):
    seen.append(counter.service.pid)
    assert counter.get("/counts/Ada")["count"] == 0

def test_afterwards(counter):
    assert not psutil.pid_exists(seen[1])
    assert counter.service.pid == seen[0] != seen[1]
""",
    )

    assert {result.outcome for result in results.checks} == {Outcome.PASSED}, [r.detail for r in results.checks]


def test_run_begins_with_new_processes(ground: Ground, tree: Path) -> None:
    """Nothing of a run before is left in the next one, though the ground is the same."""
    checks = 'def test_new(counter):\n    assert counter.post("/counts/Ada")["count"] == 1\n'

    assert [outcomes(run(ground, tree, checks)) for _ in range(2)] == [["new passed"]] * 2


def test_services_of_a_run_are_gone_after_it(ground: Ground, tree: Path) -> None:
    """When the next run may begin, none of the learner's processes lives."""
    run(ground, tree, "def test_up(counter, greeter):\n    pass\n")
    ground.tidied()

    alive = [p for p in psutil.Process().children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE]
    assert [p for p in alive if str(tree) in " ".join(p.cmdline())] == []


def test_only_and_stand_ins_choose_who_plays(ground: Ground, tree: Path) -> None:
    """``only`` starts these alone; a stand-in plays by its script, and tells what it was asked."""
    results = run(
        ground,
        tree,
        """
        @pytest.mark.system(only=["counter"])
        def test_alone(system):
            assert [role.name for role in system] == ["counter"]

        @pytest.mark.system(standins=["counter"])
        def test_with_stand_in(greeter, counter):
            counter.standin.on("POST", "/counts/{name}", {"name": "Ada", "count": 41})

            reply = greeter.post("/greetings/Ada")

            assert reply["count"] == 41
            assert [call.request for call in counter.calls] == ["POST /counts/Ada"]
        """,
    )

    assert outcomes(results) == ["alone passed", "with_stand_in passed"], [
        words(r) for r in results.checks if r.message
    ]


def test_stand_ins_slip_is_broken_and_stays_with_its_check(ground: Ground, tree: Path) -> None:
    """A stand-in is ours: what its script stumbles over is not the learner's 503, and not the next check's either."""
    found = judged(
        ground,
        tree,
        """
        @pytest.mark.system(standins=["counter"])
        def test_slips(greeter, counter):
            counter.standin.on("POST", "/counts/{name}", lambda asked: int("slip"))

            assert greeter.post("/greetings/A").status_code == 201

        @pytest.mark.system(standins=["counter"])
        def test_sound(greeter, counter):
            counter.standin.on("POST", "/counts/{name}", {"name": "B", "count": 1})

            assert greeter.post("/greetings/B").status_code == 201
        """,
    )

    assert [result.outcome for result in found.values()] == [Outcome.BROKEN, Outcome.PASSED]
    assert "The stand-in for counter could not answer" in words(found["slips"])


CHAIN = """
@pytest.mark.after("test_b")
def test_c(): pass

def test_a(): pass

@pytest.mark.after("test_a")
def test_b(): pass

def test_d(): pass
"""


@pytest.mark.parametrize(
    ("only", "ran"), [(["c"], "abc"), (["test_b"], "ab"), (["01:test_d"], "d"), (["d", "a"], "ad"), ([], "abcd")]
)
def test_only_brings_what_it_builds_on(ground: Ground, tree: Path, only: list[str], ran: str) -> None:
    """Prerequisites run first, and are in the results as well."""
    assert outcomes(run(ground, tree, CHAIN, only=only)) == [f"{name} passed" for name in ran]


def test_only_of_a_stranger_is_told(ground: Ground, tree: Path) -> None:
    """A name that is no check's is never passed over in silence."""
    with pytest.raises(UsageError, match=r"Lab 01-drawn has no check 'x'. It has: c, a, b, d."):
        run(ground, tree, CHAIN, only=["a", "x"])


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ("@pytest.mark.after('test_b')\ndef test_a(): pass\n", "01:test_a comes after 'test_b', which is no check"),
        (CHAIN.replace("def test_a", "@pytest.mark.after('test_c')\ndef test_a"), "01:test_a comes after 'test_c'"),
        ("@pytest.mark.frsh\ndef test_a(): pass\n", "cannot be read: 'frsh' not found in `markers`"),
        ("import nothing_like_it\ndef test_a(): pass\n", "No module named 'nothing_like_it'"),
    ],
    ids=["after-a-stranger", "after-itself", "unknown-marker", "import-error"],
)
def test_checks_that_cannot_run_are_ours(tree: Path, checks: str, said: str, capfd: pytest.CaptureFixture[str]) -> None:
    """A fault of the course stops the run with its own sentence; nothing of pytest's is printed."""
    with standing() as ground, pytest.raises(EngineFault) as caught:
        run(ground, tree, checks)

    assert said in str(caught.value)
    assert capfd.readouterr() == ("", "")


DRAWS = """
import json, pathlib

@pytest.mark.parametrize("number", [1, 2])
def test_draws(rng, number):
    with open({file!r}, "a") as file:
        file.write(str(rng.random()) + "\\n")
"""


def test_seed_replays_what_was_drawn(ground: Ground, tree: Path, tmp_path: Path) -> None:
    """The same seed gives each check the same data; another check or seed other data."""
    for seed in (7, 7, 8):
        results = run(ground, tree, DRAWS.format(file=str(tmp_path / f"drawn-{seed}")), seed=seed)
        assert (results.seed, results.exit_code) == (seed, 0)

    sevens = (tmp_path / "drawn-7").read_text().split()
    assert sevens[:2] == sevens[2:]
    assert len({*sevens, *(tmp_path / "drawn-8").read_text().split()}) == 4


def test_seed_is_drawn_and_told(ground: Ground, tree: Path) -> None:
    """Without one, each run has its own, and says how to replay."""
    first, second = (run(ground, tree, "def test_a(): pass\n") for _ in range(2))

    assert first.seed != second.seed
    assert first.checks[0].again == f"seamwork check 01 --only a --seed {first.seed}"


def test_shuffled_order_is_the_seeds(ground: Ground, tree: Path) -> None:
    """The same seed, the same order; another one, another; what is built on comes first all the same."""
    many = "".join(f"def test_{name}(): pass\n" for name in "efghijkl")
    orders = [outcomes(run(ground, tree, CHAIN + many, seed=seed, shuffled=True)) for seed in (1, 1, 2)]

    assert orders[0] == orders[1] != orders[2]
    assert [order.index("a passed") < order.index("b passed") < order.index("c passed") for order in orders] == [
        True
    ] * 3


def test_earlier_labs_are_checked_but_for_what_was_replaced(ground: Ground, tree: Path) -> None:
    """What was built must stay true, on the system as it is now."""
    results = check(ground, Course(TINY).lab("01"), tree, earlier=True)
    ground.tidied()

    assert [(result.lab, result.name) for result in results.checks][:2] == [
        ("00-hello", "test_greeter_greets"),
        ("01-split", "test_counter_owns_the_counts"),
    ]
    assert (results.lab, len(results.checks), results.exit_code) == ("01-split", 4, 0)
    assert [result.again for result in results.checks][:2] == [
        f"seamwork check 01 --only 00:greeter_greets --all --seed {results.seed}",
        f"seamwork check 01 --only counter_owns_the_counts --seed {results.seed}",
    ]
    again = check(ground, Course(TINY).lab("01"), tree, earlier=True, only=["00:greeter_greets"])
    ground.tidied()
    assert [(result.lab, result.name) for result in again.checks] == [("00-hello", "test_greeter_greets")]


def test_checks_of_one_name_in_two_labs_keep_apart(ground: Ground, tree: Path, tmp_path: Path) -> None:
    """Each has its own evidence, verdict and prerequisite."""
    course = tmp_path / "course"
    for part in ("labs/contract", "labs/monolith"):
        files = {str(f.relative_to(TINY)): f.read_bytes() for f in (TINY / part).rglob("*") if f.is_file()}
        for name, data in files.items():
            (course / name).parent.mkdir(parents=True, exist_ok=True)
            (course / name).write_bytes(data)
    asks = "def test_same(counter):\n    assert counter.get('/counts/{name}')['count'] == {count}\n"
    after = "\n@pytest.mark.after('test_same')\ndef test_next(): pass\n"
    lab(course, asks.format(name="Ada", count=1), name="00-drawn")
    lab(course, asks.format(name="Bea", count=0) + after, name="01-drawn")
    original, ground.course = ground.course, Course(course)
    try:
        results = check(ground, ground.course.lab("01"), tree, earlier=True)
        ground.tidied()
    finally:
        ground.course = original

    assert outcomes(results) == ["same failed", "same passed", "next passed"]
    assert [[e.request for e in result.wire] for result in results.checks[:2]] == [
        ["GET /counts/Ada"],
        ["GET /counts/Bea"],
    ]


def test_forgotten_modules_are_read_anew(ground: Ground, tree: Path, tmp_path: Path) -> None:
    """A check that was mended between two runs on one ground is the mended one."""
    drawn = lab(tmp_path, "def test_a():\n    assert False\n")
    first = check(ground, drawn, tree)
    file = drawn.folder / "checks" / "test_drawn.py"
    file.write_text("def test_a():\n    assert True\n")
    os.utime(file, (1, 1))

    second = check(ground, type(drawn).load(drawn.folder), tree)

    assert [outcomes(first), outcomes(second)] == [["a failed"], ["a passed"]]
