"""Notes, kept in PostgreSQL: one small service, as many people have one."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import asyncpg
from fastapi import FastAPI, HTTPException, Path
from pydantic import BaseModel, Field

TABLE = "CREATE TABLE IF NOT EXISTS notes (id serial PRIMARY KEY, text text NOT NULL)"


class NewNote(BaseModel):
    """What is to be kept."""

    text: str = Field(min_length=1, max_length=200)


class Note(NewNote):
    """What is kept."""

    id: int


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Have a table, and connections to it."""
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=4) as pool:
        await pool.execute(TABLE)
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/health")
async def health() -> dict[str, str]:
    """Say that it is there."""
    return {"status": "ok"}


@app.post("/notes", status_code=201)
async def keep(note: NewNote) -> Note:
    """Keep a note."""
    number = await app.state.pool.fetchval("INSERT INTO notes (text) VALUES ($1) RETURNING id", note.text)
    return Note(id=number, text=note.text)


@app.get("/notes")
async def newest() -> list[Note]:
    """List the notes, newest first."""
    rows = await app.state.pool.fetch("SELECT id, text FROM notes ORDER BY id DESC LIMIT 50")
    return [Note(**row) for row in rows]


@app.get("/notes/{number}")
async def read(number: Annotated[int, Path(ge=1, le=2**31 - 1)]) -> Any:
    """Return one note."""
    row = await app.state.pool.fetchrow("SELECT id, text FROM notes WHERE id = $1", number)
    if row is None:
        raise HTTPException(404, f"There is no note {number}.")
    return Note(**row)
