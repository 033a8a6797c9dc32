"""The Procfile: what a line means, and what is said of one that means nothing."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from checker.runtime.commandline import NotSimple, simple
from checker.runtime.procfile import Entry, Procfile, ProcfileFault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENV = {"PORT": "4711", "WORDS": "two words", "EMPTY": ""}


def argv(command: str) -> tuple[str, ...]:
    return Entry("shop", command).call(ENV).argv


def calls_or_sentence(read: Callable[[], Procfile]) -> object:
    try:
        return [entry.call(ENV).argv for entry in read()]
    except ProcfileFault as fault:
        return str(fault)


def test_names_and_commands_are_read_in_order() -> None:
    """Comments and blank lines are passed over; the first colon ends the name."""
    found = Procfile.parse("# ours\n\nshop-release: python -m shop.seed\r\n  shop : serve a:b\n")

    assert [(entry.name, entry.command, entry.line) for entry in found] == [
        ("shop-release", "python -m shop.seed", 3),
        ("shop", "serve a:b", 4),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("shop uvicorn\n", "Line 1 of Procfile is no `name: command`: 'shop uvicorn'."),
        ("\nsh/op: x\n", "Line 2 of Procfile has a name that cannot be one: 'sh/op'."),
        (": x\n", "Line 1 of Procfile has a name that cannot be one: ''."),
        ("shop: a\nshop: b\n", "Line 2 of Procfile names 'shop' again; line 1 did so first."),
        ("shop:   \n", "Line 1 of Procfile names 'shop' and no command."),
        ("shop: # later\n", "Line 1 of Procfile names 'shop' and no command."),
        ("shop: echo 'a\n", 'quote or a backslash that goes on past its end: "echo \'a".'),
        ("shop: a\x00b\n", "Line 1 of Procfile has a control character in it: 'a\\x00b'."),
        ("# nothing\n", "Procfile names no process."),
    ],
)
def test_what_cannot_be_meant_is_named(text: str, says: str) -> None:
    """The message has the line, what stands there and a next move."""
    with pytest.raises(ProcfileFault) as caught:
        Procfile.parse(text)

    assert says in str(caught.value)
    assert caught.value.move


def test_a_missing_procfile_is_said(tmp_path: Path) -> None:
    """The path is named."""
    with pytest.raises(ProcfileFault, match=f"There is no Procfile at {tmp_path}/Procfile"):
        Procfile.read(tmp_path / "Procfile")


def test_bytes_that_are_not_utf8_are_named_by_line(tmp_path: Path) -> None:
    """Line and bytes are shown."""
    (tmp_path / "Procfile").write_bytes(b"shop: a\norders: caf\xe9\n")

    with pytest.raises(ProcfileFault, match=r"Line 2 of .*Procfile is not UTF-8: b'\\xe9\\n'"):
        Procfile.read(tmp_path / "Procfile")


def test_an_unknown_name_lists_what_there_is() -> None:
    """Who asks for a process that has no line learns which have one."""
    with pytest.raises(ProcfileFault, match="no line for 'orders'; it names shop"):
        Procfile.parse("shop: serve")["orders"]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("serve --port $PORT", ("serve", "--port", "4711")),
        ("serve :${PORT} ${HOST:-127.0.0.1}", ("serve", ":4711", "127.0.0.1")),
        ("""serve "$WORDS" $WORDS '$PORT'""", ("serve", "two words", "two", "words", "$PORT")),
        ("serve $EMPTY $UNKNOWN ''  # a note", ("serve", "")),
        ("A=1 B=$A$PORT serve", ("serve",)),
    ],
)
def test_simple_commands_need_no_shell(command: str, expected: tuple[str, ...]) -> None:
    """Variables, quotes, assignments and comments are understood as the shell does."""
    assert argv(command) == expected


def test_assignments_in_front_are_added_to_the_environment() -> None:
    """They see those before them, and the service's own variables."""
    assert Entry("shop", "A=1 B=$A-$PORT serve").call(ENV).env == {**ENV, "A": "1", "B": "1-4711"}


@pytest.mark.parametrize(
    "command", ["a && b", "a | b", "a; b", "a > b", "echo `a`", "echo $(a)", "ls *", "cd x", "a &", "$1", "~/a", "A=1"]
)
def test_anything_else_is_left_to_the_shell(command: str) -> None:
    """Shell syntax is never half understood."""
    assert argv(command) == ("sh", "-c", command)


WORDS = st.lists(
    st.sampled_from(
        [*"a=$#'\"\\ \t", "$PORT", "${WORDS}", "$EMPTY", "${NONE:-x y}", "'$PORT'", '"$WORDS"', '"\\$a\\b"', "\\ ", "é"]
    ),
    max_size=8,
)


@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no sh")
@settings(max_examples=40, deadline=None)
@given(WORDS)
def test_simple_commands_mean_what_they_mean_to_sh(words: list[str]) -> None:
    """Whatever we understand ourselves, sh understands the same."""
    command = r"printf '%s\0' x " + "".join(words)
    try:
        ours = simple(command, ENV)[0][2:]
    except NotSimple:
        return

    theirs = subprocess.run(["sh", "-c", command], env=ENV, capture_output=True, check=True).stdout

    assert [*ours, ""] == theirs.decode().split("\0")


@settings(max_examples=50, deadline=None)
@given(
    st.text()
    | st.lists(st.sampled_from(["shop", ":", " ", "\n", "'", "$", "{", "PORT", "}", "\\", "\x00", "#", "ß"])).map(
        "".join
    )
)
@example("shop: ${PORT:-'}")
def test_no_text_brings_a_traceback(text: str) -> None:
    """Any text is a Procfile or a fault with a sentence."""
    assert calls_or_sentence(lambda: Procfile.parse(text))


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_bring_a_traceback(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Any file is a Procfile or a fault with a sentence."""
    path = tmp_path_factory.getbasetemp() / "Procfile"
    path.write_bytes(data)

    assert calls_or_sentence(lambda: Procfile.read(path))
