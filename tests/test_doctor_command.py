"""doctor: what is here and what is missing, for the machine and for each lab; it never hangs, and leaves nothing."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from whole import TINY, Program, Said

from checker.cli.doctor import ALWAYS, _lacking
from checker.cli.locked import compared
from checker.cli.probes import PROBES, Finding, Seen, look
from checker.cli.remedies import remedy
from checker.cli.room import ROOM, free_memory, room_for
from checker.course import Course
from checker.course.lab import NEEDS
from checker.errors import Blocked


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Install the program, with a lab 02 that needs Docker."""
    program = Program(tmp_path_factory.mktemp("installed"))
    lab = program.file.parent / "checker" / "_course" / "labs" / "02-more" / "lab.toml"
    lab.write_text('needs = ["docker"]\n' + lab.read_text("utf-8").replace("needs = []\n", ""), "utf-8")
    return program


def finding(told: Said, name: str) -> dict[str, object]:
    """What was found of one thing."""
    return next(found for found in json.loads(told.out)["machine"] if found["name"] == name)


def screen(terminal: int) -> Iterator[str]:
    """Read what is shown, to the end."""
    with open(terminal, "rb", buffering=0) as file:
        try:
            while piece := file.read(4096):
                yield piece.decode()
        except OSError:  # how Linux says that nobody writes any more
            return


def test_what_is_here_is_seen(program: Program, tmp_path: Path) -> None:
    """Embedded servers really start, and processes are forked."""
    told = program("doctor", "--json", cwd=tmp_path)

    assert [
        name
        for name in ("python", "git", "postgresql", "redis", "fork", "disk", "memory", "write")
        if not finding(told, name)["here"]
    ] == []
    assert "ready in" in str(finding(told, "postgresql")["said"])


def test_an_engine_that_does_not_answer(program: Program, tmp_path: Path) -> None:
    """A Docker engine that accepts and is silent is waited for, but not for ever; the lab that needs it is named."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        told = program("doctor", "--json", cwd=tmp_path, DOCKER_HOST=host)

    labs = {lab["lab"]: lab["lacking"] for lab in json.loads(told.out)["labs"]}
    assert (told.code, labs) == (1, {"00-hello": [], "01-split": [], "02-more": ["docker"]})
    assert finding(told, "docker")["remedy"] == remedy("docker-started")


def test_words_for_people(program: Program, tmp_path: Path) -> None:
    """What is missing for a lab stands beside it, with one command below what brings it."""
    told = program("doctor", cwd=tmp_path, DOCKER_HOST="tcp://127.0.0.1:1").out

    assert "✗ Docker  " in told
    assert "✗ 02-more   More · needs Docker · lacks Docker\n" in told
    assert f"\nnext     {remedy('docker-started')}\n" in told


def test_a_machine_with_nothing(program: Program, tmp_path: Path) -> None:
    """Where no program is on the path, each that a lab needs is named, with the command that brings it; nothing breaks."""
    told = program("doctor", cwd=tmp_path, PATH="")

    assert (told.code, told.err) == (1, "")
    assert f"✗ git                  git is not on PATH\n{' ' * 23}{remedy('git')}\n" in told.out
    assert "✗ 02-more   More · needs Docker · lacks git, Docker\n" in told.out


def test_a_machine_with_nothing_as_json(program: Program, tmp_path: Path) -> None:
    """The same as JSON: what each lab needs and lacks, the room it wants, and the command for each thing."""
    told = program("doctor", "--json", cwd=tmp_path, PATH="")

    lab = json.loads(told.out)["labs"][2]
    assert lab == {
        "lab": "02-more",
        "needs": ["docker"],
        "room": {"memory": ROOM["docker"].memory, "disk": ROOM["docker"].disk},
        "lacking": ["git", "docker"],
        "fit": False,
    }
    assert finding(told, "docker")["remedy"] == remedy("docker")


def test_narrow_terminal(program: Program, tmp_path: Path) -> None:
    """At fifty columns what was seen is broken and stays in its column; no line is longer."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 50, 0, 0))
    environment = program.environment({"DOCKER_HOST": "tcp://127.0.0.1:1", "TERM": "xterm"})
    with subprocess.Popen(program.line("doctor"), cwd=tmp_path, env=environment, stdout=theirs, stderr=theirs):
        os.close(theirs)
        shown = re.sub(r"\x1b\[\d*m", "", "".join(screen(ours)))

    assert [line for line in shown.splitlines() if len(line) > 50] == []
    assert re.search(r"\n✓ disk {17}[^\n]+\n {23}\S", shown)


def test_every_lab_fits_is_exit_zero(program: Program, tmp_path: Path) -> None:
    """Without a lab that lacks anything the exit code is 0, whatever else is missing."""
    lab = program.file.parent / "checker" / "_course" / "labs" / "02-more" / "lab.toml"
    lab.write_text(lab.read_text("utf-8").replace('"docker"', ""), "utf-8")

    told = program("doctor", cwd=tmp_path, DOCKER_HOST="tcp://127.0.0.1:1")

    assert (told.code, told.out.endswith("Every lab there is can run here.\n")) == (0, True)


def test_a_probe_that_raises_is_a_finding() -> None:
    """What a probe raises, ours or not, is said as what it found."""

    def blocked() -> Seen:
        raise Blocked("{what} is absent.", "Bring it.", what="Vault")

    def odd() -> Seen:
        raise RuntimeError("odd")

    assert look("vault", blocked, vital=False) == Finding("vault", False, "Vault is absent.", remedy=remedy("vault"))
    assert look("odd", odd, vital=True).said == "RuntimeError: odd"


def test_packages_are_held_against_the_lock(tmp_path: Path) -> None:
    """A package of another version, and one that is missing, are named; what another platform needs is not asked for."""
    lock = tmp_path / "base.txt"
    lock.write_text(
        "click==0.1 \\\n    --hash=sha256:00\nno-such-package==1.0\nonly-there==1.0 ; sys_platform == 'plan9' \\\n",
        "utf-8",
    )

    here, said = compared(lock)

    assert not here
    assert said.startswith("2 missing, or not as locked: click ")


@pytest.mark.parametrize(
    ("system", "begins"), [("macos", "brew install"), ("wsl2", "Docker Desktop on Windows"), ("debian", "apt install")]
)
def test_one_command_by_platform(system: str, begins: str) -> None:
    """What brings Docker is said for each platform; WSL2 is what its Linux is where nothing else is said."""
    assert remedy("docker", system).removeprefix("sudo ").startswith(begins)
    assert remedy("git", "wsl2") == remedy("git", "debian")


@pytest.mark.parametrize("system", ["debian", "ubuntu", "macos", "wsl2"])
def test_each_need_can_be_met(system: str) -> None:
    """Whatever a lab may need is looked for, and there is a command that brings it on each platform."""
    vital = [name for name in ALWAYS if PROBES[name][2]]

    assert [need for need in NEEDS if need not in PROBES] == []
    assert [name for name in (*NEEDS, *vital, "environment", "fork") if not remedy(name, system)] == []


def test_packages_of_a_wheel_come_with_pip(program: Program, tmp_path: Path) -> None:
    """In a wheel there is no Makefile: its packages come from the lock file that it carries."""
    lock = program.file.parent / "checker" / "_course" / "requirements" / "base.txt"
    lock.write_text(lock.read_text("utf-8") + "\nno-such-package==1.0 \\\n", "utf-8")

    told = program("doctor", "--json", cwd=tmp_path)

    assert str(finding(told, "environment")["remedy"]).endswith(f"-m pip install --require-hashes -r {lock}")


def test_lab_lacks_memory_for_its_containers() -> None:
    """Memory that is enough for processes is not enough for a lab with containers."""
    lab = dataclasses.replace(Course(TINY).lab("02"), needs=("docker",))
    free = {"memory": room_for(lab.needs).memory - 1, "disk": room_for(lab.needs).disk}
    findings = {name: Finding(name, True, "", PROBES[name][2], free.get(name)) for name in ALWAYS}

    assert _lacking(lab, findings) == ["memory"]
    assert _lacking(Course(TINY).lab("01"), findings) == []


@pytest.mark.parametrize(
    ("files", "free"),
    [
        ({"memory.stat": "inactive_file 1048576\n", "memory.max": "5242880\n", "memory.current": "3145728\n"}, 3),
        (
            {
                "memory/memory.stat": "total_inactive_file 0\n",
                "memory/memory.limit_in_bytes": "5242880\n",
                "memory/memory.usage_in_bytes": "3145728\n",
            },
            2,
        ),
    ],
    ids=["version 2", "version 1"],
)
def test_memory_of_a_container(files: dict[str, str], free: int, tmp_path: Path) -> None:
    """In a container what it may still take counts, not what the machine has; files it has read can be given back."""
    (tmp_path / "memory").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    assert free_memory(tmp_path) == free


def test_memory_without_a_limit(tmp_path: Path) -> None:
    """Where no limit is set, the machine's memory counts."""
    (tmp_path / "memory.stat").write_text("inactive_file 0\n")
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1\n")

    assert free_memory(tmp_path) > 1
