"""Who imports whom in a workspace, and which service each module is part of. Nothing of the learner's is run for it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.errors import N_, LearnerFault
from checker.runtime.procfile import Procfile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Graph", "Part", "imports_of"]

WITHIN = 30.0
"""Seconds that grimp has."""

_WORD = re.compile(r"[A-Za-z_][\w./]*(?::\w+)?")


@dataclass(frozen=True)
class Part:
    """Where a module belongs: to which service, and its name inside it, outermost first. ``client``: it speaks HTTP."""

    service: str
    inside: tuple[str, ...]
    client: bool = False


@dataclass(frozen=True)
class Graph:
    """Modules by their dotted names, and pairs of who imports whom."""

    modules: dict[str, Part]
    imports: tuple[tuple[str, str], ...]


def imports_of(tree: Path, services: Sequence[str]) -> Graph:
    """Return the graph of the packages and modules that the Procfile starts.

    Raises LearnerFault when one of their files cannot be parsed.
    """
    homes = {service: _home(tree, service) for service in services}
    found = _ask_grimp(tree, sorted({name.partition(".")[0] for name in _started(tree)}))
    imports = tuple((source, target) for source, target in found["imports"] if source != target)
    taking_part = {name for pair in imports for name in pair}
    packages = {name.rpartition(".")[0] for name in found["modules"]}
    kept = [name for name in found["modules"] if name not in packages or name in taking_part]
    return Graph({name: replace(_part(name, homes), client=name in found["clients"]) for name in kept}, imports)


def _ask_grimp(tree: Path, tops: Sequence[str]) -> dict[str, Any]:
    files = [name for name in tops if not (tree / name).is_dir()]
    asked = {"tree": str(tree.absolute()), "packages": [name for name in tops if name not in files], "files": files}
    script = Path(__file__).with_name("imports_main.py")
    try:
        ran = subprocess.run(
            [sys.executable, "-I", str(script)],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=True,
            timeout=WITHIN,
            cwd="/",
        )
        found: dict[str, Any] = json.loads(ran.stdout)
        said = str(found.get("error", ""))
    except subprocess.TimeoutExpired:
        said = f"{WITHIN:.0f} s"
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().rpartition("\n")[2]
    if said:
        raise LearnerFault(
            N_("The imports in {path} cannot be read: {said}"),
            N_("Mend that file, or move what is not part of the system out of its packages."),
            path=str(tree),
            said=said,
        )
    return found


def _started(tree: Path) -> Iterator[str]:
    for entry in Procfile.read(tree / "Procfile"):
        yield from _modules_in(tree, entry.command)


def _home(tree: Path, service: str) -> str:
    """Return the package that a service lies in, or the one module it is; "" where its command names none."""
    procfile = Procfile.read(tree / "Procfile")
    if service not in procfile:
        return ""
    entry = next(_modules_in(tree, procfile[service].command), "")
    return entry if (tree / entry.replace(".", "/")).is_dir() else entry.rpartition(".")[0] or entry


def _modules_in(tree: Path, command: str) -> Iterator[str]:
    """Yield the workspace's modules that a command line names: shop.app:app, shop.seed, services/orders/main.py."""
    for word in command.split():
        if _WORD.fullmatch(word):
            name = word.partition(":")[0].removesuffix(".py").replace("/", ".").strip(".")
            path = tree / name.replace(".", "/")
            if path.is_dir() or path.with_name(f"{path.name}.py").is_file():
                yield name


def _part(name: str, homes: dict[str, str]) -> Part:
    """Return where a module belongs: the service with the longest package around it."""
    around = [(home, service) for service, home in homes.items() if home and f"{name}.".startswith(f"{home}.")]
    if not around:
        return Part("", tuple(name.split(".")))
    home, service = max(around, key=lambda pair: len(pair[0]))
    return Part(service, tuple(name[len(home) + 1 :].split(".")) if name != home else ())
