"""The service that moves orders on, in the tables of the other one."""

from fastapi import FastAPI

from services.orders import problems
from services.orders.orders import status

app = FastAPI(title="Order status")
problems.install(app)
app.include_router(status)


@app.get("/health")
async def health() -> dict[str, str]:
    """Say that the process is there."""
    return {"status": "ok"}
