"""The life of an order: created, read, listed, moved on."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from services.orders import schemas, shop, tables
from services.orders.db import Connection, Db, Row
from services.orders.problems import Problem

router = APIRouter(tags=["orders"])

MOVES: dict[str, set[str]] = {
    "created": {"paid", "cancelled"},
    "paid": {"shipped", "cancelled"},
    "shipped": {"delivered"},
}


@router.post("/orders", status_code=201)
async def create_order(basket: schemas.NewOrder, db: Db) -> schemas.Order:
    """Turn a basket into an order: price it, reserve the stock, give the points."""
    nickname = await shop.nickname(basket.user_id)
    if nickname is None:
        raise Problem(422, f"user_id: no user {basket.user_id}")
    lines = await _priced(basket)
    subtotal = sum(line["quantity"] * line["cents"] for line in lines)
    off = await _discount(db, basket.discount_code, subtotal)
    await tables.reserve(db, _pieces(lines))
    order = {
        "user_id": basket.user_id,
        "status": "created",
        "subtotal_cents": subtotal,
        "discount_cents": off,
        "total_cents": subtotal - off,
        "discount_code": basket.discount_code,
        "created_at": datetime.now(UTC),
    }
    stored = await tables.find(db, await tables.add(db, order, basket.address.model_dump(), lines))
    # Last, and before the commit: without the points there is no order.
    await _give_points(stored, _earned(stored), "order_created")
    await db.commit()
    return view(stored, nickname)


@router.get("/orders/{order_id}")
async def read_order(order_id: schemas.Id, db: Db) -> schemas.Order:
    """Return one order."""
    order = await tables.find(db, order_id)
    return view(order, await shop.nickname(order["user_id"]))


@router.get("/orders")
async def list_orders(
    db: Db,
    user_id: schemas.Id | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=schemas.MAX_INT)] = 0,
) -> schemas.OrderPage:
    """Return orders, newest first, of one customer or of all."""
    orders, total = await tables.some(db, user_id, limit, offset)
    nicknames = await shop.nicknames(order["user_id"] for order in orders)
    return schemas.OrderPage(items=[view(order, nicknames.get(order["user_id"])) for order in orders], total=total)


@router.patch("/orders/{order_id}/status")
async def change_status(order_id: schemas.Id, change: schemas.StatusChange, db: Db) -> schemas.Order:
    """Move an order on; what the rules do not allow is a 409."""
    order = await tables.find(db, order_id, lock=True)
    moved = await _move(db, order, change.status, order["payment_id"])
    nickname = await shop.nickname(order["user_id"])
    await db.commit()
    return view(moved, nickname)


@router.post("/orders/{order_id}/payment")
async def settle(order_id: schemas.Id, told: schemas.PaymentResult, db: Db) -> schemas.Order:
    """Let a payment decide: captured, the order is paid; failed, it is cancelled. Told twice is as good as once."""
    order = await tables.find(db, order_id, lock=True)
    nickname = await shop.nickname(order["user_id"])
    if order["payment_id"] == told.payment_id and (order["status"] == "cancelled") == (told.result == "failed"):
        return view(order, nickname)
    if order["status"] != "created":
        raise Problem(409, f"order {order_id} is {order['status']}, it waits for no payment")
    moved = await _move(db, order, "paid" if told.result == "captured" else "cancelled", told.payment_id)
    await db.commit()
    return view(moved, nickname)


def view(order: Row, nickname: str | None) -> schemas.Order:
    """Show an order the way everybody sees it."""
    return schemas.Order.model_validate({**order, "nickname": nickname})


async def _priced(basket: schemas.NewOrder) -> list[Row]:
    prices = await shop.prices(line.sku for line in basket.lines)
    for position, line in enumerate(basket.lines):
        if line.sku not in prices:
            raise Problem(422, f"lines.{position}.sku: no product {line.sku!r}")
    return [
        {"position": position, "sku": line.sku, "quantity": line.quantity, "cents": prices[line.sku]}
        for position, line in enumerate(basket.lines)
    ]


async def _discount(db: Connection, code: str | None, subtotal: int) -> int:
    if code is None:
        return 0
    discount = await tables.discount(db, code)
    if discount is None:
        raise Problem(422, f"discount_code: no code {code!r}")
    if discount["valid_until"] is not None and discount["valid_until"] < datetime.now(UTC).date():
        raise Problem(422, f"discount_code: {code!r} expired on {discount['valid_until']}")
    off = subtotal * discount["value"] // 100 if discount["kind"] == "percent" else discount["value"]
    return min(int(off), subtotal)


async def _move(db: Connection, order: Row, status: str, payment_id: int | None) -> Row:
    if status not in MOVES.get(order["status"], ()):
        raise Problem(409, f"order {order['id']} is {order['status']}, it cannot become {status}")
    await tables.change(db, order["id"], status, payment_id)
    if status == "cancelled":
        await tables.release(db, _pieces(order["lines"]))
        await _give_points(order, -_earned(order), "order_cancelled")
    return {**order, "status": status, "payment_id": payment_id}


def _pieces(lines: list[Row]) -> list[tuple[str, int]]:
    return [(line["sku"], line["quantity"]) for line in lines]


def _earned(order: Row) -> int:
    return int(order["total_cents"]) // 100


async def _give_points(order: Row, number: int, reason: str) -> None:
    await shop.add_points(user_id=order["user_id"], order_id=order["id"], points=number, reason=reason)
