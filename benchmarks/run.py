"""make bench: each number that the course promises, measured here and now, beside what people use today.

Never a test: it prints a Markdown table, writes build/bench.json, and ends with 0 whatever the numbers are.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import calls_lab
import data_lab
import events_lab
import five_checks
import footprint
import proxy_overhead
import save_to_verdict
import tap_overhead_postgres
import tap_overhead_redis
from rounds import load
from table import Row, as_list, markdown

ROOT = Path(__file__).resolve().parents[1]
FEWEST = 5
"""Rounds of a measurement that counts."""

PARTS: dict[str, Callable[[int], list[Row]]] = {
    "verdict": save_to_verdict.rows,
    "five": five_checks.rows,
    "data": data_lab.rows,
    "calls": calls_lab.rows,
    "events": events_lab.rows,
    "footprint": footprint.rows,
    "proxy": proxy_overhead.rows,
    "postgres-tap": tap_overhead_postgres.rows,
    "redis-tap": tap_overhead_redis.rows,
}


def main() -> None:
    """Measure the parts one after the other: within a part, what is compared takes turns."""
    asked = _arguments()
    began, before = time.monotonic(), load()
    rows = [row for name in asked.only or PARTS for row in _measured(name, asked.rounds)]
    print(f"\nPython {platform.python_version()}, {os.cpu_count()} cores, load {before} before and {load()} after,")
    print(f"medians of {asked.rounds} rounds, {time.monotonic() - began:.0f} s in all.\n")
    print(markdown(rows))
    file = ROOT / "build" / "bench.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(as_list(rows), ensure_ascii=False, indent=2) + "\n", "utf-8")
    print(f"\nwritten to {file.relative_to(ROOT)}")


def _measured(name: str, rounds: int) -> list[Row]:
    began = time.monotonic()
    print(f"── {name}", end=" ", file=sys.stderr, flush=True)
    rows = PARTS[name](rounds)
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return rows


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=FEWEST, help="of each measurement; fewer than five prove nothing")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part alone; may be repeated")
    return parser.parse_args()


if __name__ == "__main__":
    main()
