"""What a recording proxy adds to a request: the same request, to the same service, with and without it between."""

from __future__ import annotations

import http.client
import tempfile
import time
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from five_checks import stand
from table import Row, row

from checker.evidence import HttpProxy
from checker.ledger import Ledger

__all__ = ["rows"]

REQUESTS = 400
"""Each way, in each round."""
MS = 1000.0


def rows(rounds: int) -> list[Row]:
    """Measure: one request directly, one through the proxy, in turns."""
    with tempfile.TemporaryDirectory(prefix="seamwork-bench-") as folder, stand(Path(folder)) as (ground, stage):
        port = urlsplit(stage.system()["notes"].url).port or 0
        proxy = HttpProxy(ground.loop, Ledger(), caller="bench", callee="notes", upstream=("127.0.0.1", port))
        try:
            costs = _in_turns({"direct": port, "proxied": proxy.port}, rounds * REQUESTS)
        finally:
            proxy.close()
            stage.close()
    direct = row("one request to FastAPI, directly", costs["direct"], "ms")
    proxied = row("one request to FastAPI, through the recording proxy", costs["proxied"], "ms", peer=direct)
    return [proxied, direct, row("what the proxy adds to a request", costs["proxied"] - costs["direct"], "ms")]


def _in_turns(ports: dict[str, int], requests: int) -> dict[str, float]:
    connections = {name: http.client.HTTPConnection("127.0.0.1", port) for name, port in ports.items()}
    seen: dict[str, list[float]] = {name: [] for name in ports}
    for _ in range(requests):
        for name, connection in connections.items():
            began = time.perf_counter()
            connection.request("GET", "/health")
            connection.getresponse().read()
            seen[name].append((time.perf_counter() - began) * MS)
    for connection in connections.values():
        connection.close()
    return {name: median(costs[len(costs) // 10 :]) for name, costs in seen.items()}  # the first tenth warms up
