"""A request as it is typed, for command line and notebook alike."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from checker.errors import N_, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from checker.session.up import Up
    from checker.session.up_state import Answered

__all__ = ["CROWD", "Asked"]

CROWD = 100
"""Times at the most that one thing is asked at once."""

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_HEADER = re.compile(r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:\s*(?P<value>[^\r\n\0]*)")


@dataclass(frozen=True)
class Asked:
    """A request that can be sent. Make it with :meth:`of`."""

    service: str
    method: str
    path: str
    body: Any
    headers: Mapping[str, str]
    timeout: float

    @classmethod
    def of(
        cls,
        service: str,
        method: str,
        path: str,
        *,
        body: str | None = None,
        headers: Sequence[str] = (),
        timeout: float = 30.0,
    ) -> Asked:
        """Read what was typed. Raises UsageError that names what cannot be, and shows how it is written."""
        if method.upper() not in _METHODS:
            raise UsageError(
                N_("{method!r} is no HTTP method."),
                N_("For example: seamwork request {service} GET /health"),
                method=method,
                service=service,
            )
        if not path.startswith("/") or not path.isprintable() or " " in path:
            raise UsageError(
                N_("{path!r} is no path."),
                N_("It begins with a slash, and has no spaces: /orders/1, or /orders?limit=5 in quotes."),
                path=path,
            )
        return cls(service, method.upper(), path, _json(body), dict(map(_header, headers)), timeout)

    def ask(self, up: Up) -> Answered:
        """Send it. Raises as :meth:`Up.request` does."""
        return up.request(
            self.service, self.method, self.path, body=self.body, headers=self.headers, timeout=self.timeout
        )

    def ask_at_once(self, up: Up, times: int) -> list[Answered]:
        """Send it so many times at the same moment. Raises UsageError for too many, and as :meth:`ask` does."""
        if not 1 <= times <= CROWD:
            raise UsageError(
                N_("{times} times is not between 1 and {most}."),
                N_("For load, there are tools of their own: hey, wrk, k6."),
                times=times,
                most=CROWD,
            )
        with ThreadPoolExecutor(max_workers=times) as crowd:
            return list(crowd.map(lambda _: self.ask(up), range(times)))


def _json(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(
            N_("The body is not JSON ({error}): {text}"),
            N_("Put it in single quotes, and names in double ones: --json '{example}'"),
            error=error,
            text=text[:200],
            example='{"user_id": 3}',
        ) from error


def _header(text: str) -> tuple[str, str]:
    found = _HEADER.fullmatch(text.strip())
    if not found:
        raise UsageError(N_("{text!r} is no header."), N_("Write it as -H 'Idempotency-Key: abc'."), text=text)
    return found["name"], found["value"]
