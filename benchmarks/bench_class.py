"""make bench-class: what grading a class costs, beside what people grade classes with today.

Never a test: it prints a Markdown table, writes build/bench-class.json, and ends with 0 whatever the numbers are.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import class_lab
import class_many
import class_peers
import class_spread
from rounds import load
from table import Row, as_list, markdown

ROOT = Path(__file__).resolve().parents[1]
FEWEST = 3
"""Rounds in which graders take turns: each round is a class of its own."""

PARTS: dict[str, Callable[[Path, int], list[Row]]] = {
    "peers": class_peers.rows,
    "lab": class_lab.rows,
    "many": class_many.rows,
    "spread": class_spread.rows,
}


def main() -> None:
    """Measure the parts one after the other: within a part, what is compared takes turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=FEWEST, help="of what takes turns; fewer than three prove nothing"
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="this part alone; may be repeated")
    asked = parser.parse_args()
    began, before = time.monotonic(), load()
    rows: list[Row] = []
    for name in asked.only or PARTS:
        with tempfile.TemporaryDirectory(prefix="seamwork-class-") as folder:
            rows += PARTS[name](Path(folder), asked.rounds)
        print(f"── {name}: {time.monotonic() - began:.0f} s so far", flush=True)
    print(f"\nPython {platform.python_version()}, {os.cpu_count()} cores, load {before} before and {load()} after.\n")
    print(markdown(rows))
    file = ROOT / "build" / "bench-class.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(as_list(rows), ensure_ascii=False, indent=2) + "\n", "utf-8")
    print(f"\nwritten to {file.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
