"""The orders service as one application."""

from fastapi import FastAPI

from services.orders import orders, problems

app = FastAPI(title="Orders", version="1.0.0")
problems.install(app)
app.include_router(orders.router)


@app.get("/health", tags=["health"])
def health() -> dict[str, str]:
    """Say that the process is there."""
    return {"status": "ok"}
