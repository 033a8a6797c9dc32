"""The contract as tables: who answers for an operation in each lab, what each service is made of, what is told by events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from checker.course import Contract, Course, Lab

__all__ = ["events", "operations", "services"]

_METHODS = ("get", "post", "put", "patch", "delete")
_HEADS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "en": {
        "operations": ("Operation",),
        "services": ("Lab", "Service", "Processes", "Database", "May ask"),
        "events": ("Event", "Stream", "Told by", "Read by", "With"),
    },
    "zh": {
        "operations": ("操作",),
        "services": ("lab", "服务", "进程", "数据库", "可以问"),
        "events": ("事件", "流", "谁说", "谁听", "带什么"),
    },
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


def events(course: Course, language: str) -> str:
    """Return each event of events.yaml: in which stream it is, who tells it, who reads it, and its data."""
    import yaml  # noqa: PLC0415  (for authors only)

    told = yaml.safe_load((course.root / "labs" / "contract" / "events.yaml").read_text("utf-8"))
    rows = [
        [
            f"`{name}`{_english(message['summary'], language)}",
            f"`{channel['address']}`{{ .sw-name }}",
            f"`{channel['x-writer']}`{{ .sw-name }}",
            _codes(channel["x-groups"].values()),
            _codes(_data(told, message)),
        ]
        for channel in told["channels"].values()
        if "x-writer" in channel
        for name, message in ((name, told["components"]["messages"][name]) for name in channel["messages"])
    ]
    return _table(_HEADS[language]["events"], rows)


def _data(told: Mapping[str, Any], message: Mapping[str, Any]) -> Sequence[str]:
    """Return the fields of an event's data."""
    payload = _at(told, message["payload"]["$ref"])
    data = next(part["properties"]["data"] for part in payload["allOf"] if "properties" in part)
    fields: Sequence[str] = _at(told, data["$ref"])["required"]
    return fields


def _at(told: Mapping[str, Any], reference: str) -> Any:
    found: Any = told
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


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


def _codes(names: Iterable[str]) -> str:
    return "<br>".join(f"`{name}`{{ .sw-name }}" for name in names) or "–"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    ruled = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in ruled)
