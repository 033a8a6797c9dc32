"""What users does when it hears of orders. The process users-events."""

from services.users import stream


async def handle(raw: bytes) -> None:
    """Give points for an order, or take them back: once for each order and reason, in whatever order that is told.

    Raises Unreadable when this is no event, or not what its type says.
    """
    # Your turn: read it, pass over what is not known here, and do what it asks for in one transaction.


if __name__ == "__main__":
    stream.consume("orders.events", "users", handle)
