"""The users service as one application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.users import db, points, problems, users


@asynccontextmanager
async def _lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield
    await db.engine().dispose()


app = FastAPI(title="Users", version="1.0.0", lifespan=_lifespan)
problems.install(app)
app.include_router(users.router)
app.include_router(points.router)


@app.get("/health", tags=["health"])
async def health() -> dict[str, str]:
    """Say that the process is there."""
    return {"status": "ok"}
