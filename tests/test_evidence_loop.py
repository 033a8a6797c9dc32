"""The thread in which the evidence is gathered."""

from __future__ import annotations

import asyncio
import threading

import pytest

from checker.errors import EngineFault
from checker.evidence import Loop


async def _thread() -> str:
    return threading.current_thread().name


def test_it_runs_elsewhere_and_answers_here() -> None:
    """The result, or the error, comes back to who asked."""

    async def fails() -> None:
        raise KeyError("x")

    with Loop() as loop:
        assert loop.run(_thread()) != threading.current_thread().name
        with pytest.raises(KeyError):
            loop.run(fails())


def test_closing_leaves_nothing() -> None:
    """What still runs is cancelled, and can clean up; the thread has ended; a second time changes nothing."""
    ended: list[str] = []

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cleaned")

    async def spawn() -> asyncio.Task[None]:
        return asyncio.create_task(forever())

    before = threading.active_count()
    loop = Loop()
    task = loop.run(spawn())
    loop.close()
    loop.close()

    assert (task.cancelled(), ended, threading.active_count()) == (True, ["cleaned"], before)


def test_a_closed_loop_says_so() -> None:
    """Running on a closed loop is our fault, at once, and leaves no coroutine behind."""
    loop = Loop()
    loop.close()

    with pytest.raises(EngineFault, match="while it was closed"):
        loop.run(_thread())


def test_it_does_not_wait_for_itself() -> None:
    """Asked from inside, it refuses instead of standing still."""
    with Loop() as loop:

        async def inside() -> str:
            return loop.run(_thread())

        with pytest.raises(EngineFault, match="from inside itself"):
            loop.run(inside(), timeout=5)


def test_it_does_not_wait_longer_than_told() -> None:
    """Too late is a TimeoutError, and what was asked for is cancelled."""
    with Loop() as loop, pytest.raises(TimeoutError):
        loop.run(asyncio.sleep(60), timeout=0.01)
