"""The contract as tables: which service answers for an operation in each lab, and what each service is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checker.course import Contract, Course, Lab

__all__ = ["operations", "services"]

_METHODS = ("get", "post", "put", "patch", "delete")
_HEADS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "en": {"operations": ("Operation",), "services": ("Lab", "Service", "Processes", "Database", "May ask")},
    "zh": {"operations": ("操作",), "services": ("lab", "服务", "进程", "数据库", "可以问")},
}


def operations(course: Course, labs: Sequence[Lab], language: str) -> str:
    """Return each operation of openapi.yaml with its owner in each of the labs."""
    contracts = [course.contract(lab.number) for lab in labs]
    rows = [
        [f"`{operation}`{_english(summary, language)}", *(_owner(contract, operation) for contract in contracts)]
        for operation, summary in _listed(contracts[0].openapi)
    ]
    return _table([*_HEADS[language]["operations"], *(lab.number for lab in labs)], rows)


def services(course: Course, labs: Sequence[Lab], language: str) -> str:
    """Return what each service consists of in each of the labs, and whom it may ask."""
    rows = [
        [lab.number, f"`{name}`", _codes(owner.processes), f"`{owner.database}`", _codes(owner.calls)]
        for lab in labs
        for name, owner in course.contract(lab.number).owners.items()
    ]
    return _table(_HEADS[language]["services"], rows)


def _listed(openapi: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for path, item in openapi["paths"].items():
        for method in _METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]["summary"]


def _owner(contract: Contract, operation: str) -> str:
    if operation == "GET /health":
        return " ".join(f"`{name}`" for name in contract.owners)
    owners = [name for name, owner in contract.owners.items() if operation in owner.operations]
    return f"`{owners[0]}`" if owners else "–"


def _english(summary: str, language: str) -> str:
    """Return a summary below its operation; the contract is written in English."""
    return f"<br><small>{summary}</small>" if language == "en" else f'<br><small lang="en">{summary}</small>'


def _codes(names: Sequence[str] | Mapping[str, Any]) -> str:
    return "<br>".join(f"`{name}`{{ .sw-name }}" for name in names) or "–"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    ruled = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in ruled)
