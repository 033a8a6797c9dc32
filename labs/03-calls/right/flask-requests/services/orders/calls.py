"""How orders asks its neighbours, with what others have written: requests, urllib3's Retry, and circuitbreaker.

urllib3 asks again inside of one call, so the breaker counts questions that came to nothing, not attempts. When it is time
to try again, circuitbreaker lets everybody try; that it is one at a time is ours.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock, Semaphore
from time import monotonic
from typing import Any

import requests
from circuitbreaker import STATE_HALF_OPEN, CircuitBreaker, CircuitBreakerError  # type: ignore[import-untyped]
from flask import g
from pydantic import TypeAdapter, ValidationError
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from services.orders.problems import Problem

log = logging.getLogger(__name__)

ATTEMPTS = 3

RETRY = Retry(
    total=ATTEMPTS - 1,
    allowed_methods=None,  # all that is asked here may be asked twice, the points too
    status_forcelist=[500, 502, 503, 504],
    raise_on_status=False,
    respect_retry_after_header=False,  # nobody has time for a second of sleep
    backoff_factor=0.02,
    backoff_jitter=0.03,
    backoff_max=0.05,
)
"""An attempt that failed is made again, at once the first time."""

BETWEEN = 0.1
"""Seconds that all waits between attempts take, at the most."""


class Unavailable(Problem):
    """A neighbour has no answer for us. Who cannot do without lets it pass: it is a 503."""

    def __init__(self, name: str) -> None:
        super().__init__(503, f"{name} does not answer")


class NotThere(Unavailable):
    """What was asked for is not there: a 404."""


class _Failure(Exception):  # noqa: N818  (the word of the field)
    """A question came to nothing; why, in words that follow who was asked for what."""


def begin() -> None:
    """Begin the time that the request has for all its questions."""
    g.deadline = monotonic() + _bound("CALL_BUDGET_MS") / 1000


@cache
def neighbour(name: str) -> "Neighbour":
    """Return what this process knows of a neighbour."""
    return Neighbour(name)


class Neighbour:
    """A service that is asked, at the address <NAME>_URL."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._url = os.environ[f"{name.upper()}_URL"]
        self._room = Semaphore(_bound("CALLS_AT_ONCE"))
        self._breaker = CircuitBreaker(
            _bound("BREAKER_FAILURES"), _bound("BREAKER_RESET_MS") / 1000, expected_exception=_Failure, name=name
        )
        self._trial = Lock()
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.mount("http://", HTTPAdapter(pool_maxsize=_bound("CALLS_AT_ONCE"), max_retries=RETRY))

    def ask(self, kind: Any, operation: str, *, params: Any = None, json: Any = None, **path: int) -> Any:
        """Return the reply to an operation of the contract ("GET /users/{uid}") as a ``kind``.

        Raises NotThere for a 404, and Unavailable when there is no reply to be had.
        """
        method, _, template = operation.partition(" ")
        asked = {"method": method, "url": self._url + template.format(**path), "params": params, "json": json}
        try:
            reply, answer = self._guarded(kind, asked)
        except (_Failure, CircuitBreakerError) as lost:
            log.warning("%s: %s %s", self._name, operation, lost)
            raise Unavailable(self._name) from lost
        if answer is None:
            missing = reply.status_code == requests.codes.not_found
            raise NotThere(self._name) if missing else Unavailable(self._name)
        return answer

    def _guarded(self, kind: Any, asked: dict[str, Any]) -> tuple[requests.Response, Any]:
        if not self._room.acquire(timeout=max(0.0, _left())):
            raise _Failure("is out of time")
        try:
            with self._let_through():
                reply = self._attempts(asked)
                return reply, _read(kind, reply) if reply.ok else None
        finally:
            self._room.release()

    @contextmanager
    def _let_through(self) -> Iterator[None]:
        trial = self._breaker.state == STATE_HALF_OPEN
        if self._breaker.opened or (trial and not self._trial.acquire(blocking=False)):
            raise CircuitBreakerError(self._breaker)
        try:
            with self._breaker:
                yield
        finally:
            if trial:
                self._trial.release()

    def _attempts(self, asked: dict[str, Any]) -> requests.Response:
        seconds = (_left() - BETWEEN) / ATTEMPTS
        if seconds <= 0:
            raise _Failure("is out of time")
        try:
            reply = self._http.request(**asked, timeout=seconds)
        except requests.RequestException as lost:
            raise _Failure(f"brings no reply: {type(lost).__name__}") from lost
        if reply.status_code >= requests.codes.server_error:
            raise _Failure(f"answers {reply.status_code}")
        return reply


def _read(kind: Any, reply: requests.Response) -> Any:
    try:
        return TypeAdapter(kind).validate_json(reply.content)
    except ValidationError as breach:
        first = breach.errors()[0]
        field = ".".join(map(str, first["loc"])) or "body"
        raise _Failure(f"breaks the contract: {field}: {first['msg']}") from breach


def _left() -> float:
    left: float = g.deadline - monotonic()
    return left


def _bound(name: str) -> int:
    return int(os.environ[name])
