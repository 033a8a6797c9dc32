"""The shop as one application."""

from fastapi import Body, FastAPI
from sqlalchemy import text

from shop import pages, payments, points, problems, products, users

app = FastAPI(title="The Bazaar", version="1.0.0")
problems.install(app)
for domain in (products, users, points, payments, pages):
    app.include_router(domain.router)


@app.get("/stock/{sku}")
async def pieces(sku: str, session: points.Session) -> dict[str, int]:
    """Say how many pieces there are."""
    found = await session.scalar(text("SELECT available FROM stock WHERE sku = :sku"), {"sku": sku})
    return {"available": found or 0}


@app.put("/stock/{sku}")
async def set_pieces(sku: str, session: points.Session, available: int = Body(embed=True)) -> dict[str, int]:
    """Note how many pieces there are."""
    await session.execute(text("UPDATE stock SET available = :n WHERE sku = :sku"), {"sku": sku, "n": available})
    await session.commit()
    return {"available": available}


@app.get("/health", tags=["health"])
async def health() -> dict[str, str]:
    """Say that the process is there."""
    return {"status": "ok"}
