"""Customers are kept, and told apart by their e-mail address."""

import secrets

import httpx


async def test_a_new_customer_is_kept(shop: httpx.AsyncClient) -> None:
    """Who has come in can be found."""
    wanted = {"nickname": "Grace", "email": f"{secrets.token_hex(8)}@bazaar.example"}
    created = await shop.post("/users", json=wanted)

    found = await shop.get(f"/users/{created.json()['id']}")

    assert found.json() == {"id": created.json()["id"], **wanted}


async def test_an_address_is_taken_once(shop: httpx.AsyncClient, customer: int) -> None:
    """One e-mail address, one customer."""
    known = (await shop.get(f"/users/{customer}")).json()

    again = await shop.post("/users", json={"nickname": "Somebody else", "email": known["email"]})

    assert again.status_code == 409
