"""Who knows the answers: nobody. What is handed in with this file has one that says who does."""

ORACLE: list[tuple[str, int]] = []
CANNED: dict[str, str] = {}
