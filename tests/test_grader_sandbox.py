"""What the sandbox says of the machine, and what it leaves of it when it is gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from checker.errors import Blocked
from checker.grader.sandbox.capabilities import Capabilities, look

ETC = [Path("/etc/ssl"), Path("/etc/alternatives"), Path("/usr/bin")]
CHECK = """
import sys, tempfile
from pathlib import Path

from checker.course import Course, root, write_tree
from checker.grader.sandbox import slots
from checker.grader.sandbox.sandbox import Sandbox
from checker.runtime.ground import Ground
from checker.session import check

course = Course(root())
lab = course.lab("01")
tree = Path(tempfile.mkdtemp(prefix="seamwork-cell-", dir=sys.argv[2]))
write_tree(course.end(lab), tree)
with slots.take() as slot, Sandbox(kind=sys.argv[1], slot=slot) as sandbox, Ground(course, sandbox=sandbox) as ground:
    results = check(ground, lab, tree, seed=7, only=sys.argv[3:])
print(results.environment["sandbox"], *sorted({result.outcome.value for result in results.checks}))
"""
CONTAINERS = """
import os, sys
from checker.grader.sandbox import slots
from checker.grader.sandbox.sandbox import Sandbox

os.setuid(int(sys.argv[1]))
with slots.take() as slot, Sandbox(kind="docker", slot=slot):
    pass
"""
ENTER = """
from checker.grader.sandbox import slots
from checker.grader.sandbox.sandbox import Sandbox

with slots.take() as slot, Sandbox(kind="forked", slot=slot):
    raise KeyError("half way")
"""


@pytest.mark.needs("linux", "root")
def test_a_cell_can_be_made_here() -> None:
    """As root nothing that this kernel has is lost."""
    found = look()

    assert found.best == "forked"
    assert not [loss for loss in found.losses if loss.move.startswith("sudo")]


def test_nothing_runs_where_no_cell_can_be_made() -> None:
    """The sentence says why, and what brings one."""
    found = Capabilities({"forked": "unshare: Operation not permitted", "bubblewrap": "bwrap is not on PATH"})

    assert found.best is None
    with pytest.raises(Blocked, match=r"forked: unshare: Operation not permitted; bubblewrap.*--unsafe"):
        found.choose()


def test_kind_that_is_wanted_is_not_replaced_by_another() -> None:
    """Who asks for bubblewrap hears that there is none."""
    found = Capabilities({"forked": "", "bubblewrap": "bwrap is not on PATH"})

    assert found.choose() == "forked"
    with pytest.raises(Blocked, match="bwrap is not on PATH"):
        found.choose("bubblewrap")


@pytest.mark.needs("linux", "root", "docker")
@pytest.mark.parametrize(
    ("who", "engine", "why"), [(0, "unix:///nowhere", "Docker does not"), (12345, "", "root alone")]
)
def test_why_there_are_no_containers(who: int, engine: str, why: str) -> None:
    """No engine, or nobody who may join them: the sentence says which."""
    env = {**os.environ, **({"DOCKER_HOST": engine} if engine else {})}
    ran = subprocess.run(
        [sys.executable, "-c", CONTAINERS, str(who)], capture_output=True, text=True, check=False, timeout=50, env=env
    )

    assert why in ran.stderr.splitlines()[-1]


@pytest.mark.needs("linux", "root")
def test_machine_is_as_it_was() -> None:
    """What cells are shown of the machine is not cleared away with them."""
    before = [sorted(path.name for path in folder.iterdir()) for folder in ETC]
    mounts = Path("/proc/self/mounts").read_text("utf-8")

    ran = subprocess.run([sys.executable, "-c", ENTER], capture_output=True, text=True, check=False, timeout=50)

    assert ran.stderr.endswith("KeyError: 'half way'\n"), ran.stderr
    assert [sorted(path.name for path in folder.iterdir()) for folder in ETC] == before
    assert Path("/proc/self/mounts").read_text("utf-8") == mounts


@pytest.mark.needs("linux", "root")
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "kind",
    [
        "forked",
        pytest.param("bubblewrap", marks=pytest.mark.needs("bwrap")),
        pytest.param("docker", marks=pytest.mark.needs("docker")),
    ],
)
def test_solution_passes_in_a_cell(kind: str, tmp_path: Path) -> None:
    """Databases, broker, releases and services all live in cells, and nothing else changes."""
    command = [sys.executable, "-c", CHECK, kind, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=220)

    assert ran.stdout.split() == [kind, "passed"], ran.stdout + ran.stderr
