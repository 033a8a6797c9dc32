"""A learner's way through the commands, from init to pack; what costs nothing loads nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from whole import Program

HEAVY = ("pytest", "fastapi", "rich", "httpx", "sqlalchemy", "psycopg", "jinja2", "docker", "schemathesis", "yaml")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Install the program."""
    return Program(tmp_path_factory.mktemp("installed"))


def git(space: Path, *words: str) -> str:
    """Ask git there."""
    done = subprocess.run(["git", *words], cwd=space, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_way_through_a_lab(program: Program, tmp_path: Path) -> None:
    """Init, check, list, start, hint, solution, reset, pack: each says what it did and what is next."""
    space = tmp_path / "bazaar"

    made = program("init", "bazaar", cwd=tmp_path)
    assert (made.code, made.err) == (0, "")
    assert "next     cd bazaar && seamwork check 00" in made.out

    assert "next     seamwork check 00" in program("list", cwd=space).out
    checked = program("check", "--cold", cwd=space)
    assert "report   runs/latest/report.html\n" in checked.out
    assert checked.out.endswith("next     seamwork start 01\n")
    listed = program("list", cwd=space).out
    assert "✓ 00-hello" in listed
    assert "2/2" in listed
    assert "next     seamwork start 01" in listed

    (space / "mine.txt").write_text("mine")
    started = program("start", "01", cwd=space)
    assert (started.code, "You are at lab 01-split: Split." in started.out) == (0, True)
    assert "What you had not committed yet is now the commit" in started.out

    failing = program("check", "--cold", cwd=space / "counter")
    assert (failing.code, "next     mend it, then: seamwork check 01" in failing.out) == (1, True)
    hints = [program("hint", cwd=space).out for _ in range(4)]
    assert ["hint 1 of 3   Look at counter/app.py." in hints[0], "hint 2 of 3" in hints[1]] == [True, True]
    assert "hint 3 of 3" in hints[2]
    assert hints[3] == hints[2]

    refused = program("solution", cwd=space)
    assert (refused.code, "seamwork solution 01 --reveal" in refused.err) == (2, True)
    shown = program("solution", "--reveal", cwd=space)
    assert "+++ solution/counter/counts.py" in shown.out

    (space / "Procfile").write_text("spoilt")
    reset = program("reset", cwd=space)
    assert (reset.code, "You are at the start of lab 01-split." in reset.out) == (0, True)
    assert "greeter: python" in (space / "Procfile").read_text()
    (branch,) = [name for name in git(space, "branch", "--format=%(refname:short)").splitlines() if name != "main"]
    assert branch in reset.out
    assert git(space, "show", f"{branch}:Procfile") == "spoilt"

    packed = program("pack", cwd=space)
    assert packed.code == 0
    (file,) = space.glob("*.zip")
    assert file.name in packed.out
    assert any(name.endswith("counter/app.py") for name in zipfile.ZipFile(file).namelist())


def test_solution_is_open_once_it_passed(program: Program, tmp_path: Path) -> None:
    """Who passed a lab sees our solution; a part of the checks is not enough."""
    space = program.workspace(tmp_path / "bazaar")

    program("check", "--cold", "--only", "counter_owns_the_counts", cwd=space)
    part = program("solution", "01", cwd=space).code
    program("check", "--cold", cwd=space)
    whole = program("solution", "01", cwd=space)

    assert (part, whole.code, "+++ solution/" in whole.out) == (2, 0, True)


def test_a_part_is_followed_by_the_whole(program: Program, tmp_path: Path) -> None:
    """Some checks have passed: the next lab can wait."""
    space = program.workspace(tmp_path / "bazaar")

    checked = program("check", "--cold", "--only", "counter_owns_the_counts", cwd=space)

    assert checked.out.endswith("next     all of it: seamwork check 01\n")


def test_conflict_has_a_way_back_and_forth(program: Program, tmp_path: Path) -> None:
    """A start that touches the same lines says which, exits 1, and can be undone or gone on with."""
    space = program.workspace(tmp_path / "bazaar", "00", start=True)
    (space / "Procfile").write_text("greeter: python -m greeter.app --mine\n")

    started = program("start", "01", cwd=space)
    assert (started.code, started.err, "    Procfile" in started.out) == (1, "", True)
    assert "seamwork start --abort" in started.out

    back = program("start", "--abort", cwd=space)
    assert (back.code, (space / "Procfile").read_text()) == (0, "greeter: python -m greeter.app --mine\n")

    program("start", "01", cwd=space)
    (space / "Procfile").write_text("greeter: python -m greeter.app\ncounter: python -m counter.app\n")
    git(space, "add", "Procfile")
    on = program("start", "--continue", cwd=space)
    assert (on.code, "You are at lab 01-split" in on.out) == (0, True)


def test_list_as_json(program: Program, tmp_path: Path) -> None:
    """Each lab with its checks, in and outside of a workspace."""
    space = program.workspace(tmp_path / "bazaar")

    outside, inside = (json.loads(program("list", "--json", cwd=folder).out) for folder in (tmp_path, space))

    assert [(row["number"], row["current"]) for row in outside] == [("00", False), ("01", False), ("02", False)]
    assert [row["current"] for row in inside] == [False, True, False]
    assert [check["name"] for check in inside[0]["checks"]] == ["test_greeter_greets", "test_greeter_counts"]


@pytest.mark.parametrize(("command", "typed"), [("check", "0"), ("start", "0"), ("hint", ""), ("init x --at", "0")])
def test_shell_completes_lab_numbers(program: Program, command: str, typed: str) -> None:
    """Bash asks the program for what may follow."""
    words = f"seamwork {command} {typed}"
    count = len(words.split(" ")) - 1

    said = program(_SEAMWORK_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(count))

    assert said.out.split() == ["plain,00", "plain,01", "plain,02"]


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["check", "--help"], ["list"]])
def test_quick_commands_load_nothing_heavy(words: list[str], tmp_path: Path) -> None:
    """Help, version and list answer at once: neither pytest nor fastapi nor rich is imported."""
    code = f"""
import sys
sys.argv = ["seamwork", *{words!r}]
from seamwork_main import main
try:
    main()
except SystemExit:
    pass
print("loaded", *[name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "loaded"


def test_each_command_has_help(program: Program) -> None:
    """Every command that is listed can be imported, and says what it is for."""
    from checker.cli.main import COMMANDS, cli  # noqa: PLC0415  (what the list is held to)

    context = cli.make_context("seamwork", [], resilient_parsing=True)
    helps = {name: cli.get_command(context, name) for name in COMMANDS}

    assert [name for name, command in helps.items() if command is None or command.name != name] == []
    assert program("check", "-h").code == 0


def test_installed_script_is_the_same_program(tmp_path: Path) -> None:
    """The console script in .venv/bin, on the real course, says the same kind of thing."""
    script = Path(sys.executable).with_name("seamwork")

    done = subprocess.run([script, "check"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"There is no workspace in {tmp_path}")
