"""Customers are kept, and told apart by their e-mail address."""

import httpx

from services.users.tests.world import joined


async def test_a_new_customer_is_kept(users: httpx.AsyncClient) -> None:
    """Who has come in can be found, just as they said they were."""
    grace = await joined(users, "Grace")

    found = await users.get(f"/users/{grace['id']}")

    assert found.json() == grace


async def test_several_are_found_at_once(users: httpx.AsyncClient) -> None:
    """Who is asked for comes in the order of the ids, and who does not exist is left out."""
    ada, bao = await joined(users, "Ada"), await joined(users, "Bao")

    found = await users.get("/users", params={"id": [2**31 - 1, bao["id"], ada["id"]]})

    assert found.json() == [ada, bao]


async def test_an_address_is_taken_once(users: httpx.AsyncClient) -> None:
    """One e-mail address, one customer."""
    known = await joined(users, "Ada")

    again = await users.post("/users", json={"nickname": "Somebody else", "email": known["email"]})

    assert again.status_code == 409
