"""What the shop asks of orders: one function for each question."""

from shop.clients.asking import ask
from shop.schemas import Order, OrderPage


async def find(order_id: int) -> Order | None:
    """Return one order, or None if there is none."""
    return await ask("orders", Order, "GET", f"/orders/{order_id}")


async def latest(*, user_id: int | None = None) -> list[Order]:
    """Return the latest hundred orders, of one customer or of all, newest first."""
    whose = {} if user_id is None else {"user_id": user_id}
    page = await ask("orders", OrderPage, "GET", "/orders", params={"limit": 100, **whose})
    return page.items if page else []
