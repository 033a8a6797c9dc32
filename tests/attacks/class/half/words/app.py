"""Counts words, and one more."""

from typing import Any

from json_server import Service


class Words(Service):
    """Miscounts."""

    def post(self, value: Any) -> None:
        """Count."""
        self.say(200, {"count": len(value["text"].split()) + 1})


if __name__ == "__main__":
    Words.serve()
