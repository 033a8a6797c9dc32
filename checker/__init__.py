"""Seamwork's checker: starts a learner's services, is their client, breaks what is around them, and judges what it sees.

What a check's author needs is here; it is imported when it is first used, for ``seamwork --help`` must be quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checker.backing import Adopted
    from checker.errors import NoReply
    from checker.evidence import Asked, PostgresTap, Reply, StandIn, at_once
    from checker.runtime.building import OTHERS
    from checker.runtime.provisioned import Databases
    from checker.runtime.role import Role
    from checker.runtime.stage import Run, Stage
    from checker.runtime.system import System
    from checker.runtime.worker import Worker
    from checker.wait import eventually, until

__all__ = [
    "OTHERS",
    "Adopted",
    "Asked",
    "Databases",
    "NoReply",
    "PostgresTap",
    "Reply",
    "Role",
    "Run",
    "Stage",
    "StandIn",
    "System",
    "Worker",
    "at_once",
    "eventually",
    "until",
]

_HOMES = {
    "OTHERS": "checker.runtime.building",
    "Adopted": "checker.backing",
    "Asked": "checker.evidence",
    "Databases": "checker.runtime.provisioned",
    "NoReply": "checker.errors",
    "PostgresTap": "checker.evidence",
    "Reply": "checker.evidence",
    "Role": "checker.runtime.role",
    "Run": "checker.runtime.stage",
    "Stage": "checker.runtime.stage",
    "StandIn": "checker.evidence",
    "System": "checker.runtime.system",
    "Worker": "checker.runtime.worker",
    "at_once": "checker.evidence",
    "eventually": "checker.wait",
    "until": "checker.wait",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
