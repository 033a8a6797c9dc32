"""Whatever is wrong, the learner reads one clear sentence: the thing, the value, the next step. Never a traceback of ours."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from whole import Program, Said, edit, outcomes, solved, standing

from checker.report import render_text
from checker.runtime.ground import Ground
from checker.session import check

LISTENS = "import os\nfrom web import serve\n\nos.environ['PORT'] = '{port}'\nserve({})\n"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Install the program."""
    return Program(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def made(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace at our end of lab 01, to be copied."""
    return program.workspace(tmp_path_factory.mktemp("made") / "bazaar")


@pytest.fixture
def space(made: Path, tmp_path: Path) -> Path:
    """Return a workspace at our end of lab 01."""
    return shutil.copytree(made, tmp_path / "bazaar")


@pytest.fixture(scope="module")
def taken() -> Iterator[int]:
    """Return a port on which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def clear(said: Said) -> bool:
    """Whether there is no traceback of ours, and nothing that was left to be filled in."""
    said_by_us = re.sub("/pytest-[^/]+", "", said.all)  # where a test's own files lie
    return not any(sign in said_by_us for sign in ("Traceback", "checker/", "site-packages", "pytest", "{", "None"))


# What is wrong with a service: one run each, two at a time

MISTAKES: dict[str, tuple[str, str, list[str]]] = {
    "syntax-error": ("counter/app.py", "def count(:\n", ["counter did not start: ", "app.py, line 1, is not Python"]),
    "missing-module": (
        "counter/app.py",
        "import flsk\n",
        ["counter did not start: there is no module 'flsk'.", ".venv"],
    ),
    "crash": ("counter/app.py", "1 / 0\n", ["counter ended with exit code 1", "ZeroDivisionError: division by zero"]),
    "silent-end": ("counter/app.py", "", ["counter ended with exit code 0 before it was ready"]),
    "wrong-port": ("counter/app.py", LISTENS.replace("{port}", "0"), ["counter listens on 127.0.0.1:", "$PORT"]),
    "port-taken": ("counter/app.py", LISTENS, ["counter did not start: ", "in use", "$PORT"]),
    "no-such-command": (
        "Procfile",
        "greeter: python -m greeter.app\ncounter: gunicor x\n",
        ["counter cannot be", "'gunicor'"],
    ),
    "release-fails": (
        "Procfile",
        "greeter: python -m greeter.app\ncounter-release: python -c 'exit(4)'\ncounter: python -m counter.app\n",
        ["counter-release failed with exit code 4"],
    ),
    "procfile-without-service": ("Procfile", "greeter: python -m greeter.app\n", ["Procfile", "counter"]),
}


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    """A ground for what would take a second each as a program."""
    with standing() as ground:
        yield ground


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_in_a_service_is_a_clear_sentence(ground: Ground, tmp_path: Path, taken: int, mistake: str) -> None:
    """The first check that needs it says what is the matter; it is the learner's, so 1."""
    tree, (file, text, parts) = solved(tmp_path), MISTAKES[mistake]
    (tree / file).write_text(text.replace("{port}", str(taken)))

    results = check(ground, ground.course.lab("01"), tree)

    said = " ".join(render_text(results, width=100).split())
    assert (results.exit_code, outcomes(results)[0]) == (1, "counter_owns_the_counts failed")
    assert [part for part in parts if part not in said] == []


def test_syntax_error_as_the_program_says_it(program: Program, space: Path) -> None:
    """File, line, error and the next step on standard output; nothing else is said."""
    (space / "counter" / "app.py").write_text("def count(:\n")

    said = program("check", "--cold", cwd=space)

    assert (said.code, said.err) == (1, "")
    assert f"{space}/counter/app.py, line 1, is not Python. SyntaxError: invalid syntax" in " ".join(said.out.split())
    assert "1 failed · 2 blocked" in said.out


# What is wrong before anything starts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "greeter python -m greeter.app\n",
            ["Line 1 of ", "Procfile is no `name: command`: 'greeter python -m greeter.app'."],
        ),
        (None, ["There is no Procfile at ", "shop: uvicorn"]),
    ],
    ids=["no-colon", "missing"],
)
def test_invalid_procfile_is_named(program: Program, space: Path, text: str | None, parts: list[str]) -> None:
    """File, line and what stands there; it is the learner's, so 1."""
    file = space / "Procfile"
    file.unlink()
    if text is not None:
        file.write_text(text)

    said = program("check", "--cold", cwd=space)

    assert (said.code, said.out, clear(said)) == (1, "", True)
    assert [part for part in parts if part not in said.all] == []


@pytest.mark.parametrize(
    ("args", "parts"),
    [
        (["check", "07"], ["07", "00", "02"]),
        (["check", "-1"], ["-1"]),
        (["check", "../x"], ["../x"]),
        (["check", "①"], ["①"]),
        (["start", "9"], ["9"]),
        (["hint", "01", "nothing"], ["'nothing'", "counter_owns_the_counts"]),
        (["check", "--only", "nothing"], ["nothing", "counter_owns_the_counts"]),
        (["check", "--seed", "many"], ["'many'", "--seed"]),
        (["check", "--seed", "-5"], ["-5", "--seed"]),
        (["check", "--backing", "mysql"], ["mysql", "embedded"]),
        (["chek"], ["chek", "check"]),
        (["solution", "01", "--workspace", "nowhere"], ["nowhere", "seamwork init"]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) and value[0].isascii() else None,
)
def test_what_cannot_be_asked_is_a_clear_sentence(
    program: Program, space: Path, args: list[str], parts: list[str]
) -> None:
    """The value typed, and what could have been."""
    said = program(*args, cwd=space)

    assert (said.code, said.out, clear(said)) == (2, "", True)
    assert [part for part in parts if part not in said.err] == []


def test_missing_workspace_is_named(program: Program, tmp_path: Path) -> None:
    """Outside of a workspace the next step is to make one."""
    said = program("check", cwd=tmp_path)

    assert (said.code, clear(said)) == (2, True)
    assert f"There is no workspace in {tmp_path}" in said.err
    assert "seamwork init bazaar" in said.err


def test_folder_that_went_away_is_named(program: Program, tmp_path: Path) -> None:
    """Who stands in a folder that was removed reads so."""
    (tmp_path / "gone").mkdir()
    line = f'rmdir "{tmp_path}/gone"; exec {" ".join(program.line("list"))}'
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=tmp_path / "gone",
        env=program.environment({}),
        capture_output=True,
        text=True,
        check=False,
    )

    assert "Traceback" not in done.stderr
    assert done.returncode in {0, 2}


@pytest.mark.parametrize("text", ["lab = '99'\n", "\xff"])
def test_spoilt_marker_is_named(program: Program, space: Path, text: str) -> None:
    """seamwork.toml that cannot be read, or names no lab."""
    (space / "seamwork.toml").write_bytes(text.encode("latin-1"))

    said = program("check", cwd=space)

    assert (said.code, clear(said)) == (2, True)
    assert "seamwork.toml" in said.err


def without_git(tmp_path: Path) -> str:
    """Return a search path on which there is no git."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "env", "uname"):
        (tools / name).symlink_to(shutil.which(name) or name)
    return str(tools)


def test_git_missing_is_a_sentence(program: Program, space: Path, tmp_path: Path) -> None:
    """What needs git says so; a verdict does not."""
    path = without_git(tmp_path)

    made = program("init", tmp_path / "new", PATH=path)
    checked = program("check", "--cold", cwd=space, PATH=path)

    assert (made.code, made.err.startswith("git is not on PATH"), clear(made)) == (2, True, True)
    assert (checked.code, checked.err) == (0, "")


def test_results_folder_that_cannot_be_written_keeps_the_verdict(program: Program, space: Path) -> None:
    """The verdict is shown all the same, and what is in the way is named."""
    (space / "runs").write_text("mine")

    said = program("check", "--cold", cwd=space)

    assert (said.code, "3 passed" in said.out, clear(said)) == (0, True, True)
    assert f"{space}/runs" in said.err
    assert "report" not in said.out


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """Return a disk of 600 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], check=True)
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path) -> None:
    """Leave no room on a disk."""
    with (disk / "fill").open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            os.fsync(file.fileno())


@pytest.mark.needs("root", "linux")
def test_full_disk_keeps_the_verdict(program: Program, made: Path, small: Path) -> None:
    """No room for the report: the verdict is shown, nothing is half written, and the disk is named as the reason."""
    space = shutil.copytree(made, small / "bazaar", ignore=shutil.ignore_patterns(".git"))
    fill(small)

    said = program("check", "--cold", cwd=space)

    assert (said.code, "3 passed" in said.out, clear(said)) == (0, True, True)
    assert "No space left on device" in said.err
    assert list((space / "runs").glob("*")) == []


@pytest.mark.needs("root", "linux")
@pytest.mark.parametrize("words", [["check", "--cold"], ["init", "DISK/new"], ["pack", "--out", "DISK/x.zip"]])
def test_full_disk_for_temporary_files_is_a_sentence(
    program: Program, space: Path, small: Path, words: list[str]
) -> None:
    """No room for what a command has to write: said so, with what to do."""
    fill(small)

    said = program(*[word.replace("DISK", str(small)) for word in words], cwd=space, TMPDIR=str(small))

    assert said.code in {0, 2}
    assert clear(said)
    assert said.code == 0 or "No space left" in said.err or "no room left" in said.err


def test_checks_that_cannot_be_read_are_ours(tmp_path: Path) -> None:
    """A course whose checks do not import says so, and whose fault it is."""
    course = shutil.copytree(Path(__file__).parent / "tiny", tmp_path / "course")
    edit(course / "labs/01-split/checks/test_split.py", "import pytest\n", "import pytest\nimport nothing_like_it\n")
    program = Program(tmp_path / "installed", course)
    space = program.workspace(tmp_path / "bazaar")

    said = program("check", "--cold", cwd=space)

    assert (said.code, said.out) == (2, "")
    assert "No module named 'nothing_like_it'" in said.err
    assert "This is a fault of the course, not of yours." in said.err
