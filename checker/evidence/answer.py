"""A reply of our own making: what a fault answers, and what a stand-in says."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.evidence.framing import Request

__all__ = ["Answer", "problem"]

PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Answer:
    """A status, a body in bytes, and header fields; lengths are added when it is written."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, status: int, body: Any = b"", headers: Mapping[str, str] | None = None) -> Self:
        """Make one: bytes and text as they are, anything else as JSON."""
        fields = {name.lower(): value for name, value in (headers or {}).items()}
        if isinstance(body, str):
            fields.setdefault("content-type", "text/plain; charset=utf-8")
            body = body.encode()
        elif not isinstance(body, bytes):
            fields.setdefault("content-type", "application/json")
            body = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        return cls(status, body, fields)

    def wire(self, request: Request, *, close: bool = False) -> bytes:
        """Return the bytes that answer ``request``; ``close``: the connection will not be used again."""
        fields = dict(self.headers)
        if self.status >= 200 and self.status not in (204, 304):  # noqa: PLR2004  (RFC 9110, 8.6)
            fields.setdefault("content-length", str(len(self.body)))
        if close or request.closes:
            fields["connection"] = "close"
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        start = f"HTTP/1.1 {self.status} {phrase(self.status)}\r\n{head}\r\n".encode("latin-1")
        bodiless = request.method == "HEAD" or "content-length" not in fields
        return start if bodiless else start + self.body


def problem(status: int, detail: str = "", headers: Mapping[str, str] | None = None) -> Answer:
    """Make an error of RFC 9457: type, title, status and detail as application/problem+json."""
    body = {"type": "about:blank", "title": phrase(status), "status": status, "detail": detail}
    return Answer.of(status, body, {"content-type": PROBLEM, **(headers or {})})


def phrase(status: int) -> str:
    """Return the words that go with a status; "Unknown" if it has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
