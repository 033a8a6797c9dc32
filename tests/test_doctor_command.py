"""doctor: what is here and what is missing, for the machine and for each lab; it never hangs, and leaves nothing."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from whole import Program, Said

from checker.cli.locked import compared
from checker.cli.probes import Finding, look
from checker.cli.remedies import remedy
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
    assert finding(told, "docker")["remedy"] == remedy("docker")


def test_words_for_people(program: Program, tmp_path: Path) -> None:
    """What is missing for a lab stands beside it, with one command below what brings it."""
    told = program("doctor", cwd=tmp_path, DOCKER_HOST="tcp://127.0.0.1:1").out

    assert "✗ a Docker engine that answers" in told
    assert f"\nnext     {remedy('docker')}\n" in told


def test_every_lab_fits_is_exit_zero(program: Program, tmp_path: Path) -> None:
    """Without a lab that lacks anything the exit code is 0, whatever else is missing."""
    lab = program.file.parent / "checker" / "_course" / "labs" / "02-more" / "lab.toml"
    lab.write_text(lab.read_text("utf-8").replace('"docker"', ""), "utf-8")

    told = program("doctor", cwd=tmp_path, DOCKER_HOST="tcp://127.0.0.1:1")

    assert (told.code, told.out.endswith("Every lab there is can run here.\n")) == (0, True)


def test_a_probe_that_raises_is_a_finding() -> None:
    """What a probe raises, ours or not, is said as what it found."""

    def blocked() -> tuple[bool, str]:
        raise Blocked("{what} is absent.", "Bring it.", what="Vault")

    def odd() -> tuple[bool, str]:
        raise RuntimeError("odd")

    assert look("vault", blocked, vital=False) == Finding("vault", False, "Vault is absent. Bring it.")
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
    assert said.startswith("2 are missing or other: click ")


@pytest.mark.parametrize(
    ("system", "begins"), [("macos", "brew install"), ("wsl2", "Docker Desktop on Windows"), ("debian", "apt install")]
)
def test_one_command_by_platform(system: str, begins: str) -> None:
    """What brings Docker is said for each platform; WSL2 is what its Linux is where nothing else is said."""
    assert remedy("docker", system).removeprefix("sudo ").startswith(begins)
    assert remedy("git", "wsl2") == remedy("git", "debian")
