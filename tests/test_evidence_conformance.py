"""Questions about a contract: what is right by it must be taken, so what we call right is written as any service reads it."""

from __future__ import annotations

from typing import Any

from checker.course import Course, root
from checker.evidence.asking import Ask
from checker.evidence.conformance import Conformance
from checker.evidence.headers import Headers
from checker.evidence.reply import Reply

OPERATION = "POST /users/{uid}/points"
SEEDS = (*range(40), 899667496)
"""The last one drew 1221.0 where the contract says integer."""


class Noting:
    """Answers everything with 200 and notes the bodies that were sent for user 7: those that are right."""

    url = "http://127.0.0.1:1"

    def __init__(self) -> None:
        self.bodies: list[Any] = []

    def request(self, method: str, path: str, **how: Any) -> Reply:
        """Note it."""
        if path == "/users/7/points":
            self.bodies.append(how["json"])
        return Reply(200, Headers([]), b"{}", 0.0, Ask(method, path, {}, b""), "127.0.0.1:1")


def test_whole_numbers_are_written_as_such() -> None:
    """JSON Schema takes 1221.0 for an integer; a strict service does not, and is not to blame."""
    contract, client = Course(root()).contract("01"), Noting()
    for seed in SEEDS:
        Conformance(contract.openapi, [OPERATION], seed=seed).departures(client, {"uid": 7})

    assert [body for body in client.bodies if isinstance(body["order_id"], float)] == []
    assert len(client.bodies) == len(SEEDS)
