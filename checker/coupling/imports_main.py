"""Run as a script, in a process of its own: the imports among a workspace's modules, by grimp. It runs nothing of theirs.

Standard input: {"tree": folder, "packages": ["shop", …], "files": ["single", …]}.
Standard output: {"modules": […], "imports": [[importer, imported], …], "clients": […]} or {"error": "…"}; a client is a
module that imports a library to speak to others with.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import grimp

__all__: list[str] = []

SPEAKING = frozenset({"aiohttp", "grpc", "http", "httpx", "niquests", "pycurl", "requests", "urllib", "urllib3"})


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
        graph = grimp.build_graph(*asked["packages"], cache_dir=None, include_external_packages=True)
        modules |= {module for module in graph.modules if not graph.is_module_squashed(module)}
        for module in modules - set(asked["files"]):
            imports |= {(module, other) for other in graph.find_modules_directly_imported_by(module)}
    for name in asked["files"]:
        imports |= {(name, other) for other in _named(Path(asked["tree"], f"{name}.py"), modules | SPEAKING)}
    return {
        "modules": sorted(modules),
        "imports": sorted(pair for pair in imports if pair[1] in modules),
        "clients": sorted({source for source, target in imports if target.partition(".")[0] in SPEAKING - modules}),
    }


def _named(file: Path, known: set[str] | frozenset[str]) -> set[str]:
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
