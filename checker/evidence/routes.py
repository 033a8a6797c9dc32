"""What a stand-in is asked, and which of its scripted answers is meant."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qs, unquote, urlsplit

from checker.errors import N_, BadReply
from checker.evidence.answer import Answer, problem
from checker.evidence.strict_json import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Asked", "InTurn", "Routes", "Script", "in_turn"]

Script = Any
"""What answers a route: an ``Answer``; ``(status, JSON)``; a callable that is given the ``Asked`` and returns one of these
or JSON; ``in_turn(…)``; or simply JSON."""


class _Query(dict[str, list[str]]):
    def __missing__(self, name: str) -> NoReturn:
        raise BadReply(N_("The query parameter {name} is missing."), name=name)


@dataclass(frozen=True)
class Asked:
    """A request to a stand-in. ``path``: what stood in the braces of its template; ``query``: every value by name.

    What the caller left out is answered with 422, wherever it is looked for.
    """

    method: str
    target: str
    path: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def query(self) -> dict[str, list[str]]:
        """The parameters of the query, each with all its values."""
        return _Query(parse_qs(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def json(self) -> Any:
        """The body as JSON."""
        try:
            return parse(self.body.decode())
        except ValueError as error:
            raise BadReply(N_("The body is not JSON: {error}."), error=error) from None


@dataclass
class InTurn:
    """Answers one after the other; the last one goes on."""

    answers: list[Script]

    def next(self) -> Script:
        """Return the one whose turn it is."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def in_turn(*answers: Script) -> InTurn:
    """Answer the first call with the first, the second with the second, and all that follow with the last."""
    return InTurn(list(answers))


@dataclass(frozen=True)
class _Route:
    method: str
    template: str
    pattern: re.Pattern[str]
    script: Script
    status: int

    @property
    def order(self) -> int:
        """Templates with fewer braces come first."""
        return self.template.count("{")


class Routes:
    """Scripted answers by method and path template. The newest for a template counts, a literal path before braces."""

    def __init__(self) -> None:
        self._routes: tuple[_Route, ...] = ()

    def on(self, method: str, template: str, script: Script, status: int) -> None:
        """Answer ``template`` ("/users/{uid}") with ``script``; ``status`` where it names none itself."""
        pattern = re.compile("".join(_part(part) for part in re.split(r"(\{\w+\})", template)))
        route = _Route(method.upper(), template, pattern, script, status)
        self._routes = tuple(sorted((route, *self._routes), key=lambda known: known.order))

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Return the answer: a problem 404, 405 or 422 where none is scripted for this.

        A scripted callable's LookupError is a 404 too; what else it raises comes out.
        """
        path = urlsplit(target).path
        here = [(route, match) for route in self._routes if (match := route.pattern.fullmatch(path))]
        wanted = "GET" if method == "HEAD" else method
        for route, match in here:
            if route.method == wanted:
                values = {name: unquote(value) for name, value in match.groupdict().items()}
                return _play(route, Asked(method, target, values, headers, body))
        return problem(405 if here else 404, f"There is no {method} {path} here.")


def _play(route: _Route, asked: Asked) -> Answer:
    try:
        return _answer(route.script, route.status, asked)
    except BadReply as error:
        return problem(422, str(error))
    except LookupError as error:
        return problem(404, f"There is no {error}.")


def _answer(script: Script, status: int, asked: Asked) -> Answer:
    if isinstance(script, InTurn):
        return _answer(script.next(), status, asked)
    if callable(script):
        return _answer(script(asked), status, asked)
    if isinstance(script, Answer):
        return script
    if isinstance(script, tuple):
        status, script = script
    return Answer.of(status, script)


def _part(part: str) -> str:
    return f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else re.escape(part)
