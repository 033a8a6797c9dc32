"""How orders asks its neighbours, with aiohttp and tenacity.

The bulkhead is the client's own: it opens CALLS_AT_ONCE connections to a neighbour and no more, and who comes then waits
for one of them. So an attempt is timed from when it has its connection; what is waited in all is the budget.
"""

import asyncio
import logging
import os
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Self, TypeVar

import aiohttp
from pydantic import TypeAdapter, ValidationError
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random

from services.orders.breaker import Breaker, Open
from services.orders.problems import Problem

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

NOT_FOUND, ANY_4XX, ANY_5XX = 404, 400, 500
ATTEMPTS = 3


class Unavailable(Problem):
    """A neighbour has no answer for us. Who cannot do without lets it pass: it is a 503."""

    def __init__(self, name: str) -> None:
        super().__init__(503, f"{name} does not answer", {"Retry-After": "1"})


class NotThere(Unavailable):
    """What was asked for is not there: a 404."""


class _Failure(Exception):  # noqa: N818  (the word of the field)
    """An attempt came to nothing; why, in words that follow who was asked for what."""


class _Passing(_Failure):
    """No connection, no reply in time, or a 5xx: the next attempt may well succeed."""


_deadline: ContextVar[float] = ContextVar("deadline")


async def budget() -> None:
    """Begin the time that the request has for all its questions. A dependency of every route."""
    _deadline.set(asyncio.get_running_loop().time() + _bound("CALL_BUDGET_MS") / 1000)


class Neighbour:
    """A service that is asked, at the address <NAME>_URL. Made, and left, in a running event loop."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._breaker = Breaker(
            failures=_bound("BREAKER_FAILURES"), reset=_bound("BREAKER_RESET_MS") / 1000, counts=_Failure
        )
        patience = _bound("CALL_BUDGET_MS") / 1000 / (ATTEMPTS + 1)
        self._http = aiohttp.ClientSession(
            os.environ[f"{name.upper()}_URL"],
            connector=aiohttp.TCPConnector(limit=_bound("CALLS_AT_ONCE"), keepalive_timeout=2.0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=patience, sock_read=patience),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def ask(
        self, kind: type[Answer], operation: str, *, params: Any = None, json: Any = None, **path: int
    ) -> Answer:
        """Return the reply to an operation of the contract ("GET /users/{uid}") as a ``kind``.

        Raises NotThere for a 404, and Unavailable when there is no reply to be had.
        """
        method, _, template = operation.partition(" ")
        asked = {"method": method, "url": template.format(**path), "params": params, "json": json}
        try:
            async with asyncio.timeout_at(_deadline.get()):
                reply: tuple[int, Answer | None] = await _retrying()(self._attempt, kind, asked)
        except (_Failure, Open, TimeoutError) as lost:
            log.warning("%s: %s %s", self._name, operation, str(lost) or "is out of time")
            raise Unavailable(self._name) from lost
        status, answer = reply
        if answer is None:
            raise NotThere(self._name) if status == NOT_FOUND else Unavailable(self._name)
        return answer

    async def _attempt(self, kind: type[Answer], asked: Mapping[str, Any]) -> tuple[int, Answer | None]:
        with self._breaker.call():
            try:
                async with self._http.request(**asked) as reply:
                    body = await reply.read()
            except (aiohttp.ClientError, OSError) as lost:
                raise _Passing(f"brings no reply: {type(lost).__name__}") from lost
            if reply.status >= ANY_5XX:
                raise _Passing(f"answers {reply.status}")
            return reply.status, None if reply.status >= ANY_4XX else _read(kind, body)


def _retrying() -> AsyncRetrying:
    return AsyncRetrying(
        retry=retry_if_exception_type(_Passing),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random(0.01, 0.05),
        reraise=True,
    )


def _read(kind: type[Answer], body: bytes) -> Answer:
    try:
        return TypeAdapter(kind).validate_json(body)
    except ValidationError as breach:
        first = breach.errors()[0]
        field = ".".join(map(str, first["loc"])) or "body"
        raise _Failure(f"breaks the contract: {field}: {first['msg']}") from breach


def _bound(name: str) -> int:
    return int(os.environ[name])
