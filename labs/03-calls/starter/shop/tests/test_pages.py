"""Pages are put together from what the neighbours say."""

import httpx

from shop.tests.world import POINTS


async def test_a_customers_page_is_put_together(shop: httpx.AsyncClient) -> None:
    """Name and points come from users, the history from orders."""
    page = await shop.get("/pages/users/3")

    assert f"ada3@bazaar.example · {POINTS} points" in page.text
    assert 'href="/pages/orders/1"' in page.text
