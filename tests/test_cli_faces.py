"""What the program prints fits who reads it: a person, a narrow terminal, a file, another program."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from whole import Program, Said, edit

from checker.report import schema

ESCAPE = "\x1b"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Install the program."""
    return Program(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def shouting(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace where one check fails, and another is blocked behind it."""
    space = program.workspace(tmp_path_factory.mktemp("made") / "bazaar", "00")
    edit(space / "greeter" / "app.py", 'f"Hello, {name}!"', '"你好 \x1b[31m"')
    return space


@pytest.fixture(scope="module")
def as_json(program: Program, shouting: Path) -> Said:
    """Return what a failing run prints for programs."""
    return program("check", "--cold", "--json", "--seed", "7", cwd=shouting)


@pytest.fixture(scope="module")
def as_text(program: Program, shouting: Path) -> Said:
    """Return what a failing run prints into a file, 40 columns wide."""
    return program("check", "--cold", cwd=shouting, COLUMNS="40")


def on_a_terminal(program: Program, *words: str, cwd: Path, **env: str) -> str:
    """Return what the program writes to a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        program.line(*words),
        cwd=cwd,
        env=program.environment({"TERM": "xterm-256color", "COLUMNS": "80", **env}),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said, deadline = b"", time.monotonic() + 30
    while time.monotonic() < deadline and select.select([ours], [], [], 30)[0]:
        try:
            said += os.read(ours, 65536)
        except OSError:  # Linux says so when nobody holds the other end
            break
    os.close(ours)
    process.wait(10)
    return said.decode()


def test_json_is_exactly_the_results(as_json: Said, shouting: Path) -> None:
    """Standard output is results.json, byte for byte, and nothing else; the exit code is that of the verdict."""
    assert as_json.out == (shouting / "runs" / "latest" / "results.json").read_text("utf-8")
    assert (as_json.code, as_json.err, json.loads(as_json.out)["exit_code"]) == (1, "", 1)


def test_json_keeps_to_the_published_schema(as_json: Said) -> None:
    """Lab, seed, duration, and each check's name, claim, outcome and message."""
    found: dict[str, Any] = json.loads(as_json.out)

    jsonschema.validate(found, schema(), cls=jsonschema.Draft202012Validator)
    assert (found["lab"], found["seed"]) == ("00-hello", 7)
    assert [(check["name"], check["outcome"]) for check in found["checks"]] == [
        ("test_greeter_greets", "failed"),
        ("test_greeter_counts", "blocked"),
    ]


def test_run_leaves_report_and_logs(as_json: Said, shouting: Path) -> None:
    """runs/latest has the results, the report and each process's log; everybody may read them."""
    latest = shouting / "runs" / "latest"

    assert as_json.code == 1
    assert {entry.name for entry in latest.iterdir()} == {"results.json", "report.html", "logs"}
    assert "POST /greetings/Ada" in (latest / "logs" / "greeter.log").read_text("utf-8")
    assert latest.stat().st_mode & 0o777 == 0o755


def test_run_leaves_the_workspace_clean(as_json: Said, shouting: Path) -> None:
    """git sees nothing but what the learner changed."""
    done = subprocess.run(["git", "status", "--porcelain"], cwd=shouting, capture_output=True, text=True, check=True)

    assert as_json.code == 1
    assert done.stdout == " M greeter/app.py\n"


def test_text_says_it_all(as_text: Said) -> None:
    """The claim, both values, what was compared, the wire, how to replay, why, and what to do next."""
    said = " ".join(as_text.out.split())

    assert (as_text.code, as_text.err) == (1, "")
    wanted = ["greets people by their name", "你好", "reply['greeting']", "you → greeter"]
    wanted += ["seamwork check 00 --only greeter_greets --seed", "no reason to run", "seamwork hint 00"]
    assert [part for part in wanted if part not in said] == []


def test_forty_columns_are_kept(as_text: Said) -> None:
    """Nothing runs over the edge but command lines, which are copied whole."""
    lines = [line for line in as_text.out.splitlines() if len(line) > 40]

    assert [line for line in lines if "seamwork " not in line and "curl " not in line] == []


def test_file_has_no_escape_codes(as_text: Said, as_json: Said, shouting: Path) -> None:
    """Not on a terminal there are none, not even those that a service sends."""
    report = (shouting / "runs" / "latest" / "report.html").read_text("utf-8")

    assert ESCAPE not in as_text.all + as_json.all + report


def test_terminal_has_colours_unless_they_are_not_wanted(program: Program, shouting: Path) -> None:
    """On a terminal the verdict is coloured; NO_COLOR is heeded, and TERM=dumb."""
    plain = [on_a_terminal(program, "list", cwd=shouting, **env) for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"})]

    assert ESCAPE in on_a_terminal(program, "list", cwd=shouting)
    assert [ESCAPE in said for said in plain] == [False, False]


def test_report_on_a_terminal_has_colours(program: Program, shouting: Path) -> None:
    """The report as well; what a service sent stays harmless."""
    said = on_a_terminal(program, "check", "--cold", cwd=shouting)

    assert re.search(r"\x1b\[[\d;]*3[12]m✗", said) or re.search(r"\x1b\[[\d;]*m✗", said)
    assert "你好 \x1b[31m" not in said


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_output_that_cannot_carry_it_all(program: Program, shouting: Path, lang: str) -> None:
    """Where standard output knows ASCII only, the verdict comes through all the same."""
    said = program("check", "--cold", cwd=shouting, PYTHONIOENCODING="ascii", SEAMWORK_LANG=lang)

    assert (said.code, said.err) == (1, "")
    assert "00-hello   0" in said.out
    assert "POST /greetings/Ada" in said.out


def test_other_locale_changes_nothing_but_the_language(program: Program, shouting: Path) -> None:
    """A locale that is not there is no reason to stumble; claims come in the reader's language."""
    said = program("list", "--checks", cwd=shouting, LC_ALL="zh_CN.GB18030", LANG="nonsense")

    assert (said.code, said.err) == (0, "")
    assert "问候服务会叫出对方的名字。" in said.out


def test_reader_that_goes_away_is_no_crash(program: Program, shouting: Path) -> None:
    """`seamwork list | head -1` ends quietly."""
    line = " ".join(program.line("list", "--checks")) + " | head -c 1"
    done = subprocess.run(
        ["sh", "-c", line], cwd=shouting, env=program.environment({}), capture_output=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, b"")
