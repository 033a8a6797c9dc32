"""How orders asks its neighbours: in time, not too often, not too many at once, and not at all while there is no hope.

From the outside in, a question goes through

* the *budget*: all that one request asks shares CALL_BUDGET_MS, and when it is used up, there is no answer;
* the *retries*: a few attempts, for everything that is asked here may be asked twice;
* the *bulkhead*: CALLS_AT_ONCE calls at most are under way to one neighbour, so that a slow one cannot take all we have;
* the *breaker*: after BREAKER_FAILURES failures in a row nobody calls for BREAKER_RESET_MS;
* the *timeout* of each attempt: half of what is left, so that there is always room for another one.
"""

import asyncio
import logging
import os
import ssl
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import partial
from math import ceil
from typing import Any, Self, TypeVar

import httpx
import stamina
from pydantic import TypeAdapter, ValidationError

from services.orders.breaker import Breaker, Open
from services.orders.problems import Problem

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")
Send = Callable[[], Awaitable[httpx.Response]]


class Unavailable(Problem):
    """A neighbour has no answer for us. Who cannot do without lets it pass: it is a 503."""

    def __init__(self, name: str) -> None:
        seconds = max(1, ceil(_bound("BREAKER_RESET_MS") / 1000))
        super().__init__(503, f"{name} does not answer", {"Retry-After": str(seconds)})


class NotThere(Unavailable):
    """What was asked for is not there: a 404."""


class _Failure(Exception):  # noqa: N818  (the word of the field)
    """An attempt came to nothing; why, in words that follow who was asked for what."""


class _Passing(_Failure):
    """No connection, no reply in time, or a 5xx: the next attempt may well succeed."""


class _Breach(_Failure):
    """A reply that is not what the contract says. The next one would be the same."""


_retrying = stamina.AsyncRetryingCaller(attempts=3, wait_initial=0.02, wait_jitter=0.03, wait_max=0.1).on(_Passing)
stamina.instrumentation.set_on_retry_hooks([])  # its log would not say who was asked for what; ours does
_deadline: ContextVar[float] = ContextVar("deadline")


async def budget() -> None:
    """Begin the time that the request has for all its questions. A dependency of every route."""
    _deadline.set(asyncio.get_running_loop().time() + _bound("CALL_BUDGET_MS") / 1000)


class Neighbour:
    """A service that is asked, at the address <NAME>_URL. It keeps connections open from one question to the next."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._room = asyncio.Semaphore(_bound("CALLS_AT_ONCE"))
        reset = _bound("BREAKER_RESET_MS") / 1000
        self._breaker = Breaker(failures=_bound("BREAKER_FAILURES"), reset=reset, counts=_Failure)
        # Idle connections are given up sooner than uvicorn gives them up (5 s): never write into one that is closing.
        limits = httpx.Limits(keepalive_expiry=2.0)
        # Between services it is plain HTTP: a client that trusts no certificate need not load all public ones (60 ms).
        no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        url = os.environ[f"{name.upper()}_URL"]
        # httpx's timeout is for each byte that is waited for; ours, below, is for the whole reply.
        self._client = httpx.AsyncClient(base_url=url, timeout=None, limits=limits, verify=no_tls)  # noqa: S113

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def ask(
        self, kind: type[Answer], operation: str, *, params: Any = None, json: Any = None, **path: int
    ) -> Answer:
        """Return the reply to an operation of the contract ("GET /users/{uid}") as a ``kind``.

        Raises NotThere for a 404, and Unavailable when there is no reply to be had.
        """
        method, _, template = operation.partition(" ")
        send = partial(self._client.request, method, template.format(**path), params=params, json=json)
        try:
            async with asyncio.timeout_at(_deadline.get()):
                return await _retrying(self._attempt, kind, send)
        except (_Failure, Open, TimeoutError) as lost:
            if str(lost) == "answers 404":
                raise NotThere(self._name) from lost
            log.warning("%s: %s %s", self._name, operation, str(lost) or "is out of time")
            raise Unavailable(self._name) from lost

    async def _attempt(self, kind: type[Answer], send: Send) -> Answer:
        async with self._room:
            with self._breaker.call():
                reply = await _in_time(send)
                if reply.is_client_error:
                    raise _Passing(f"answers {reply.status_code}")
                answer = _read(kind, reply)
        # 4xx is an answer: whoever gives it is well, and would give it again.
        if reply.status_code == httpx.codes.NOT_FOUND:
            raise NotThere(self._name)
        if answer is None:
            raise _Failure(f"answers {reply.status_code}")
        return answer


async def _in_time(send: Send) -> httpx.Response:
    """Return the reply to one attempt, which has half the time that is left; a TimeoutError when none is left."""
    left = _deadline.get() - asyncio.get_running_loop().time()
    if left <= 0:
        raise TimeoutError
    try:
        async with asyncio.timeout(left / 2):
            reply = await send()
    except (httpx.HTTPError, TimeoutError) as lost:
        raise _Passing(f"brings no reply: {type(lost).__name__}") from lost
    if reply.is_server_error:
        raise _Passing(f"answers {reply.status_code}")
    return reply


def _read(kind: type[Answer], reply: httpx.Response) -> Answer:
    try:
        return TypeAdapter(kind).validate_json(reply.content)
    except ValidationError as breach:
        first = breach.errors()[0]
        field = ".".join(map(str, first["loc"])) or "body"
        # The field is named, not the value, which may be personal.
        raise _Breach(f"breaks the contract: {field}: {first['msg']}") from breach


def _bound(name: str) -> int:
    """Return one of the bounds that the contract tells every service."""
    return int(os.environ[name])
