"""The counter once more, with FastAPI."""

from collections import Counter

from fastapi import FastAPI

app = FastAPI()
counts: Counter[str] = Counter()


@app.get("/health")
async def health() -> dict[str, str]:
    """Say that it is well."""
    return {"status": "ok"}


@app.post("/counts/{name}", status_code=201)
async def add(name: str) -> dict[str, str | int]:
    """Count one more."""
    counts[name] += 1
    return await read(name)


@app.get("/counts/{name}")
async def read(name: str) -> dict[str, str | int]:
    """Tell how many."""
    return {"name": name, "count": counts[name]}
