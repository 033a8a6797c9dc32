"""What the shop asks of orders: one function for each question."""

from shop.clients.asking import ask
from shop.problems import Problem
from shop.schemas import Order, OrderPage


async def find(order_id: int) -> Order | None:
    """Return one order, or None if there is none."""
    return await ask("orders", Order, "GET", f"/orders/{order_id}")


async def latest(*, user_id: int | None = None) -> list[Order]:
    """Return the latest hundred orders, of one customer or of all, newest first."""
    whose = {} if user_id is None else {"user_id": user_id}
    page = await ask("orders", OrderPage, "GET", "/orders", params={"limit": 100, **whose})
    return page.items if page else []


async def settle(order_id: int, payment_id: int, result: str) -> None:
    """Tell an order how its payment went; a Problem 409 if it waits for none. Telling it twice does no harm."""
    told = {"payment_id": payment_id, "result": result}
    if await ask("orders", Order, "POST", f"/orders/{order_id}/payment", json=told) is None:
        raise Problem(409, f"there is no order {order_id} that waits for a payment")
