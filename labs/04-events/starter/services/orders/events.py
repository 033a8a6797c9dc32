"""What orders does when it hears of payments. The process orders-events."""

from services.orders import stream


async def handle(raw: bytes) -> None:
    """Move an order on as its payment went; one that does not wait for it any more stays as it is.

    Raises Unreadable when this is no event, or not what its type says.
    """
    # Your turn: read it, pass over what is not known here, and do what it asks for in one transaction.


if __name__ == "__main__":
    stream.consume("payments.events", "orders", handle)
