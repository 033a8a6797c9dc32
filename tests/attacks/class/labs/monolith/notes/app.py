"""Notes, kept in memory."""

from typing import Any

from json_server import Service

kept: list[str] = []


class Notes(Service):
    """Keeps notes, and reads them back."""

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
            self.read(number, kept[number - 1])

    def read(self, number: int, text: str) -> None:
        """Say what a note says."""
        self.say(200, {"id": number, "text": text})


if __name__ == "__main__":
    Notes.serve()
