"""Errors as RFC 9457 problem details, the same shape everywhere."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.exceptions import HTTPException

log = logging.getLogger(__name__)


class Problem(Exception):  # noqa: N818  (the word of the RFC)
    """Raise it anywhere: the client gets ``status`` and ``detail`` as application/problem+json."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def install(app: FastAPI) -> None:
    """Answer every error of ``app`` as a problem."""
    app.exception_handler(Problem)(_problem)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http)
    for lost in (OSError, InterfaceError, OperationalError):
        app.exception_handler(lost)(_database_lost)


def _answer(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers = {"Retry-After": "1", **(headers or {})}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


async def _problem(_request: Request, problem: Problem) -> JSONResponse:
    return _answer(problem.status, problem.detail)


async def _invalid(_request: Request, invalid: RequestValidationError) -> JSONResponse:
    return _answer(422, "; ".join(f"{_field(error['loc'])}: {error['msg']}" for error in invalid.errors()))


def _field(loc: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in loc[1:]) or str(loc[0])


async def _http(_request: Request, error: HTTPException) -> JSONResponse:
    # FastAPI says 400 of a body that it cannot even decode; for our clients that is one more invalid body.
    status = 422 if error.status_code == HTTPStatus.BAD_REQUEST else error.status_code
    return _answer(status, error.detail, error.headers)


async def _database_lost(_request: Request, lost: Exception) -> JSONResponse:
    log.error("the database does not answer: %r", lost)
    return _answer(503, "the database does not answer")
