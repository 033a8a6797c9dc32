"""No attack on a cell succeeds, and each would without the defence that is there for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jailed import jailed, leave

from checker.grader.sandbox.sandbox import DEFENCES

pytestmark = [pytest.mark.attack, pytest.mark.needs("root", "linux")]

KINDS = ["forked", pytest.param("bubblewrap", marks=pytest.mark.needs("bwrap"))]

ATTACKS: dict[str, tuple[str, ...]] = {
    "sees_processes": ("pids",),
    "reads_environments": ("pids", "user", "privileges", "seccomp", "landlock"),
    "reads_files": ("mounts", "landlock"),
    "imports_the_checker": ("mounts", "landlock"),
    "reads_a_neighbour_s_tree": ("mounts", "landlock"),
    "calls_out": ("network", "edges"),
    "calls_a_neighbour": ("edges",),
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
AGAINST = [
    *(pytest.param(attack, False, id=f"root-{attack}") for attack in ATTACKS),
    *(pytest.param(attack, True, id=f"plain-{attack}", marks=PLAIN) for attack in ATTACKS if attack not in LOST),
]


def attacked(kind: str, attack: str, *without: str, plain: bool = False) -> dict[str, Any]:
    """Run an attack in a sandbox inside the jail, and return what came of it."""
    return jailed("tester.py", kind, attack, json.dumps(without), plain=plain)


@pytest.mark.parametrize(("attack", "plain"), AGAINST)
@pytest.mark.parametrize("kind", KINDS)
def test_attack_is_held(kind: str, attack: str, plain: bool) -> None:
    """It comes to nothing, nothing of it goes on, and its neighbour is as it was; as root, and as a plain user."""
    seen = attacked(kind, attack, plain=plain)

    assert not seen["breach"], seen
    assert "held" in seen["said"] or attack in ENDED, seen
    assert (seen["goes on"], seen["victim"], seen["end"] is not None) == (False, None, True), seen
    assert seen["megabytes"] < 250, seen


@pytest.mark.parametrize("attack", [attack for attack, without in ATTACKS.items() if without])
def test_attack_succeeds_without_its_defence(attack: str) -> None:
    """So that none is held by luck."""
    seen = attacked("forked", attack, *ATTACKS[attack])

    assert seen["breach"], seen


def test_every_defence_is_taken_away_once() -> None:
    """A defence that no attack needs taken away is not known to be one."""
    assert {name for without in ATTACKS.values() for name in without} == DEFENCES


@pytest.mark.parametrize("kind", KINDS)
def test_launcher_knows_no_password(kind: str) -> None:
    """Whoever is forked from it could read there what it was told of the others."""
    assert not attacked(kind, "uses_descriptors")["launcher knows"]


@pytest.mark.parametrize("kind", KINDS)
def test_administrator_s_sql_stays_in_its_cell(kind: str) -> None:
    """TO PROGRAM, pg_read_file and psql's own backticks see no check and nobody else; a bomb does not go off."""
    seen = jailed("servers.py", kind, "[]")
    lines = " ".join(seen["lines"])

    assert "the hidden thing" not in lines
    assert "bomb went off" not in lines
    assert int(re.search(r"processes:(\d+)", lines)[1]) < 20  # type: ignore[index]
    assert "user 0" not in lines


def test_administrator_s_sql_sees_all_without_a_cell() -> None:
    """So that it is not held by luck."""
    seen = jailed("servers.py", "forked", json.dumps(["mounts", "landlock", "limits", "groups"]))

    assert seen["lines"].count("the hidden thing") == 1
    assert {"bomb went off", "('the hidden thing\\n',)"} <= set(seen["lines"])


@pytest.mark.parametrize("kind", KINDS)
def test_broker_is_not_ended_by_who_uses_it(kind: str) -> None:
    """Then the run would be nobody's fault, and no mark would come of it."""
    assert jailed("servers.py", kind, "[]")["broker"] == "True"


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


@pytest.mark.parametrize("plain", [False, pytest.param(True, marks=PLAIN)], ids=["root", "plain"])
@pytest.mark.parametrize("kind", KINDS)
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


@pytest.fixture(scope="module", autouse=True)
def no_group_left() -> Iterator[None]:
    yield
    leave()
