"""The one asyncio loop, in a thread of its own, in which proxies and stand-ins live."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Self, TypeVar

from checker.errors import N_, EngineFault

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["Loop"]

T = TypeVar("T")


class Loop:
    """An event loop in a daemon thread; a context manager. uvloop's where there is one."""

    def __init__(self) -> None:
        self._loop = _new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="seamwork-evidence", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._loop.is_closed()

    def run(self, coroutine: Coroutine[Any, Any, T], *, timeout: float | None = None) -> T:
        """Run it there, wait for it here, and return its result or raise what it raised.

        Raises EngineFault when the loop is closed or when called from inside it, TimeoutError after ``timeout`` seconds.
        """
        if self._loop.is_closed() or threading.current_thread() is self._thread:
            coroutine.close()
            raise EngineFault(
                N_("The evidence loop was asked to run something while it was closed, or from inside itself.")
            )
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(timeout)
        except BaseException:
            future.cancel()  # nobody waits for it any more: Ctrl-C, or too late
            raise

    def close(self) -> None:
        """Cancel all that still runs, end the thread and free the loop. Doing so twice changes nothing."""
        if self._loop.is_closed():
            return
        self.run(_end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _end_all() -> None:
    await asyncio.sleep(0)  # what was never begun could not clean up behind itself
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    loop = asyncio.get_running_loop()
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()


def _new_event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415  (where it is not, on Windows, asyncio's own will do)
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
