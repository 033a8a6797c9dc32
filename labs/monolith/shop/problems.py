"""Errors as RFC 9457 problem details, the same shape everywhere."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.exceptions import HTTPException


class Problem(Exception):  # noqa: N818  (the word of the RFC)
    """Raise it anywhere: the client gets ``status`` and ``detail`` as application/problem+json."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def install(app: FastAPI) -> None:
    """Answer every error of ``app`` as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    for lost in (OSError, InterfaceError, OperationalError):
        app.add_exception_handler(lost, _database_lost)


def _answer(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


async def _problem(_request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, Problem)  # noqa: S101  (FastAPI's signature is wider than what it calls)
    return _answer(exc.status, exc.detail)


async def _invalid(_request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, RequestValidationError)  # noqa: S101
    return _answer(422, "; ".join(f"{_field(error['loc'])}: {error['msg']}" for error in exc.errors()))


def _field(loc: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in loc[1:]) or str(loc[0])


async def _http(_request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, HTTPException)  # noqa: S101
    # FastAPI says 400 for a body that it cannot even decode; for our clients that is one more invalid body.
    status = 422 if exc.status_code == HTTPStatus.BAD_REQUEST else exc.status_code
    return _answer(status, exc.detail, exc.headers)


async def _database_lost(_request: Request, exc: Exception) -> JSONResponse:
    print(f"database lost: {exc!r}", flush=True)
    return _answer(503, "the database does not answer")
