"""What an OpenAPI contract says a service answers, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.errors import N_, EngineFault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["examples"]

METHODS = ("get", "post", "put", "patch", "delete")
DEEPEST = 12
"""How far schemas are followed into each other."""

_PLAIN: dict[str, Any] = {"string": "text", "integer": 1, "number": 1.0, "boolean": True, "null": None}
_FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "email": "ada@example.org",
    "uri": "http://example.org/",
}


def examples(openapi: Mapping[str, Any], paths: Iterable[str]) -> dict[str, tuple[int, Any]]:
    """Return status and JSON of the first good reply of each operation, by "GET /users/{uid}".

    ``paths`` names operations, or paths for all of their operations. EngineFault if the contract does not have one.
    """
    found: dict[str, tuple[int, Any]] = {}
    for wanted in paths:
        method, _, path = wanted.rpartition(" ")
        item = openapi.get("paths", {}).get(path, {})
        methods = [name for name in METHODS if name in item and (not method or name == method.lower())]
        if not methods:
            raise EngineFault(N_("The contract has no operation {operation!r}."), operation=wanted)
        found |= {f"{name.upper()} {path}": _good(openapi, item[name]) for name in methods}
    return found


def _good(openapi: Mapping[str, Any], operation: Mapping[str, Any]) -> tuple[int, Any]:
    codes = sorted(str(code) for code in operation.get("responses", {}) if str(code).startswith("2"))
    if not codes:
        return 200, {}
    status = int(codes[0]) if codes[0].isdigit() else 200
    response = _resolved(openapi, next(r for code, r in operation["responses"].items() if str(code) == codes[0]))
    media: Mapping[str, Any] = next(iter(response.get("content", {}).values()), {})
    if "example" in media:
        return status, media["example"]
    for example in media.get("examples", {}).values():
        return status, _resolved(openapi, example).get("value")
    return status, _from_schema(openapi, media.get("schema", {}), 0)


def _from_schema(openapi: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> Any:
    schema = _resolved(openapi, schema)
    if depth > DEEPEST:
        return None
    for key in ("example", "const", "default"):
        if key in schema:
            return schema[key]
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("oneOf", "anyOf"):
        if schema.get(key):
            return _from_schema(openapi, schema[key][0], depth + 1)
    if "allOf" in schema:
        parts = [_from_schema(openapi, part, depth + 1) for part in schema["allOf"]]
        return {key: value for part in parts if isinstance(part, dict) for key, value in part.items()}
    return _from_type(openapi, schema, depth)


def _from_type(openapi: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "null")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: _from_schema(openapi, part, depth + 1) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [_from_schema(openapi, schema.get("items", {}), depth + 1)]
    if kind in ("integer", "number") and "minimum" in schema:
        return schema["minimum"]
    return _FORMATS.get(schema.get("format", ""), _PLAIN.get(kind))


def _resolved(openapi: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(DEEPEST):
        if "$ref" not in part:
            break
        target: Any = openapi
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        part = target
    return part
