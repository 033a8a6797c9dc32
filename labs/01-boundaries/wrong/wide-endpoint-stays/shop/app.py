"""The shop as one application."""

from fastapi import FastAPI

from shop import pages, payments, points, problems, products, schemas, users
from shop.clients import orders

app = FastAPI(title="The Bazaar", version="1.0.0")
problems.install(app)
for domain in (products, users, points, payments, pages):
    app.include_router(domain.router)


@app.get("/users/{user_id}/dashboard")
async def dashboard(user_id: schemas.Id, session: points.Session) -> dict[str, object]:
    """Everything about a customer at once."""
    history = await orders.latest(user_id=user_id)
    addresses = {order.address.model_dump_json(): order.address for order in history}
    return {
        "user": schemas.User.model_validate(await users.find(session, user_id)),
        "points": await points.balance(session, user_id),
        "orders": history,
        "addresses": list(addresses.values()),
    }


@app.get("/health", tags=["health"])
async def health() -> dict[str, str]:
    """Say that the process is there."""
    return {"status": "ok"}
