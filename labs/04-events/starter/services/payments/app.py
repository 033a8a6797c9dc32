"""The payments service as one application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.payments import db, orders, payments, problems


@asynccontextmanager
async def _lifespan(_app: FastAPI) -> AsyncIterator[None]:
    async with orders.client():
        yield
    await db.engine().dispose()


app = FastAPI(title="Payments", version="1.0.0", lifespan=_lifespan)
problems.install(app)
app.include_router(payments.router)


@app.get("/health", tags=["health"])
async def health() -> dict[str, str]:
    """Say that the process is there."""
    return {"status": "ok"}
