"""Run as a script, in a process of its own: the imports among a workspace's modules, by grimp. It runs nothing of theirs.

Standard input: {"tree": folder, "packages": ["shop", …], "files": ["single", …]}.
Standard output: {"modules": […], "imports": [[importer, imported], …]} or {"error": "…"}.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import grimp

__all__: list[str] = []


def main() -> None:
    """Read what is asked, write what is found."""
    asked = json.load(sys.stdin)
    try:
        found = _graph(asked)
    except Exception as error:  # noqa: BLE001  (whatever a file of theirs holds, it is said in a sentence)
        found = {"error": f"{type(error).__name__}: {error}"}
    json.dump(found, sys.stdout)


def _graph(asked: dict[str, Any]) -> dict[str, Any]:
    modules: set[str] = set(asked["files"])
    imports: set[tuple[str, str]] = set()
    if asked["packages"]:
        sys.path.insert(0, asked["tree"])  # grimp looks packages up there; it only reads them
        graph = grimp.build_graph(*asked["packages"], cache_dir=None)
        modules |= graph.modules
        for module in graph.modules:
            imports |= {(module, other) for other in graph.find_modules_directly_imported_by(module)}
    for name in asked["files"]:
        imports |= {(name, other) for other in _named(Path(asked["tree"], f"{name}.py"), modules)}
    return {"modules": sorted(modules), "imports": sorted(imports)}


def _named(file: Path, known: set[str]) -> set[str]:
    """Return which of the known modules a single file imports; grimp reads packages only."""
    found = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            below = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= below & known or {node.module}
    return found & known


if __name__ == "__main__":
    main()
