"""The shop as one application."""

from fastapi import FastAPI

from shop import pages, problems, products

app = FastAPI(title="The Bazaar", version="1.0.0")
problems.install(app)
for domain in (products, pages):
    app.include_router(domain.router)


@app.get("/health", tags=["health"])
async def health() -> dict[str, str]:
    """Say that the process is there."""
    return {"status": "ok"}
