"""What these tests share: how somebody becomes a customer."""

import secrets
from typing import Any

import httpx


async def joined(users: httpx.AsyncClient, nickname: str) -> dict[str, Any]:
    """Take in somebody new; what is to be said of them from now on."""
    email = f"{secrets.token_hex(8)}@bazaar.example"
    created = await users.post("/users", json={"nickname": nickname, "email": email})
    return {"id": created.json()["id"], "nickname": nickname, "email": email}
