"""What a check can ask for by name: the system, its services by role, the monolith, seeded chance."""

from __future__ import annotations

import random
import types
from collections.abc import Callable, Mapping

import pytest

from checker.runtime.provisioned import Databases
from checker.runtime.role import Role
from checker.runtime.stage import Run, Stage
from checker.runtime.system import System

__all__ = ["fixtures_for"]


def fixtures_for(stage: Stage) -> types.ModuleType:
    """Return a module of fixtures bound to ``stage``, with one for each role of the lab's contract."""
    module = types.ModuleType("seamwork_fixtures")
    fixtures: list[object] = [
        _stage(stage),
        _system(stage),
        _monolith(stage),
        _rng(stage),
        _departures(stage),
        _databases(stage),
        _run(stage),
        *map(_role, stage.roles),
    ]
    for number, fixture in enumerate(fixtures):
        setattr(module, f"fixture_{number}", fixture)
    return module


def _stage(stage: Stage) -> object:
    @pytest.fixture(name="stage")
    def fixture() -> Stage:
        return stage

    return fixture


def _system(stage: Stage) -> object:
    @pytest.fixture(name="system")
    def fixture(request: pytest.FixtureRequest) -> System:
        marker = request.node.get_closest_marker("system")
        wanted = dict(marker.kwargs) if marker else {}
        return stage.system(fresh=request.node.get_closest_marker("fresh") is not None, **wanted)

    return fixture


def _monolith(stage: Stage) -> object:
    @pytest.fixture(name="monolith")
    def fixture() -> System:
        return stage.monolith()

    return fixture


def _rng(stage: Stage) -> object:
    @pytest.fixture(name="rng")
    def fixture(request: pytest.FixtureRequest) -> random.Random:
        return stage.rng(request.node.name)

    return fixture


def _departures(stage: Stage) -> object:
    @pytest.fixture(name="departures")
    def fixture(request: pytest.FixtureRequest, system: System) -> Callable[[Mapping[str, object]], list[str]]:
        marker = request.node.get_closest_marker("contract")
        return lambda known: stage.conformance(marker.args[0]).departures(system[marker.args[0]], known)

    return fixture


def _databases(stage: Stage) -> object:
    @pytest.fixture(name="databases")
    def fixture() -> Databases:
        return stage.databases

    return fixture


def _run(stage: Stage) -> object:
    @pytest.fixture(name="run")
    def fixture() -> Run:
        return stage.run

    return fixture


def _role(name: str) -> Callable[..., Role]:
    @pytest.fixture(name=name)
    def fixture(system: System) -> Role:
        return system[name]

    return fixture
