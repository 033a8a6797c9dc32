"""Counts words."""

from typing import Any

from json_server import Service


class Words(Service):
    """Counts the words of a text."""

    def post(self, value: Any) -> None:
        """Count."""
        self.say(200, {"count": len(value["text"].split())})


if __name__ == "__main__":
    Words.serve()
