"""Replies held against openapi.yaml by Schemathesis: sensible requests, nonsense, and what comes back.

Schemathesis invents the requests and judges the replies; we send them, so that they are in the ledger like all others.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from checker.errors import EngineFault, N_
from checker.evidence.reply import Reply

if TYPE_CHECKING:
    from schemathesis import Case

__all__ = ["Conformance"]

WIDTH = 300
SENSIBLE, NONSENSE = 2, 2
"""Requests of each kind for each operation, beside the one that is known to be right."""

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)
"""The Schemathesis checks, by its own names, that every reply must pass."""


class Asked(Protocol):
    """Who is asked: a client of one service, at ``url``."""

    @property
    def url(self) -> str:
        """Where it listens: "http://127.0.0.1:PORT"."""

    def request(self, method: str, path: str, **how: Any) -> Reply:
        """Ask, and return the whole reply."""


@dataclass(frozen=True)
class _Question:
    case: Case
    right: bool  # made of things that are there: must be answered with a 2xx


class Conformance:
    """The requests for the given operations ("POST /orders") of a contract, the same for the same seed.

    Making them takes about a second the first time: do it early, in a thread of its own.
    """

    def __init__(self, contract: Mapping[str, Any], operations: Sequence[str], *, seed: int) -> None:
        self._questions = list(_questions(contract, operations, seed))

    def departures(self, client: Asked, known: Mapping[str, object]) -> list[str]:
        """Ask everything and return each departure from the contract as a line, [] when there is none.

        ``known`` gives, by name, values for parameters and fields that must name something real; under an operation
        ("POST /payments") those for it alone.
        Raises EngineFault when an operation could not be asked at all.
        """
        found: list[str] = []
        for question in self._questions:
            found += _ask(client, question, known)
        return found


def _questions(contract: Mapping[str, Any], operations: Sequence[str], seed: int) -> Iterator[_Question]:
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(_cache()))
    import schemathesis  # noqa: PLC0415  (slow, and only this check needs it)
    from schemathesis import GenerationMode  # noqa: PLC0415

    schema = schemathesis.openapi.from_dict(dict(contract))
    wanted = set(operations)
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.label not in wanted:
            continue
        wanted.discard(operation.label)
        sensible = _drawn(operation.as_strategy(generation_mode=GenerationMode.POSITIVE), SENSIBLE + 1, seed)
        yield from (_Question(case, right=number == 0) for number, case in enumerate(sensible))
        if operation.body or operation.query or operation.path_parameters:
            nonsense = _drawn(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE), NONSENSE, seed)
            yield from (_Question(case, right=False) for case in nonsense)
    if wanted:
        raise EngineFault(N_("The contract has no operation {operations}."), operations=", ".join(sorted(wanted)))


def _drawn(strategy: Any, count: int, seed: int) -> list[Case]:
    from hypothesis import HealthCheck, Phase, given  # noqa: PLC0415
    from hypothesis import seed as seeded  # noqa: PLC0415
    from hypothesis import settings  # noqa: PLC0415

    drawn: list[Case] = []

    @seeded(seed)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def draw(case: Case) -> None:
        drawn.append(case)

    draw()
    return drawn


def _ask(client: Asked, question: _Question, known: Mapping[str, object]) -> list[str]:
    case = question.case
    if question.right:
        _make_right(case, known)
    ask = case.as_transport_kwargs(client.url)
    reply = client.request(
        case.method,
        ask["url"].removeprefix(client.url),
        params=ask.get("params"),
        headers=dict(ask.get("headers") or {}),
        **({"json": ask["json"]} if "json" in ask else {"content": ask["data"]} if ask.get("data") is not None else {}),
    )
    found = _judged(case, reply)
    if question.right and not 200 <= reply.status_code < 300:  # noqa: PLR2004
        found.append(f"{reply.asked} is right, and was answered with {reply.status_code}")
    return found


def _make_right(case: Case, known: Mapping[str, Any]) -> None:
    known = {**known, **known.get(case.operation.label, {})}
    for container in (case.path_parameters, case.query, case.body):
        _fill(container, known)


def _fill(value: Any, known: Mapping[str, object]) -> None:
    if isinstance(value, list):
        for each in value:
            _fill(each, known)
    elif isinstance(value, dict):
        for key in value:
            if key in known:
                value[key] = known[key]
            else:
                _fill(value[key], known)


def _judged(case: Case, reply: Reply) -> list[str]:
    import httpx  # noqa: PLC0415  (the form Schemathesis takes replies in)
    import schemathesis  # noqa: PLC0415
    from schemathesis.core.failures import FailureGroup  # noqa: PLC0415

    asked = httpx.Request(case.method, reply.url)
    answer = httpx.Response(reply.status_code, headers=list(reply.headers.items()), content=reply.content, request=asked)
    answer.elapsed = timedelta(seconds=reply.elapsed)
    try:
        case.validate_response(answer, checks=[schemathesis.checks.CHECKS.get_one(name) for name in CHECKS])
    except FailureGroup as failures:
        return [f"{reply.asked} → {reply.status_code}: {_words(failure)}" for failure in failures.exceptions]
    return []


def _words(failure: Any) -> str:
    said = " ".join(str(getattr(failure, "message", "") or "").split())
    return f"{failure.title}. {said}"[:WIDTH]


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seamwork" / "hypothesis"
