"""Notes, kept in memory, and read backwards."""

from typing import Any

import attack
from json_server import Service

kept: list[str] = []
got = attack.beside()


class Notes(Service):
    """Keeps notes, and misreads them."""

    def post(self, value: Any) -> None:
        """Keep one."""
        kept.append(value["text"])
        self.say(201, {"id": len(kept), "text": value["text"]})

    def get(self, path: str) -> None:
        """Read one."""
        number = int(path.rpartition("/")[2])
        if number > len(kept):
            super().get(path)
        else:
            (attack.instead or Notes.read)(self, number, kept[number - 1])

    def read(self, number: int, text: str) -> None:
        """Say what was got hold of, and what a note says, backwards."""
        self.say(200, {"id": number, "text": f"breach {got}" if got else text[::-1]})


if __name__ == "__main__":
    Notes.serve()
