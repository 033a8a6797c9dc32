"""Notes, kept in memory: one small service, as it is handed in."""

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field


class NewNote(BaseModel):
    """What is to be kept."""

    text: str = Field(min_length=1, max_length=200)


app = FastAPI()
notes: dict[int, str] = {}


@app.get("/health")
async def health() -> dict[str, str]:
    """Say that it is there."""
    return {"status": "ok"}


@app.post("/notes", status_code=201)
async def keep(note: NewNote) -> dict[str, int | str]:
    """Keep a note."""
    number = len(notes) + 1
    notes[number] = note.text
    return {"id": number, "text": note.text}


@app.get("/notes/{number}")
async def read(number: int) -> dict[str, int | str]:
    """Return one note."""
    if number not in notes:
        raise HTTPException(404, f"There is no note {number}.")
    return {"id": number, "text": notes[number]}
