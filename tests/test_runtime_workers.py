"""Processes beside a service: each with taps of its own, killed exactly there, started again, and once more beside itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from test_runtime_provisioned import OWNERS, PROCFILE, SQL, laid
from whole import lab, owning

from checker.course import Course
from checker.outcome import Results
from checker.runtime.ground import Ground
from checker.session import check

TELLING = """
import os, time, redis

broker = redis.Redis.from_url(os.environ["REDIS_URL"], protocol=2)
broker.xadd("told", {"by": os.environ["INSTANCE"], "bound": os.environ["BOUND"]})
print("told", flush=True)
time.sleep(60)
"""
READ = """
import redis
from checker import until

def told(system):
    with redis.Redis.from_url(system.broker_url, decode_responses=True) as broker:
        return [entry["by"] + entry["bound"] for _, entry in broker.xrange("told")]

"""


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A ground on the tiny course, whose lab 02 has a broker, and a bound that every process is told."""
    brokered = OWNERS.replace("provision =", 'broker = true\nvariables = { BOUND = "!" }\nprovision =')
    with Ground(Course(owning(brokered, tmp_path_factory.mktemp("course")))) as ground:
        ground.ready_for(laid(ground.course, tmp_path_factory.mktemp("first")))
        _ = ground.postgres, ground.redis
        yield ground


def run(ground: Ground, tmp_path: Path, checks: str, telling: str = TELLING) -> Results:
    """Run checks on a system in which a process tells the broker that it is there."""
    tree = laid(ground.course, tmp_path / "tree", SQL)
    (tree / "Procfile").write_text(PROCFILE + "counter-events: python telling.py\n")
    (tree / "telling.py").write_text(telling)
    results = check(ground, lab(tmp_path / "lab", READ + checks, name="02-more"), tree)
    ground.tidied()
    return results


def outcomes(ground: Ground, tmp_path: Path, checks: str) -> dict[str, str]:
    """Return what the checks came to."""
    results = run(ground, tmp_path, checks)
    return {
        r.name.removeprefix("test_"): f"{r.outcome.value} {r.message or r.assertion or ''}".strip()
        for r in results.checks
    }


def test_worker_has_its_own_way(ground: Ground, tmp_path: Path) -> None:
    """It runs beside its service, is told what the contract says, and what it sends is seen on its way."""
    found = outcomes(
        ground,
        tmp_path,
        """
def test_told(system):
    until(lambda: told(system), within=10)
    assert told(system) == ["1!"]
    assert system.worker("counter-events").broker.by_name["XADD"] == 1
""",
    )

    assert found == {"told": "passed"}


def test_worker_is_killed_exactly_there(ground: Ground, tmp_path: Path) -> None:
    """Killed between what the broker did and what it heard of it, and started again, it does it again."""
    found = outcomes(
        ground,
        tmp_path,
        """
def test_killed(system):
    worker = system.worker("counter-events")
    until(lambda: told(system), within=10)
    worker.kill()
    held = worker.broker.hold("XADD", after=True)
    worker.start()
    assert held.wait(10)
    worker.kill()
    held.release()
    assert not worker.alive
    worker.start()
    assert until(lambda: len(told(system)) == 3, within=10)
    assert worker.alive
""",
    )

    assert found == {"killed": "passed"}


def test_there_is_another_one(ground: Ground, tmp_path: Path) -> None:
    """One more process of the same name knows that it is another, and has a way of its own."""
    found = outcomes(
        ground,
        tmp_path,
        """
def test_two(system):
    other = system.another("counter-events")
    assert until(lambda: sorted(told(system)) == ["1!", "2!"], within=10)
    assert other.broker.by_name["XADD"] == 1
""",
    )

    assert found == {"two": "passed"}


def test_each_system_has_its_own_broker(ground: Ground, tmp_path: Path) -> None:
    """What was told in one system is not there in the next."""
    found = outcomes(
        ground,
        tmp_path,
        """
@pytest.mark.fresh
def test_one(system):
    assert until(lambda: told(system) == ["1!"], within=10)

@pytest.mark.fresh
@pytest.mark.system(only=["counter"], standins=["greeter"], variables={"BOUND": "?"})
def test_other(system):
    assert until(lambda: told(system) == ["1?"], within=10)
""",
    )

    assert found == {"one": "passed", "other": "passed"}


def test_broker_goes_and_comes(ground: Ground, tmp_path: Path) -> None:
    """While there is no broker nobody reaches it, and who is connected is cut off; then it is as it was."""
    found = outcomes(
        ground,
        tmp_path,
        """
def test_away(system):
    worker = system.worker("counter-events")
    assert until(lambda: told(system), within=10)
    worker.kill()
    with system.without_broker():
        worker.start()
        assert until(lambda: any("Error" in line for line in worker.log), within=10)
        worker.kill()
    worker.start()
    assert until(lambda: len(told(system)) == 2, within=10)
""",
    )

    assert found == {"away": "passed"}


def test_worker_that_has_died_is_shown(ground: Ground, tmp_path: Path) -> None:
    """Nobody calls it, so nobody else would say why it is not there; one that the check has ended is no news."""
    waits = "    until(lambda: not system.worker('counter-events').alive, within=10)\n"
    kills = "    system.worker('counter-events').kill()\n"
    checks = [f"def test_it(system):\n{line}    assert told(system) == ['!']\n" for line in (waits, kills)]
    dies, lives = "raise TypeError('list indices')\n", TELLING
    [died], [killed] = (
        run(ground, tmp_path / str(n), code, telling).checks
        for n, (code, telling) in enumerate(zip(checks, (dies, lives), strict=True))
    )

    assert died.logs["counter-events"][-1] == "TypeError: list indices"
    assert "counter-events" not in killed.logs


def test_unknown_worker_is_our_fault(ground: Ground, tmp_path: Path) -> None:
    """A check that asks for a process that there is not is broken, and says which there are."""
    found = outcomes(ground, tmp_path, "def test_none(system):\n    system.worker('counter-relay')\n")

    assert found["none"].startswith("broken")
    assert "'roles': 'counter-events'" in found["none"]
