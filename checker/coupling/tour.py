"""A fixed little tour of requests: what a customer does in five minutes, the same in every lab."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from checker.errors import N_, SeamworkError

if TYPE_CHECKING:
    from checker.course import Contract
    from checker.evidence import Reply
    from checker.runtime.system import System

__all__ = ["ORDER", "Request", "tour"]

ORDER = N_("place an order")
"""The step that calls are counted for."""

ADDRESS = {
    "recipient": "Ada Okafor",
    "street": "Harbour Street 4",
    "city": "Bristol",
    "postcode": "BS1 5DB",
    "country": "GB",
}
SKUS = 2


@dataclass
class _Known:
    """What earlier steps came to: what a later one needs."""

    skus: list[str] = field(default_factory=list)
    user: int = 0
    order: int = 0
    payment: int = 0


@dataclass(frozen=True)
class Request:
    """One step. ``send`` it: the status, None where no reply came or an earlier step did not bring what it needs."""

    name: str
    asked: str  # "POST /orders"
    send: Callable[[], int | None]


def tour(system: System, contract: Contract) -> list[Request]:
    """Return the steps, to be sent in their order. The wide endpoint is asked as long as somebody owns it."""
    known = _Known()
    steps = [
        (N_("list the products"), "GET /products", lambda: system.get("/products"), _skus),
        (N_("sign up"), "POST /users", lambda: system.post("/users", json=_user()), _id("user")),
        (ORDER, "POST /orders", lambda: system.post("/orders", json=_order(known)), _id("order")),
        (N_("read the order"), "GET /orders/{id}", lambda: system.get(f"/orders/{_must(known.order)}"), _nothing),
        (N_("begin to pay"), "POST /payments", lambda: system.post("/payments", json=_payment(known)), _id("payment")),
        (
            N_("the payment comes in"),
            "POST /payments/callback",
            lambda: system.post("/payments/callback", json=_callback(known)),
            _nothing,
        ),
        (
            N_("open the customer's page"),
            "GET /pages/users/{id}",
            lambda: system["shop"].get(f"/pages/users/{_must(known.user)}"),
            _nothing,
        ),
    ]
    if any("GET /users/{uid}/dashboard" in owner.operations for owner in contract.owners.values()):
        wide = (
            N_("read the dashboard"),
            "GET /users/{id}/dashboard",
            lambda: system.get(f"/users/{_must(known.user)}/dashboard"),
            _nothing,
        )
        steps.append(wide)
    return [Request(name, asked, _sender(send, learn, known)) for name, asked, send, learn in steps]


class _MissingError(Exception):
    """An earlier step did not bring what this one needs."""


def _sender(
    send: Callable[[], Reply], learn: Callable[[_Known, Reply], None], known: _Known
) -> Callable[[], int | None]:
    def sent() -> int | None:
        try:
            reply = send()
        except (_MissingError, SeamworkError):
            return None
        if reply.status_code < 400:  # noqa: PLR2004  (HTTP's own border)
            learn(known, reply)
        return reply.status_code

    return sent


def _must(value: Any) -> Any:
    if not value:
        raise _MissingError
    return value


def _skus(known: _Known, reply: Reply) -> None:
    try:
        known.skus = [product["sku"] for product in reply.json][:SKUS]
    except (SeamworkError, TypeError, KeyError):
        return


def _id(kind: str) -> Callable[[_Known, Reply], None]:
    def learn(known: _Known, reply: Reply) -> None:
        try:
            setattr(known, kind, reply["id"])
        except SeamworkError:
            return

    return learn


def _nothing(_known: _Known, _reply: Reply) -> None:
    return


def _user() -> dict[str, str]:
    return {"nickname": "ada", "email": "ada.okafor@example.com"}


def _order(known: _Known) -> dict[str, Any]:
    lines = [{"sku": sku, "quantity": 1} for sku in _must(known.skus)]
    return {"user_id": _must(known.user), "lines": lines, "address": ADDRESS, "discount_code": "WELCOME10"}


def _payment(known: _Known) -> dict[str, Any]:
    return {"order_id": _must(known.order), "channel": "card"}


def _callback(known: _Known) -> dict[str, Any]:
    return {"payment_id": _must(known.payment), "result": "captured"}
