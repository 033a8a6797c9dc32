"""What these tests share: a basket to order."""

from collections.abc import Mapping
from typing import Any


def basket(user_id: int, pieces: Mapping[str, int]) -> dict[str, Any]:
    """Return the body of an order for so many pieces of each product."""
    return {
        "user_id": user_id,
        "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in pieces.items()],
        "address": {
            "recipient": "Ada Byron",
            "street": "St James's Square 12",
            "city": "London",
            "postcode": "SW1Y 4JH",
            "country": "GB",
        },
    }
