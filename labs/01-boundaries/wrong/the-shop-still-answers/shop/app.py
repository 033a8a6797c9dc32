"""The shop as one application."""

import os

from fastapi import FastAPI

from services.orders import orders
from shop import pages, payments, points, problems, products, users

app = FastAPI(title="The Bazaar", version="1.0.0")
problems.install(app)
for domain in (products, users, points, payments, pages):
    app.include_router(domain.router)


os.environ["SHOP_URL"] = f"http://127.0.0.1:{os.environ['PORT']}"
app.include_router(orders.router)


@app.get("/health", tags=["health"])
async def health() -> dict[str, str]:
    """Say that the process is there."""
    return {"status": "ok"}
