"""What the checks of a lab promise, read from their files without running them."""

import ast
from pathlib import Path

from checker.course.strict import read_toml
from checker.errors import N_, EngineFault

__all__ = ["claims_in"]


def claims_in(folder: Path) -> dict[str, dict[str, str]]:
    """Return each check's claim by language, {"test_x": {"en": ..., "zh": ...}}, in the order of files and lines.

    English is the docstring's first paragraph; Chinese comes from ``claims.zh.toml``. A language without a claim
    is left out. Raises EngineFault on a file that is no Python, a name used twice, a claim for no check.
    """
    claims: dict[str, dict[str, str]] = {}
    for file in sorted(folder.glob("test_*.py")):
        for function in _checks(file):
            if function.name in claims:
                raise EngineFault(
                    N_("{file} has a second check named {name}."),
                    N_("Give one of them another name: hints and marks go by name."),
                    file=file,
                    name=function.name,
                )
            claim = " ".join((ast.get_docstring(function) or "").split("\n\n")[0].split())
            claims[function.name] = {"en": claim} if claim else {}
    _add_chinese(claims, folder / "claims.zh.toml")
    return claims


def _checks(file: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    try:
        module = ast.parse(file.read_bytes(), str(file))
    except (SyntaxError, ValueError) as reason:
        raise EngineFault(
            N_("{file} is no valid Python: {reason}."), N_("Mend it."), file=file, reason=str(reason)
        ) from None
    functions = (node for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [function for function in functions if function.name.startswith("test_")]


def _add_chinese(claims: dict[str, dict[str, str]], file: Path) -> None:
    if not file.exists():
        return
    table = read_toml(file)
    for name, claim in claims.items():
        if chinese := table.take(name, str, ""):
            claim["zh"] = chinese
    table.close()
