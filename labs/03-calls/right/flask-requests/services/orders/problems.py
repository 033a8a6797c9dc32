"""Errors as RFC 9457 problem details, the same shape everywhere."""

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus

from flask import Flask, Response
from pydantic import ValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException

log = logging.getLogger(__name__)


class Problem(Exception):  # noqa: N818  (the word of the RFC)
    """Raise it anywhere: the client gets ``status`` and ``detail`` as application/problem+json."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def invalid(error: ValidationError, what: str = "body") -> Problem:
    """Make the Problem 422 for a request that is not what it should be; ``what`` it is about as a whole."""
    return Problem(422, "; ".join(f"{_field(each['loc']) or what}: {each['msg']}" for each in error.errors()))


def install(app: Flask) -> None:
    """Answer every error of ``app`` as a problem."""
    app.register_error_handler(Problem, lambda problem: _answer(problem.status, problem.detail))
    app.register_error_handler(HTTPException, _http)
    for lost in (InterfaceError, OperationalError):
        app.register_error_handler(lost, _database_lost)


def _http(error: HTTPException) -> Response:
    allowed = getattr(error, "valid_methods", None)
    return _answer(error.code or 500, error.description or "", {"Allow": ", ".join(allowed)} if allowed else {})


def _database_lost(lost: Exception) -> Response:
    log.error("the database does not answer: %r", lost)
    return _answer(503, "the database does not answer")


def _answer(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    answer = Response(json.dumps(body), status, headers, content_type="application/problem+json")
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = "1"
    return answer


def _field(loc: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in loc)
