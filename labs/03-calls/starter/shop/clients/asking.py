"""How the shop asks other services."""

import os
import ssl
from functools import cache
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from shop.problems import Problem

Answer = TypeVar("Answer")


class _Refusal(BaseModel):
    detail: str


async def ask(service: str, kind: type[Answer], method: str, path: str, **request: Any) -> Answer | None:
    """Return the answer of a service as a ``kind``, None for a 404.

    A Problem 409 if it refuses, 503 if there is no answer to be had.
    """
    try:
        reply = await _client(service).request(method, path, **request)
        if reply.status_code == httpx.codes.NOT_FOUND:
            return None
        if reply.status_code == httpx.codes.CONFLICT:
            raise Problem(409, _Refusal.model_validate_json(reply.content).detail)
        return TypeAdapter(kind).validate_json(reply.raise_for_status().content)
    except (httpx.HTTPError, ValidationError) as lost:
        raise Problem(503, f"{service} does not answer") from lost


@cache
def _client(service: str) -> httpx.AsyncClient:
    """Make the one client of this process for a service: it keeps connections open from one question to the next."""
    # Idle connections are given up sooner than uvicorn gives them up (5 s): never write into one that is closing.
    limits = httpx.Limits(keepalive_expiry=2.0)
    # Between services it is plain HTTP: a client that trusts no certificate need not load all the public ones (60 ms).
    no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.AsyncClient(base_url=os.environ[f"{service.upper()}_URL"], timeout=5.0, limits=limits, verify=no_tls)
