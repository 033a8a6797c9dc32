"""The orders service as one application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.orders import db, orders, problems, shop, users


@asynccontextmanager
async def _lifespan(_app: FastAPI) -> AsyncIterator[None]:
    async with users.neighbour(), shop.neighbour():
        yield
    await db.engine().dispose()


app = FastAPI(title="Orders", version="1.0.0", lifespan=_lifespan)
problems.install(app)
app.include_router(orders.router)


@app.get("/health", tags=["health"])
async def health() -> dict[str, str]:
    """Say that the process is there."""
    return {"status": "ok"}
