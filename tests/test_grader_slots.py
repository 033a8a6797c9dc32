"""Two sandboxes that are open at once have nothing in common."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from checker.errors import EngineFault
from checker.grader.sandbox import slots

pytestmark = pytest.mark.needs("linux")

NAME = f"seamwork-test-{os.getpid()}"
"""Others may hold slots on this machine."""
HOLDS = """
import sys, time
from checker.grader.sandbox import slots

with slots.take({most}, name={name!r}) as slot:
    print(slot, flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(most: int) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Another process that holds a slot, and which."""
    command = [sys.executable, "-c", HOLDS.format(most=most, name=NAME)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def test_two_processes_have_two_slots() -> None:
    """However few there are."""
    with holder(2) as (_, theirs), slots.take(2, name=NAME) as ours:
        assert {theirs, ours} == {0, 1}


def test_slot_of_a_killed_holder_is_free() -> None:
    """Nobody has to clear up."""
    with holder(1) as (process, theirs):
        process.kill()
        process.wait()

        with slots.take(1, name=NAME) as ours:
            assert ours == theirs


def test_slot_is_free_when_it_is_let_go() -> None:
    """Within one process as well."""
    with slots.take(1, name=NAME):
        pass
    with slots.take(1, name=NAME) as slot:
        assert slot == 0


def test_no_slot_is_held_twice() -> None:
    """Where all are taken, it says so, and nobody shares one."""
    with ExitStack() as stack:
        held = {stack.enter_context(slots.take(3, name=NAME)) for _ in range(3)}

        assert held == {0, 1, 2}
        with pytest.raises(EngineFault, match="All 3 slots"):
            stack.enter_context(slots.take(3, name=NAME))
