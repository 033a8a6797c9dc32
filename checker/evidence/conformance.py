"""Replies held against openapi.yaml by Schemathesis: sensible requests, nonsense, and what comes back.

Schemathesis invents the requests and judges the replies; we send them, so that they are in the ledger like all others.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from checker.errors import N_, EngineFault
from checker.evidence.questions import pooled
from checker.evidence.reply import Reply

if TYPE_CHECKING:
    from schemathesis import Case

__all__ = ["Conformance"]

WIDTH = 300
NOBODY = (2_000_000_000, 2**31)
"""Ids that nobody has."""

EXACT = 2**53
"""Up to here a float is exactly one whole number."""

SENSIBLE, NONSENSE = 1, 1
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
    case: Case[Any]
    right: bool  # made of things that are there: must be answered with a 2xx


class Conformance:
    """The requests for the given operations ("POST /orders") of a contract, the same for the same seed.

    They are drawn from a pool that Schemathesis has filled once for each contract, for filling it takes seconds.
    """

    def __init__(self, contract: Mapping[str, Any], operations: Sequence[str], *, seed: int) -> None:
        self._questions = list(_questions(contract, operations, random.Random(seed)))  # noqa: S311  (test data)

    def departures(self, client: Asked, known: Mapping[str, object]) -> list[str]:
        """Ask everything and return each departure from the contract as a line, [] when there is none.

        ``known`` gives, by name, values for parameters and fields that must name something real; under an operation
        ("POST /payments") those for it alone.
        """
        return [line for question in self._questions for line in _ask(client, question, known)]


def _questions(contract: Mapping[str, Any], wanted: Sequence[str], chance: random.Random) -> Iterator[_Question]:
    import schemathesis  # noqa: PLC0415
    from schemathesis.core.result import Ok  # noqa: PLC0415

    schema = schemathesis.openapi.from_dict(dict(contract))
    operations = {each.ok().label: each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)}
    pool = pooled(contract)
    for label in wanted:
        if label not in operations:
            raise EngineFault(N_("The contract has no operation {operation}."), operation=label)
        sensible, nonsense = pool[label]["sensible"], pool[label]["nonsense"]
        drawn = [*chance.sample(sensible, SENSIBLE + 1), *chance.sample(nonsense, min(NONSENSE, len(nonsense)))]
        for number, made in enumerate(copy.deepcopy(drawn)):
            if number <= SENSIBLE and "body" in made:
                made["body"] = _whole(made["body"])
            if 0 < number <= SENSIBLE:
                _ask_for_nobody(made, chance)
            yield _Question(operations[label].Case(**made), right=number == 0)


def _ask_for_nobody(made: dict[str, Any], chance: random.Random) -> None:
    """Let the ids in the path be those of nobody: the right question asks for somebody."""
    path = made.get("path_parameters", {})
    path.update({name: chance.randrange(*NOBODY) for name, value in path.items() if isinstance(value, int)})


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


def _make_right(case: Case[Any], known: Mapping[str, Any]) -> None:
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


def _whole(value: Any) -> Any:
    """Write whole numbers as such: to JSON Schema 7.0 is an integer, to many a service it is none."""
    if isinstance(value, dict):
        return {name: _whole(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < EXACT else value


def _judged(case: Case[Any], reply: Reply) -> list[str]:
    import httpx  # noqa: PLC0415  (the form Schemathesis takes replies in)
    import schemathesis  # noqa: PLC0415
    from schemathesis.core.failures import FailureGroup  # noqa: PLC0415

    asked = httpx.Request(case.method, reply.url)
    answer = httpx.Response(
        reply.status_code, headers=list(reply.headers.items()), content=reply.content, request=asked
    )
    answer.elapsed = timedelta(seconds=reply.elapsed)
    judges: list[Any] = [schemathesis.checks.CHECKS.get_one(name) for name in CHECKS]
    try:
        case.validate_response(answer, checks=judges)
    except FailureGroup as failures:
        return [f"{reply.asked} → {reply.status_code}: {_words(failure)}" for failure in failures.exceptions]
    return []


def _words(failure: Any) -> str:
    said = " ".join(str(getattr(failure, "message", "") or "").split())
    return f"{failure.title}. {said}"[:WIDTH]
