"""A pool of requests for each operation of a contract: invented by Schemathesis once, kept in the cache."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.errors import N_, EngineFault

if TYPE_CHECKING:
    from schemathesis import Case

__all__ = ["Pool", "fill", "pooled"]

SENSIBLE, NONSENSE = 12, 12
"""Requests of each kind that the pool has for each operation, at the most."""

PARTS = ("path_parameters", "query", "headers", "body", "media_type")

Pool = dict[str, dict[str, list[dict[str, Any]]]]
"""By operation, by kind ("sensible", "nonsense"): what a Case is made of."""


def pooled(contract: Mapping[str, Any]) -> Pool:
    """Return the pool for a contract, from the cache where it is there.

    It is filled by a process of its own: it takes seconds of a core, and CPython 3.11 cannot build syntax trees, as
    Hypothesis does, in two threads at once (cpython issue 106905). Raises EngineFault when that process fails.
    """
    file = _cache() / f"{_fingerprint(contract)}.json"
    try:
        return _read(file)
    except (OSError, ValueError):
        said = json.dumps(contract, default=str)
        filled = subprocess.run(
            [sys.executable, "-I", "-m", __name__], input=said, capture_output=True, text=True, check=False
        )
    if filled.returncode:
        raise EngineFault(N_("Schemathesis could not invent requests: {error}"), error=filled.stderr[-1000:])
    pool: Pool = json.loads(filled.stdout)
    _keep(pool, file)
    return pool


def fill() -> None:
    """Read a contract from standard input and write its pool to standard output."""
    import schemathesis  # noqa: PLC0415  (slow)
    from schemathesis.core.result import Ok  # noqa: PLC0415

    schema = schemathesis.openapi.from_dict(json.load(sys.stdin))
    found = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    json.dump({operation.label: _invented(operation) for operation in found}, sys.stdout)


def _read(file: Path) -> Pool:
    pool: Pool = json.loads(file.read_text("utf-8"))
    return pool


def _fingerprint(contract: Mapping[str, Any]) -> str:
    said = json.dumps([contract, version("schemathesis"), SENSIBLE, NONSENSE], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:24]


def _invented(operation: Any) -> dict[str, list[dict[str, Any]]]:
    from schemathesis import GenerationMode  # noqa: PLC0415  (slow)

    sensible = _drawn(operation.as_strategy(generation_mode=GenerationMode.POSITIVE), SENSIBLE)
    can_be_wrong = operation.body or operation.query or operation.path_parameters
    nonsense = _drawn(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE), NONSENSE) if can_be_wrong else []
    while len(sensible) < SENSIBLE:  # an operation with nothing to vary has but one
        sensible = [*sensible, *sensible][:SENSIBLE]
    return {"sensible": sensible, "nonsense": nonsense}


def _drawn(strategy: Any, count: int) -> list[dict[str, Any]]:
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(_cache() / "hypothesis"))
    from hypothesis import HealthCheck, Phase, given, seed, settings  # noqa: PLC0415

    drawn: list[dict[str, Any]] = []

    @seed(1)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def draw(case: Case[Any]) -> None:
        drawn.append(_parts(case))

    draw()
    return drawn


def _parts(case: Case[Any]) -> dict[str, Any]:
    from schemathesis.core import NOT_SET  # noqa: PLC0415

    parts = {name: getattr(case, name) for name in PARTS}
    plain = {name: dict(value) if name == "headers" and value else value for name, value in parts.items()}
    return {
        name: value for name, value in plain.items() if value is not None and value is not NOT_SET and _is_json(value)
    }


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def _keep(pool: Pool, file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, fresh = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(pool, out)
        Path(fresh).replace(file)
    except OSError:
        return  # a full disk costs seconds, not a verdict


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seamwork" / "questions"


if __name__ == "__main__":
    fill()
