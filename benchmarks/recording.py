"""What one run asked of the learner's services, as plain data: the floor asks the same."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from checker import OTHERS
from checker.course import Contract, Lab
from checker.plugin import run_checks
from checker.runtime.ground import Ground
from checker.runtime.stage import Stage
from checker.runtime.system import System

__all__ = ["SEED", "record"]

SEED = 20
"""The same requests in every run that is measured."""


class _Noting(Stage):
    """A stage that notes which check played on which scene: with which services, which stand-ins, shared or fresh."""

    def __init__(self, ground: Ground, lab: Lab, tree: Path) -> None:
        super().__init__(ground, lab, tree, seed=SEED)
        self.scenes: dict[str, dict[str, Any]] = {}
        self.played: dict[str, str] = {}

    def system(self, *, fresh: bool = False, **options: Any) -> System:
        check = str(self.ledger.check)
        real = list(options.get("only") or self.roles)
        standins = list(options.get("standins", []))
        if OTHERS in standins:
            standins = [name for name in self.roles if name not in real]
        name = check if fresh else " ".join([*real, *(f"~{standin}" for standin in standins)])
        self.scenes[name] = _scene("workspace", self.contract, real, standins) | {"fresh": fresh}
        self.played[check] = name
        return super().system(fresh=fresh, **options)


def record(ground: Ground, lab: Lab, tree: Path) -> dict[str, Any]:
    """Run a lab's checks once. Returns ``scenes``, what was asked of them (``asks``), what stand-ins answered (``answers``).

    Raises SystemExit when a check does not pass: then there is nothing to measure.
    """
    ground.ready_for(tree)
    stage = _Noting(ground, lab, tree)
    results = run_checks(stage, [lab])
    if failed := [result.name for result in results if result.outcome.value != "passed"]:
        raise SystemExit(f"cannot be measured: {', '.join(failed)} did not pass in {tree}")
    recorded = _told(stage, ground.course.contract("00"))
    ground.later(stage.close)
    ground.tidied()
    return recorded


def _told(stage: _Noting, before: Contract) -> dict[str, Any]:
    asks, answers = [], defaultdict(lambda: defaultdict(list))
    for seen in sorted(stage.ledger.exchanges(), key=lambda exchange: exchange.at):
        scene = "monolith" if seen.callee == "monolith" else stage.played[str(seen.check)]
        if seen.caller == "you":
            role = "shop" if scene == "monolith" else seen.callee
            asks.append({"scene": scene, "role": role, "ask": seen.request, "body": seen.sent, "status": seen.status})
        if scene != "monolith" and seen.callee in stage.scenes[scene]["standins"]:
            answers[scene][seen.request].append([seen.status, seen.received])
    monolith = _scene("monolith", before, ["shop"], []) | {"fresh": False}
    return {"scenes": {"monolith": monolith, **stage.scenes}, "asks": asks, "answers": answers}


def _scene(folder: str, contract: Contract, real: list[str], standins: list[str]) -> dict[str, Any]:
    services = {}
    for role in real:
        owner = contract.owners[role]
        releases = [
            name
            for each in contract.owners.values()
            if each.database == owner.database
            for name in each.processes
            if name.endswith("-release")
        ]
        services[role] = {"database": owner.database, "releases": releases, "calls": list(owner.calls)}
    return {"folder": folder, "services": services, "standins": standins}
