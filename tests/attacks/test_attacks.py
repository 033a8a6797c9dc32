"""No attack on a cell succeeds, and each would without the defence that is there for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from checker.grader.sandbox.sandbox import DEFENCES

pytestmark = [pytest.mark.attack, pytest.mark.needs("root", "linux")]

HERE = Path(__file__).parent
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


@cache
def jail() -> tuple[str, ...]:
    """Return the start of a command line that keeps what goes wrong from the machine: its own pids, not many, little memory."""
    groups = []
    for controller, file, most in (("pids", "pids.max", 900), ("memory", "memory.limit_in_bytes", 2 << 30)):
        group = Path("/sys/fs/cgroup", controller, "seamwork-attacks")
        if group.parent.is_dir():
            group.mkdir(exist_ok=True)
            (group / file).write_text(str(most))
            groups.append(f"echo 0 >{group}/cgroup.procs;")
    enter = " ".join(groups)
    return ("sh", "-c", f'{enter} exec "$0" "$@"', "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--ipc")


def attacked(kind: str, attack: str, *without: str) -> dict[str, Any]:
    """Run an attack in a sandbox inside the jail, and return what came of it."""
    command = [*jail(), sys.executable, str(HERE / "tester.py"), kind, attack, json.dumps(without)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=55, check=False, env={**os.environ, "SECRET": "of-the-tester"}
    )
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-500:]
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("kind", KINDS)
def test_attack_is_held(kind: str, attack: str) -> None:
    """It comes to nothing, nothing of it goes on, and its neighbour is as it was."""
    seen = attacked(kind, attack)

    assert not seen["breach"], seen
    assert "held" in seen["said"] or seen["code"] in {None, -9, 1}, seen
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


@pytest.fixture(scope="module", autouse=True)
def no_group_left() -> Iterator[None]:
    yield
    for group in Path("/sys/fs/cgroup").glob("*/seamwork-attacks"):
        group.rmdir()
