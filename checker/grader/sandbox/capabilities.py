"""What kinds of cells this machine lets us make, and what they lack here: found out by making one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from checker.errors import N_, Blocked
from checker.grader.sandbox import engine

__all__ = ["KINDS", "Capabilities", "Loss", "look"]

KINDS = ("forked", "bubblewrap", "docker")
"""Of cells, the best first."""
PROGRAMS = {"bubblewrap": ("bwrap", "apt-get install bubblewrap"), "docker": ("docker", "apt-get install docker.io")}
"""Without which there is no such kind, and what brings them."""
ANSWERS = 30.0
"""Seconds within which a cell is made and has run something."""


@dataclass(frozen=True)
class Loss:
    """Something that cells here do not have. ``what`` is a message id; ``move`` is the one command that brings it."""

    what: str
    move: str = ""


LOSSES = {
    "users": Loss(
        N_("Services share one user: they are kept apart by namespaces alone."),
        "sudo seamwork grade …",
    ),
    "memory": Loss(
        N_("No control group bounds memory: each process has a limit of its own, and a service can have many."),
        "sudo seamwork grade …",
    ),
    "pids": Loss(
        N_("No control group bounds processes: all services of a submission share one limit."),
        "sudo seamwork grade …",
    ),
    "landlock": Loss(N_("This kernel has no Landlock: services can call each other past the edges that are declared.")),
    "scopes": Loss(N_("This kernel's Landlock is older than 6.12: services can meet at abstract socket names.")),
    "seccomp": Loss(
        N_("There is no libseccomp: every system call reaches the kernel."),
        "apt-get install libseccomp2",
    ),
}
"""By what the probe says is there."""


@dataclass(frozen=True)
class Capabilities:
    """``kinds``: why each cannot be made here; empty where it can. ``losses``: what those that can still lack."""

    kinds: Mapping[str, str]
    losses: Sequence[Loss] = field(default_factory=tuple)

    @property
    def best(self) -> str | None:
        """The first kind that can be made; None where there is none."""
        return next((kind for kind, why in self.kinds.items() if not why), None)

    def choose(self, wanted: str = "") -> str:
        """Return the kind that is wanted, or the best. Raises Blocked where it cannot be had: nothing runs without."""
        kind = wanted or self.best or ""
        if kind and not self.kinds.get(kind, "-"):
            return kind
        why = self.kinds.get(kind, "") or "; ".join(f"{name}: {reason}" for name, reason in self.kinds.items())
        raise Blocked(
            N_("What students hand in runs in a sandbox, and there is none to be had here ({why})."),
            N_(
                "Run it on Linux as root, or allow user namespaces (sysctl user.max_user_namespaces=10000)."
                " --unsafe does without, and every result says so."
            ),
            why=why,
        )


def look(kinds: Sequence[str] = KINDS) -> Capabilities:
    """Make a cell of each kind, in a process of its own, and see. Takes about two seconds."""
    with ThreadPoolExecutor(max_workers=len(kinds)) as pool:
        seen = dict(zip(kinds, pool.map(_try, kinds), strict=True))
    there: dict[str, bool] = next((one["there"] for one in seen.values() if not one["why"]), {})
    losses = [loss for name, loss in LOSSES.items() if there and not there.get(name)]
    return Capabilities({kind: one["why"] for kind, one in seen.items()}, losses)


def _try(kind: str) -> dict[str, Any]:
    program, move = PROGRAMS.get(kind, ("true", ""))
    if shutil.which(program) is None:
        return {"why": f"{program} is not on PATH ({move})"}
    command = [sys.executable, "-I", "-m", "checker.grader.sandbox.probe", kind]
    try:
        ran = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=ANSWERS,
            stdin=subprocess.DEVNULL,
            env=_plain(),
        )
        found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1]) if ran.stdout else {}
    except (subprocess.TimeoutExpired, ValueError) as error:
        return {"why": str(error)}
    said = ran.stderr.strip().splitlines()
    return found or {"why": said[-1] if said else f"exit code {ran.returncode}"}


def _plain() -> dict[str, str]:
    return engine.environment() | {name: os.environ[name] for name in ("TMPDIR",) if name in os.environ}
