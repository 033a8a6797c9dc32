"""No attack on a cell succeeds, and each would without the defence that is there for it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jailed import jailed, leave

from checker.grader.sandbox import engine
from checker.grader.sandbox.sandbox import DEFENCES
from checker.wait import until

pytestmark = [pytest.mark.attack, pytest.mark.needs("root", "linux"), pytest.mark.timeout(200)]

BWRAP, DOCKER = pytest.mark.needs("bwrap"), pytest.mark.needs("docker")
KINDS = ["forked", pytest.param("bubblewrap", marks=BWRAP), pytest.param("docker", marks=DOCKER)]

ATTACKS: dict[str, tuple[str, ...]] = {
    "sees_processes": ("pids",),
    "reads_environments": ("pids", "user", "privileges", "seccomp", "landlock"),
    "reads_files": ("mounts", "landlock"),
    "imports_the_checker": ("mounts", "landlock"),
    "reads_a_neighbour_s_tree": ("mounts", "landlock"),
    "calls_out": ("network", "edges"),
    "calls_a_neighbour": ("edges",),
    "calls_by_datagrams": ("seccomp",),
    "calls_by_another_protocol": ("seccomp",),
    "calls_without_connecting": ("seccomp",),
    "calls_through_the_kernel": ("seccomp",),
    "calls_by_an_abstract_name": ("landlock",),
    "calls_an_engine": ("mounts", "landlock"),
    "calls_the_host_of_a_virtual_machine": ("seccomp",),
    "signals_others": ("pids", "user", "privileges", "landlock"),
    "traces": ("seccomp",),
    "makes_a_user_namespace": ("seccomp",),
    "uses_keyrings": ("seccomp",),
    "has_capabilities": ("user", "privileges"),
    "becomes_root_by_a_program": ("mounts", "privileges", "landlock", "seccomp"),
    "opens_the_kernel_s_switches": ("user",),
    "goes_first": ("user", "privileges"),
    "shares_memory": ("ipc",),
    "learns_where_it_is": ("names",),
    "learns_its_control_group": ("cgroups",),
    "fork_bomb": ("limits", "groups"),
    "fills_memory": ("groups",),
    "asks_for_addresses": ("limits",),
    "fills_disks": ("sizes", "groups"),
    "fills_inodes": ("sizes", "groups"),
    "one_large_file": ("limits", "sizes"),
    "floods_descriptors": ("limits",),
    "writes_where_others_look": ("copies",),
    "writes_into_its_programs": ("mounts", "user", "landlock"),
    "reads_own_memory": (),
    "uses_descriptors": (),
    "kills_the_first_process": (),
    "leaves_a_daemon": (),
    "never_ends": (),
    "floods_output": (),
}
"""By name: the defences without which it succeeds. Where there are none, the launcher itself stands in its way."""

LOST = {"fills_memory"}
"""What a plain user's cells do not hold: they have no control groups."""
ENDED = {"never_ends", "fills_memory"}
"""What does not come to its own end in a cell."""
PLAIN = pytest.mark.needs("setpriv")
PLAIN_KINDS = [
    pytest.param("forked", True, id="forked-plain", marks=PLAIN),
    pytest.param("bubblewrap", True, id="bubblewrap-plain", marks=[PLAIN, BWRAP]),
]
WAYS = [
    pytest.param("forked", False, id="forked"),
    pytest.param("bubblewrap", False, id="bubblewrap", marks=BWRAP),
    pytest.param("docker", False, id="docker", marks=DOCKER),
    *PLAIN_KINDS,
]
"""Kinds of cells, and whether a plain user makes them: containers are root's."""
WHOLE = {"network", "sizes"}
"""Defences that are there for a whole sandbox or not at all."""


@cache
def attacked(kind: str, jobs: tuple[tuple[str, tuple[str, ...]], ...], *, plain: bool = False) -> dict[str, Any]:
    """Run attacks, each without some defences, in one sandbox inside the jail; return what came of each.

    Where the tester does not live to tell, each is run by itself, so that it is known whose doing that is.
    """
    try:
        return jailed("tester.py", kind, json.dumps(jobs), plain=plain)
    except (AssertionError, subprocess.TimeoutExpired):
        if len(jobs) == 1:
            raise
        return {}


def one(kind: str, attack: str, jobs: Sequence[tuple[str, tuple[str, ...]]], *, plain: bool = False) -> dict[str, Any]:
    """Return what came of one of several attacks."""
    every = attacked(kind, tuple(jobs), plain=plain)
    alone = [job for job in jobs if job[0] == attack]
    found: dict[str, Any] = (every or attacked(kind, tuple(alone), plain=plain))[attack]
    return found


def with_all(*, plain: bool) -> list[tuple[str, tuple[str, ...]]]:
    """Name the attacks to be held, with every defence there."""
    return [(attack, ()) for attack in ATTACKS if not (plain and attack in LOST)]


def without_some(attack: str) -> list[tuple[str, tuple[str, ...]]]:
    """Name the attacks that can share a sandbox with this one, those without the same defences side by side."""
    wholes = WHOLE & {*ATTACKS[attack]}
    return sorted(
        ((name, without) for name, without in ATTACKS.items() if without and WHOLE & {*without} == wholes),
        key=lambda job: job[1],
    )


AGAINST = [
    pytest.param(*way.values, attack, id=f"{way.id}-{attack}", marks=way.marks)
    for way in WAYS
    for attack, _ in with_all(plain=bool(way.values[1]))
]


@pytest.mark.parametrize(("kind", "plain", "attack"), AGAINST)
def test_attack_is_held(kind: str, plain: bool, attack: str) -> None:
    """It comes to nothing, nothing of it goes on, and its neighbour is as it was; as root, and as a plain user."""
    seen = one(kind, attack, with_all(plain=plain), plain=plain)

    assert not seen["breach"], seen
    assert "held" in seen["said"] or attack in ENDED, seen
    assert (seen["goes on"], seen["victim"], seen["end"] is not None) == (False, None, True), seen
    assert seen["megabytes"] < 250, seen


@pytest.mark.parametrize("attack", [attack for attack, without in ATTACKS.items() if without])
def test_attack_succeeds_without_its_defence(attack: str) -> None:
    """So that none is held by luck."""
    seen = one("forked", attack, without_some(attack))

    assert seen["breach"], seen


def test_every_defence_is_taken_away_once() -> None:
    """A defence that no attack needs taken away is not known to be one."""
    assert {name for without in ATTACKS.values() for name in without} == DEFENCES


@pytest.mark.parametrize("kind", KINDS)
def test_launcher_knows_no_password(kind: str) -> None:
    """Whoever is forked from it could read there what it was told of the others."""
    assert not one(kind, "uses_descriptors", with_all(plain=False))["launcher knows"]


@cache
def served(kind: str, *without: str) -> dict[str, Any]:
    """Let an administrator's SQL do its worst, without some defences; return what it saw."""
    return jailed("servers.py", kind, json.dumps(without))


@pytest.mark.parametrize("kind", KINDS)
def test_administrator_s_sql_stays_in_its_cell(kind: str) -> None:
    """TO PROGRAM, pg_read_file and psql's own backticks see no check and nobody else; a bomb does not go off."""
    seen = served(kind)
    lines = " ".join(seen["lines"])

    assert "the hidden thing" not in lines
    assert "bomb went off" not in lines
    assert int(re.search(r"processes:(\d+)", lines)[1]) < 20  # type: ignore[index]
    assert "user 0" not in lines


def test_administrator_s_sql_sees_all_without_a_cell() -> None:
    """So that it is not held by luck."""
    seen = served("forked", "mounts", "landlock", "limits", "groups")

    assert seen["lines"].count("the hidden thing") == 1
    assert {"bomb went off", "('the hidden thing\\n',)"} <= set(seen["lines"])


@pytest.mark.parametrize("kind", KINDS)
def test_broker_is_not_ended_by_who_uses_it(kind: str) -> None:
    """Then the run would be nobody's fault, and no mark would come of it."""
    assert served(kind)["broker"] == "True"


@pytest.mark.parametrize("kind", KINDS)
def test_impostor_is_told_from_the_service(kind: str) -> None:
    """Another service that answers on its port does not make it ready; an honest one is."""
    said = jailed("impostor.py", kind)

    assert "another process" in said["orders"]
    assert said["users"] == "ready"


@pytest.mark.parametrize(("kind", "ran"), [("forked", False), ("unsafe", True)])
def test_their_interpreter_is_not_ours(kind: str, ran: bool) -> None:
    """A Python that the tree brings would be the launcher itself, which is outside of every cell."""
    assert jailed("interpreter.py", kind)["ran"] is ran


@pytest.mark.parametrize(("kind", "plain"), WAYS)
def test_ends_are_heard_as_without_a_cell(kind: str, plain: bool) -> None:
    """Exit codes, signals and a missing program look as ever; that no cell can be made is our fault."""
    fates = jailed("fates.py", kind, plain=plain)

    assert fates.pop("no cell").startswith("No cell could be made for orders: No such file")
    assert fates == {"exits": 3, "killed": -9, "polite": 7, "simple": -15, "missing": "FileNotFoundError"}


@pytest.mark.parametrize("plain", [False, pytest.param(True, marks=PLAIN)], ids=["root", "plain"])
def test_twin_of_a_warm_launcher_makes_cells(plain: bool) -> None:
    """What is loaded once is there in each submission, whose cells are its own."""
    first, second = jailed("twins.py", plain=plain)["said"]

    assert [first[0], second[0]] == ["", ""]
    assert first[1].split()[1:] == second[1].split()[1:] == ["2", "True", "3"]
    assert plain or first[1].split()[0] != second[1].split()[0]


OPENS = """
from checker.grader.sandbox import slots
from checker.grader.sandbox.sandbox import Sandbox

with slots.take() as slot, Sandbox(kind="docker", slot=slot):
    pass
"""


def containers(slot: int) -> list[str]:
    """Name the containers of a slot."""
    return engine.docker("ps", "--all", "--quiet", "--filter", f"label={engine.LABEL}={slot}").split()


@DOCKER
def test_killed_tester_leaves_no_container() -> None:
    """Nor does one that begins meanwhile remove what is not its own."""
    command = [sys.executable, str(Path(__file__).with_name("killed.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as tester:
        slot = int(tester.stdout.readline())  # type: ignore[union-attr]
        subprocess.run([sys.executable, "-c", OPENS], check=True, timeout=60)
        assert len(containers(slot)) == 3

    assert tester.returncode == -signal.SIGKILL
    assert until(lambda: not containers(slot), within=20)


@DOCKER
def test_next_sandbox_clears_away_what_nobody_could() -> None:
    """A container that was stopped, and whose launcher was killed as well, hears of nothing."""
    command = [sys.executable, str(Path(__file__).with_name("killed.py")), "launcher"]
    slot = int(subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60).stdout)
    assert until(lambda: len(containers(slot)) == 1, within=20)

    subprocess.run([sys.executable, "-c", OPENS], check=True, timeout=60)

    assert not containers(slot)
    assert not Path(f"/run/seamwork/docker-{slot}").exists()


@pytest.fixture(scope="module", autouse=True)
def no_group_left() -> Iterator[None]:
    yield
    leave()
