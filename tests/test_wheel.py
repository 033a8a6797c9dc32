"""The wheel: the whole course in one file, which is all that a machine without a checkout needs."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email import message_from_string
from pathlib import Path

import pytest
import yaml

from checker.course import Course, init, read_tree

pytestmark = pytest.mark.timeout(900)  # a new machine first gets every package

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
COURSE = ("labs", "solutions", "notebooks", "requirements")
BESIDE = ("pyproject.toml", "setup.py", "seamwork_main.py", "Makefile", ".gitignore")
BESIDE += ("README.md", "LICENSE", "LICENSE-lessons")
IMAGE = "seamwork-test-wheel"
GIT = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}

Machine = Callable[..., str]
"""Runs words there to a good end, and returns what they said."""


def run(words: Sequence[object], cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Run a command; what it said is in the failure when it does not end well."""
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert done.returncode == 0, f"{words}\n{done.stdout.decode()}\n{done.stderr.decode()}"
    return done.stdout.decode()


# The build


@dataclass(frozen=True)
class Built:
    """A checkout in which `make wheel` was run, and the wheel."""

    checkout: Path
    wheel: Path

    @property
    def names(self) -> list[str]:
        """What is in the wheel."""
        return zipfile.ZipFile(self.wheel).namelist()

    def read(self, name: str) -> str:
        """Read a text in the wheel."""
        return zipfile.ZipFile(self.wheel).read(name).decode()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Make the wheel in a clone of this checkout, with what may lie about in one."""
    clone = tmp_path_factory.mktemp("clone")
    for part in ("checker", *COURSE):
        shutil.copytree(ROOT / part, clone / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in BESIDE:
        shutil.copy2(ROOT / file, clone)
    (clone / "labs" / "monolith" / ".dotted").write_text("a dotfile of the shop\n")
    (clone / "labs" / "monolith" / "run.sh").write_text("#!/bin/sh\n")
    (clone / "labs" / "monolith" / "run.sh").chmod(0o755)
    run(["git", "init", "-q", "."], clone)
    run(["git", "add", "--all"], clone)
    run(["git", "commit", "-q", "-m", "all"], clone, os.environ | GIT)
    litter(clone)
    run(["make", "--no-print-directory", "-o", "env", f"VENV={BIN.parent}", "wheel"], clone)
    (wheel,) = (clone / "dist").iterdir()
    return Built(clone, wheel)


def litter(clone: Path) -> None:
    """Leave what tools, learners and earlier builds leave; git passes over it."""
    for name in (
        "bazaar/Procfile",
        "build/lib/checker/gone.py",
        "build/lib/checker/_course/labs/99-gone/lab.toml",
        "checker/__pycache__/errors.cpython-311.pyc",
        "labs/monolith/shop/__pycache__/app.cpython-311.pyc",
        "labs/.ruff_cache/content",
    ):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text("left behind\n")


def test_wheel_is_for_every_machine(built: Built) -> None:
    """One pure wheel is built, and says who may use it, and how."""
    said = message_from_string(built.read("seamwork-0.1.0.dist-info/METADATA"))

    assert built.wheel.name == "seamwork-0.1.0-py3-none-any.whl"
    assert (said["Requires-Python"], said["License-Expression"], said.get_all("License-File")) == (
        ">=3.11",
        "MIT AND CC-BY-4.0",
        ["LICENSE", "LICENSE-lessons"],
    )
    assert said.get_payload() == (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize(("group", "extra"), [("base", False), ("dask", True)])
def test_wheel_asks_for_what_is_locked(built: Built, group: str, extra: bool) -> None:
    """Every package of the lock file is asked for in its version, and nothing else; the cluster's are an extra."""
    said = message_from_string(built.read("seamwork-0.1.0.dist-info/METADATA"))
    lock = (ROOT / "requirements" / f"{group}.txt").read_text("utf-8").splitlines()

    locked = sorted(line.partition("==")[0] for line in lock if line[:1].isalnum())
    wanted = [each for each in said.get_all("Requires-Dist", []) if ("extra == " in each) == extra]

    assert sorted(each.partition("==")[0] for each in wanted) == locked


def test_nothing_but_the_program_and_the_course(built: Built) -> None:
    """Package, launcher, course; nothing of tools, tests, workspaces or earlier builds."""
    tops = {name.split("/")[0] for name in built.names}
    parts = {name.split("/")[2] for name in built.names if name.startswith("checker/_course/")}

    assert (tops, parts) == ({"checker", "seamwork_main.py", "seamwork-0.1.0.dist-info"}, set(COURSE))
    assert [name for name in built.names if "gone" in name or "_cache" in name or name.endswith(".pyc")] == []


def test_package_is_whole(built: Built) -> None:
    """Each file of the package is in the wheel, styles and schemas as well."""
    package = {f"checker/{path}" for path in read_tree(ROOT / "checker")}

    assert package - set(built.names) == set()


def test_build_leaves_nothing_for_git(built: Built) -> None:
    """After a build, git sees nothing new in the checkout."""
    assert run(["git", "status", "--porcelain"], built.checkout) == ""


# Machines without a checkout


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel with pip into a new environment that has what the wheel's own lock file says."""
    place = tmp_path_factory.mktemp("installed")
    (place / "base.txt").write_text(built.read("checker/_course/requirements/base.txt"), "utf-8")
    run([sys.executable, "-m", "venv", "--without-pip", place / "venv"])
    python = place / "venv" / "bin" / "python"
    run([BIN / "uv", "pip", "install", "-q", "--python", python, "--require-hashes", "-r", place / "base.txt"])
    run([sys.executable, "-m", "pip", "-q", "--python", python, "install", "--no-index", "--no-compile", built.wheel])
    return place


@pytest.fixture(scope="module")
def plain(installed: Path) -> Machine:
    """This machine without a checkout: another folder, an empty home, nothing else in the environment."""
    home = installed / "home"
    home.mkdir()
    env = {"PATH": f"{installed}/venv/bin:{os.environ['PATH']}", "HOME": str(home), "TMPDIR": str(home)}
    return lambda *words: run(words, home, env)


@pytest.fixture(scope="module")
def contained(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A container with Python 3.13 and no network at all; pip finds each package there as the wheel wants it."""
    secrets = how_pip_works_here(tmp_path_factory.mktemp("secrets"))
    dockerfile = ROOT / "tests" / "wheel" / "Dockerfile"
    run(["docker", "build", "-q", "-t", IMAGE, "-f", dockerfile, *secrets, ROOT / "requirements"])
    options = ["--rm", "--init", "--network", "none", "-v", f"{built.wheel.parent}:/wheel:ro"]
    name = run(["docker", "run", "-d", *options, IMAGE]).strip()
    try:
        run(["docker", "exec", name, "pip", "install", "-q", "--no-index", f"/wheel/{built.wheel.name}"])
        yield lambda *words: run(["docker", "exec", name, *words])
    finally:
        run(["docker", "kill", name])


def how_pip_works_here(folder: Path) -> list[str]:
    """Return the build's secrets: where this machine's pip gets its packages, and whom it trusts."""
    told = run([sys.executable, "-m", "pip", "config", "list"]).splitlines()
    settings = {
        key.rpartition(".")[2]: ast.literal_eval(value) for key, _, value in (each.partition("=") for each in told)
    }
    wanted = {key: settings[key] for key in ("index-url", "extra-index-url", "trusted-host") if key in settings}
    secrets = ["--secret", f"id=pip,src={folder / 'pip.conf'}"]
    if cert := settings.get("cert"):
        wanted["cert"] = "/run/authorities"
        secrets += ["--secret", f"id=authorities,src={cert}"]
    lines = [f"{key} = {' '.join(str(value).split())}" for key, value in wanted.items()]
    (folder / "pip.conf").write_text("\n".join(["[global]", *lines, ""]))
    return secrets


@pytest.fixture(params=["plain", pytest.param("contained", marks=pytest.mark.needs("docker", "python:3.13-slim"))])
def machine(request: pytest.FixtureRequest) -> Machine:
    """Each machine in turn."""
    there: Machine = request.getfixturevalue(request.param)
    return there


@pytest.fixture(scope="module")
def course(built: Built) -> Course:
    """The course as it lies in the checkout."""
    return Course(built.checkout)


def test_installed_course_is_the_checkout_s(built: Built, installed: Path) -> None:
    """Every file of the course arrives as it is, dotfiles too, and what may be run may be run."""
    (there,) = installed.glob("venv/lib/*/site-packages/checker/_course")

    for part in COURSE:
        assert read_tree(there / part) == read_tree(built.checkout / part)


@pytest.mark.parametrize("how", [(), ("--at", "01", "--solved")])
def test_workspace_is_as_in_a_checkout(machine: Machine, course: Course, how: tuple[str, ...], tmp_path: Path) -> None:
    """`init` lays out the same files, notebooks among them, as in a checkout."""
    lab = course.lab("01" if how else "00")
    init(tmp_path / "space", course, at=lab, solved=bool(how))

    machine("seamwork", "init", f"laid{lab.number}", *how)

    ours = run(["git", "ls-files", "-s"], tmp_path / "space")
    assert machine("git", "-C", f"laid{lab.number}", "ls-files", "-s") == ours
    assert "notebooks/00-orientation.ipynb\n" in ours


def test_each_lab_is_listed(machine: Machine, course: Course) -> None:
    """`list` knows every lab."""
    listed = json.loads(machine("seamwork", "list", "--json"))

    assert [row["name"] for row in listed] == [lab.name for lab in course.labs]


def test_lab_00_passes(machine: Machine) -> None:
    """The shop starts from forked processes on an embedded PostgreSQL, and every check passes."""
    machine("seamwork", "init", "bazaar")

    told = json.loads(machine("seamwork", "check", "00", "--workspace", "bazaar", "--json"))

    assert told["counts"] | {"total": 0} == {
        "passed": told["counts"]["total"],
        "failed": 0,
        "blocked": 0,
        "broken": 0,
    } | {"total": 0}
    assert told["environment"]["start"] == "forked"


def test_hint_is_given(machine: Machine, course: Course) -> None:
    """A hint of lab 01 is found in the course."""
    lab = course.lab("01")
    check = next(iter(lab.checks))
    machine("seamwork", "init", "hinted", "--at", "01")

    told = machine("seamwork", "hint", "01", check, "--workspace", "hinted")

    assert " ".join(lab.checks[check].hints["en"][0].split()) in " ".join(told.split())


def test_doctor_is_content(machine: Machine) -> None:
    """What pip has installed is what is locked, and processes are forked."""
    told = json.loads(machine("seamwork", "doctor", "--json"))

    found = {each["name"]: each["here"] for each in told["machine"]}
    assert (found["environment"], found["fork"], found["postgresql"], told["fit"]) == (True, True, True, True)


# Where it is built for others


def test_workflow_knows_each_python() -> None:
    """The workflow is valid YAML, and installs the wheel on every Python that the course is for."""
    (job,) = yaml.safe_load((ROOT / ".github" / "workflows" / "wheel.yml").read_text("utf-8"))["jobs"].values()

    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert any("seamwork check 00" in step.get("run", "") for step in job["steps"])
