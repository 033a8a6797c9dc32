"""The shop as one application, and the data layer of orders."""

import os

from fastapi import FastAPI

from services.orders import orders as order_data
from services.orders import problems as order_problems
from shop import pages, payments, points, problems, products, users

app = FastAPI(title="The Bazaar", version="1.0.0")
problems.install(app)
for domain in (products, users, points, payments, pages):
    app.include_router(domain.router)


# The data layer asks for users and products as well: the shop, that is, itself.
os.environ["SHOP_URL"] = f"http://127.0.0.1:{os.environ['PORT']}"
data = FastAPI(title="Order data")
order_problems.install(data)
data.include_router(order_data.router)
app.mount("/data", data)


@app.get("/health", tags=["health"])
async def health() -> dict[str, str]:
    """Say that the process is there."""
    return {"status": "ok"}
